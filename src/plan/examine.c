/* The verdict on one task. */
#include "exam.h"

#include "deleted.h"

static void tell_kind(struct exam *exam, enum reason_kind kind)
{
    exam_tell(exam, (struct reason){.kind = kind});
}

/* What a task before means for those after it, weightiest last. */
static enum verdict weigh(const struct plan *plan, struct task_id before)
{
    if (plan->wanted[before.at] == 0) {
        return VERDICT_FRESH;
    }
    switch ((enum verdict)plan->verdicts[before.at]) {
    case VERDICT_BLOCKED:
        return VERDICT_BLOCKED;
    case VERDICT_SUBMITTED:
    case VERDICT_WAITS:
    case VERDICT_HELD:
        return VERDICT_HELD;
    case VERDICT_STALE:
    case VERDICT_MAYBE:
    case VERDICT_RESTORE:
        return plan->resolved[before.at] ? VERDICT_FRESH : VERDICT_MAYBE;
    case VERDICT_NONE:
    case VERDICT_FRESH:
        break;
    }
    return VERDICT_FRESH;
}

/* FRESH, MAYBE (something is pending), HELD (something is in a job) or BLOCKED: the weightiest of
 * the tasks before, and the first of them that says so. */
static enum verdict upstream_verdict(struct exam *exam, struct task_id *which)
{
    static const int weights[] = {[VERDICT_MAYBE] = 1, [VERDICT_HELD] = 2, [VERDICT_BLOCKED] = 3};
    const struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    enum verdict verdict = VERDICT_FRESH;
    uint32_t n = exam->task.at;
    for (uint32_t e = graph->before_start[n];
         e < graph->before_start[n + 1] && verdict != VERDICT_BLOCKED; e++) {
        struct task_id before = graph->before.at[e].task;
        enum verdict one =
            plan_skips_task(plan, exam->task, before) ? VERDICT_FRESH : weigh(plan, before);
        if (weights[one] > weights[verdict]) {
            *which = before;
            verdict = one;
        }
    }
    return verdict;
}

/* ---- The verdict ---- */

static void tell_attempt(struct exam *exam, const struct task_row *row)
{
    switch ((enum task_attempt)row->attempt) {
    case ATTEMPT_NONE:
        break;
    case ATTEMPT_STARTED:
    case ATTEMPT_INTERRUPTED:
        tell_kind(exam, REASON_INTERRUPTED);
        break;
    case ATTEMPT_UNFINISHED:
        tell_kind(exam, REASON_UNFINISHED);
        break;
    case ATTEMPT_FAILED:
        exam_tell(exam, (struct reason){.kind = REASON_FAILED, .status = row->attempt_status});
        break;
    case ATTEMPT_CHANGED:
        exam_tell(exam, (struct reason){.kind = row->attempt_status != 0 ? REASON_NOT_CHECKED_AFTER
                                                                         : REASON_CHANGED_WHILE,
                                        .status = row->attempt_status});
        break;
    }
}

static enum verdict examine_attempted(struct exam *exam, const struct component_list *list,
                                      const struct task_row *row, bool upstream_is_pending)
{
    size_t before = exam->told;
    bool same_attempt = digest_equal(plan_fingerprint(list), row->attempt_fingerprint);
    if (row->attempt == ATTEMPT_CHANGED) {
        return VERDICT_STALE; /* told already */
    }
    if (upstream_is_pending) {
        return VERDICT_FRESH; /* whether the attempt was on what will be there can't be known yet */
    }
    if (same_attempt) {
        tell_attempt(exam, row);
        return VERDICT_STALE;
    }
    /* What was tried since is not what is wanted now: the last success counts. */
    struct exam silent = *exam;
    silent.listener = NULL;
    silent.told = 0;
    exam_compare(&silent, list, row, true);
    if (silent.told == 0) {
        exam->fills_in = true;
        return VERDICT_FRESH;
    }
    if (plan_good_set_is_backed_up(exam->plan, exam->task)) {
        return VERDICT_RESTORE;
    }
    tell_attempt(exam, row);
    exam_compare(exam, list, row, true);
    return exam->told > before ? VERDICT_STALE : VERDICT_FRESH;
}

