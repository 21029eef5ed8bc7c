/* What the observer is told, at the end, of the tasks that the run didn't execute. */
#include "running.h"

/* The task before it because of which a task wasn't started; GRAPH_NONE: there is none. */
static uint32_t find_culprit(const struct run *run, struct task_id task)
{
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        uint32_t before = graph->before.at[e].task.at;
        uint8_t outcome = run->outcomes.of[before];
        if ((outcome == TASK_FAILED || outcome == TASK_NOT_STARTED) &&
            !plan_skips_task(run->plan, task, (struct task_id){before})) {
            return before;
        }
    }
    return GRAPH_NONE;
}

static void add_cause(const struct run *run, struct task_id task, struct buf *out)
{
    uint32_t culprit = find_culprit(run, task);
    enum verdict verdict = plan_verdict(run->plan, task);
    if (plan_skips_all(run->plan, task)) {
        buf_add_string(out, "for each of its directories, a task that it needs failed");
    } else if (culprit != GRAPH_NONE) {
        graph_add_label(plan_graph(run->plan), (struct task_id){culprit}, out);
        buf_add_string(out, run->outcomes.of[culprit] == TASK_FAILED ? " didn't succeed"
                                                                     : " wasn't started");
    } else if (verdict == VERDICT_SUBMITTED) {
        buf_add_string(out, "it is in a job");
    } else if (verdict == VERDICT_WAITS) {
        buf_add_string(out, "a task that it depends on is in a job");
    } else if (verdict == VERDICT_BLOCKED) {
        run_add_reasons(run->plan, task, NULL, out, run->diag);
    } else if (run->stopping.interrupted) {
        buf_add_string(out, "the run was interrupted");
    } else if (run->stopping.is_stopping) {
        buf_add_string(out, "the run stopped after a failure");
    } else {
        buf_add_string(out, "too little time was left");
    }
}

static bool is_good(const struct run *run, struct task_id task)
{
    enum verdict verdict = plan_verdict(run->plan, task);
    return run->outcomes.of[task.at] == TASK_OK ||
           (run->outcomes.of[task.at] == TASK_IDLE &&
            (verdict == VERDICT_FRESH || verdict == VERDICT_HELD));
}

void run_tell_rest(struct run *run)
{
    const struct graph *graph = plan_graph(run->plan);
    for (size_t i = 0; run->outcomes.is_told != NULL && i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        if (plan_wanted(run->plan, task) == 0 || run->outcomes.is_told[task.at]) {
            continue;
        }
        struct buf label = BUF_EMPTY;
        struct buf cause = BUF_EMPTY;
        bool good = is_good(run, task);
        graph_add_label(graph, task, &label);
        if (!good) {
            add_cause(run, task, &cause);
        }
        run_tell(run, (struct run_event){
                          .kind = ROWBUILD_EVENT_LEFT,
                          .tasks = &task,
                          .task_count = 1,
                          .label = buf_string(&label),
                          .outcome = good ? ROWBUILD_UP_TO_DATE : ROWBUILD_NOT_STARTED,
                          .how = good ? NULL : buf_string(&cause),
                      });
        buf_release(&label);
        buf_release(&cause);
    }
}
