/* What a task depends on, and what it made, as they are now. */
#include "plan_inner.h"

#include "digest.h"
#include "named.h"
#include "names.h"
#include "sight.h"
#include "skips.h"
#include "stamps.h"
#include "texts.h"

static void push(struct component_list *list, enum component_kind kind, bool in_directory,
                 struct slice name, struct digest digest)
{
    vec_push(list, (struct component){
                       .kind = kind, .in_directory = in_directory, .name = name, .digest = digest});
}

/* The digest of a file's content now, or what stands for it where there is none. A look that failed
 * is tried again. */
static struct digest content_digest(struct plan *plan, struct file_id file, struct diag *diag)
{
    enum file_status status = plan->files[file.at];
    if (status == FILE_UNSEEN || status == FILE_MOVED || status == FILE_TROUBLE) {
        status = plan_refresh(plan, file, diag);
    }
    if (status == FILE_CURRENT) {
        return state_file(plan->state, file.at)->digest;
    }
    return status == FILE_GONE ? DIGEST_ABSENT : DIGEST_UNREAD;
}

/* What counts of a file that the task reads. */
static struct digest input_digest(struct plan *plan, struct file_id file, struct diag *diag)
{
    return plan_stamped(plan, file, content_digest(plan, file, diag));
}

/* What couldn't be read of a product may be read later: its maker has made it all the same. */
static struct digest product_digest(struct plan *plan, struct file_id file, struct diag *diag)
{
    struct digest digest = content_digest(plan, file, diag);
    return digest_is_content(digest) ? digest : DIGEST_UNKNOWN;
}

/* The digest of the whole value of a directory: the row of its value file holds it. */
static struct digest whole_value(struct plan *plan, uint32_t directory, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    if (graph->value_column == GRAPH_NONE) {
        return digest_of(SLICE_LITERAL("null"));
    }
    return content_digest(plan, graph_value_file(graph, directory), diag);
}

/* What was recorded of the value by its pointers, if the whole value is what it was then: so it need
 * not be read again. (Earlier versions could record the whole as that.) */
static bool recorded_value(const struct components *good, struct slice name, bool in_directory,
                           struct digest whole, struct digest *digest)
{
    bool is_same = false;
    bool found = false;
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (component.in_directory != in_directory || !slice_equal(component.name, name)) {
            continue;
        }
        if (component.kind == COMPONENT_WHOLE) {
            is_same = digest_equal(component.digest, whole);
        } else if (component.kind == COMPONENT_VALUE) {
            *digest = component.digest;
            found = true;
        }
    }
    return found && is_same && !digest_equal(*digest, whole);
}

static int push_value(struct plan *plan, struct task_id task, uint32_t directory,
                      struct component_list *list, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, task);
    bool own = graph->tasks[task.at].directory == directory;
    struct slice name = own ? SLICE_LITERAL("") : graph->workspace->names[directory];
    struct digest whole = whole_value(plan, directory, diag);
    if (!digest_is_content(whole)) {
        return plan->options.recorded ? 0 : -1;
    }
    if (!action->value_inputs_given) {
        push(list, COMPONENT_VALUE, own, name, whole);
        return 0;
    }
    struct digest counting;
    const struct task_row *row = state_task(plan->state, task.at);
    bool same_pointers =
        row->good.count < 64 && recorded_value(&row->good, name, own, whole, &counting);
    if (!same_pointers) {
        const struct json *value;
        struct buf text = BUF_EMPTY;
        if (workspace_value(graph->workspace, directory, &value, diag) != 0) {
            return -1;
        }
        plan_add_counting(action, value, json_add_canonical, &text);
        counting = digest_of(buf_slice(&text));
        buf_release(&text);
    }
    push(list, COMPONENT_VALUE, own, name, counting);
    push(list, COMPONENT_WHOLE, own, name, whole);
    return 0;
}

static struct slice task_key(struct plan *plan, struct task_id task)
{
    struct buf key = BUF_EMPTY;
    graph_add_key(plan->graph, task, &key);
    struct slice name = arena_slice(&plan->arena, buf_slice(&key));
    buf_release(&key);
    return name;
}

/* Whether directories that come and go, or move to another group, change that the task comes
 * before: elsewhere the members of the task say so, or its directory is its own. */
