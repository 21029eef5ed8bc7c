/* Accepting results as they stand, without running anything. */
#include "backups.h"
#include "run.h"

#include "text.h"

#include <stdlib.h>

/* `name`: of what is in the way. */
static void refuse(struct plan *plan, struct task_id task, const char *what, struct slice name,
                   const char *wrong, struct diag *diag)
{
    struct buf label = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    graph_add_label(plan_graph(plan), task, &label);
    text_add_name(&shown, name);
    diag_error(diag, FINDING_NOT_ACCEPTED, "`%s` can't be accepted: its %s `%s` %s",
               buf_string(&label), what, buf_string(&shown), wrong);
    buf_release(&label);
    buf_release(&shown);
}

static void refuse_product(struct plan *plan, struct task_id task, struct file_id product,
                           struct diag *diag)
{
    struct buf wrong = BUF_EMPTY;
    if (plan_status(plan, product) == FILE_GONE) {
        buf_add_string(&wrong, "is missing");
    } else {
        bool is_moving = plan_status(plan, product) == FILE_MOVING;
        buf_addf(&wrong, "can't be read: %s",
                 is_moving ? "it changes each time it is read"
                           : strerror(plan_trouble(plan, product)));
    }
    refuse(plan, task, "product", slice_of(plan_path(plan, product)), buf_string(&wrong), diag);
    buf_release(&wrong);
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

static struct file_id lacking_product(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        if (plan_refresh(plan, graph->products.at[p], diag) != FILE_CURRENT) {
            return graph->products.at[p];
        }
    }
    return (struct file_id){GRAPH_NONE};
}

static int accept_task(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct component_list list = {0};
    if (plan_good_set_is_backed_up(plan, task) && backups_restore(plan, task, diag) != 0) {
        return -1;
    }
    struct file_id missing = lacking_product(plan, task, diag);
    if (missing.at != GRAPH_NONE) {
        refuse_product(plan, task, missing, diag);
        return -1;
    }
    int result = plan_components(plan, task, true, &list, diag);
    if (result == 0) {
        plan_accept_depfile(plan, task, &list, diag);
    }
    const struct component *unread = unread_input(&list);
    if (result == 0 && unread != NULL) {
        refuse(plan, task, "input", unread->name, "can't be read", diag);
        result = -1;
    }
    if (result == 0) {
        plan_take_as_it_stands(&list);
        struct task_row row = *state_task(plan_state(plan), task.at);
        row.success = SUCCESS_ACCEPTED;
        row.attempt = ATTEMPT_NONE;
        row.finished_at_ns = observer_now(plan_observer(plan));
        plan_put_success(plan, task, &list, &row);
        plan_keep_texts(plan, task);
    }
    vec_release(&list);
    return result;
}

/* Nobody saw that its products are whole. What comes back from its backups is another's. */
static bool has_failed(struct plan *plan, struct task_id task)
{
    uint8_t attempt = state_task(plan_state(plan), task.at)->attempt;
    return plan_verdict(plan, task) != VERDICT_RESTORE &&
           (attempt == ATTEMPT_FAILED || attempt == ATTEMPT_STARTED ||
            attempt == ATTEMPT_INTERRUPTED);
}

/* Selected tasks that aren't accepted. */
struct left_out {
    size_t submitted;
    size_t failed;
};

static void tell_left_out(const struct left_out *left_out, struct diag *diag)
{
    if (left_out->submitted > 0) {
        diag_warning(diag, FINDING_NOT_ACCEPTED, "%zu %s: not accepted", left_out->submitted,
                     left_out->submitted == 1 ? "task is in a job" : "tasks are in jobs");
    }
    if (left_out->failed > 0) {
        diag_warning(
            diag, FINDING_NOT_ACCEPTED,
            "%zu %s last attempt failed or was killed: not accepted; name the directory, or "
            "use --include-failed",
            left_out->failed, left_out->failed == 1 ? "task whose" : "tasks whose");
    }
}

int run_accept(struct plan *plan, const struct accept_options *options, size_t *accepted,
               struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct left_out left_out = {0};
    int result = 0;
    *accepted = 0;
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        bool is_stale = verdict_is_work(plan_verdict(plan, task));
        bool redone = state_task(plan_state(plan), task.at)->success != SUCCESS_NONE;
        bool is_selected = (plan_wanted(plan, task) & WANTED_SELECTED) != 0;
        left_out.submitted += is_selected && plan_verdict(plan, task) == VERDICT_SUBMITTED;
        if (!is_selected || !is_stale || (options->redone_only && !redone)) {
            continue;
        }
        if (!options->include_failed && has_failed(plan, task)) {
            left_out.failed++;
        } else if (accept_task(plan, task, diag) == 0) {
            ++*accepted;
        } else {
            result = -1;
        }
    }
    tell_left_out(&left_out, diag);
    return run_record_known(plan, diag) != 0 ? -1 : result;
}
