/* Decides which tasks are to be submitted. */
#include "job_planning.h"

static void tell_obstacle(void *context, const struct reason *reason)
{
    bool *has_own = context;
    /* Any other reason is due to a task that it depends on, which is examined itself. */
    *has_own = *has_own || reason_is_lack(reason->kind) || reason->kind == REASON_EXCLUDED;
}

static bool is_blocked_itself(struct plan *plan, struct task_id task, struct diag *diag)
{
    bool has_own = false;
    plan_examine(plan, task, tell_obstacle, &has_own, diag);
    return has_own;
}

bool job_can_wait(const struct job_planning *planning, struct task_id before)
{
    struct job_need need;
    switch ((enum job_standing)planning->standing[before.at]) {
    case JOB_STANDS_DONE:
        return true;
    case JOB_STANDS_CHOSEN:
        return planning->options->follow;
    case JOB_STANDS_QUEUED:
        return planning->options->follow && job_find_queued(planning, before, &need);
    case JOB_STANDS_OUT:
        break;
    }
    return plan_wanted(planning->plan, before) == 0; /* --only: dependencies aren't examined */
}

static bool is_chosen(const struct job_planning *planning, struct task_id task)
{
    struct plan *plan = planning->plan;
    const struct graph *graph = plan_graph(plan);
    uint8_t verdict = plan_verdict(plan, task);
    bool may_wait = verdict == VERDICT_MAYBE || verdict == VERDICT_BLOCKED ||
                    verdict == VERDICT_WAITS || verdict == VERDICT_HELD;
    bool is_due = verdict == VERDICT_STALE || verdict == VERDICT_RESTORE;
    if ((plan_wanted(plan, task) & WANTED_SELECTED) == 0 ||
        !(is_due || (may_wait && planning->options->follow))) {
        return false;
    }
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        if (!job_can_wait(planning, graph->before.at[e].task)) {
            return false;
        }
    }
    return verdict != VERDICT_BLOCKED || !is_blocked_itself(plan, task, planning->diag);
}

void job_standings_find(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        enum job_standing standing = JOB_STANDS_OUT;
        switch (plan_verdict(planning->plan, task)) {
        case VERDICT_FRESH:
            standing = JOB_STANDS_DONE;
            break;
        case VERDICT_SUBMITTED:
            standing = JOB_STANDS_QUEUED;
            break;
        default:
            standing = is_chosen(planning, task) ? JOB_STANDS_CHOSEN : JOB_STANDS_OUT;
            break;
        }
        planning->standing[task.at] = (uint8_t)standing;
    }
}
