#include "running.h"

#include "backup.h"
#include "clock.h"
#include "file.h"
#include "text.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void add_product_paths(struct plan *plan, struct task_id task, struct arena *arena,
                              const char ***paths, size_t *count)
{
    const struct graph *graph = plan->graph;
    uint32_t first = graph->product_start[task.at];
    *count = graph->product_start[task.at + 1] - first;
    *paths = arena_array(arena, *count, sizeof **paths);
    for (size_t i = 0; i < *count; i++) {
        const char *path = plan_path(plan, graph->products.at[first + i]);
        (*paths)[i] = arena_string(arena, slice_of(path));
    }
}

int run_restore(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct arena arena;
    const char **paths;
    size_t count;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    int result = backup_restore_in(&plan->graph->folders, paths, count, diag);
    if (result == 0) {
        const struct graph *graph = plan->graph;
        struct task_row row = *state_task(plan->state, task.at);
        for (size_t i = 0; i < count; i++) {
            plan_refresh(plan, graph->products.at[graph->product_start[task.at] + i]);
        }
        row.attempt = ATTEMPT_NONE;
        row.attempt_status = 0;
        row.is_backed_up = false;
        state_put_task(plan->state, task.at, &row);
    }
    arena_release(&arena);
    return result;
}

void run_discard_backups(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct arena arena;
    const char **paths;
    size_t count;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    if (backup_discard_good_in(&plan->graph->folders, paths, count, diag)) {
        struct task_row row = *state_task(plan->state, task.at);
        row.has_old_backup = false;
        state_put_task(plan->state, task.at, &row);
    }
    arena_release(&arena);
}

void run_discard_all_backups(struct plan *plan, struct diag *diag)
{
    for (uint32_t n = 0; n < plan->graph->task_count; n++) {
        const struct task_row *row = state_task(plan->state, n);
        if (row->has_old_backup && !row->is_backed_up &&
            graph_is_present(plan->graph, (struct task_id){n})) {
            run_discard_backups(plan, (struct task_id){n}, diag);
        }
    }
}

/* ---- What changed while the task ran ---- */

/* Why a result isn't to be trusted although its command ended well: the task runs again. */
struct doubt {
    struct buf words; /* empty: there is no doubt */
    int error;        /* errno of the look that failed, or 0 */
};

static void doubt_input(struct doubt *doubt, struct slice name, const char *what, int error)
{
    buf_add_string(&doubt->words, "the input ");
    text_add_name(&doubt->words, name);
    buf_add_char(&doubt->words, ' ');
    buf_add_string(&doubt->words, what);
    if (error != 0) {
        buf_addf(&doubt->words, ": %s", strerror(error));
    }
    doubt->error = error;
}

/* Compares what the task saw of an input at its start with what is seen now. A made input counts as
 * it is now, since the task may have changed it (rule 4), but one that the task used up, or that
 * can't be looked at any more, counts as it was. */
static void compare_input(const struct plan *plan, struct file_id file, struct component *then,
                          struct digest now, struct doubt *doubt)
{
    bool is_made = plan->graph->producers[file.at] != GRAPH_NONE;
    if (digest_is_unread(then->digest)) {
        doubt_input(doubt, then->name, "changed each time it was read", 0);
    } else if (digest_is_unread(now)) {
        int error = plan->files[file.at] == FILE_TROUBLE ? plan_trouble(plan, file) : 0;
        doubt_input(doubt, then->name,
                    error != 0 ? "could not be read after it ran" : "changed while it ran", error);
    } else if (is_made && digest_is_content(then->digest)) {
        then->digest = digest_is_content(now) ? now : then->digest;
    } else if (!digest_equal(then->digest, now)) {
        doubt_input(doubt, then->name,
                    digest_is_absent(now) ? "vanished while it ran" : "changed while it ran", 0);
    }
}

/* Compares what the task saw at its start with what is seen now. */
static void doubt_inputs(struct run *run, struct task_id task, struct launched *launched,
                         struct doubt *doubt)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan->graph;
    uint32_t d = graph->dependency_start[task.at];
    struct component_list now = {0};
    size_t errors = run->diag->errors;
    plan_refresh_inputs(plan, task);
    if (plan_components(plan, task, false, &now) != 0 || now.count != launched->count) {
        buf_add_string(&doubt->words, "its value changed while it ran");
        while (run->diag->errors > errors) { /* told as a change */
            run->diag->entries.count--;
            run->diag->errors--;
        }
    }
    for (size_t i = 0; i < launched->count && i < now.count && doubt->words.len == 0; i++) {
        struct component *then = &launched->components[i];
        if (then->kind == COMPONENT_FILE) {
            compare_input(plan, graph->dependencies.at[d++].file, then, now.at[i].digest, doubt);
        } else if (then->kind != COMPONENT_WHOLE && then->kind != COMPONENT_TASK &&
                   !digest_equal(then->digest, now.at[i].digest)) {
            buf_add_string(&doubt->words, "its value changed while it ran");
        }
    }
    vec_release(&now);
}

