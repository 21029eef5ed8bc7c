#include "convert.h"

#include "names.h"

/* ---- What globs match ---- */

/* Whether the folder was recorded itself, and is what it was. */
static bool is_same_product(struct plan *plan, struct task_id task, struct recorded *recorded,
                            struct file_id product)
{
    struct component wanted = {.kind = COMPONENT_FILE};
    struct component then;
    wanted.name = plan_component_name(plan, task, product, &wanted.in_directory);
    return plan->files[product.at] == FILE_CURRENT &&
           recorded_find(recorded, &wanted, SIZE_MAX, &then) &&
           observed_equal(then.digest, state_file(plan->state, product.at));
}

struct files_compared {
    const struct plan *plan;
    struct recorded *recorded;
    uint32_t directory; /* of the task */
    struct slice folder;
    size_t count;
    bool differs;
};

static void compare_entry(void *context, const char *path, struct digest digest)
{
    struct files_compared *compared = context;
    struct component wanted = {.kind = COMPONENT_FILE};
    struct component then;
    struct buf whole = BUF_EMPTY;
    buf_add_slice(&whole, compared->folder);
    buf_addf(&whole, "/%s", path);
    wanted.name = plan_name_below(compared->plan, compared->directory, buf_slice(&whole),
                                  &wanted.in_directory);
    compared->differs |= !recorded_find(compared->recorded, &wanted, SIZE_MAX, &then) ||
                         !digest_equal(then.digest, digest);
    compared->count++;
    buf_release(&whole);
}

/* How many recorded files are in the view. */
static size_t count_recorded(const struct files_compared *compared, const struct tree_view *view)
{
    const struct plan *plan = compared->plan;
    const struct components *good = compared->recorded->good;
    struct buf path = BUF_EMPTY;
    size_t count = 0;
    for (size_t i = 0; i < good->count; i++) {
        struct component then = components_at(good, i);
        if (then.kind != COMPONENT_FILE) {
            continue;
        }
        buf_clear(&path);
        if (then.in_directory) {
            plan_add_directory(plan->graph, compared->directory, &path);
        }
        buf_add_slice(&path, then.name);
        struct slice below = path_below(buf_slice(&path), compared->folder);
        count += below.at != NULL && tree_view_counts(view, below, false);
    }
    buf_release(&path);
    return count;
}

bool convert_globbed(struct plan *plan, struct task_id task, struct recorded *recorded,
                     struct file_id file)
{
    const struct tree_view *view = graph_view(plan->graph, file);
    if (view == NULL || view->globs == NULL || plan->options.recorded) {
        return false;
    }
    if (is_same_product(plan, task, recorded, graph_maker(plan->graph, file).product)) {
        return true;
    }
    struct buf folder = BUF_EMPTY;
    graph_add_path(plan->graph, file, &folder);
    struct files_compared compared = {.plan = plan,
                                      .recorded = recorded,
                                      .directory = plan->graph->tasks[task.at].directory,
                                      .folder = buf_slice(&folder)};
    enum file_status status =
        observe_each(plan->observer, buf_string(&folder), view, compare_entry, &compared);
    bool is_same = (status == FILE_READ || status == FILE_GONE) && !compared.differs &&
                   count_recorded(&compared, view) == compared.count;
    buf_release(&folder);
    return is_same;
}
