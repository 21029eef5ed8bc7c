#include "running.h"

void outcome_set(struct run *run, const struct task_id *tasks, size_t count,
                 enum task_outcome outcome)
{
    const struct graph *graph = plan_graph(run->plan);
    run->outcomes.done += outcome == TASK_OK ? count : 0;
    run->result->not_started += outcome == TASK_NOT_STARTED ? count : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t n = tasks[i].at;
        run->outcomes.of[n] = (uint8_t)outcome;
        plan_resolve(run->plan, (struct task_id){n});
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1]; a++) {
            uint32_t after = run->executions.of[graph->after[a].at];
            struct execution *execution =
                after != EXECUTION_NONE ? &run->executions.all.at[after] : NULL;
            /* One that doesn't wait was decided before this task was needed again. */
            if (execution != NULL && execution->state == EXECUTION_WAITING &&
                execution->pending > 0 && --execution->pending == 0) {
                vec_push(&run->ready.unblocked, after);
            }
        }
    }
}

void outcome_record_attempt(const struct run *run, struct task_id task, enum task_attempt attempt,
                            int status, struct slice facts)
{
    struct task_row row = *state_task(plan_state(run->plan), task.at);
    row.is_known = true;
    row.attempt = (uint8_t)attempt;
    row.attempt_status = status;
    plan_put_attempt(run->plan, task, facts, &row);
}

void outcome_doom(const struct run *run, struct task_id task)
{
    if (state_task(plan_state(run->plan), task.at)->attempt == ATTEMPT_FAILED) {
        plan_doom(run->plan, task);
    }
}

void outcome_fail_unstarted(struct run *run, const struct task_id *tasks, size_t count,
                            const char *how, bool blocked)
{
    for (size_t i = 0; i < count; i++) {
        /* What is blocked was not begun now: an attempt on record is an earlier one's. */
        if (!blocked &&
            state_task(plan_state(run->plan), tasks[i].at)->attempt == ATTEMPT_STARTED) {
            outcome_record_attempt(run, tasks[i], ATTEMPT_FAILED, 127, (struct slice){0});
            outcome_doom(run, tasks[i]);
        }
    }
    run->result->failed += count;
    run->outcomes.failures++;
    outcome_set(run, tasks, count, TASK_FAILED);
    run_tell_ended(
        run, tasks, count,
        (struct run_event){.outcome = ROWBUILD_TASK_FAILED, .how = how, .blocked = blocked});
}

void outcome_fail_blocked(struct run *run, struct task_id task)
{
    struct buf how = BUF_EMPTY;
    run_add_reasons(run->plan, task, NULL, &how, run->diag);
    outcome_fail_unstarted(run, &task, 1, buf_string(&how), true);
    buf_release(&how);
}
