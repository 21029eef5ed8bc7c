#include "running.h"

#include "text.h"

#include <stdlib.h>

static void refuse(struct plan *plan, struct node_id node, const char *why, struct diag *diag)
{
    struct buf label = BUF_EMPTY;
    graph_add_label(plan->graph, node, &label);
    diag_error(diag, "`%s` can't be accepted: %s", buf_string(&label), why);
    buf_release(&label);
}

static void refuse_product(struct plan *plan, struct node_id node, struct file_id product,
                           struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf why = BUF_EMPTY;
    text_add_name(&path, slice_of(plan_path(plan, product)));
    if (plan->files[product.at] == FILE_GONE) {
        buf_addf(&why, "its product `%s` is missing", buf_string(&path));
    } else {
        int error = plan_trouble(plan, product);
        buf_addf(&why, "its product `%s` can't be read: %s", buf_string(&path),
                 plan->files[product.at] == FILE_MOVING ? "it changes each time it is read"
                                                        : strerror(error));
    }
    refuse(plan, node, buf_string(&why), diag);
    buf_release(&path);
    buf_release(&why);
}

/* The first input that can't be read, or NULL. */
static const struct component *unread_input(const struct component_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (digest_is_unread(list->at[i].digest)) {
            return &list->at[i];
        }
    }
    return NULL;
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
        refuse_product(plan, node, missing, diag);
        return -1;
    }
    int result = plan_components(plan, node, true, &list);
    const struct component *unread = unread_input(&list);
    if (result == 0 && unread != NULL) {
        struct buf why = BUF_EMPTY;
        buf_add_string(&why, "its input `");
        text_add_name(&why, unread->name);
        buf_add_string(&why, "` can't be read");
        refuse(plan, node, buf_string(&why), diag);
        buf_release(&why);
        result = -1;
    }
    if (result == 0) {
        plan_take_as_it_stands(&list);
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