static bool comes_and_goes(const struct graph *graph, struct task_id task, struct task_id before)
{
    enum scope scope = graph_action(graph, before)->scope;
    return scope == SCOPE_GROUP ||
           (scope == SCOPE_DIRECTORY && graph_action(graph, task)->scope == SCOPE_PROJECT);
}

static void push_upstream_tasks(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        const struct edge *edge = &graph->before.at[e];
        const struct graph_task *before = &graph->tasks[edge->task.at];
        if (plan_leaves_out(plan, task, before->directory)) {
            continue;
        }
        bool own =
            before->directory != GRAPH_NONE && before->directory == graph->tasks[task.at].directory;
        if ((edge->kinds & EDGE_FINGERPRINT) != 0) {
            push(list, COMPONENT_TASK, own,
                 own ? graph_action(graph, edge->task)->name : task_key(plan, edge->task),
                 state_task(plan->state, edge->task.at)->fingerprint);
        }
        if ((edge->kinds & EDGE_PREVIOUS) != 0 && comes_and_goes(graph, task, edge->task)) {
            push(list, COMPONENT_BEFORE, false, task_key(plan, edge->task), DIGEST_UNKNOWN);
        }
    }
}

static void push_skipped(struct plan *plan, struct task_id task, struct component_list *list)
{
    const uint32_t *directories;
    size_t count = plan_skipped(plan, task, &directories);
    for (size_t i = 0; i < count; i++) {
        push(list, COMPONENT_SKIPPED, false, plan->graph->workspace->names[directories[i]],
             DIGEST_UNKNOWN);
    }
}

/* Whether something that the task reads or makes is a folder, or found by `**`. */
static bool follows_rules(const struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, task);
    bool follows = false;
    for (size_t i = 0; i < action->input_count && !follows; i++) {
        follows = action->inputs[i].is_glob &&
                  memmem(action->inputs[i].path.at, action->inputs[i].path.len, "**", 2) != NULL;
    }
    for (uint32_t d = graph->dependency_start[task.at];
         d < graph->dependency_start[task.at + 1] && !follows; d++) {
        uint32_t file = graph->dependencies.at[d].file.at;
        follows = (state_file(plan->state, file)->flags & FILE_ROW_DIRECTORY) != 0;
    }
    for (uint32_t p = graph->product_start[task.at];
         p < graph->product_start[task.at + 1] && !follows; p++) {
        uint32_t file = graph->products.at[p].at;
        follows = (state_file(plan->state, file)->flags & FILE_ROW_DIRECTORY) != 0;
    }
    return follows;
}

int plan_components(struct plan *plan, struct task_id task, bool with_products,
                    struct component_list *list, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, task);
    const struct graph_task *entry = &graph->tasks[task.at];
    const uint32_t *directories;
    size_t count = plan_directories(plan, task, &directories);
    bool in_directory;
    list->count = 0;
    push(list, COMPONENT_RECIPE, false, SLICE_LITERAL(""), plan->recipes[entry->action]);
    for (size_t i = 0; i < count; i++) {
        if (entry->directory == GRAPH_NONE) {
            push(list, COMPONENT_MEMBER, false, graph->workspace->names[directories[i]],
                 DIGEST_UNKNOWN);
        }
        if (push_value(plan, task, directories[i], list, diag) != 0) {
            return -1;
        }
    }
    push_skipped(plan, task, list);
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        struct file_id file = graph->dependencies.at[d].file;
        if (plan_skips_file(plan, task, file)) {
            continue;
        }
        struct slice name = plan_component_name(plan, task, file, &in_directory);
        push(list, COMPONENT_FILE, in_directory, name, input_digest(plan, file, diag));
    }
    push_upstream_tasks(plan, task, list);
    for (size_t i = 0; i < action->input_count; i++) {
        push(list, COMPONENT_PATTERN, false, action->inputs[i].text, DIGEST_UNKNOWN);
    }
    named_push(plan, task, list, diag);
    for (uint32_t p = graph->product_start[task.at];
         with_products && p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct slice name = plan_component_name(plan, task, file, &in_directory);
        push(list, COMPONENT_PRODUCT, in_directory, name, product_digest(plan, file, diag));
    }
    if (with_products && (follows_rules(plan, task) || named_has_folder(plan, task, list))) {
        push(list, COMPONENT_RULES, false, graph->rules_name, DIGEST_UNKNOWN);
    }
    if (with_products) {
        plan_keep_stamps(plan, task, list);
    }
    return 0;
}
