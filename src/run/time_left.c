/* What is started, and how long processes get, where a run has an end. */
#include "running.h"

#include "text.h"
#include "time_limit.h"

static const double RECORDING_S = 10; /* what is kept of the time left for that */
static const double SHORTEST_GRACE_S = 1;

/* What a task took when it last succeeded, else what its action takes: here, or elsewhere. */
static double known_seconds(const struct run *run, struct task_id task)
{
    const struct task_row *row = state_task(run->plan->state, task.at);
    if (row->success == SUCCESS_RAN && row->duration_s > 0) {
        return row->duration_s;
    }
    uint32_t element = run->plan->graph->tasks[task.at].action;
    const struct action_progress *action = &run->actions[element];
    return action->succeeded > 0 ? action->succeeded_s / (double)action->succeeded
                                 : run->plan->mean_seconds[element];
}

/* A batch is as long as the longest record of its tasks: each has that of its batch. */
static double seconds_of(const struct run *run, const struct execution *execution)
{
    const struct task_id *tasks = execution_nodes(run, execution);
    double seconds = 0;
    for (uint32_t i = 0; i < execution->count; i++) {
        double own = known_seconds(run, tasks[i]);
        seconds = own > seconds ? own : seconds;
    }
    return seconds;
}

bool run_has_time_for(const struct run *run, const struct execution *execution)
{
    return run->options->end_ns == 0 ||
           seconds_of(run, execution) <=
               time_limit_seconds_left(run->options->end_ns) - run->options->notice_s;
}

void run_pass_over(struct run *run, uint32_t number)
{
    struct execution *execution = &run->executions[number];
    const struct task_id *tasks = execution_nodes(run, execution);
    double seconds = seconds_of(run, execution);
    run->too_long_s = run->too_long == 0 || seconds < run->too_long_s ? seconds : run->too_long_s;
    run->too_long += execution->count;
    execution->state = EXECUTION_DONE;
    run->actions[run->plan->graph->tasks[tasks[0].at].action].left--;
    for (uint32_t i = 0; i < execution->count; i++) {
        run_resolve(run, tasks[i], TASK_NOT_STARTED);
    }
}

void run_tell_passed_over(struct run *run)
{
    if (run->too_long == 0) {
        return;
    }
    struct buf duration = BUF_EMPTY;
    text_add_duration(&duration, run->too_long_s);
    run_notice(run, "%zu %s not started: the time left is too short for what takes %s",
               run->too_long, run->too_long == 1 ? "task was" : "tasks were",
               buf_string(&duration));
    buf_release(&duration);
}

bool run_time_is_up(const struct run *run)
{
    return time_limit_is_near(run->options->end_ns, run->options->notice_s);
}

double run_grace_s(const struct run *run)
{
    if (!run->is_ending) {
        return run->options->grace_s;
    }
    double left = time_limit_seconds_left(run->options->end_ns);
    double kept = left / 4 < RECORDING_S ? left / 4 : RECORDING_S;
    return left - kept > SHORTEST_GRACE_S ? left - kept : SHORTEST_GRACE_S;
}
