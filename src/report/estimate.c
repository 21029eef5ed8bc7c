/* Estimates what a run is about to do, in numbers and in one line. */
#include "report.h"
#include "report_reasons.h"

#include "text.h"

#include <stdlib.h>

enum { REASON_KINDS = REASON_JOB_ENDED + 1 };

static void count_redone(struct plan *plan, struct task_id task, size_t *kinds,
                         struct rowbuild_estimate *estimate, struct diag *diag)
{
    double core_seconds = plan_recorded_core_seconds(plan, task);
    struct reason_list list;
    estimate->again++;
    estimate->again_core_hours += core_seconds > 0 ? core_seconds / 3600 : 0;
    reasons_gather(plan, task, 1, &list, diag);
    if (list.reasons.count > 0) {
        kinds[list.reasons.at[0].kind]++;
    }
    reasons_release(&list);
}

static void add_hours(struct plan *plan, struct task_id task, bool is_certain,
                      struct rowbuild_estimate *estimate)
{
    double hours = report_task_hours(plan, task);
    if (hours < 0) {
        estimate->unknown++;
        return;
    }
    estimate->least_core_hours += is_certain ? hours : 0;
    estimate->most_core_hours += hours;
}

static void count_task(struct plan *plan, struct task_id task, size_t *kinds,
                       struct rowbuild_estimate *estimate, struct diag *diag)
{
    switch ((enum verdict)plan_verdict(plan, task)) {
    case VERDICT_STALE:
        estimate->will_run++;
        add_hours(plan, task, true, estimate);
        if (report_is_redone(plan, task)) {
            count_redone(plan, task, kinds, estimate, diag);
        }
        break;
    case VERDICT_MAYBE:
        estimate->may_run++;
        add_hours(plan, task, false, estimate);
        break;
    case VERDICT_RESTORE:
        estimate->restores++;
        break;
    case VERDICT_BLOCKED:
        estimate->blocked++;
        break;
    case VERDICT_SUBMITTED:
        estimate->submitted++;
        break;
    case VERDICT_WAITS:
        estimate->waits++;
        break;
    case VERDICT_NONE:
    case VERDICT_FRESH:
    case VERDICT_HELD:
        break;
    }
}

void report_estimate(struct plan *plan, struct rowbuild_estimate *estimate, struct diag *diag)
{
    struct task_id *tasks;
    size_t kinds[REASON_KINDS] = {0};
    size_t commonest = 0;
    size_t count = report_list_tasks(plan, WANTED_SELECTED | WANTED_UPSTREAM, &tasks);
    *estimate = (struct rowbuild_estimate){0};
    for (size_t i = 0; i < count; i++) {
        count_task(plan, tasks[i], kinds, estimate, diag);
    }
    for (size_t i = 1; i < REASON_KINDS; i++) {
        commonest = kinds[i] > kinds[commonest] ? i : commonest;
    }
    if (kinds[commonest] > 0) {
        estimate->again_reason = reasons_kind_name((enum reason_kind)commonest);
    }
    free(tasks);
}

static void add_tasks(struct buf *out, size_t count)
{
    text_add_count(out, count);
    buf_add_string(out, count == 1 ? " task" : " tasks");
}

void report_add_again(const struct rowbuild_estimate *estimate, struct buf *out)
{
    if (estimate->again == 0) {
        return;
    }
    buf_add_string(out, "would redo ");
    text_add_count(out, estimate->again);
    buf_add_string(out, estimate->again == 1 ? " finished task" : " finished tasks");
    if (estimate->again_core_hours > 0) {
        buf_add_string(out, ", ");
        text_add_cpu_time(out, estimate->again_core_hours);
    }
    if (estimate->again_reason != NULL) {
        buf_addf(out, ", %s", estimate->again_reason);
    }
    buf_add_char(out, '\n');
}

