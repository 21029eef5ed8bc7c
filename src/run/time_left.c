#include "running.h"

#include "text.h"
#include "time_limit.h"

static const double RECORDING_S = 10; /* what is kept of the time left for that */
static const double SHORTEST_GRACE_S = 1;

/* What a task took when it last succeeded, else what its action takes: here, or elsewhere. */
static double known_seconds(const struct run *run, struct task_id task)
{
    double recorded = plan_recorded_seconds(run->plan, task);
    if (recorded >= 0) {
        return recorded;
    }
    uint32_t element = plan_graph(run->plan)->tasks[task.at].action;
    return executions_typical_seconds(&run->executions, element,
                                      &run->executions.actions[element].succeeded);
}

/* A batch takes as long as the longest record of its tasks: each task has the duration of the batch
 * that it ran in. */
static double seconds_of(const struct run *run, const struct execution *execution)
{
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    double seconds = 0;
    for (uint32_t i = 0; i < execution->count; i++) {
        double own = known_seconds(run, tasks[i]);
        seconds = own > seconds ? own : seconds;
    }
    return seconds;
}

bool time_left_suffices(const struct run *run, const struct execution *execution)
{
    return run->options->end_ns == 0 ||
           seconds_of(run, execution) <=
               time_limit_seconds_left(run_end_ns(run)) - run->options->notice_s;
}

void time_left_pass_over(struct run *run, struct execution *execution)
{
    struct passed_over *passed = &run->passed_over;
    double seconds = seconds_of(run, execution);
    passed->shortest_s =
        passed->tasks == 0 || seconds < passed->shortest_s ? seconds : passed->shortest_s;
    passed->tasks += execution->count;
    execution_end(&run->executions, execution);
    outcome_set(run, execution_tasks(&run->executions, execution), execution->count,
                TASK_NOT_STARTED);
}

void time_left_tell_passed_over(struct run *run)
{
    size_t tasks = run->passed_over.tasks;
    if (tasks == 0) {
        return;
    }
    struct buf duration = BUF_EMPTY;
    text_add_duration(&duration, run->passed_over.shortest_s);
    run_notice(run, "%zu %s not started: the time left is too short for tasks that take %s", tasks,
               tasks == 1 ? "task was" : "tasks were", buf_string(&duration));
    buf_release(&duration);
}

static double grace_s(const struct run *run)
{
    if (!run->stopping.is_ending) {
        return run->options->grace_s;
    }
    double left = time_limit_seconds_left(run_end_ns(run));
    double kept = left / 4 < RECORDING_S ? left / 4 : RECORDING_S;
    return left - kept > SHORTEST_GRACE_S ? left - kept : SHORTEST_GRACE_S;
}

int64_t time_left_grace_ns(const struct run *run)
{
    return (int64_t)(grace_s(run) * 1e9);
}
