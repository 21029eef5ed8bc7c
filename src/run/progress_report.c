/* What the observer is told: events, each with how far the run is. */
#include "running.h"

#include "text.h"

#include <stdlib.h>

void run_add_label(const struct graph *graph, const struct task_id *tasks, size_t count,
                   struct buf *out)
{
    if (count == 1) {
        graph_add_label(graph, tasks[0], out);
        return;
    }
    text_add_name(out, graph_action(graph, tasks[0])->name);
    buf_addf(out, " (%zu directories)", count);
}

struct reasons {
    struct plan *plan;
    struct task_id task;
    const char *end;
    struct buf *out;
};

/* In words at once: what a reason names lives no longer than the call. */
static void add_reason(void *context, const struct reason *reason)
{
    struct reasons *reasons = context;
    if (reasons->end != NULL || reasons->out->len == 0) {
        plan_add_reason(reasons->plan, reasons->task, reason, reasons->out);
        buf_add_string(reasons->out, reasons->end != NULL ? reasons->end : "");
    }
}

void run_add_reasons(struct plan *plan, struct task_id task, const char *end, struct buf *out,
                     struct diag *diag)
{
    struct reasons reasons = {.plan = plan, .task = task, .end = end, .out = out};
    (void)plan_examine(plan, task, add_reason, &reasons, diag);
}

/* From what executions took so far in this run, else from what is recorded. Negative: not known. */
static double seconds_left(const struct run *run)
{
    double core_seconds = 0;
    for (uint32_t a = 0; a < plan_graph(run->plan)->rowfile->action_count; a++) {
        const struct action_progress *action = &run->executions.actions[a];
        double mean = executions_mean_seconds(&run->executions, a, &action->ended);
        if (action->left > 0 && !(mean > 0)) {
            return -1;
        }
        core_seconds += (double)action->left * mean * action->cores;
    }
    int64_t now = run_now(run);
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        core_seconds -= (double)(now - slot->started_ns) / 1e9 * slot->grant.cores;
    }
    return core_seconds > 0 ? core_seconds / run->options->jobs : 0;
}

static void add_longest(const struct run *run, struct rowbuild_progress *progress)
{
    int64_t now = run_now(run);
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        double seconds = (double)(now - slot->started_ns) / 1e9;
        size_t at = progress->longest_count;
        while (at > 0 && progress->longest[at - 1].seconds < seconds) {
            if (at < ROWBUILD_LONGEST_SHOWN) {
                progress->longest[at] = progress->longest[at - 1];
            }
            at--;
        }
        if (at < ROWBUILD_LONGEST_SHOWN) {
            progress->longest[at].label = slot->label;
            progress->longest[at].seconds = seconds;
            progress->longest_count += progress->longest_count < ROWBUILD_LONGEST_SHOWN;
        }
    }
}

void run_tell(struct run *run, struct run_event event)
{
    struct rowbuild_progress progress = {
        .done = run->outcomes.done,
        .total = run->outcomes.total,
        .running = run->slots.running,
        .failed = run->result->failed,
        .unfinished = run->result->unfinished,
        .cores_used = run->ledger != NULL ? run->options->jobs - ledger_cores_free(run->ledger) : 0,
        .cores_budget = run->options->jobs,
        .seconds_left = run->options->tick_ms > 0 ? seconds_left(run) : -1,
        .seconds = (double)(run_now(run) - run->started_ns) / 1e9,
    };
    if (event.kind == ROWBUILD_EVENT_TICK) {
        add_longest(run, &progress);
    }
    event.progress = &progress;
    run->observer->event(run->observer->context, &event);
}

void run_tell_ended(struct run *run, const struct task_id *tasks, size_t count,
                    struct run_event event)
{
    struct buf label = BUF_EMPTY;
    run_add_label(plan_graph(run->plan), tasks, count, &label);
    event.kind = ROWBUILD_EVENT_ENDED;
    event.tasks = tasks;
    event.task_count = count;
    event.label = buf_string(&label);
    run_tell(run, event);
    for (size_t i = 0; run->outcomes.is_told != NULL && i < count; i++) {
        run->outcomes.is_told[tasks[i].at] = event.outcome != ROWBUILD_RETRYING;
    }
    buf_release(&label);
}

void run_notice(struct run *run, const char *format, ...)
{
    struct buf text = BUF_EMPTY;
    struct buf visible = BUF_EMPTY;
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    text_add_visible(&visible, buf_slice(&text));
    run_tell(run, (struct run_event){.kind = ROWBUILD_EVENT_NOTICE, .text = buf_string(&visible)});
    buf_release(&visible);
    buf_release(&text);
}