/* ---- Outcomes ---- */

/* How the products of a task are found after its command ended well. */
struct products_found {
    enum { PRODUCTS_GOOD, PRODUCTS_UNREADABLE, PRODUCTS_MOVING, PRODUCTS_MISSING } all;
    struct file_id first; /* of the worst kind */
};

static void weigh_product(struct products_found *found, struct file_id file,
                          enum file_status status)
{
    struct products_found one = {PRODUCTS_GOOD, file};
    switch (status) {
    case FILE_CURRENT:
    case FILE_READ:
        break;
    case FILE_TROUBLE:
        one.all = PRODUCTS_UNREADABLE;
        break;
    case FILE_MOVING:
        one.all = PRODUCTS_MOVING;
        break;
    case FILE_GONE:
    case FILE_MOVED:
    case FILE_UNSEEN:
        one.all = PRODUCTS_MISSING;
        break;
    }
    if (one.all > found->all) {
        *found = one;
    }
}

/* Products that are there get their rows. */
static struct products_found find_products(struct run *run, struct task_id task)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan->graph;
    struct products_found found = {PRODUCTS_GOOD, {GRAPH_NONE}};
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        enum file_status status = plan_refresh(plan, file);
        if (status == FILE_GONE) {
            file_refresh_parent(plan->project, plan_path(plan, file));
            status = plan_refresh(plan, file);
        }
        weigh_product(&found, file, status);
        if ((state_file(plan->state, file.at)->flags & FILE_ROW_RACY) != 0) {
            vec_push(&run->racy, file);
        }
    }
    return found;
}

static void record_attempt(struct run *run, struct task_id task, enum task_attempt attempt,
                           int status)
{
    struct task_row row = *state_task(run->plan->state, task.at);
    row.is_known = true;
    row.attempt = (uint8_t)attempt;
    row.attempt_status = status;
    state_put_task(run->plan->state, task.at, &row);
}

struct ending { /* of one execution, while its tasks are looked at */
    struct run *run;
    struct slot *slot;
    const struct child_end *end;
    double seconds;
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
    struct task_row row = *state_task(plan->state, task.at);
    struct component_list list = {0};
    struct component_list whole = {0};
    bool was_backed_up = row.is_backed_up;
    for (size_t i = 0; i < launched->count; i++) {
        vec_push(&list, launched->components[i]);
    }
    if (plan_components(plan, task, true, &whole) == 0) {
        for (size_t i = 0; i < whole.count; i++) {
            if (whole.at[i].kind == COMPONENT_PRODUCT) {
                vec_push(&list, whole.at[i]);
            }
        }
    }
    row.success = SUCCESS_RAN;
    row.attempt = doubt->words.len > 0 ? ATTEMPT_CHANGED : ATTEMPT_NONE;
    row.attempt_status = doubt->error;
    row.is_backed_up = false;
    row.has_old_backup = row.has_old_backup || was_backed_up;
    row.finished_at_ns = observer_now(plan->observer);
    row.duration_s = ending->seconds;
    row.cpu_s = ending->end->cpu_seconds;
    row.peak_rss_bytes = slot->seen.memory_bytes;
    row.cores = (uint16_t)(slot->grant.cores < UINT16_MAX ? slot->grant.cores : UINT16_MAX);
    row.demand = (uint16_t)advice_demand(&slot->seen, slot->grant.cores);
    plan_put_success(plan, task, &list, &row);
    if (was_backed_up && products_are_seen) {
        /* The success must be on record before what it replaces is deleted. */
        if (state_flush(plan->state, run->diag) != 0) {
            run->broken = true;
        } else {
            run_discard_backups(plan, task, run->diag);
        }
    }
    vec_release(&list);
    vec_release(&whole);
}

static bool is_resumable(const struct graph *graph, struct task_id task)
{
    return graph->rowfile->contract == CONTRACT_ROW || graph_action(graph, task)->resumable;
}

/* The command ended well, but not all products can be recorded. */
static void end_task_without_products(struct ending *ending, struct task_id task,
                                      struct file_id product)
{
    struct run *run = ending->run;
    bool unfinished = is_resumable(run->plan->graph, task);
    if (ending->how.len == 0) {
        buf_add_string(&ending->how, "exit 0, but ");
        plan_add_product_trouble(run->plan, task, product, &ending->how);
    }
    record_attempt(run, task, unfinished ? ATTEMPT_UNFINISHED : ATTEMPT_FAILED, 0);
    if (unfinished) {
        vec_push(&ending->unfinished, task);
    } else {
        vec_push(&ending->failed, task);
    }
}