static enum verdict examine_itself(struct exam *exam, bool upstream_is_pending, struct diag *diag)
{
    struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, exam->task);
    const struct task_row *row = state_task(plan->state, exam->task.at);
    struct component_list *list = &plan->scratch;
    bool has_products =
        graph->product_start[exam->task.at] < graph->product_start[exam->task.at + 1];
    bool is_done = plan->earlier != NULL && plan->earlier[exam->task.at] == PLAN_EARLIER_DONE;
    if (is_done) {
        if (row->attempt == ATTEMPT_CHANGED) {
            return VERDICT_FRESH; /* the next run's matter, or each round would run it */
        }
    } else if (plan->options.rerun && (plan->wanted[exam->task.at] & WANTED_SELECTED) != 0 &&
               !plan->resolved[exam->task.at]) {
        tell_kind(exam, REASON_ASKED);
    } else if (action->always) {
        tell_kind(exam, REASON_ALWAYS);
    } else if (!has_products && graph->rowfile->contract == CONTRACT_ROW) {
        tell_kind(exam, REASON_NO_PRODUCTS);
    }
    if (!exam_is_over(exam)) {
        deleted_tell_needed(exam, false);
    }
    if (!exam_is_over(exam) && row->success == SUCCESS_NONE) {
        if (row->attempt == ATTEMPT_NONE) {
            tell_kind(exam, REASON_NEVER_RAN);
        } else {
            tell_attempt(exam, row);
        }
        return VERDICT_STALE;
    }
    if (exam_is_over(exam) || plan_components(plan, exam->task, true, list, diag) != 0) {
        return VERDICT_STALE;
    }
    size_t asked = exam->told;
    if (row->attempt == ATTEMPT_CHANGED) {
        tell_attempt(exam, row);
        if (exam_is_over(exam)) {
            return VERDICT_STALE;
        }
    }
    exam_compare(exam, list, row, false);
    if (exam->told > asked) {
        bool is_told = row->attempt == ATTEMPT_NONE || row->attempt == ATTEMPT_CHANGED;
        if (!is_told && !exam_is_over(exam) &&
            digest_equal(plan_fingerprint(list), row->attempt_fingerprint)) {
            tell_attempt(exam, row);
        }
        if (!exam_is_over(exam)) {
            exam_compare(exam, list, row, true);
        }
        return VERDICT_STALE;
    }
    if (row->attempt != ATTEMPT_NONE) {
        enum verdict verdict = examine_attempted(exam, list, row, upstream_is_pending);
        return asked > 0 ? VERDICT_STALE : verdict;
    }
    exam_compare(exam, list, row, true);
    return exam->told > 0 ? VERDICT_STALE : VERDICT_FRESH;
}

/* The one that a task before is, or waits for. */
static struct task_id submitted_task(const struct plan *plan, struct task_id before)
{
    const struct graph *graph = plan->graph;
    while (plan->verdicts[before.at] != VERDICT_SUBMITTED) {
        uint32_t e = graph->before_start[before.at];
        uint32_t end = graph->before_start[before.at + 1];
        while (e < end && weigh(plan, graph->before.at[e].task) != VERDICT_HELD) {
            e++;
        }
        if (e == end) {
            break;
        }
        before = graph->before.at[e].task;
    }
    return before;
}