void report_add_undeclared(const struct rowbuild_undeclared *undeclared, struct buf *out)
{
    text_add_count(out, undeclared->directories);
    buf_add_string(out, undeclared->directories == 1 ? " directory" : " directories");
    buf_add_string(out, " with results");
    if (undeclared->core_hours > 0) {
        buf_add_string(out, " of ");
        text_add_cpu_time(out, undeclared->core_hours);
    }
    buf_add_string(out, undeclared->directories == 1 ? " is" : " are");
    buf_addf(out, " no longer declared: %s", undeclared->names);
}

static void add_cost_range(const struct rowbuild_estimate *estimate, struct buf *out)
{
    size_t tasks = estimate->will_run + estimate->may_run;
    if (estimate->unknown == tasks) {
        buf_add_string(out, ": cost unknown");
        return;
    }
    struct cpu_time_unit unit = text_cpu_time_unit(estimate->most_core_hours);
    struct buf least = BUF_EMPTY;
    struct buf most = BUF_EMPTY;
    text_add_amount(&least, estimate->least_core_hours / unit.hours);
    text_add_amount(&most, estimate->most_core_hours / unit.hours);
    if (estimate->may_run == 0 || slice_equal(buf_slice(&least), buf_slice(&most))) {
        buf_addf(out, ": about %s %s", buf_string(&most), unit.name);
    } else if (estimate->will_run == 0) {
        buf_addf(out, ": up to %s %s", buf_string(&most), unit.name);
    } else {
        buf_addf(out, ": %s to %s %s", buf_string(&least), buf_string(&most), unit.name);
    }
    if (estimate->unknown > 0) {
        buf_add_string(out, ", plus ");
        add_tasks(out, estimate->unknown);
        buf_add_string(out, " of unknown cost");
    }
    buf_release(&least);
    buf_release(&most);
}

static void add_runs(const struct rowbuild_estimate *estimate, struct buf *out)
{
    buf_add_string(out, "would run ");
    if (estimate->will_run > 0) {
        add_tasks(out, estimate->will_run);
        if (estimate->may_run > 0) {
            buf_add_string(out, " and up to ");
            text_add_count(out, estimate->may_run);
            buf_add_string(out, " more");
        }
    } else {
        buf_add_string(out, "up to ");
        add_tasks(out, estimate->may_run);
    }
    add_cost_range(estimate, out);
}

void report_add_estimate(const struct rowbuild_estimate *estimate, struct buf *out)
{
    bool runs = estimate->will_run + estimate->may_run > 0;
    if (runs) {
        add_runs(estimate, out);
    }
    if (estimate->restores > 0) {
        buf_add_string(out, runs ? "; would put back the earlier products of "
                                 : "would put back the earlier products of ");
        add_tasks(out, estimate->restores);
    } else if (!runs) {
        buf_add_string(out, "nothing to do");
    }
    if (estimate->blocked > 0) {
        buf_add_string(out, "; ");
        add_tasks(out, estimate->blocked);
        buf_add_string(out, " can't run");
    }
    if (estimate->submitted > 0) {
        buf_add_string(out, "; ");
        add_tasks(out, estimate->submitted);
        buf_add_string(out, estimate->submitted == 1 ? " is in a job" : " are in jobs");
    }
    if (estimate->waits > 0) {
        buf_add_string(out, ", ");
        text_add_count(out, estimate->waits);
        buf_add_string(out, estimate->waits == 1 ? " waits for it" : " wait for them");
    }
    buf_add_char(out, '\n');
}

bool report_add_adopted(const struct plan *plan, bool dry_run, struct buf *out)
{
    size_t adopted = plan_adopted(plan);
    if (adopted == 0) {
        return false;
    }
    buf_add_string(out, dry_run ? "products of " : "adopted the products of ");
    text_add_count(out, adopted);
    if (dry_run) {
        buf_add_string(out, adopted == 1 ? " task exist" : " tasks exist");
        buf_add_string(out, " without a record; treated as up to date (--no-adopt runs them)");
        return true;
    }
    buf_add_string(out, adopted == 1 ? " task as they are" : " tasks as they are");
    buf_add_string(out, state_was_empty(plan_state(plan))
                            ? ": nothing was recorded here; use --no-adopt to run them"
                            : ": they are newer than their inputs");
    return true;
}
