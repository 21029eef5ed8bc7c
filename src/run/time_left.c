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
    const struct passed_over *passed = &run->passed_over;
    return run->granted.end_ns == 0 || (passed->tries_one && !passed->has_started) ||
           seconds_of(run, execution) <=
               time_limit_seconds_left(run_end_ns(run)) - run->options->notice_s;
}

static void pass_over(struct run *run, struct execution *execution)
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

void time_left_put_off(struct run *run, uint32_t execution)
{
    vec_push(&run->passed_over.put_off, execution);
    (void)granted_ask(run);
}

bool time_left_waits(const struct run *run)
{
    return run->passed_over.put_off.count > 0 && run->granted.is_asking &&
           !run->stopping.is_stopping;
}

/* Those that were put off are tried again. */
void time_left_try_again(struct run *run)
{
    struct passed_over *passed = &run->passed_over;
    for (size_t i = 0; i < passed->put_off.count; i++) {
        ready_add_again(run, passed->put_off.at[i]);
    }
    passed->put_off.count = 0;
}

/* Where the job's whole time is too short for all that it has to do, a further job of the same
 * length would find the same. The shortest is tried: it may take less here than elsewhere, and if it
 * doesn't, that is known. */
static void try_shortest(struct run *run)
{
    struct passed_over *passed = &run->passed_over;
    size_t shortest = 0;
    double seconds = -1;
    for (size_t i = 0; i < passed->put_off.count; i++) {
        double own = seconds_of(run, &run->executions.all.at[passed->put_off.at[i]]);
        if (seconds < 0 || own < seconds) {
            seconds = own;
            shortest = i;
        }
    }
    uint32_t number = passed->put_off.at[shortest];
    passed->put_off.at[shortest] = passed->put_off.at[--passed->put_off.count];
    passed->tries_one = true;
    ready_add_again(run, number);
}

bool time_left_settle(struct run *run)
{
    struct passed_over *passed = &run->passed_over;
    if (passed->put_off.count == 0 || run->stopping.is_stopping || run->stopping.broken ||
        run->slots.running > 0 || granted_ask(run)) {
        return false;
    }
    if (run->options->tries_longest && !passed->has_started && !passed->tries_one) {
        try_shortest(run);
        return true;
    }
    for (size_t i = 0; i < passed->put_off.count; i++) {
        pass_over(run, &run->executions.all.at[passed->put_off.at[i]]);
    }
    passed->put_off.count = 0;
    return true;
}

void time_left_note_cut(struct run *run, const struct slot *slot, double seconds)
{
    struct passed_over *passed = &run->passed_over;
    if (!run->stopping.is_ending || run->options->job.at == NULL) {
        return;
    }
    if (passed->cut++ == 0) {
        const struct execution *execution = &run->executions.all.at[slot->execution];
        buf_add_string(&passed->cut_label, slot->label);
        buf_add_slice(&passed->cut_action, execution_action(&run->executions, execution)->name);
        passed->cut_s = seconds;
    }
}

static void tell_cut(struct run *run)
{
    const struct passed_over *passed = &run->passed_over;
    struct buf duration = BUF_EMPTY;
    struct buf name = BUF_EMPTY;
    if (passed->cut == 0) {
        return;
    }
    text_add_duration(&duration, passed->cut_s);
    text_add_name(&name, buf_slice(&passed->cut_action));
    if (passed->cut == 1) {
        run_notice(run,
                   "warning: the job's time limit ended %s after %s; raise `resources.walltime` of "
                   "`%s`",
                   buf_string(&passed->cut_label), buf_string(&duration), buf_string(&name));
    } else {
        run_notice(run,
                   "warning: the job's time limit ended %zu commands, the first of them %s after "
                   "%s; raise `resources.walltime` of `%s`",
                   passed->cut, buf_string(&passed->cut_label), buf_string(&duration),
                   buf_string(&name));
    }
    buf_release(&duration);
    buf_release(&name);
}

void time_left_tell_passed_over(struct run *run)
{
    size_t tasks = run->passed_over.tasks;
    tell_cut(run);
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

void time_left_release(struct run *run)
{
    vec_release(&run->passed_over.put_off);
    buf_release(&run->passed_over.cut_label);
    buf_release(&run->passed_over.cut_action);
}
