/* The loop of a run, what is recorded before it, and what is told after it. */
#include "running.h"

#include "disk.h"
#include "lock.h"
#include "time_limit.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LOOP_TOKENS UINT64_MAX /* a loop event's token: the jobserver may have tokens again */

static const int64_t BEAT_NS = (int64_t)LOCK_HEARTBEAT_S * 1000000000;

/* Open descriptors. */
enum { FILES_BESIDE_TASKS = 32, FILES_OF_THE_RUN = 16, FILES_OF_A_TASK = 2 };
enum {
    EVENTS_AT_ONCE = 64,
    MANY_RECORDS = 500, /* from here on a new snapshot is cheaper than a journal */
};

/* ---- Before anything runs ---- */

bool run_has_work(const struct plan *plan)
{
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        if (verdict_is_work(plan_verdict(plan, (struct task_id){n}))) {
            return true;
        }
    }
    return false;
}

int run_record_known(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    size_t records = plan_adopted(plan);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        const struct task_row *row = state_task(plan_state(plan), n);
        if (!row->is_known && plan_wanted(plan, task) != 0) {
            state_put_task(plan_state(plan), n, &(struct task_row){.is_known = true});
            records++;
        } else if (plan_fills_in(plan, task) && plan_verdict(plan, task) == VERDICT_FRESH) {
            (void)plan_fill_in(plan, task, diag);
            records++;
        }
    }
    return records >= MANY_RECORDS ? state_compact(plan_state(plan), diag)
                                   : state_sync(plan_state(plan), diag);
}

/* ---- The loop ---- */

static unsigned cores_used(const struct run *run)
{
    return ledger_budget(run->ledger) - ledger_cores_free(run->ledger);
}

/* Whether the jobserver lends the cores of a grant, which is returned if not. */
static bool may_use(struct run *run, struct ledger_grant *grant)
{
    unsigned used = cores_used(run) - grant->cores;
    if (!tokens_take(&run->tokens, used, grant->cores, run_now(run))) {
        ledger_return(run->ledger, grant);
        return false;
    }
    return true;
}

static void start_ready(struct run *run)
{
    uint32_t number;
    struct ledger_grant grant;
    tokens_begin(&run->tokens);
    while (!run->stopping.is_stopping && !run->stopping.broken &&
           run->slots.running < run->slots.most && refusals_allow(run) &&
           refused_steps_allow(run) && holdback_allows(run) &&
           schedule_next(run->ready.schedule, &number, &grant)) {
        struct execution *execution = &run->executions.all.at[number];
        if (setups_hold(run, number)) {
            ledger_return(run->ledger, &grant);
        } else if (!time_left_suffices(run, execution)) {
            ledger_return(run->ledger, &grant);
            time_left_put_off(run, number);
        } else if (may_use(run, &grant)) {
            run_start(run, number, &grant);
            run->passed_over.has_started = true;
        } else {
            ready_add_again(run, number);
            break;
        }
        ready_examine(run);
    }
    tokens_settle(&run->tokens, cores_used(run), run->loop, LOOP_TOKENS);
}

/* `token` as children.c gave it to the loop. */
static void end_child(struct run *run, uint64_t token)
{
    struct slot *slot = &run->slots.all.at[(uint32_t)token];
    if (slot->execution == EXECUTION_NONE ||
        !children_take_end(run, slot, (unsigned)(token >> 32U))) {
        return;
    }
    run_finish(run, slot);
    if (run->outcomes.failures >= run->options->keep_going && !run->stopping.is_stopping) {
        stop_begin(run, false);
    }
}

static void handle_signal(struct run *run, uint64_t signal)
{
    if (signal == SIGCHLD) {
        world->reap_orphans();
    } else if (signal == SIGTSTP) {
        pauses_stop_all(run);
    } else if (signal == SIGQUIT) { /* no patience: as a second Ctrl-C */
        stop_begin(run, true);
        stop_begin(run, true);
    } else if ((signal == SIGTERM && !run->stopping.is_ending) || signal == SIGINT ||
               signal == SIGHUP) { /* a TERM at the end was told already */
        run->stopping.is_ending =
            signal == SIGTERM && time_limit_is_near(run_end_ns(run), run->options->notice_s);
        stop_begin(run, true);
    }
}

