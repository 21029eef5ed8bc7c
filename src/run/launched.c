#include "launched.h"

#include "text.h"

/* ---- At the start ---- */

static int look(struct plan *plan, struct task_id task, struct launched *launched,
                struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct component_list list = {0};
    size_t errors = diag->errors;
    plan_refresh_inputs(plan, task, diag);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        plan_refresh(plan, graph->products.at[p], diag);
    }
    if (diag->errors > errors || plan_components(plan, task, false, &list, diag) != 0) {
        vec_release(&list);
        return -1;
    }
    launched->components = list.at;
    launched->count = list.count;
    launched->fingerprint = plan_fingerprint(&list);
    plan_keep_texts(plan, task, diag);
    return 0;
}

int launched_look(struct plan *plan, const struct task_id *tasks, size_t count,
                  struct launched *launched, struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = look(plan, tasks[i], &launched[i], diag);
    }
    return result;
}

/* ---- At the end ---- */

static void doubt_input(struct doubt *doubt, struct slice name, const char *what, int error)
{
    buf_add_string(&doubt->words, "the input ");
    text_add_name(&doubt->words, name);
    buf_add_char(&doubt->words, ' ');
    buf_add_string(&doubt->words, what);
    if (error != 0) {
        buf_addf(&doubt->words, ": %s", strerror(error));
    }
    doubt->error = error;
}

/* A made input counts as it is now, since the task may have changed it (rule 4), but one that the
 * task used up, or that can't be looked at any more, counts as it was. */
static void compare_input(const struct plan *plan, struct file_id file, struct component *then,
                          struct digest now, struct doubt *doubt)
{
    bool is_made = graph_maker(plan_graph(plan), file).task.at != GRAPH_NONE;
    if (digest_is_unread(then->digest)) {
        doubt_input(doubt, then->name, "changed each time it was read", 0);
    } else if (digest_is_unread(now)) {
        int error = plan_status(plan, file) == FILE_TROUBLE ? plan_trouble(plan, file) : 0;
        doubt_input(doubt, then->name,
                    error != 0 ? "could not be read after it ran" : "changed while it ran", error);
    } else if (is_made && digest_is_content(then->digest)) {
        then->digest = digest_is_content(now) ? now : then->digest;
    } else if (!digest_equal(then->digest, now)) {
        doubt_input(doubt, then->name,
                    digest_is_absent(now) ? "vanished while it ran" : "changed while it ran", 0);
    }
}

/* A link on the way to an input that leads elsewhere now: who makes it can be another task. */
static bool doubt_way(const struct graph *graph, struct file_id file, struct doubt *doubt)
{
    const struct way *way = graph_way(graph, file);
    if (way == NULL || !graph_way_has_moved(graph, way)) {
        return false;
    }
    buf_add_string(&doubt->words, "the link ");
    text_add_name(&doubt->words, way->link);
    buf_add_string(&doubt->words, " changed while it ran");
    return true;
}

void launched_compare(struct plan *plan, struct task_id task, struct launched *launched,
                      struct doubt *doubt, struct diag *diag)
{
    static const char value_changed[] = "its value changed while it ran";
    const struct graph *graph = plan_graph(plan);
    uint32_t d = graph->dependency_start[task.at];
    struct component_list now = {0};
    size_t errors = diag->errors;
    plan_refresh_inputs(plan, task, diag);
    if (plan_components(plan, task, false, &now, diag) != 0 || now.count != launched->count) {
        buf_add_string(&doubt->words, value_changed);
        while (diag->errors > errors) { /* told as a change */
            diag->entries.count--;
            diag->errors--;
        }
    }
    for (size_t i = 0; i < launched->count && i < now.count && doubt->words.len == 0; i++) {
        struct component *then = &launched->components[i];
        if (then->kind == COMPONENT_FILE) {
            struct file_id file = graph->dependencies.at[d++].file;
            if (!doubt_way(graph, file, doubt)) {
                compare_input(plan, file, then, now.at[i].digest, doubt);
            }
        } else if (then->kind != COMPONENT_WHOLE && then->kind != COMPONENT_TASK &&
                   !digest_equal(then->digest, now.at[i].digest)) {
            buf_add_string(&doubt->words, value_changed);
        }
    }
    vec_release(&now);
}
