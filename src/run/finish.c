/* The end of an execution: its products and inputs are looked at, and what became of each of its
 * tasks is recorded, counted and told. */
#include "running.h"

#include "run_facts.h"
#include "text.h"
#include "unstartable.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- Products ---- */

enum products_kind { PRODUCTS_GOOD, PRODUCTS_UNREADABLE, PRODUCTS_MOVING, PRODUCTS_MISSING };

/* How the products of a task are found after its command ended well. */
struct products_found {
    enum products_kind all;
    struct file_id first; /* of the worst kind */
};

static void weigh_product(struct products_found *found, struct file_id file,
                          enum file_status status)
{
    static const enum products_kind kinds[] = {
        [FILE_CURRENT] = PRODUCTS_GOOD,       [FILE_READ] = PRODUCTS_GOOD,
        [FILE_TROUBLE] = PRODUCTS_UNREADABLE, [FILE_MOVING] = PRODUCTS_MOVING,
        [FILE_GONE] = PRODUCTS_MISSING,       [FILE_MOVED] = PRODUCTS_MISSING,
        [FILE_UNSEEN] = PRODUCTS_MISSING,
    };
    if (kinds[status] > found->all) {
        found->all = kinds[status];
        found->first = file;
    }
}

/* Products that are there get their rows. */
static struct products_found find_products(struct run *run, struct task_id task)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan_graph(plan);
    struct products_found found = {PRODUCTS_GOOD, {GRAPH_NONE}};
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        enum file_status status = plan_refresh(plan, file, run->diag);
        if (status == FILE_GONE) {
            file_refresh_parent(plan_project(plan), plan_path(plan, file));
            status = plan_refresh(plan, file, run->diag);
        }
        if (plan_is_deleted(plan, file)) { /* this attempt hasn't made it */
            status = FILE_GONE;
        }
        weigh_product(&found, file, status);
        if ((state_file(plan_state(plan), file.at)->flags & FILE_ROW_RACY) != 0) {
            vec_push(&run->racy, file);
        }
    }
    return found;
}

/* ---- Records ---- */

struct ending { /* of one execution, while its tasks are looked at */
    struct run *run;
    struct slot *slot;
    double seconds;
    int64_t ended_at_ns; /* of an attempt that is no success; 0: not asked for yet */
    struct buf how;
    VEC(struct task_id) succeeded;
    VEC(struct task_id) failed;
    bool is_done; /* some of the failed ones did their work: nothing is to be tried again */
    VEC(struct task_id) unfinished;
};

static void record_success(struct run *run, struct task_id task, struct launched *launched,
                           const struct ending *ending, const struct doubt *doubt,
                           bool products_are_seen)
{
    const struct slot *slot = ending->slot;
    struct plan *plan = run->plan;
    struct task_row row = *state_task(plan_state(plan), task.at);
    struct component_list list = {0};
    struct component_list whole = {0};
    bool was_backed_up = row.is_backed_up;
    for (size_t i = 0; i < launched->count; i++) {
        vec_push(&list, launched->components[i]);
    }
    if (plan_components(plan, task, true, &whole, ending->run->diag) == 0) {
        for (size_t i = 0; i < whole.count; i++) {
            if (whole.at[i].kind == COMPONENT_PRODUCT || whole.at[i].kind == COMPONENT_RULES) {
                vec_push(&list, whole.at[i]);
            }
        }
    }
    if (was_backed_up) {
        plan_add_old(plan, task, &list);
    }
    row.success = SUCCESS_RAN;
    row.attempt = doubt->words.len > 0 ? ATTEMPT_CHANGED : ATTEMPT_NONE;
    row.attempt_status = doubt->error;
    row.is_backed_up = false;
    row.has_old_backup = row.has_old_backup || was_backed_up;
    row.started_at_ns = slot->started_at_ns;
    row.finished_at_ns = observer_now(plan_observer(plan));
    row.duration_s = ending->seconds;
    row.cpu_s = slot->children.end.cpu_seconds;
    row.peak_rss_bytes = slot->sampling.seen.memory_bytes;
    row.cores = (uint16_t)(slot->grant.cores < UINT16_MAX ? slot->grant.cores : UINT16_MAX);
    row.demand = (uint16_t)advice_demand(&slot->sampling.seen, slot->grant.cores);
    plan_add_to_origin(plan, buf_slice(&slot->facts));
    plan_put_success(plan, task, &list, &row);
    if (was_backed_up && products_are_seen) {
        /* The success must be on record before what it replaces is deleted. */
        if (state_flush(plan_state(plan), run->diag) != 0) {
            run->stopping.broken = true;
        } else {
            backups_discard(plan, task, run->diag);
        }
    }
    vec_release(&list);
    vec_release(&whole);
}

