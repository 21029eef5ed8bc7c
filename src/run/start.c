/* Starting an execution: its inputs are looked at again, the start is recorded, old products are
 * moved to their backups, and the processes are started. */
#include "running.h"

#include "file.h"
#include "run_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void record_start(struct run *run, struct task_id task, const struct launched *launched,
                         bool is_backed_up)
{
    struct task_row row = *state_task(plan_state(run->plan), task.at);
    row.is_known = true;
    row.is_forgotten = false;
    if (row.attempt == ATTEMPT_CHANGED) {
        row.success = SUCCESS_NONE; /* nobody knows what it was made from: never to be restored */
    }
    row.attempt = ATTEMPT_STARTED;
    row.attempt_status = 0;
    row.attempt_fingerprint = launched->fingerprint;
    row.is_backed_up = row.is_backed_up || is_backed_up;
    plan_put_start(run->plan, task, &row);
}

static void make_product_folders(struct run *run, struct task_id task)
{
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        uint32_t column;
        struct file_id file = graph->products.at[p];
        bool direct = graph_file_directory(graph, file, &column) != GRAPH_NONE &&
                      memchr(graph->columns[column].at, '/', graph->columns[column].len) == NULL;
        if (!direct) {
            /* a folder that can't be made shows in the command's own message */
            (void)file_make_parents(plan_project(run->plan), plan_path(run->plan, file));
        }
    }
}

static void make_depfile_folders(struct run *run, struct task_id task)
{
    const struct graph *graph = plan_graph(run->plan);
    for (uint32_t d = graph->depfile_start[task.at]; d < graph->depfile_start[task.at + 1]; d++) {
        (void)file_make_parents(plan_project(run->plan),
                                plan_path(run->plan, graph->depfiles.at[d]));
    }
}

static int write_script(struct run *run, unsigned slot, unsigned number,
                        struct launch_process *process)
{
    struct buf path = BUF_EMPTY;
    int result = logs_write_script(run->logs, slot, number, process->text, &path, run->diag);
    if (result == 0) {
        process->argv[process->script_word] = arena_string(&run->scratch, buf_slice(&path));
    }
    buf_release(&path);
    return result;
}

/* The cores of a grant, each with its CPUs, those of the first process first; NULL: not bound. */
static const struct cpumask *granted_places(struct run *run, const struct ledger_grant *grant)
{
    if (grant->core_numbers == NULL) {
        return NULL;
    }
    struct cpumask *places = arena_array(&run->scratch, grant->cores, sizeof *places);
    for (unsigned i = 0; i < grant->cores; i++) {
        places[i] = run->machine->cores[grant->core_numbers[i]].pus;
    }
    return places;
}

/* Whether a process of the grant is on another host. */
static bool lies_elsewhere(const struct run *run, const struct ledger_grant *grant)
{
    for (unsigned i = 0; grant->hosts != NULL && i < grant->process_count; i++) {
        if (!run->machine->hosts[grant->hosts[i]].is_here) {
            return true;
        }
    }
    return false;
}

/* What the children share their cores by; the context's environment names it. mpirun doesn't hand
 * descriptors down, so that ranks get none. */
static int open_jobserver(struct run *run, const struct action *action, struct slot *slot,
                          struct launch_context *context, struct jobserver *server)
{
    const struct ledger_grant *grant = &slot->grant;
    if (!action->jobserver || slot->kind == LAUNCH_RANKS || lies_elsewhere(run, grant)) {
        return 0;
    }
    /* Each process owns a core without a token. */
    if (jobserver_open(server, grant->cores - grant->process_count) != 0) {
        slot->refused = errno;
        return diag_state_error(run->diag, FINDING_SYSTEM_TROUBLE, "a jobserver can't be made: %s",
                                strerror(errno));
    }
    context->environment =
        jobserver_set_environment(context->environment, grant->cores, &run->scratch);
    return 0;
}

