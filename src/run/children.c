#include "running.h"

#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KILL_ROUNDS = 1000, KILLS_OF_STEPS_BY_TERM = 5, SIGNALLED_STATUS = 128 };
static const long KILL_PAUSE_NS = 2000000;

/* ---- Starting ---- */

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = KILL_PAUSE_NS}, NULL);
}

/* What was started before one of the processes could not be. */
static void kill_started(struct run *run, struct slot *slot)
{
    struct child_end end;
    run_signal_children(slot, SIGKILL);
    for (unsigned i = 0; i < slot->child_count; i++) {
        struct child *child = &slot->children[i];
        if (child->pidfd >= 0) {
            loop_unwatch(run->loop, child->pidfd);
            while (child_reap(child, &end) > 0) {
                pause_shortly();
            }
        }
    }
    run_kill_orphans(run, slot);
}

static const char *spawn_advice(int error, const struct action *action)
{
    if (error != E2BIG) {
        return "";
    }
    return action->command.uses_directories ? "; set `group.maximum_size`"
                                            : "; shorten the command or its environment";
}

int run_start_children(struct run *run, struct slot *slot, const struct launch_command *command,
                       int output, const struct jobserver *jobserver)
{
    uint64_t slot_number = (uint64_t)(slot - run->slots.at);
    slot->children = mem_alloc(command->count * sizeof *slot->children);
    slot->child_is_step = mem_alloc(command->count * sizeof *slot->child_is_step);
    slot->has_steps = command->has_steps;
    for (unsigned i = 0; i < command->count; i++) {
        const struct launch_process *process = &command->processes[i];
        struct spawn_request spawn = {
            .argv = process->argv,
            .envp = process->environment,
            .directory = run->plan->project,
            .output = output,
            .bind = process->cores,
            .open_files = run->open_files.rlim_max > 0 ? &run->open_files : NULL,
            .inherit = jobserver->ends,
            .inherit_count = jobserver->ends[0] >= 0 ? JOBSERVER_ENDS : 0};
        if (spawn_child(&spawn, &slot->children[i]) != 0) {
            const struct execution *execution = &run->executions[slot->execution];
            const struct action *action =
                graph_action(run->plan->graph, execution_nodes(run, execution)[0]);
            struct buf program = BUF_EMPTY;
            int error = errno;
            text_add_name(&program, slice_of(process->argv[0]));
            diag_error(run->diag, "action `%.*s`: `%s` can't be started: %s%s",
                       SLICE_ARGS(action->name), buf_string(&program), strerror(error),
                       spawn_advice(error, action));
            buf_release(&program);
            kill_started(run, slot);
            free(slot->children);
            free(slot->child_is_step);
            slot->children = NULL;
            slot->child_is_step = NULL;
            return -1;
        }
        slot->child_is_step[i] = process->is_step;
        slot->child_count++;
        slot->alive++;
        loop_watch(run->loop, slot->children[i].pidfd, slot_number | (uint64_t)i << 32U);
    }
    return 0;
}

void run_add_mark(struct run *run, struct slot *slot)
{
    struct buf mark = BUF_EMPTY;
    buf_addf(&mark, "ROWBUILD_EXECUTION=%d-%llu", (int)getpid(), (unsigned long long)++run->marks);
    slot->mark = mem_copy(mark.at, mark.len);
    buf_release(&mark);
}

/* ---- Ending ---- */

/* srun ends its step by SIGKILL when it gets SIGTERM; what it hands on is SIGUSR2, which
 * rowbuild-rank turns into SIGTERM. Killed, it would leave the step to the process that watches
 * over it. */
static bool signal_steps(const struct slot *slot, const struct child *child, int signal)
{
    int number = signal == SIGTERM                      ? SIGUSR2
                 : signal != SIGKILL                    ? 0
                 : slot->kills < KILLS_OF_STEPS_BY_TERM ? SIGTERM
                                                        : SIGKILL;
    return spawn_signal_named(child, "srun", number);
}

void run_signal_children(const struct slot *slot, int signal)
{
    for (unsigned i = 0; i < slot->child_count; i++) {
        const struct child *child = &slot->children[i];
        if (child->pidfd >= 0 && !(slot->has_steps && signal_steps(slot, child, signal))) {
            spawn_signal_child(child, signal);
        }
    }
}

bool run_group_alive(const struct slot *slot)
{
    for (unsigned i = 0; i < slot->child_count; i++) {
        if (child_group_alive(slot->children[i].pid)) {
            return true;
        }
    }
    return false;
}