/* Of an attempt that is no success. */
static void record_attempt(struct ending *ending, struct task_id task, enum task_attempt attempt,
                           int status)
{
    const struct slot *slot = ending->slot;
    struct buf facts = BUF_EMPTY;
    if (ending->ended_at_ns == 0) { /* once, so that a batch has one text */
        ending->ended_at_ns = observer_now(plan_observer(ending->run->plan));
    }
    buf_add_slice(&facts, buf_slice(&slot->facts));
    run_facts_add(&(struct run_facts){.started_at_ns = slot->started_at_ns,
                                      .ended_at_ns = ending->ended_at_ns,
                                      .cores = slot->grant.cores},
                  &facts);
    outcome_record_attempt(ending->run, task, attempt, status, buf_slice(&facts));
    buf_release(&facts);
}

/* Of the first such task. */
static void describe_depfile(struct ending *ending, const struct named_list *named)
{
    if (ending->how.len == 0) {
        buf_add_string(&ending->how, "exit 0, but ");
        buf_add_slice(&ending->how, buf_slice(&named->wrong));
    }
}

static void describe_product(struct ending *ending, struct task_id task, struct file_id product)
{
    if (ending->how.len == 0) {
        buf_add_string(&ending->how, "exit 0, but ");
        plan_add_product_trouble(ending->run->plan, task, product, &ending->how);
    }
}

/* The command ended well, but not all that it is to leave can be recorded; `may_follow`: that may
 * come with another attempt. */
static void end_incomplete_task(struct ending *ending, struct task_id task, bool may_follow)
{
    struct run *run = ending->run;
    bool unfinished = may_follow && backups_stay(plan_graph(run->plan), task);
    plan_mark_left(run->plan, task, !unfinished);
    record_attempt(ending, task, unfinished ? ATTEMPT_UNFINISHED : ATTEMPT_FAILED, 0);
    if (unfinished) {
        vec_push(&ending->unfinished, task);
    } else {
        vec_push(&ending->failed, task);
    }
}

/* Products are no longer what an attempt left; those that a failed one left, and that the command
 * didn't touch, are named. */
static void end_marks(struct ending *ending, struct task_id task)
{
    struct plan *plan = ending->run->plan;
    const struct graph *graph = plan_graph(plan);
    bool warns = !graph_action(graph, task)->resumable;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct file_row row = *state_file(plan_state(plan), file.at);
        if ((row.flags & (FILE_ROW_LEFT | FILE_ROW_FAILED)) == 0) {
            continue;
        }
        if (warns && (row.flags & FILE_ROW_FAILED) != 0) {
            struct buf label = BUF_EMPTY;
            struct buf name = BUF_EMPTY;
            graph_add_label(graph, task, &label);
            text_add_name(&name, slice_of(plan_path(plan, file)));
            run_notice(ending->run,
                       "warning: `%s`: %s was left by an attempt that failed, and the attempt that "
                       "succeeded didn't change it; if it is incomplete, delete it and run again",
                       buf_string(&label), buf_string(&name));
            buf_release(&label);
            buf_release(&name);
        }
        row.flags &= ~(uint32_t)(FILE_ROW_LEFT | FILE_ROW_FAILED);
        state_put_file(plan_state(plan), file.at, &row);
    }
}