/* A product that is there but can't be read now keeps the task from counting as done in this run;
 * its work is recorded all the same, so that another look is enough. */
static void end_successful_task(struct ending *ending, struct task_id task,
                                struct launched *launched)
{
    struct run *run = ending->run;
    struct doubt doubt = {.words = BUF_EMPTY};
    struct products_found found = find_products(run, task);
    if (found.all == PRODUCTS_MISSING || found.all == PRODUCTS_MOVING) {
        end_task_without_products(ending, task, found.first);
        return;
    }
    run_look_at_ancestors(run, task, ending->slot->label);
    doubt_inputs(run, task, launched, &doubt);
    record_success(run, task, launched, ending, &doubt, found.all == PRODUCTS_GOOD);
    if (doubt.words.len > 0) {
        run_notice(run, "warning: `%s`: %s; it will run again", ending->slot->label,
                   buf_string(&doubt.words));
    }
    if (found.all == PRODUCTS_GOOD) {
        vec_push(&ending->succeeded, task);
    } else {
        if (ending->how.len == 0) {
            buf_add_string(&ending->how, "exit 0, but ");
            plan_add_product_trouble(run->plan, task, found.first, &ending->how);
        }
        ending->is_done = true;
        vec_push(&ending->failed, task);
    }
    buf_release(&doubt.words);
}

static void describe_failure(struct ending *ending)
{
    const struct child_end *end = ending->end;
    const struct slot *slot = ending->slot;
    if (slot->timed_out) {
        buf_add_string(&ending->how, "timed out after ");
        text_add_duration(&ending->how, ending->seconds);
        return;
    }
    if (slot->child_count > 1) {
        buf_addf(&ending->how, "process %u: ", slot->failed_child);
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
    const struct child_end *end = ending->end;
    int status = end->signalled ? 256 + end->status : end->status;
    bool cancelled = ending->slot->cancelled;
    record_attempt(ending->run, task, cancelled ? ATTEMPT_INTERRUPTED : ATTEMPT_FAILED, status);
    vec_push(&ending->failed, task);
}

static void resolve_all(struct run *run, const struct task_id *tasks, size_t count,
                        enum task_state state)
{
    for (size_t i = 0; i < count; i++) {
        run_resolve(run, tasks[i], state);
    }
}

static bool will_retry(const struct ending *ending)
{
    const struct run *run = ending->run;
    const struct execution *execution = &run->executions[ending->slot->execution];
    const struct action *action =
        graph_action(run->plan->graph, execution_nodes(run, execution)[0]);
    return ending->failed.count == execution->count && !ending->is_done && !run->stopping &&
           !ending->slot->cancelled && execution->attempts < action->retries;
}

static void tell_outcomes(struct ending *ending, bool retried, const char *log)
{
    struct run *run = ending->run;
    struct buf output = BUF_EMPTY;
    struct buf label = BUF_EMPTY;
    const struct {
        const struct task_id *tasks;
        size_t count;
        enum run_outcome outcome;
    } parts[] = {
        {ending->succeeded.at, ending->succeeded.count, RUN_SUCCEEDED},
        {ending->unfinished.at, ending->unfinished.count, RUN_UNFINISHED},
        {ending->failed.at, ending->failed.count,
         ending->slot->cancelled   ? RUN_CANCELLED
         : retried                 ? RUN_RETRYING
         : ending->slot->timed_out ? RUN_TIMED_OUT
                                   : RUN_FAILED},
    };
    if (log != NULL) {
        logs_read_shortened(run->options->state_path, log, &output);
    }
    bool output_told = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count == 0) {
            continue;
        }
        bool worst = parts[i].outcome != RUN_SUCCEEDED;
        bool last = i == 2 || (i == 1 && parts[2].count == 0) ||
                    (parts[1].count == 0 && parts[2].count == 0);
        bool with_output = last && output.len > 0 && !output_told;
        buf_clear(&label);
        run_add_label(run, parts[i].tasks, parts[i].count, &label);
        run_tell(run, (struct run_event){.kind = RUN_EVENT_ENDED,
                                         .tasks = parts[i].tasks,
                                         .task_count = parts[i].count,
                                         .label = buf_string(&label),
                                         .outcome = parts[i].outcome,
                                         .how = worst ? buf_string(&ending->how) : NULL,
                                         .seconds = ending->seconds,
                                         .output = with_output ? output.at : NULL,
                                         .output_bytes = with_output ? output.len : 0,
                                         .log = log});
        output_told = output_told || with_output;
    }
    buf_release(&output);
    buf_release(&label);
}

