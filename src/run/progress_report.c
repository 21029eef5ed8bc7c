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

void run_tell(struct run *run, struct run_event event)
{
    struct rowbuild_progress progress;
    run_measure(run, run->options->tick_ms > 0, &progress);
    event.progress = &progress;
    publish_note(run, &event);
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
