#include "looking.h"

#include <stdlib.h>

/* An action that was renamed together with its products keeps its records (DESIGN §6 rule 7): rows
 * of a name that the description no longer has are taken over by a name without rows whose products
 * are the same. */

static bool is_described(const struct plan *plan, struct slice name)
{
    return rowfile_name_id(plan->graph->rowfile, name, NULL) >= 0;
}

/* Whether the products on record are those that the node has now. */
static bool has_same_products(struct plan *plan, struct node_id node, const struct node_row *row)
{
    const struct graph *graph = plan->graph;
    uint32_t next = graph->product_start[node.at];
    uint32_t end = graph->product_start[node.at + 1];
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
            plan_component_name(plan, node, graph->products.at[next++], &in_directory);
        if (in_directory != component.in_directory || !slice_equal(name, component.name)) {
            return false;
        }
    }
    return next == end && graph->product_start[node.at] < end;
}

static void take_over(struct plan *plan, struct node_id node, const struct node_row *row)
{
    struct node_row copy = *row;
    state_put_node(plan->state, node.at, &copy);
}

static const struct node_row *newer(const struct node_row *a, const struct node_row *b)
{
    return a == NULL || (b != NULL && b->finished_at_ns > a->finished_at_ns) ? b : a;
}

/* Names on record that the description no longer has. */
struct old_names {
    struct slice *at;
    size_t count;
};

static void take_over_directories(struct plan *plan, uint32_t column, const struct old_names *old)
{
    const struct graph *graph = plan->graph;
    for (size_t d = 0; d < graph->workspace->count; d++) {
        struct node_id node = {(uint32_t)(d * graph->directory_action_count + column)};
        const struct node_row *newest = NULL;
        for (size_t i = 0; i < old->count && graph_is_present(graph, node); i++) {
            const struct node_row *row =
                state_recorded_node(plan->state, graph->workspace->names[d], old->at[i]);
            if (row != NULL && has_same_products(plan, node, row)) {
                newest = newer(newest, row);
            }
        }
        if (newest != NULL) {
            take_over(plan, node, newest);
        }
    }
}

static bool has_rows(const struct plan *plan, uint32_t column)
{
    const struct graph *graph = plan->graph;
    for (size_t d = 0; d < graph->workspace->count; d++) {
        if (state_node(plan->state, d * graph->directory_action_count + column)->is_known) {
            return true;
        }
    }
    return false;
}

static void take_over_others(struct plan *plan, struct node_id node)
{
    const struct slice *keys;
    size_t count = state_recorded_others(plan->state, &keys);
    const struct node_row *newest = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *end = memchr(keys[i].at, '\0', keys[i].len);
        size_t name_len = end != NULL ? (size_t)(end - keys[i].at) : keys[i].len;
        const struct node_row *row = state_recorded_other(plan->state, keys[i]);
        if (row != NULL && !is_described(plan, slice_make(keys[i].at, name_len)) &&
            has_same_products(plan, node, row)) {
            newest = newer(newest, row);
        }
    }
    if (newest != NULL) {
        take_over(plan, node, newest);
    }
}

static void find_old_names(const struct plan *plan, struct old_names *old)
{
    const struct slice *names;
    size_t count = state_recorded_actions(plan->state, &names);
    *old = (struct old_names){.at = mem_alloc(count * sizeof *old->at)};
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, names[i])) {
            old->at[old->count++] = names[i];
        }
    }
}

void plan_follow_renamed(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    size_t slots = graph->workspace->count * graph->directory_action_count;
    struct old_names old;
    find_old_names(plan, &old);
    for (uint32_t column = 0; column < graph->directory_action_count && old.count > 0; column++) {
        if (!has_rows(plan, column)) {
            take_over_directories(plan, column, &old);
        }
    }
    free(old.at);
    for (size_t n = slots; n < graph->node_count; n++) {
        if (!state_node(plan->state, n)->is_known) {
            take_over_others(plan, (struct node_id){(uint32_t)n});
        }
    }
}
