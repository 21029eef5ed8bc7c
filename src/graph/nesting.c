/* Products that two tasks claim, or that lie in other products: one could be renamed or deleted with
 * the other. */
#include "building.h"

#include "text.h"

/* Whether something is told of the two actions for the first time. */
static bool is_first(struct building *building, struct task_id first, struct task_id second)
{
    const struct graph *graph = building->graph;
    bool *reported =
        &building->reported[graph_action(graph, first)->name_id * building->rowfile->name_count +
                            graph_action(graph, second)->name_id];
    bool is_new = !*reported;
    *reported = true;
    return is_new;
}

/* The product of the description that a file of a task is. */
static const struct path_spec *find_spec(const struct building *building, struct task_id task,
                                         struct file_id file)
{
    const struct graph *graph = building->graph;
    uint32_t p = graph->product_start[task.at];
    while (p + 1 < graph->product_start[task.at + 1] && graph->products.at[p].at != file.at) {
        p++;
    }
    return &graph_action(graph, task)->products[building->product_specs.at[p]];
}

static void report(struct building *building, enum finding_code code, struct task_id task,
                   struct file_id file, const struct buf *message)
{
    const struct path_spec *spec = find_spec(building, task, file);
    building->diag->action = graph_action(building->graph, task)->name.at;
    diag_error_at(building->diag, code, &building->rowfile->source, spec->offset, spec->length,
                  "%s", buf_string(message));
    building->diag->action = NULL;
}

static void add_quoted_label(const struct graph *graph, struct task_id task, struct buf *out)
{
    buf_add_char(out, '`');
    graph_add_label(graph, task, out);
    buf_add_char(out, '`');
}

static void add_quoted_path(const struct graph *graph, struct file_id file, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    buf_add_char(out, '`');
    text_add_name(out, buf_slice(&path));
    buf_add_char(out, '`');
    buf_release(&path);
}

void building_report_claim(struct building *building, struct task_id first, struct task_id second,
                           struct file_id file)
{
    const struct graph *graph = building->graph;
    struct buf message = BUF_EMPTY;
    if (!is_first(building, first, second)) {
        return;
    }
    add_quoted_label(graph, first, &message);
    buf_add_string(&message, " and ");
    add_quoted_label(graph, second, &message);
    buf_add_string(&message, " have the same product, ");
    add_quoted_path(graph, file, &message);
    report(building, FINDING_SHARED_PRODUCT, second, file, &message);
    buf_release(&message);
}

static void report_nested(struct building *building, struct file_id outer, struct file_id inner)
{
    const struct graph *graph = building->graph;
    struct task_id outer_task = {graph->producers[outer.at]};
    struct task_id inner_task = {graph->producers[inner.at]};
    struct buf message = BUF_EMPTY;
    if (!is_first(building, outer_task, inner_task)) {
        return;
    }
    add_quoted_path(graph, inner, &message);
    buf_add_string(&message, ", a product of ");
    add_quoted_label(graph, inner_task, &message);
    if (outer_task.at == inner_task.at) {
        buf_add_string(&message, ", lies inside its product ");
        add_quoted_path(graph, outer, &message);
        buf_add_string(&message, "; list only one of the two");
    } else {
        buf_add_string(&message, ", lies inside a product of ");
        add_quoted_label(graph, outer_task, &message);
        buf_add_string(&message, "; move one of the two out of the other");
    }
    report(building, FINDING_NESTED_PRODUCTS, inner_task, inner, &message);
    buf_release(&message);
}

static void check_path(struct building *building, struct file_id file, struct slice path)
{
    const struct graph *graph = building->graph;
    struct file_id above = building_product_above(building, path);
    struct file_id same = building_product_at(building, path);
    if (above.at != GRAPH_NONE && above.at != file.at) {
        report_nested(building, above, file);
    } else if (same.at != GRAPH_NONE && same.at != file.at) {
        building_report_claim(building, (struct task_id){graph->producers[same.at]},
                              (struct task_id){graph->producers[file.at]}, file);
    }
}

/* Products inside directories are alike in all of them: only paths with a '/' below the directory are
 * looked at. */
void building_check_nesting(struct building *building)
{
    const struct graph *graph = building->graph;
    struct buf path = BUF_EMPTY;
    for (size_t f = 0; f < graph->file_count; f++) {
        struct file_id file = {(uint32_t)f};
        uint32_t column;
        bool inside = graph_file_directory(graph, file, &column) != GRAPH_NONE;
        if (graph->producers[f] == GRAPH_NONE ||
            (inside &&
             memchr(graph->columns[column].at, '/', graph->columns[column].len) == NULL)) {
            continue;
        }
        buf_clear(&path);
        graph_add_path(graph, file, &path);
        check_path(building, file, buf_slice(&path));
    }
    for (size_t i = 0; i < building_alias_count(building); i++) {
        struct file_id product;
        struct slice alias = building_alias(building, i, &product);
        check_path(building, product, alias);
    }
    buf_release(&path);
}
