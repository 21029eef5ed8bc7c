#include "running.h"

/* ---- The schedule ---- */

static double work_of(const struct execution *execution)
{
    const struct ledger_request *request = &execution->request;
    return execution->seconds * request->processes * request->threads_per_process;
}

void ready_expect_all(struct run *run)
{
    for (uint32_t x = 0; x < run->executions.all.count; x++) {
        const struct execution *execution = &run->executions.all.at[x];
        schedule_expect(run->ready.schedule, work_of(execution));
        if (execution->pending == 0) {
            vec_push(&run->ready.unblocked, x);
        }
    }
}

void ready_add_again(struct run *run, uint32_t number)
{
    struct execution *execution = &run->executions.all.at[number];
    schedule_expect(run->ready.schedule, work_of(execution));
    execution->state = EXECUTION_READY;
    schedule_add(run->ready.schedule, &(struct schedule_item){.number = number,
                                                              .path_s = execution->priority,
                                                              .seconds = execution->seconds,
                                                              .request = execution->request});
}

void ready_keep_tasks(struct run *run, uint32_t number, uint32_t kept)
{
    struct execution *execution = &run->executions.all.at[number];
    if (kept == 0) {
        execution->count = 0;
        execution_end(&run->executions, execution);
    } else {
        execution_keep(&run->executions, execution, kept);
        ready_add_again(run, number);
    }
}

/* ---- Early cutoff ---- */

static bool something_before_failed(const struct run *run, struct task_id task)
{
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        struct task_id before = graph->before.at[e].task;
        uint8_t outcome = run->outcomes.of[before.at];
        if ((outcome == TASK_FAILED || outcome == TASK_NOT_STARTED) &&
            !plan_skips_task(run->plan, task, before)) {
            return true;
        }
    }
    return false;
}

static void restore_task(struct run *run, struct task_id task)
{
    if (backups_restore(run->plan, task, run->diag) == 0) {
        outcome_set(run, &task, 1, TASK_OK);
        run_tell_ended(run, &task, 1, (struct run_event){.outcome = ROWBUILD_RESTORED});
    } else {
        outcome_fail_unstarted(run, &task, 1, "its earlier products can't be put back", false);
    }
}

/* Decides one task all of whose predecessors have their outcomes; true if it has to run. */
static bool has_to_run(struct run *run, struct task_id task)
{
    bool is_stale = plan_verdict(run->plan, task) == VERDICT_STALE;
    enum verdict verdict = VERDICT_STALE;
    bool may_skip = graph_action(plan_graph(run->plan), task)->group.skip_failed;
    if (may_skip) { /* which members are left out is known only now */
        verdict = plan_decide(run->plan, task, run->diag);
    }
    if (something_before_failed(run, task) || plan_skips_all(run->plan, task)) {
        if (plan_skips_all(run->plan, task)) {
            plan_doom(run->plan, task);
        }
        outcome_set(run, &task, 1, TASK_NOT_STARTED);
        return false;
    }
    if (!may_skip) {
        if (is_stale) {
            return true; /* in itself, whatever came before it */
        }
        verdict = plan_decide(run->plan, task, run->diag);
    }
    switch (verdict) {
    case VERDICT_STALE:
    case VERDICT_MAYBE:
        return true;
    case VERDICT_RESTORE:
        restore_task(run, task);
        return false;
    case VERDICT_SUBMITTED: /* have no executions */
    case VERDICT_WAITS:
    case VERDICT_BLOCKED:
        outcome_fail_blocked(run, task);
        return false;
    case VERDICT_NONE:
    case VERDICT_FRESH:
    case VERDICT_HELD:
        if (plan_fills_in(run->plan, task)) {
            (void)plan_fill_in(run->plan, task, run->diag);
        }
        outcome_set(run, &task, 1, TASK_OK);
        return false;
    }
    return false;
}

void ready_examine(struct run *run)
{
    while (run->ready.unblocked.count > 0) {
        uint32_t number = run->ready.unblocked.at[--run->ready.unblocked.count];
        struct execution *execution = &run->executions.all.at[number];
        struct task_id *tasks = execution_tasks(&run->executions, execution);
        uint32_t kept = 0;
        if (execution->state != EXECUTION_WAITING) {
            continue;
        }
        for (uint32_t i = 0; i < execution->count; i++) {
            if (has_to_run(run, tasks[i])) {
                tasks[kept++] = tasks[i];
            }
        }
        schedule_expect(run->ready.schedule, -work_of(execution));
        executions_renew_request(&run->executions, execution);
        ready_keep_tasks(run, number, kept);
    }
}