static void count_outcomes(struct ending *ending, bool retried)
{
    struct run *run = ending->run;
    run->result->ran += ending->succeeded.count;
    run->result->unfinished += ending->unfinished.count;
    if (!retried && !ending->slot->cancelled) {
        run->result->failed += ending->failed.count;
        run->failures += ending->failed.count > 0;
    }
    resolve_all(run, ending->succeeded.at, ending->succeeded.count, TASK_OK);
    resolve_all(run, ending->unfinished.at, ending->unfinished.count, NODE_FAILED);
    if (!retried) {
        resolve_all(run, ending->failed.at, ending->failed.count, NODE_FAILED);
    }
}

void run_release_slot(struct run *run, struct slot *slot)
{
    struct execution *execution = &run->executions[slot->execution];
    ledger_return(run->ledger, &slot->grant);
    for (uint32_t i = 0; i < execution->count; i++) {
        free(slot->launched[i].components);
    }
    free(slot->launched);
    free(slot->children);
    free(slot->child_is_step);
    free(slot->mark);
    free(slot->label);
    *slot = (struct slot){.execution = EXECUTION_NONE};
}

void run_finish(struct run *run, struct slot *slot, const struct child_end *end)
{
    uint32_t number = slot->execution;
    struct execution *execution = &run->executions[number];
    const struct task_id *tasks = execution_nodes(run, execution);
    const struct graph *graph = run->plan->graph;
    unsigned slot_number = (unsigned)(slot - run->slots.at);
    struct ending ending = {
        .run = run,
        .slot = slot,
        .end = end,
        .seconds = (double)(clock_monotonic_ns() - slot->started_ns) / 1e9,
    };
    struct buf log = BUF_EMPTY;
    bool ok = !end->signalled && end->status == 0 && !slot->timed_out && !slot->cancelled;
    run->plan->diag = run->diag;
    run_kill_orphans(run, slot);
    run_clear_temporary(run, slot_number);
    logs_set_running(run->logs, slot_number, NULL, NULL, 0, NULL, 0);
    size_t written = logs_end_slot(run->logs, slot_number, graph, tasks, execution->count,
                                   !run_group_alive(slot), &log, run->diag);
    run_learn(run, slot, end, ending.seconds, ok);
    if (!ok) {
        describe_failure(&ending);
    }
    for (uint32_t i = 0; i < execution->count; i++) {
        if (ok) {
            end_successful_task(&ending, tasks[i], &slot->launched[i]);
        } else {
            end_failed_task(&ending, tasks[i]);
        }
    }
    bool retried = will_retry(&ending);
    struct action_progress *progress = &run->actions[graph->tasks[tasks[0].at].action];
    progress->ended++;
    progress->seconds += ending.seconds;
    progress->succeeded += ok;
    progress->succeeded_s += ok ? ending.seconds : 0;
    if (!retried) {
        progress->left--;
    }
    count_outcomes(&ending, retried);
    tell_outcomes(&ending, retried, written > 0 ? buf_string(&log) : NULL);
    run_advise(run, execution);
    run_release_slot(run, slot);
    run->running--;
    if (retried) {
        execution->attempts++;
        run_push_again(run, number);
    } else {
        execution->state = EXECUTION_DONE;
    }
    vec_release(&ending.succeeded);
    vec_release(&ending.failed);
    vec_release(&ending.unfinished);
    buf_release(&ending.how);
    buf_release(&log);
}

static void fail_unstarted(struct run *run, const struct task_id *tasks, size_t count,
                           const char *how, bool blocked)
{
    struct buf label = BUF_EMPTY;
    for (size_t i = 0; i < count; i++) {
        if (state_task(run->plan->state, tasks[i].at)->attempt == ATTEMPT_STARTED) {
            record_attempt(run, tasks[i], ATTEMPT_FAILED, 127);
        }
    }
    run->result->failed += count;
    run->failures++;
    resolve_all(run, tasks, count, NODE_FAILED);
    run_add_label(run, tasks, count, &label);
    run_tell(run, (struct run_event){.kind = RUN_EVENT_ENDED,
                                     .tasks = tasks,
                                     .task_count = count,
                                     .label = buf_string(&label),
                                     .outcome = RUN_FAILED,
                                     .how = how,
                                     .blocked = blocked});
    buf_release(&label);
}

void run_fail_unstarted(struct run *run, const struct task_id *tasks, size_t count, const char *how)
{
    fail_unstarted(run, tasks, count, how, false);
}

struct first_reason {
    struct run *run;
    struct task_id task;
    struct buf *words;
};

/* In words at once: what a reason names lives no longer than the call. */
static void add_first_reason(void *context, const struct reason *reason)
{
    struct first_reason *first = context;
    if (first->words->len == 0) {
        plan_add_reason(first->run->plan, first->task, reason, first->words);
    }
}

void run_fail_blocked(struct run *run, struct task_id task)
{
    struct buf how = BUF_EMPTY;
    struct first_reason first = {run, task, &how};
    (void)plan_examine(run->plan, task, add_first_reason, &first);
    fail_unstarted(run, &task, 1, buf_string(&how), true);
    buf_release(&how);
}