/* What the records say of the command beside the action's own text. */
static void note_facts(const struct action *action, const struct launch_command *command,
                       struct buf *out)
{
    struct buf shell = BUF_EMPTY;
    struct slice launcher = command->launcher;
    for (size_t i = 0; i < action->interpreter.count; i++) {
        buf_add_string(&shell, i > 0 ? " " : "");
        buf_add_slice(&shell, action->interpreter.words[i]);
    }
    while (launcher.len > 0 && launcher.at[launcher.len - 1] == ' ') {
        launcher.len--;
    }
    buf_clear(out);
    run_facts_add(&(struct run_facts){.shell = buf_slice(&shell),
                                      .launcher = launcher,
                                      .setup = command->setup},
                  out);
    buf_release(&shell);
}

/* As the processes know them; NULL: none. */
static char *list_gpus(struct run *run, const struct ledger_grant *grant)
{
    if (grant->gpus == 0) {
        return NULL;
    }
    struct launch_gpus named =
        launch_name_gpus(run->launch, grant->gpu_numbers, grant->gpus, &run->scratch);
    const char *list = named.cuda != NULL ? named.cuda : named.rocr;
    return list != NULL ? mem_copy(list, strlen(list)) : NULL;
}

static int start_processes(struct run *run, const struct execution *execution, struct slot *slot)
{
    unsigned number = slots_number(&run->slots, slot);
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    const struct action *action = execution_action(&run->executions, execution);
    struct launch_command command;
    slot->kind = launch_kind_of(run->launch, action);
    if (slot->kind != LAUNCH_ONE) {
        children_add_mark(run, slot);
    }
    const uint32_t *directories;
    const uint32_t *skipped;
    size_t directory_count = plan_directories(run->plan, tasks[0], &directories);
    size_t skipped_count = plan_skipped(run->plan, tasks[0], &skipped);
    struct launch_request request = {
        .tasks = tasks,
        .task_count = execution->count,
        .directories = directories,
        .directory_count = directory_count,
        .skipped = skipped,
        .skipped_count = skipped_count,
        .processes = execution->request.processes,
        .threads = execution->request.threads_per_process,
        .places = granted_places(run, &slot->grant),
        .hosts = slot->grant.hosts,
        .gpus = slot->grant.gpu_numbers,
        .gpus_per_process = execution->request.gpus_per_process,
        .mark = slot->children.mark,
        .temporary = slot->kind == LAUNCH_RANKS && !launch_spans_hosts(run->launch, action)
                         ? temporary_folder(&run->temporary, number, &run->scratch)
                         : NULL,
    };
    struct launch_context context = *run->launch;
    context.setup = setups_left(run, plan_graph(run->plan)->tasks[tasks[0].at].action);
    struct jobserver jobserver = JOBSERVER_NONE;
    int log = logs_open_slot(run->logs, number, run->diag);
    slot->refused = log < 0 ? errno : 0;
    int result = log < 0 ? -1 : open_jobserver(run, action, slot, &context, &jobserver);
    if (result == 0) {
        result = launch_prepare(&context, &request, &run->scratch, &command, run->diag);
    }
    if (result == 0) {
        note_facts(action, &command, &slot->facts);
        buf_clear(&slot->command);
        buf_add_slice(&slot->command, command.processes[0].command);
        logs_begin(run->logs, number, buf_slice(&slot->command));
    }
    for (unsigned i = 0; result == 0 && i < command.count; i++) {
        if (command.processes[i].needs_script) {
            result = write_script(run, number, i, &command.processes[i]);
        }
    }
    const struct run_wrap *wrap = run->options->wrap;
    if (result == 0 && wrap != NULL) {
        wrap->starts(wrap->context, plan_graph(run->plan), tasks, execution->count, &command,
                     &run->scratch);
    }
    if (result == 0) {
        slot->started_ns = run_now(run);
        result = children_start(run, slot, &command, log, &jobserver);
    }
    if (result == 0) {
        struct buf key = BUF_EMPTY;
        graph_add_key(plan_graph(run->plan), tasks[0], &key);
        slot->core_list = mem_copy(command.core_list, strlen(command.core_list));
        slot->gpu_list = list_gpus(run, &slot->grant);
        logs_set_running(run->logs, number, slot->label, buf_string(&key),
                         slot->children.all[0].pid, command.core_list, slot->grant.cores);
        buf_release(&key);
        if (action->timeout_s > 0) {
            slot->deadline_ns = slot->started_ns + (int64_t)(action->timeout_s * 1e9);
        }
    }
    jobserver_close(&jobserver); /* the children have it */
    arena_release(&run->scratch);
    return result;
}

