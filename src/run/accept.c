#include "running.h"

#include "text.h"

#include <stdlib.h>

static void refuse(struct plan *plan, struct node_id node, struct file_id missing,
                   struct diag *diag)
{
    struct buf label = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    graph_add_label(plan->graph, node, &label);
    text_add_name(&path, slice_of(plan_path(plan, missing)));
    diag_error(diag, "`%s` can't be accepted: its product `%s` is missing", buf_string(&label),
               buf_string(&path));
    buf_release(&label);
    buf_release(&path);
}

static struct file_id lacking_product(struct plan *plan, struct node_id node)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[node.at]; p < graph->product_start[node.at + 1]; p++) {
        if (plan_refresh(plan, graph->products.at[p]) != FILE_CURRENT) {
            return graph->products.at[p];
        }
    }
    return (struct file_id){GRAPH_NONE};
}

static int accept_node(struct plan *plan, struct node_id node, struct diag *diag)
{
    struct component_list list = {0};
    if (plan_good_set_is_aside(plan, node) && run_restore(plan, node, diag) != 0) {
        return -1;
    }
    struct file_id missing = lacking_product(plan, node);
    if (missing.at != GRAPH_NONE) {
        refuse(plan, node, missing, diag);
        return -1;
    }
    int result = plan_components(plan, node, true, &list);
    if (result == 0) {
        struct node_row row = *state_node(plan->state, node.at);
        row.success = SUCCESS_ACCEPTED;
        row.attempt = ATTEMPT_NONE;
        row.finished_at_ns = observer_now(plan->observer);
        plan_put_success(plan, node, &list, &row);
        plan_keep_texts(plan, node);
    }
    vec_release(&list);
    return result;
}

static void tell_submitted(size_t count, struct diag *diag)
{
    if (count > 0) {
        diag_warning(diag, "%zu %s: not accepted", count,
                     count == 1 ? "node is in a job" : "nodes are in jobs");
    }
}

int run_accept(struct plan *plan, bool redone_only, size_t *accepted, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    int result = 0;
    size_t submitted = 0;
    *accepted = 0;
    plan->diag = diag;
    for (size_t i = 0; i < graph->order_count; i++) {
        struct node_id node = {graph->order[i]};
        bool is_stale = verdict_is_work(plan->verdicts[node.at]);
        bool redone = state_node(plan->state, node.at)->success != SUCCESS_NONE;
        bool is_selected = (plan->wanted[node.at] & WANTED_SELECTED) != 0;
        submitted += is_selected && plan->verdicts[node.at] == VERDICT_SUBMITTED;
        if (!is_selected || !is_stale || (redone_only && !redone)) {
            continue;
        }
        if (accept_node(plan, node, diag) == 0) {
            ++*accepted;
        } else {
            result = -1;
        }
    }
    tell_submitted(submitted, diag);
    return run_record_known(plan, diag) != 0 ? -1 : result;
}