/* The task by itself and what comes before it; without regard to jobs that it is in. */
static enum verdict examine_task(struct exam *exam, struct diag *diag)
{
    struct plan *plan = exam->plan;
    struct task_id task = exam->task;
    struct task_id before = {GRAPH_NONE};
    plan->fill_in[task.at] = false;
    if (plan->earlier != NULL && plan->earlier[task.at] == PLAN_EARLIER_FAILED) {
        tell_attempt(exam, state_task(plan->state, task.at));
        return VERDICT_BLOCKED;
    }
    if (plan->graph->blocked_by[task.at] != GRAPH_NONE) {
        uint32_t name = plan->graph->blocked_by[task.at];
        exam_tell(exam, (struct reason){.kind = REASON_EXCLUDED,
                                        .name = plan->graph->rowfile->names[name]});
        return VERDICT_BLOCKED;
    }
    if (plan_skips_all(plan, task)) {
        exam_tell(exam, (struct reason){.kind = REASON_ALL_SKIPPED});
        return VERDICT_BLOCKED;
    }
    enum verdict upstream = upstream_verdict(exam, &before);
    if (upstream == VERDICT_BLOCKED) {
        exam_tell(exam, (struct reason){.kind = REASON_UPSTREAM_BLOCKED, .task = before});
        return VERDICT_BLOCKED;
    }
    if (upstream == VERDICT_HELD) {
        struct task_id submitted = submitted_task(plan, before);
        exam_tell(exam, (struct reason){.kind = REASON_UPSTREAM_SUBMITTED, .task = submitted});
        /* Told first; whether the task is up to date is asked all the same. */
        struct exam own = *exam;
        own.told = 0;
        if (exam_lacks(&own, diag)) {
            return VERDICT_BLOCKED;
        }
        return examine_itself(&own, true, diag) == VERDICT_FRESH ? VERDICT_HELD : VERDICT_WAITS;
    }
    if (exam_lacks(exam, diag)) {
        return VERDICT_BLOCKED;
    }
    enum verdict own = examine_itself(exam, upstream == VERDICT_MAYBE, diag);
    struct file_id deleted = {own == VERDICT_STALE ? deleted_without_maker(plan, task).at
                                                   : GRAPH_NONE};
    if (deleted.at != GRAPH_NONE) {
        exam_tell(exam, (struct reason){.kind = REASON_INPUT_MISSING,
                                        .name = slice_of(plan_path(plan, deleted))});
        return VERDICT_BLOCKED;
    }
    if (own == VERDICT_FRESH) {
        plan->fill_in[task.at] = exam->fills_in && upstream == VERDICT_FRESH;
    }
    if (upstream == VERDICT_MAYBE && own != VERDICT_STALE) {
        exam_tell(exam, (struct reason){.kind = REASON_UPSTREAM_PENDING, .task = before});
        return VERDICT_MAYBE;
    }
    return own == VERDICT_FRESH && deleted_tell_needed(exam, true) ? VERDICT_MAYBE : own;
}

/* What jobs have to do with it comes before the other reasons, except a failure that the job itself
 * recorded: that says more than how the job ended. */
static void tell_with_jobs(struct exam *exam, enum verdict verdict, struct diag *diag)
{
    const struct plan *plan = exam->plan;
    const char *ending = plan_ending(plan, exam->task);
    bool has_failed = state_task(plan->state, exam->task.at)->attempt == ATTEMPT_FAILED;
    if (verdict == VERDICT_SUBMITTED) {
        exam_tell(exam,
                  (struct reason){.kind = REASON_SUBMITTED, .job = plan_job(plan, exam->task)});
    }
    bool has_ended = verdict != VERDICT_SUBMITTED && verdict != VERDICT_FRESH && ending != NULL;
    struct reason reason = {.kind = REASON_JOB_ENDED,
                            .name = has_ended ? slice_of(ending) : (struct slice){0}};
    if (has_ended && !has_failed) {
        exam_tell(exam, reason);
    }
    (void)examine_task(exam, diag);
    if (has_ended && has_failed) {
        exam_tell(exam, reason);
    }
}

enum verdict plan_examine(struct plan *plan, struct task_id task, reason_fn *listener,
                          void *context, struct diag *diag)
{
    struct exam exam = {.plan = plan, .task = task, .asked_previous = SIZE_MAX};
    struct exam told = {.plan = plan,
                        .task = task,
                        .listener = listener,
                        .context = context,
                        .asked_previous = SIZE_MAX};
    const struct job_ref *job = plan_job(plan, task);
    if (job == NULL && (listener == NULL || plan_ending(plan, task) == NULL)) {
        return examine_task(&told, diag);
    }
    enum verdict verdict = examine_task(&exam, diag);
    if (job != NULL) {
        plan->fill_in[task.at] = false;
        verdict = verdict == VERDICT_FRESH ? verdict : VERDICT_SUBMITTED;
    }
    if (listener != NULL) {
        tell_with_jobs(&told, verdict, diag);
        plan->fill_in[task.at] = plan->fill_in[task.at] && job == NULL;
    }
    return verdict;
}