static void handle(struct run *run, const struct loop_event *event)
{
    if (event->kind == LOOP_CHILD && event->token == GRANTED_TOKEN) {
        granted_take_answer(run);
        time_left_try_again(run);
    } else if (event->kind == LOOP_CHILD && setups_is_token(event->token)) {
        setups_take_end(run, event->token);
    } else if (event->kind == LOOP_CHILD && event->token != LOOP_TOKENS) {
        end_child(run, event->token);
    } else if (event->kind == LOOP_SIGNAL) {
        handle_signal(run, event->token);
        if (event->tells_stop) {
            pauses_look(run);
        }
    } /* tokens and the timer: what is ready is tried after every turn */
}

/* Ended children before the SIGCHLD that tells of them: where none waits to be reaped, looking for
 * orphans takes one call and no walk through /proc. */
static void handle_all(struct run *run, const struct loop_event *events, int count)
{
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < count; i++) {
            if ((events[i].kind == LOOP_CHILD) == (round == 0)) {
                handle(run, &events[i]);
            }
        }
    }
}

static void set_timer(struct run *run)
{
    int64_t now = run_now(run);
    int64_t next = slots_earlier(stop_next_deadline(run), run->beat_ns);
    next = slots_earlier(next, advise_next_sample(run));
    next = slots_earlier(next, tokens_next_try(&run->tokens, now));
    next = slots_earlier(next, refusals_next(run));
    next = slots_earlier(next, refused_steps_next(run));
    next = slots_earlier(next, holdback_next(run));
    next = slots_earlier(next, granted_next(run));
    next = slots_earlier(next, publish_next(run));
    if (run->options->tick_ms > 0) {
        next = slots_earlier(next, now + (int64_t)run->options->tick_ms * 1000000);
    }
    if (run->slots.running > 0) {
        next = slots_earlier(next, now + PAUSES_LOOK_NS);
    }
    run->pauses.due_ns = next + run->pauses.lost_ns;
    world->set_timer(run->loop, run->pauses.due_ns);
}

/* Nothing will be looked at on the disk then. */
static bool is_only_time(const struct loop_event *events, int count)
{
    return count == 0 || (count == 1 && events[0].kind == LOOP_TIMER);
}

static void keep_time(struct run *run)
{
    int64_t now = run_now(run);
    pauses_look(run);
    stop_check_deadlines(run);
    refusals_keep_time(run);
    refused_steps_keep_time(run);
    granted_keep_time(run);
    advise_sample(run);
    if (now >= run->beat_ns) {
        state_beat(plan_state(run->plan));
        run->beat_ns = now + BEAT_NS;
    }
}

/* After the starts of a turn: what ended before them was written together with their start
 * records. */
static void flush(struct run *run)
{
    if (state_is_superseded(plan_state(run->plan)) && !run->stopping.interrupted) {
        run->stopping.broken = true; /* told when it was found out */
        stop_begin(run, true);
    }
    if (!run->stopping.broken && state_flush(plan_state(run->plan), run->diag) != 0) {
        run->stopping.broken = true;
        stop_begin(run, state_is_superseded(plan_state(run->plan)));
    }
}

/* Whether something is tried after a while although nothing has ended. */
static bool tries_with_time(const struct run *run)
{
    return tokens_wait(&run->tokens) || refusals_wait(run) || refused_steps_next(run) != 0;
}

static bool has_to_wait(const struct run *run)
{
    return run->slots.running > 0 || tries_with_time(run) || time_left_waits(run) ||
           run->setups.running > 0;
}

static void start_all(struct run *run)
{
    do {
        ready_examine(run);
        start_ready(run);
    } while (!has_to_wait(run) && time_left_settle(run));
    flush(run);
}

/* The thread itself counts where the system has no more processes. */
static bool gives_up_thread(const struct run *run)
{
    return run->is_in_thread && refusals_wait(run);
}

/* In a fresh thread: one that has burned CPU before spawns slower for the rest of its life (the
 * parent of a vfork queues behind its child). */
static void *run_loop(void *context)
{
    struct run *run = context;
    struct loop_event events[EVENTS_AT_ONCE];
    observer_tick(plan_observer(run->plan));
    if (plan_graph(run->plan)->depfiles.count > 0) { /* what was edited before the run is older */
        observer_wait_past(plan_observer(run->plan), observer_now(plan_observer(run->plan)));
    }
    handle_all(run, events,
               world->wait(run->loop, events, EVENTS_AT_ONCE, 0)); /* pending signals */
    refusals_ease(run);
    granted_begin(run);
    start_all(run);
    publish_look(run, true);
    while (has_to_wait(run) && !gives_up_thread(run)) {
        set_timer(run);
        int count = world->wait(run->loop, events, EVENTS_AT_ONCE, -1);
        pauses_note_wait(run, events, count);
        if (!is_only_time(events, count) || tries_with_time(run)) {
            observer_tick(plan_observer(run->plan));
        }
        handle_all(run, events, count);
        ready_examine(run);
        keep_time(run);
        start_all(run);
        delete_read_noted(run);
        publish_look(run, false);
        if (run->options->tick_ms > 0) {
            run_tell(run, (struct run_event){.kind = ROWBUILD_EVENT_TICK});
        }
    }
    return NULL;
}