/* A product that is there but can't be read now keeps the task from counting as done in this run;
 * its work is recorded all the same, so that another look is enough. */
static void end_successful_task(struct ending *ending, struct task_id task,
                                struct launched *launched)
{
    struct run *run = ending->run;
    struct doubt doubt = {.words = BUF_EMPTY};
    plan_review_stays(run->plan, task);
    struct products_found found = find_products(run, task);
    if (found.all == PRODUCTS_MISSING || found.all == PRODUCTS_MOVING) {
        describe_product(ending, task, found.first);
        end_incomplete_task(ending, task, true);
        return;
    }
    struct named_list named = {0};
    enum depfile_found depfile = launched_read_depfiles(run->plan, task, launched, &named);
    if (depfile != DEPFILE_GOOD) {
        describe_depfile(ending, &named);
        end_incomplete_task(ending, task, depfile == DEPFILE_MISSING);
        named_list_release(&named);
        return;
    }
    ancestors_check(run, task, ending->slot->label);
    launched_compare(run->plan, task, launched, &named, &doubt, run->diag);
    named_list_release(&named);
    end_marks(ending, task);
    record_success(run, task, launched, ending, &doubt, found.all == PRODUCTS_GOOD);
    if (doubt.words.len > 0) {
        run_notice(run, "warning: `%s`: %s; it will run again", ending->slot->label,
                   buf_string(&doubt.words));
    }
    if (found.all == PRODUCTS_GOOD) {
        vec_push(&ending->succeeded, task);
    } else {
        describe_product(ending, task, found.first);
        ending->is_done = true;
        vec_push(&ending->failed, task);
    }
    buf_release(&doubt.words);
}

static void describe_failure(struct ending *ending)
{
    const struct slot *slot = ending->slot;
    const struct child_end *end = &slot->children.end;
    if (slot->timed_out) {
        buf_add_string(&ending->how, "timed out after ");
        text_add_duration(&ending->how, ending->seconds);
        return;
    }
    if (slot->children.count > 1) {
        buf_addf(&ending->how, "process %u: ", slot->children.failed);
    }
    if (end->signalled) {
        const char *name = sigabbrev_np(end->status);
        buf_addf(&ending->how, "killed by SIG%s", name != NULL ? name : "NAL");
    } else {
        buf_addf(&ending->how, "exit %d", end->status);
    }
}

static void end_failed_task(struct ending *ending, struct task_id task)
{
    const struct child_end *end = &ending->slot->children.end;
    int status = end->signalled ? 256 + end->status : end->status;
    bool cancelled = ending->slot->cancelled;
    plan_review_stays(ending->run->plan, task);
    plan_mark_left(ending->run->plan, task, true);
    record_attempt(ending, task, cancelled ? ATTEMPT_INTERRUPTED : ATTEMPT_FAILED, status);
    vec_push(&ending->failed, task);
}

/* ---- Outcomes ---- */

enum retry {
    RETRY_NONE,
    RETRY_COUNTED, /* one of the action's `retries` */
    RETRY_EXCUSED, /* the system had too little for it */
    RETRY_NO_STEP, /* Slurm couldn't make the step that it was to run in */
};

static enum retry will_retry(const struct ending *ending, struct slice output)
{
    struct run *run = ending->run;
    const struct execution *execution = &run->executions.all.at[ending->slot->execution];
    bool is_without_step = refused_steps_excuse(run, ending->slot, output);
    if (ending->failed.count == 0 || ending->is_done || run->stopping.is_stopping ||
        ending->slot->cancelled) {
        return RETRY_NONE;
    }
    if (is_without_step) {
        return RETRY_NO_STEP;
    }
    if (refusals_excuse(run, ending->slot)) {
        return RETRY_EXCUSED;
    }
    return execution->attempts < execution_action(&run->executions, execution)->retries
               ? RETRY_COUNTED
               : RETRY_NONE;
}