/* The newest error as the reason of a failure; it is told with the task, not apart. */
static void take_error(struct run *run, struct buf *how)
{
    if (run->diag->errors > 0 && run->diag->entries.count > 0) {
        const struct diag_entry *entry = &run->diag->entries.at[run->diag->entries.count - 1];
        buf_add_string(how, entry->message);
        run->diag->entries.count--;
        run->diag->errors--;
    } else {
        buf_add_string(how, "it could not be started");
    }
}

/* Fails those tasks of an execution that lack something by now; the others are started later. */
static void fail_lacking(struct run *run, uint32_t number)
{
    const struct execution *execution = &run->executions.all.at[number];
    struct task_id *tasks = execution_tasks(&run->executions, execution);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < execution->count; i++) {
        if (plan_lacks(run->plan, tasks[i], NULL, NULL, run->diag)) {
            outcome_fail_blocked(run, tasks[i]);
        } else {
            tasks[kept++] = tasks[i];
        }
    }
    ready_keep_tasks(run, number, kept);
}

/* Whether a task of the execution lacks something that was there when it was planned: an input that
 * vanished since, a file that can't be read any more. */
static bool any_lacks(struct plan *plan, const struct task_id *tasks, size_t count,
                      struct diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        if (plan_lacks(plan, tasks[i], NULL, NULL, diag)) {
            return true;
        }
    }
    return false;
}

/* Whether the system has too little at the moment to look at the files of the execution: then it is
 * started later. What lacks something else fails by itself. */
static bool is_short(struct run *run, uint32_t number, struct slot *slot)
{
    const struct execution *execution = &run->executions.all.at[number];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    for (uint32_t i = 0; i < execution->count && slot->refused == 0; i++) {
        slot->refused = refusals_of_look(run, tasks[i]);
    }
    return refusals_postpone(run, slot);
}

static struct task_row *rows_of(const struct run *run, const struct task_id *tasks, size_t count)
{
    struct task_row *rows = mem_alloc(count * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        rows[i] = *state_task(plan_state(run->plan), tasks[i].at);
    }
    return rows;
}

/* What was recorded as started wasn't. Old products that were moved stay backups. */
static void restore_attempts(struct run *run, const struct task_id *tasks, size_t count,
                             const struct task_row *before)
{
    for (size_t i = 0; i < count; i++) {
        struct task_row row = *state_task(plan_state(run->plan), tasks[i].at);
        row.attempt = before[i].attempt;
        row.attempt_status = before[i].attempt_status;
        row.attempt_fingerprint = before[i].attempt_fingerprint;
        state_put_task(plan_state(run->plan), tasks[i].at, &row);
    }
}

static int plan_moves(struct run *run, const struct task_id *tasks, size_t count,
                      const struct launched *launched, struct moves *moves, bool *are_backed_up)
{
    struct plan *plan = run->plan;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        bool was_killed = state_task(plan_state(plan), tasks[i].at)->attempt == ATTEMPT_STARTED;
        if (was_killed) {
            plan_mark_left(plan, tasks[i], true);
        }
        result = backups_return(plan, tasks[i], run->diag) != 0
                     ? -1
                     : backups_plan(plan, tasks[i], launched[i].fingerprint, moves,
                                    &are_backed_up[i], run->diag);
    }
    return result;
}

/* What a later start of this job has made isn't known here, and would look as if it were made by hand. */
static int move_by_hand(struct run *run, const struct moves *moves)
{
    if (moves->by_hand.count > 0 && state_check_job(plan_state(run->plan), run->diag) != 0) {
        run->stopping.broken = true;
        return -1;
    }
    return backups_move_by_hand(run->plan, moves, run->diag);
}

/* What was kept is displaced by what nobody is known to have made. So where something is kept, the start is on
 * the disk before the command can make anything, and whatever a crash leaves is the attempt's. */
static int write_starts(struct run *run, const struct moves *moves)
{
    struct state *state = plan_state(run->plan);
    int result =
        moves->is_beside_kept ? state_sync(state, run->diag) : state_flush(state, run->diag);
    run->stopping.broken = run->stopping.broken || result != 0;
    return result;
}