static bool has_failed(const struct child_end *end)
{
    return end->signalled || end->status != 0;
}

/* The first failure is the execution's; time adds up, and memory is that of the largest. */
static void add_end(struct slot *slot, unsigned child, const struct child_end *end)
{
    if (has_failed(end) && !has_failed(&slot->end)) {
        slot->end.signalled = end->signalled;
        slot->end.status = end->status;
        slot->failed_child = child;
    }
    slot->end.cpu_seconds += end->cpu_seconds;
    if (end->peak_rss_bytes > slot->end.peak_rss_bytes) {
        slot->end.peak_rss_bytes = end->peak_rss_bytes;
    }
}

/* Before a child is reaped: the table of what runs must not name one that is gone. */
static void name_another(struct run *run, const struct slot *slot, unsigned ended)
{
    for (unsigned i = 0; i < slot->child_count; i++) {
        if (i != ended && slot->children[i].pidfd >= 0) {
            logs_set_running_pid(run->logs, (unsigned)(slot - run->slots.at),
                                 slot->children[i].pid);
            return;
        }
    }
}

bool run_child_ended(struct run *run, struct slot *slot, unsigned number)
{
    struct child_end end;
    if (number >= slot->child_count || slot->children[number].pidfd < 0) {
        return false;
    }
    struct child *child = &slot->children[number];
    uint64_t token = (uint64_t)(slot - run->slots.at) | (uint64_t)number << 32U;
    name_another(run, slot, number);
    loop_unwatch(run->loop, child->pidfd);
    int reaped = child_reap(child, &end);
    if (reaped > 0) {
        loop_watch(run->loop, child->pidfd, token);
        return false;
    }
    if (reaped < 0) {
        end = (struct child_end){.signalled = false, .status = 127};
    }
    if (slot->child_is_step[number] && !end.signalled && end.status > SIGNALLED_STATUS) {
        end.signalled = true; /* there */
        end.status -= SIGNALLED_STATUS;
    }
    if (slot->has_steps) {
        end.cpu_seconds = 0; /* of srun */
        end.peak_rss_bytes = 0;
    }
    add_end(slot, number, &end);
    slot->alive--;
    if (slot->alive > 0 && has_failed(&slot->end)) {
        run_terminate(run, slot);
    }
    return slot->alive == 0;
}

void run_kill_orphans(struct run *run, const struct slot *slot)
{
    /* What srun leaves behind ends its step. */
    unsigned left = slot->mark != NULL && !slot->has_steps ? spawn_kill_orphans(slot->mark) : 0;
    for (int round = 0; left > 0 && round < KILL_ROUNDS; round++) {
        pause_shortly();
        left = spawn_kill_orphans(slot->mark);
    }
    if (left > 0) {
        run_notice(run, "warning: `%s` left %u processes behind that can't be ended", slot->label,
                   left);
    }
}

/* ---- What MPI leaves behind: shared memory and sockets ---- */

static bool try_temporary(struct run *run, const char *where)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/rowbuild-XXXXXX", where);
    bool made = mkdtemp(path.at) != NULL;
    if (made) {
        run->temporary = mem_copy(path.at, path.len);
    }
    buf_release(&path);
    return made;
}

const char *run_temporary(struct run *run, unsigned slot, struct arena *arena)
{
    if (run->temporary == NULL && !run->no_temporary) {
        const char *given = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
        run->no_temporary = !try_temporary(run, "/dev/shm") &&
                            !(given != NULL && *given == '/' && try_temporary(run, given)) &&
                            !try_temporary(run, "/tmp");
    }
    if (run->temporary == NULL) {
        return NULL;
    }
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%u", run->temporary, slot);
    const char *folder = arena_string(arena, buf_slice(&path));
    buf_release(&path);
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? folder : NULL;
}

void run_clear_temporary(struct run *run, unsigned slot)
{
    if (run->temporary != NULL && run->slots.at[slot].kind == LAUNCH_RANKS) {
        struct buf path = BUF_EMPTY;
        buf_addf(&path, "%s/%u", run->temporary, slot);
        (void)file_remove_tree(AT_FDCWD, buf_string(&path));
        buf_release(&path);
    }
}

void run_remove_temporary(struct run *run)
{
    if (run->temporary != NULL) {
        (void)file_remove_tree(AT_FDCWD, run->temporary);
        free(run->temporary);
    }
}