static void note_lack(void *context, const struct reason *reason)
{
    bool *lacks = context;
    *lacks = *lacks || reason_is_lack(reason->kind);
}

/* Tasks that lack an input which nobody makes, or whose files can't be read; told last, so that
 * they don't keep others from running. */
static void fail_blocked_tasks(struct run *run)
{
    const struct plan *plan = run->plan;
    for (size_t i = 0; i < plan_graph(plan)->order_count && !run->stopping.interrupted; i++) {
        struct task_id task = {plan_graph(plan)->order[i]};
        bool lacks = false;
        if (plan_verdict(plan, task) != VERDICT_BLOCKED || plan_is_resolved(plan, task)) {
            continue;
        }
        (void)plan_examine(run->plan, task, note_lack, &lacks, run->diag);
        if (lacks) {
            run->outcomes.total++;
            outcome_fail_blocked(run, task);
        }
    }
}

/* Files that were recorded within a tick of their own mtime are read once more, one tick later. */
static void settle_racy_files(struct run *run)
{
    struct plan *plan = run->plan;
    int64_t newest = 0;
    for (size_t i = 0; i < run->racy.count; i++) {
        const struct file_row *row = state_file(plan_state(plan), run->racy.at[i].at);
        int64_t moved = row->mtime_ns > row->ctime_ns ? row->mtime_ns : row->ctime_ns;
        if ((row->flags & FILE_ROW_RACY) != 0 && moved > newest) {
            newest = moved;
        }
    }
    if (newest > 0 && !run->stopping.interrupted && !run->stopping.broken) {
        observer_wait_past(plan_observer(plan), newest);
        plan_settle(plan, run->racy.at, run->racy.count);
    }
}

static void count_not_started(struct run *run)
{
    vec_each (const struct execution, execution, &run->executions.all) {
        const struct task_id *tasks = execution_tasks(&run->executions, execution);
        for (uint32_t i = 0; execution->state != EXECUTION_DONE && i < execution->count; i++) {
            run->result->not_started += run->outcomes.of[tasks[i].at] == TASK_IDLE;
        }
    }
}

static int count_one(void *count, int folder, const char *name, unsigned char type)
{
    (void)folder;
    (void)name;
    (void)type;
    ++*(size_t *)count;
    return 0;
}

/* Whoever started this program may have left many open. 0: not known. */
static size_t count_open_files(void)
{
    size_t count = 0;
    (void)disk->list(AT_FDCWD, "/proc/self/fd", 0, count_one, &count);
    return count;
}

/* A running task takes two descriptors: its log and its pidfd. */
static void set_most_running(struct run *run)
{
    struct slots *slots = &run->slots;
    size_t beside = count_open_files() + FILES_OF_THE_RUN;
    beside = beside > FILES_BESIDE_TASKS ? beside : FILES_BESIDE_TASKS;
    size_t wanted = beside + (size_t)run->options->jobs * FILES_OF_A_TASK;
    size_t limit = world->raise_open_files(wanted, &slots->open_files);
    slots->most = limit >= beside + FILES_OF_A_TASK ? (limit - beside) / FILES_OF_A_TASK : 1;
    if (slots->most < run->options->jobs && slots->most < run->executions.all.count) {
        run_notice(run,
                   "the limit of open files is %zu (ulimit -n): at most %zu commands run at once",
                   limit, slots->most);
    }
}

