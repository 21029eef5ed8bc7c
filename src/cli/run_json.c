#include "run_json.h"

#include "slice.h"
#include "text.h"

#include <math.h>
#include <string.h>

static void add_text(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, ", \"%s\": ", name);
    if (text != NULL) {
        text_add_json(out, slice_of(text));
    } else {
        buf_add_string(out, "null");
    }
}

static void add_count(struct buf *out, const char *name, size_t count)
{
    buf_addf(out, ", \"%s\": %zu", name, count);
}

/* Unknown amounts are null. */
static void add_amount(struct buf *out, const char *name, double amount)
{
    if (isfinite(amount) && amount >= 0) {
        buf_addf(out, ", \"%s\": %.6g", name, amount);
    } else {
        buf_addf(out, ", \"%s\": null", name);
    }
}

static void add_estimate(struct buf *out, const struct rowbuild_estimate *estimate)
{
    if (estimate == NULL) {
        return;
    }
    add_count(out, "will_run", estimate->will_run);
    add_count(out, "may_run", estimate->may_run);
    add_count(out, "restores", estimate->restores);
    add_count(out, "submitted", estimate->submitted);
    add_amount(out, "least_core_hours", estimate->least_core_hours);
    add_amount(out, "most_core_hours", estimate->most_core_hours);
    add_count(out, "unknown", estimate->unknown);
    add_count(out, "again", estimate->again);
    add_amount(out, "again_core_hours", estimate->again_core_hours);
    add_text(out, "again_reason", estimate->again_reason);
    add_count(out, "undeclared", estimate->undeclared.directories);
    add_amount(out, "undeclared_core_hours", estimate->undeclared.core_hours);
}

/* The task's name beside the action's; of a batch all of them, and no single one. */
static void add_names(struct buf *out, const struct rowbuild_event *event)
{
    add_text(out, "name", event->tasks == 1 && event->names != NULL ? event->names[0] : NULL);
    if (event->tasks < 2 || event->names == NULL) {
        return;
    }
    buf_add_string(out, ", \"names\": [");
    for (size_t i = 0; i < event->tasks; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        text_add_json(out, slice_of(event->names[i]));
    }
    buf_add_char(out, ']');
}

static void add_task(struct buf *out, const struct rowbuild_event *event)
{
    add_text(out, "action", event->action);
    add_names(out, event);
    add_text(out, "label", event->label);
    add_count(out, "tasks", event->tasks);
}

static void add_started(struct buf *out, const struct rowbuild_event *event)
{
    add_task(out, event);
    add_text(out, "command", event->command);
    if (event->text == NULL) {
        return;
    }
    buf_add_string(out, ", \"reasons\": [");
    const char *separator = "";
    for (const char *line = event->text; *line != '\0'; separator = ", ") {
        size_t len = strcspn(line, "\n");
        buf_add_string(out, separator);
        text_add_json(out, slice_make(line, len));
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    buf_add_char(out, ']');
}

static void add_ended(struct buf *out, const struct rowbuild_event *event)
{
    static const char *const outcomes[] = {
        [ROWBUILD_SUCCEEDED] = "succeeded",     [ROWBUILD_RESTORED] = "restored",
        [ROWBUILD_TASK_FAILED] = "failed",      [ROWBUILD_UNFINISHED] = "unfinished",
        [ROWBUILD_TIMED_OUT] = "timed out",     [ROWBUILD_CANCELLED] = "cancelled",
        [ROWBUILD_RETRYING] = "retrying",       [ROWBUILD_UP_TO_DATE] = "up to date",
        [ROWBUILD_NOT_STARTED] = "not started",
    };
    add_task(out, event);
    add_text(out, "outcome", outcomes[event->outcome]);
    add_text(out, "how", event->how);
    add_amount(out, "seconds", event->seconds);
    add_text(out, "command", event->command);
    buf_add_string(out, ", \"output\": ");
    if (event->output != NULL) {
        text_add_json(out, slice_make(event->output, event->output_bytes));
    } else {
        buf_add_string(out, "null");
    }
    add_text(out, "log", event->log);
    add_text(out, "again", event->again);
    const struct rowbuild_progress *progress = event->progress;
    add_count(out, "done", progress->done);
    add_count(out, "failed", progress->failed);
    add_count(out, "unfinished", progress->unfinished);
    add_count(out, "total", progress->total);
    add_amount(out, "seconds_left", progress->seconds_left);
    add_count(out, "unknown", progress->unknown);
}

void run_json_add_event(struct buf *out, const struct rowbuild_event *event)
{
    static const char *const names[] = {
        [ROWBUILD_EVENT_PLANNED] = "planned", [ROWBUILD_EVENT_CONFIRM] = "confirm",
        [ROWBUILD_EVENT_STARTED] = "started", [ROWBUILD_EVENT_ENDED] = "ended",
        [ROWBUILD_EVENT_NOTICE] = "notice",   [ROWBUILD_EVENT_STOPPING] = "stopping",
        [ROWBUILD_EVENT_TICK] = NULL,         [ROWBUILD_EVENT_FINISHED] = NULL,
        [ROWBUILD_EVENT_SUSPENDED] = NULL,    [ROWBUILD_EVENT_LEFT] = NULL,
    };
    if (names[event->kind] == NULL) {
        return;
    }
    buf_addf(out, "{\"event\": \"%s\"", names[event->kind]);
    if (event->kind == ROWBUILD_EVENT_PLANNED) {
        add_count(out, "total", event->progress->total);
    }
    if (event->kind == ROWBUILD_EVENT_PLANNED || event->kind == ROWBUILD_EVENT_CONFIRM) {
        add_estimate(out, event->estimate);
    } else if (event->kind == ROWBUILD_EVENT_STARTED) {
        add_started(out, event);
    } else if (event->kind == ROWBUILD_EVENT_ENDED) {
        add_ended(out, event);
    } else {
        add_text(out, "text", event->text);
    }
    buf_add_string(out, "}\n");
}

void run_json_add_finished(struct buf *out, const struct run_tally *tally,
                           const struct rowbuild_progress *progress, int status)
{
    buf_addf(out, "{\"event\": \"finished\", \"status\": %d", status);
    add_count(out, "ran", tally->ran);
    add_count(out, "restored", tally->restored);
    add_count(out, "failed", tally->failed);
    add_count(out, "unfinished", tally->unfinished);
    add_count(out, "cancelled", tally->cancelled);
    add_count(out, "not_started", run_tally_not_started(tally, progress));
    add_amount(out, "seconds", progress->seconds);
    buf_add_string(out, "}\n");
}
