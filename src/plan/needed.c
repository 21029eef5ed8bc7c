/* Whose makers run again, since tasks that run, or may run, read what was deleted of them. */
#include "deleted.h"

#include <stdlib.h>

void deleted_begin(struct plan *plan)
{
    free(plan->needed);
    free(plan->may_be_needed);
    plan->needed = NULL;
    plan->may_be_needed = NULL;
}

static void note_need(const struct plan *plan, uint32_t **needed, struct task_id maker,
                      struct task_id reader)
{
    if (*needed == NULL) {
        *needed = mem_alloc(plan->graph->task_count * sizeof **needed);
    }
    (*needed)[maker.at] = reader.at + 1;
}

void plan_need(struct plan *plan, struct task_id maker, struct task_id reader, struct diag *diag)
{
    note_need(plan, &plan->needed, maker, reader);
    plan->resolved[maker.at] = false;
    plan->verdicts[maker.at] = (uint8_t)plan_examine(plan, maker, NULL, NULL, diag);
}

/* A maker that is going to run, or may, is asked by what comes before it; if it doesn't run, the reader
 * asks for it when it is decided. */
static bool is_idle(const struct plan *plan, struct task_id maker)
{
    uint8_t verdict = plan->verdicts[maker.at];
    return verdict == VERDICT_FRESH || verdict == VERDICT_MAYBE || verdict == VERDICT_RESTORE;
}

bool deleted_find_needed(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct task_list makers = {0};
    bool found = false;
    if (plan->graph->temporary_of == NULL) {
        return false;
    }
    for (size_t i = graph->order_count; i-- > 0;) {
        struct task_id task = {graph->order[i]};
        uint8_t verdict = plan->verdicts[task.at];
        if (plan->wanted[task.at] == 0 || (verdict != VERDICT_STALE && verdict != VERDICT_MAYBE)) {
            continue;
        }
        makers.count = 0;
        plan_add_deleted_makers(plan, task, &makers);
        for (size_t k = 0; k < makers.count; k++) {
            struct task_id maker = makers.at[k];
            if (verdict == VERDICT_STALE && is_idle(plan, maker)) {
                plan_need(plan, maker, task, diag);
                found = true;
            } else if (verdict == VERDICT_MAYBE && plan->verdicts[maker.at] == VERDICT_FRESH) {
                note_need(plan, &plan->may_be_needed, maker, task);
                plan->verdicts[maker.at] = VERDICT_MAYBE;
                found = true;
            }
        }
    }
    vec_release(&makers);
    return found;
}

void deleted_forget_maybe(struct plan *plan, struct task_id task)
{
    if (plan->may_be_needed != NULL) {
        plan->may_be_needed[task.at] = 0;
    }
}