static int execute(struct run *run)
{
    sigset_t before;
    pthread_t thread;
    int result = -1;
    set_most_running(run);
    world->block_signals(&before, true);
    world->become_reaper();
    run->loop = world->open_loop(true);
    if (run->loop == NULL) {
        diag_state_error(run->diag, FINDING_SYSTEM_TROUBLE, "the event loop can't be made: %s",
                         strerror(errno));
    } else {
        run->is_in_thread = true;
        bool has_thread = pthread_create(&thread, NULL, run_loop, run) == 0;
        if (has_thread) {
            pthread_join(thread, NULL);
        }
        if (!has_thread || gives_up_thread(run)) {
            run->is_in_thread = false;
            (void)run_loop(run);
        }
        granted_end(run);
        setups_end(run);
        if (run->stopping.interrupted) {
            stop_kill_leftovers(run);
        } else {
            run_tell_left_running(run);
        }
        ancestors_check_far(run);
        time_left_tell_passed_over(run);
        fail_blocked_tasks(run);
        settle_racy_files(run);
        flush(run);
        delete_read_all(run);
        if (!run->stopping.broken && state_sync(plan_state(run->plan), run->diag) != 0) {
            run->stopping.broken = true;
        }
        result = run->stopping.broken || logs_refused(run->logs) ? -1 : 0;
    }
    if (run->loop != NULL) {
        world->close_loop(run->loop);
    }
    world->restore_signals(&before);
    world->restore_open_files(&run->slots.open_files);
    return result;
}

/* What has to be known of the executions before anything is written. -1 after an error. */
static int prepare(struct run *run)
{
    const struct graph *graph = plan_graph(run->plan);
    run->executions =
        (struct executions){.plan = run->plan, .launch = run->launch, .machine = run->machine};
    if (run->machine != NULL) {
        run->ledger =
            executions_new_ledger(&run->executions, run->options->jobs, run->options->gpus);
        run->ready.schedule = schedule_new(run->ledger);
    }
    run->started_ns = run_now(run);
    run->beat_ns = run->started_ns + BEAT_NS;
    arena_init(&run->scratch);
    run->outcomes.of = mem_alloc(graph->task_count);
    if (run->options->tells_rest) {
        run->outcomes.is_told = mem_alloc(graph->task_count * sizeof *run->outcomes.is_told);
    }
    run->usage = mem_alloc(graph->rowfile->action_count * sizeof *run->usage);
    int result = executions_build(&run->executions, run->options->places, run->diag);
    run->outcomes.total = run->executions.members.count;
    return result == 0 ? run_check_requests(run) : -1;
}

static void release(struct run *run)
{
    logs_free(run->logs);
    schedule_free(run->ready.schedule);
    ledger_free(run->ledger);
    executions_release(&run->executions);
    temporary_remove(&run->temporary);
    free(run->outcomes.of);
    free(run->outcomes.is_told);
    free(run->usage);
    free(run->ancestors.met);
    time_left_release(run);
    vec_release(&run->ready.unblocked);
    vec_release(&run->slots.all);
    vec_release(&run->racy);
    vec_release(&run->deletions.noted);
    vec_release(&run->deletions.told);
    vec_release(&run->ancestors.far);
    arena_release(&run->scratch);
}

int run_check(struct plan *plan, const struct launch_context *launch, const struct machine *machine,
              const struct run_options *options, struct diag *diag)
{
    struct run run = {
        .plan = plan, .launch = launch, .options = options, .diag = diag, .machine = machine};
    int result = prepare(&run);
    release(&run);
    return result;
}

int run_execute(struct plan *plan, const struct launch_context *launch,
                const struct machine *machine, const struct run_options *options,
                const struct run_observer *observer, struct run_result *result, struct diag *diag)
{
    struct run run = {
        .plan = plan,
        .launch = launch,
        .options = options,
        .observer = observer,
        .result = result,
        .diag = diag,
        .machine = machine,
        .tokens = {.client = options->jobclient},
        .granted = {.end_ns = options->end_ns, .answer = -1},
    };
    int status = -1;
    *result = (struct run_result){0};
    if (prepare(&run) == 0 && run_record_known(plan, diag) == 0) {
        if (options->name[0] == '\0') { /* in a job, the backups of others may be in use */
            run_discard_all_backups(plan, diag);
        }
        plan_set_origin(plan, run.executions.all.count > 0 ? options->origin : NULL,
                        options->origin_context);
        if (run.executions.all.count == 0) {
            fail_blocked_tasks(&run); /* no cores, no logs, no loop */
            delete_read_all(&run);
            status = state_sync(plan_state(plan), diag);
        } else {
            ready_expect_all(&run);
            run.logs = logs_new(options->state_path, options->name, diag);
            status = run.logs == NULL ? -1 : execute(&run);
        }
        count_not_started(&run);
        run_tell_skipped(&run);
        run_tell_rest(&run);
        plan_set_origin(plan, NULL, NULL);
        result->is_late = run.passed_over.cut + run.passed_over.tasks > 0;
        result->end_ns = run_end_ns(&run);
        result->interrupted = run.stopping.interrupted;
        result->stopped = run.stopping.is_stopping;
    }
    release(&run);
    return status;
}