/* All moves are checked before any of them is made, and start records are written before anything moves
 * but what somebody made by hand. */
static int prepare_tasks(struct run *run, const struct task_id *tasks, size_t count,
                         const struct launched *launched, const struct task_row *before)
{
    struct plan *plan = run->plan;
    struct moves moves = {.arena = &run->scratch};
    bool *are_backed_up = arena_array(&run->scratch, count, sizeof *are_backed_up);
    int result = plan_moves(run, tasks, count, launched, &moves, are_backed_up);
    for (size_t i = 0; i < count && result == 0; i++) {
        record_start(run, tasks[i], &launched[i], are_backed_up[i]);
    }
    if (result == 0 && move_by_hand(run, &moves) != 0) {
        restore_attempts(run, tasks, count, before);
        result = -1;
    }
    if (result == 0) {
        result = write_starts(run, &moves);
    }
    if (result == 0) {
        result = backups_move(plan, &moves, run->diag);
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = backups_return(plan, tasks[i], run->diag);
        make_product_folders(run, tasks[i]);
        make_depfile_folders(run, tasks[i]);
    }
    moves_release(&moves);
    arena_release(&run->scratch);
    return result;
}

/* Of a slot whose execution could not be started: it is tried later, or has failed. */
static void end_unstarted(struct run *run, uint32_t number, struct slot *slot,
                          const struct task_row *before, const char *how)
{
    struct execution *execution = &run->executions.all.at[number];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    bool is_postponed = refusals_postpone(run, slot);
    if (is_postponed && slot->children.count == 0) {
        restore_attempts(run, tasks, execution->count, before);
    }
    slot_release(slot, run->ledger);
    if (is_postponed) {
        ready_add_again(run, number);
    } else {
        execution_end(&run->executions, execution);
        outcome_fail_unstarted(run, tasks, execution->count, how, false);
    }
}

void run_start(struct run *run, uint32_t execution_number, struct ledger_grant *grant)
{
    struct execution *execution = &run->executions.all.at[execution_number];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    uint32_t count = execution->count;
    struct slot *slot = slots_take(&run->slots);
    struct buf label = BUF_EMPTY;
    struct buf reasons = BUF_EMPTY;
    struct buf how = BUF_EMPTY;
    run_add_label(plan_graph(run->plan), tasks, count, &label);
    *slot = (struct slot){.execution = execution_number,
                          .tasks = count,
                          .grant = *grant,
                          .started_at_ns = observer_now(plan_observer(run->plan)),
                          .launched = mem_alloc(count * sizeof(struct launched)),
                          .label = mem_copy(label.at, label.len)};
    for (uint32_t i = 0; i < count && run->options->explain; i++) { /* before records change */
        run_add_reasons(run->plan, tasks[i], "\n", &reasons, run->diag);
    }
    struct task_row *before = rows_of(run, tasks, count);
    int seen = launched_look(run->plan, tasks, count, slot->launched, run->diag);
    if (seen == 0 && any_lacks(run->plan, tasks, count, run->diag)) {
        bool is_postponed = is_short(run, execution_number, slot);
        slot_release(slot, run->ledger);
        if (is_postponed) {
            ready_add_again(run, execution_number);
        } else {
            fail_lacking(run, execution_number);
        }
    } else if (seen == 0 && prepare_tasks(run, tasks, count, slot->launched, before) == 0 &&
               start_processes(run, execution, slot) == 0) {
        execution->state = EXECUTION_RUNNING;
        run->slots.running++;
        refusals_mark(run);
        run_tell(run, (struct run_event){.kind = ROWBUILD_EVENT_STARTED,
                                         .tasks = tasks,
                                         .task_count = count,
                                         .label = slot->label,
                                         .command = buf_string(&slot->command),
                                         .text = reasons.len > 0 ? reasons.at : NULL});
    } else {
        take_error(run, &how);
        end_unstarted(run, execution_number, slot, before, buf_string(&how));
    }
    free(before);
    buf_release(&label);
    buf_release(&reasons);
    buf_release(&how);
}
