#include "renamed.h"

#include "names.h"

#include <stdlib.h>

/* An action that was renamed together with its products keeps its records (rules.md, rule 7): rows
 * of a name that the description no longer has are taken over by a name that has none, or only
 * older ones, and whose products are the same. */

static bool is_described(const struct plan *plan, struct slice name)
{
    return rowfile_name_id(plan->graph->rowfile, name, NULL) >= 0;
}

/* Whether the products on record are those that the task has now. */
static bool has_same_products(struct plan *plan, struct task_id task, const struct task_row *row)
{
    const struct graph *graph = plan->graph;
    uint32_t next = graph->product_start[task.at];
    uint32_t end = graph->product_start[task.at + 1];
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        bool in_directory;
        if (component.kind != COMPONENT_PRODUCT) {
            continue;
        }
        if (next == end) {
            return false;
        }
        struct slice name =
            plan_component_name(plan, task, graph->products.at[next++], &in_directory);
        if (in_directory != component.in_directory || !slice_equal(name, component.name)) {
            return false;
        }
    }
    return next == end && graph->product_start[task.at] < end;
}

/* A name that was taken back keeps the newer record: rows of the other name stay until `clean`. */
static const struct task_row *newer(const struct task_row *a, const struct task_row *b)
{
    return !a->is_known || b->finished_at_ns > a->finished_at_ns ? b : a;
}

/* `newest` is the task's own row until a newer one is found. */
static void consider(struct plan *plan, struct task_id task, const struct task_row *row,
                     const struct task_row **newest)
{
    if (row != NULL && newer(*newest, row) == row && has_same_products(plan, task, row)) {
        *newest = row;
    }
}

static void take_over(struct plan *plan, struct task_id task, const struct task_row *newest)
{
    if (newest != state_task(plan->state, task.at)) {
        struct task_row copy = *newest;
        state_put_task(plan->state, task.at, &copy);
    }
}

static void take_over_directories(struct plan *plan, struct task_id task, struct slice directory)
{
    const struct slice *names;
    size_t count = state_recorded_actions(plan->state, &names);
    const struct task_row *newest = state_task(plan->state, task.at);
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, names[i])) {
            consider(plan, task, state_recorded_task(plan->state, directory, names[i]), &newest);
        }
    }
    take_over(plan, task, newest);
}

/* The action's, in the key of a group or project task. */
static struct slice name_in(struct slice key)
{
    const char *end = memchr(key.at, '\0', key.len);
    return slice_make(key.at, end != NULL ? (size_t)(end - key.at) : key.len);
}

static void take_over_others(struct plan *plan, struct task_id task)
{
    const struct slice *keys;
    size_t count = state_recorded_others(plan->state, &keys);
    const struct task_row *newest = state_task(plan->state, task.at);
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, name_in(keys[i]))) {
            consider(plan, task, state_recorded_other(plan->state, keys[i]), &newest);
        }
    }
    take_over(plan, task, newest);
}

static bool knows_other_names(const struct plan *plan)
{
    const struct slice *names;
    size_t count = state_recorded_actions(plan->state, &names);
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, names[i])) {
            return true;
        }
    }
    return false;
}

static bool knows_other_keys(const struct plan *plan)
{
    const struct slice *keys;
    size_t count = state_recorded_others(plan->state, &keys);
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, name_in(keys[i]))) {
            return true;
        }
    }
    return false;
}

void plan_follow_renamed(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    size_t slots = graph->workspace->count * graph->directory_action_count;
    bool directories_too = knows_other_names(plan);
    size_t end = knows_other_keys(plan) ? graph->task_count : slots; /* few studies were renamed */
    for (uint32_t n = directories_too ? 0 : (uint32_t)slots; n < end; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        if (n < slots) {
            take_over_directories(plan, task,
                                  graph->workspace->names[n / graph->directory_action_count]);
        } else {
            take_over_others(plan, task);
        }
    }
}