/* dash says "not found" of a script whose interpreter is missing. */
static void explain_not_found(struct ending *ending, struct slice output)
{
    static const char said[] = ": not found";
    const struct child_end *end = &ending->slot->children.end;
    if (end->signalled || end->status != 127 || ending->how.len == 0) {
        return;
    }
    while (output.len > 0 && output.at[output.len - 1] == '\n') {
        output.len--;
    }
    size_t suffix = strlen(said);
    if (output.len < suffix || memcmp(output.at + output.len - suffix, said, suffix) != 0) {
        return;
    }
    size_t name_end = output.len - suffix;
    size_t begin = name_end;
    while (begin > 0 && strchr(" \t\n", output.at[begin - 1]) == NULL) {
        begin--;
    }
    struct buf name = BUF_EMPTY;
    struct buf why = BUF_EMPTY;
    buf_add(&name, output.at + begin, name_end - begin);
    if (unstartable_explain(plan_project(ending->run->plan), buf_string(&name), environ, &why)) {
        buf_add_string(&ending->how, "; `");
        text_add_name(&ending->how, buf_slice(&name));
        buf_addf(&ending->how, "` can't be started: %s", buf_string(&why));
    }
    buf_release(&name);
    buf_release(&why);
}

/* The output is told with the last of them. */
static void tell_outcomes(struct ending *ending, bool retried, const char *log,
                          const struct buf *output)
{
    struct run *run = ending->run;
    const struct {
        const struct task_id *tasks;
        size_t count;
        enum rowbuild_outcome outcome;
    } parts[] = {
        {ending->succeeded.at, ending->succeeded.count, ROWBUILD_SUCCEEDED},
        {ending->unfinished.at, ending->unfinished.count, ROWBUILD_UNFINISHED},
        {ending->failed.at, ending->failed.count,
         ending->slot->cancelled   ? ROWBUILD_CANCELLED
         : retried                 ? ROWBUILD_RETRYING
         : ending->slot->timed_out ? ROWBUILD_TIMED_OUT
                                   : ROWBUILD_TASK_FAILED},
    };
    size_t last = ending->failed.count > 0 ? 2 : ending->unfinished.count > 0 ? 1 : 0;
    explain_not_found(ending, buf_slice(output));
    for (size_t i = 0; i <= last; i++) {
        if (parts[i].count == 0) {
            continue;
        }
        bool with_output = i == last && output->len > 0;
        run_tell_ended(run, parts[i].tasks, parts[i].count,
                       (struct run_event){.outcome = parts[i].outcome,
                                          .how = i > 0 ? buf_string(&ending->how) : NULL,
                                          .seconds = ending->seconds,
                                          .command = buf_string(&ending->slot->command),
                                          .output = with_output ? output->at : NULL,
                                          .output_bytes = with_output ? output->len : 0,
                                          .log = log});
    }
}

/* What groups may run without doesn't count among the failures after which a run stops. */
static bool counts_as_failure(const struct ending *ending)
{
    bool counts = false;
    for (size_t i = 0; i < ending->failed.count && !counts; i++) {
        counts = !plan_is_skippable(ending->run->plan, ending->failed.at[i]);
    }
    return counts;
}

static void count_outcomes(struct ending *ending, bool retried)
{
    struct run *run = ending->run;
    run->result->unfinished += ending->unfinished.count;
    if (!retried && !ending->slot->cancelled) {
        run->result->failed += ending->failed.count;
        run->outcomes.failures += counts_as_failure(ending);
    }
    for (size_t i = 0; !retried && i < ending->failed.count; i++) {
        outcome_doom(run, ending->failed.at[i]);
    }
    outcome_set(run, ending->succeeded.at, ending->succeeded.count, TASK_OK);
    outcome_set(run, ending->unfinished.at, ending->unfinished.count, TASK_FAILED);
    if (!retried) {
        outcome_set(run, ending->failed.at, ending->failed.count, TASK_FAILED);
    }
}

