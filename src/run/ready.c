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

/* ---- What was deleted, and is needed again ---- */

static bool is_under_way(const struct run *run, struct task_id task)
{
    uint32_t number = run->executions.of[task.at];
    return number != EXECUTION_NONE && run->executions.all.at[number].state != EXECUTION_DONE;
}

/* Whether the task reads what was deleted: then it waits for those that make it. */
static bool reads_deleted(struct run *run, struct task_id task, struct task_list *makers)
{
    makers->count = 0;
    plan_add_deleted_makers(run->plan, task, makers);
    if (makers->count > 0) { /* a part of a folder isn't looked at when the folder is made */
        makers->count = 0;
        plan_refresh_inputs(run->plan, task, run->diag);
        plan_add_deleted_makers(run->plan, task, makers);
    }
    return makers->count > 0;
}

static void add_waiting(struct run *run, struct task_id task, double priority)
{
    uint32_t number = execution_add_needed(&run->executions, task, priority);
    struct execution *execution = &run->executions.all.at[number];
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        execution->pending += is_under_way(run, graph->before.at[e].task);
    }
    schedule_expect(run->ready.schedule, work_of(execution));
    if (execution->pending == 0) {
        vec_push(&run->ready.unblocked, number);
    }
}

/* Who waits for other tasks waits for this one, too, if it comes after. */
static void hold_up_after(struct run *run, struct task_id task)
{
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t a = graph->after_start[task.at]; a < graph->after_start[task.at + 1]; a++) {
        uint32_t after = run->executions.of[graph->after[a].at];
        if (after != EXECUTION_NONE && run->executions.all.at[after].state == EXECUTION_WAITING) {
            run->executions.all.at[after].pending++;
        }
    }
}

/* Has the makers of what was deleted run again, and those of what these read. In the list each stands
 * after the tasks that need it. */
static void run_makers(struct run *run, struct task_id reader, double priority)
{
    struct task_list all = {0};
    struct task_list makers = {0};
    vec_push(&all, reader);
    for (size_t i = 0; i < all.count; i++) {
        if (!reads_deleted(run, all.at[i], &makers)) {
            continue;
        }
        for (size_t k = 0; k < makers.count; k++) {
            if (!is_under_way(run, makers.at[k])) {
                plan_need(run->plan, makers.at[k], all.at[i], run->diag);
                vec_push(&all, makers.at[k]);
            }
        }
    }
    for (size_t i = all.count; i-- > 1;) { /* each once: what is under way isn't added again */
        if (!is_under_way(run, all.at[i])) {
            run->outcomes.of[all.at[i].at] = TASK_IDLE;
            run->outcomes.total++;
            add_waiting(run, all.at[i], priority);
            hold_up_after(run, all.at[i]);
        }
    }
    vec_release(&all);
    vec_release(&makers);
}

/* The tasks that were taken out of an execution, since something that they read was deleted. */
static void postpone(struct run *run, const struct task_list *tasks, double priority)
{
    for (size_t i = 0; i < tasks->count; i++) {
        run_makers(run, tasks->at[i], priority);
        add_waiting(run, tasks->at[i], priority);
    }
}

void ready_examine(struct run *run)
{
    struct task_list postponed = {0};
    struct task_list makers = {0};
    while (run->ready.unblocked.count > 0) {
        uint32_t number = run->ready.unblocked.at[--run->ready.unblocked.count];
        struct execution *execution = &run->executions.all.at[number];
        struct task_id *tasks = execution_tasks(&run->executions, execution);
        double priority = execution->priority;
        uint32_t kept = 0;
        if (execution->state != EXECUTION_WAITING) {
            continue;
        }
        postponed.count = 0;
        for (uint32_t i = 0; i < execution->count; i++) {
            if (!has_to_run(run, tasks[i])) {
                continue;
            }
            if (reads_deleted(run, tasks[i], &makers)) {
                vec_push(&postponed, tasks[i]);
            } else {
                tasks[kept++] = tasks[i];
            }
        }
        schedule_expect(run->ready.schedule, -work_of(execution));
        executions_renew_request(&run->executions, execution);
        ready_keep_tasks(run, number, kept);
        postpone(run, &postponed, priority);
    }
    vec_release(&postponed);
    vec_release(&makers);
}