static void count_progress(const struct ending *ending, struct action_progress *progress, bool ok)
{
    progress->ended.count++;
    progress->ended.seconds += ending->seconds;
    progress->succeeded.count += ok;
    progress->succeeded.seconds += ok ? ending->seconds : 0;
}

/* So that one bad member of a batch doesn't cost the others. */
static void retry_one_by_one(struct run *run, uint32_t batch, const struct task_id *tasks,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ready_add_again(run, execution_add_alone(&run->executions, batch, tasks[i]));
    }
}

void run_finish(struct run *run, struct slot *slot)
{
    uint32_t number = slot->execution;
    unsigned slot_number = slots_number(&run->slots, slot);
    const struct child_end *end = &slot->children.end;
    struct execution *execution = &run->executions.all.at[number];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    struct ending ending = {
        .run = run,
        .slot = slot,
        .seconds = (double)(run_now(run) - slot->started_ns) / 1e9,
    };
    struct buf log = BUF_EMPTY;
    struct buf output = BUF_EMPTY;
    size_t head;
    bool ok = !end->signalled && end->status == 0 && !slot->timed_out && !slot->cancelled;
    const struct run_wrap *wrap = run->options->wrap;
    slot->has_ended = true;
    children_kill_orphans(run, slot);
    if (wrap != NULL) {
        wrap->ended(wrap->context, plan_graph(run->plan), tasks, execution->count, ok);
    }
    if (slot->kind == LAUNCH_RANKS) {
        temporary_clear(&run->temporary, slot_number);
    }
    logs_set_running(run->logs, slot_number, NULL, NULL, 0, NULL, 0);
    size_t written =
        logs_end_slot(run->logs, slot_number, plan_graph(run->plan), tasks, execution->count,
                      !children_group_alive(&slot->children), &log, &head, run->diag);
    advise_learn(run, slot, ending.seconds, ok);
    if (!ok) {
        describe_failure(&ending);
    }
    if (slot->cancelled) {
        time_left_note_cut(run, slot, ending.seconds);
    }
    for (uint32_t i = 0; i < execution->count; i++) {
        if (ok) {
            end_successful_task(&ending, tasks[i], &slot->launched[i]);
        } else {
            end_failed_task(&ending, tasks[i]);
        }
    }
    if (written > 0) {
        logs_read_shortened(run->options->state_path, buf_string(&log), head, &output);
    }
    enum retry retry = will_retry(&ending, buf_slice(&output));
    bool retried = retry != RETRY_NONE;
    bool is_split = retried && retry != RETRY_NO_STEP && execution->count > 1;
    vec_each (struct task_id, task, &ending.succeeded) {
        delete_read_note(run, *task);
    }
    count_progress(&ending, execution_progress(&run->executions, execution), ok);
    if (!retried || is_split) {
        execution_end(&run->executions, execution);
    }
    count_outcomes(&ending, retried);
    tell_outcomes(&ending, retried, written > 0 ? buf_string(&log) : NULL, &output);
    advise_tell(run, slot, false);
    slot_release(slot, run->ledger);
    run->slots.running--;
    refusals_ease(run);
    if (is_split) {
        retry_one_by_one(run, number, ending.failed.at, ending.failed.count);
    } else if (retried) {
        execution->attempts += retry == RETRY_COUNTED;
        ready_add_again(run, number);
    }
    vec_release(&ending.succeeded);
    vec_release(&ending.failed);
    vec_release(&ending.unfinished);
    buf_release(&ending.how);
    buf_release(&log);
    buf_release(&output);
}
