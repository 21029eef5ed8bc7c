#include "running.h"

#include "text.h"
#include "unstartable.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KILL_ROUNDS = 1000, KILLS_OF_STEPS_BY_TERM = 5, SIGNALLED_STATUS = 128 };
static const long KILL_PAUSE_NS = 2000000;

/* ---- Starting ---- */

static void pause_shortly(void)
{
    world->pause(KILL_PAUSE_NS);
}

/* What was started before one of the processes could not be. */
static void kill_started(struct run *run, struct slot *slot)
{
    struct children *children = &slot->children;
    struct child_end end;
    children_signal(children, SIGKILL);
    for (unsigned i = 0; i < children->count; i++) {
        struct child *child = &children->all[i];
        if (child->pidfd >= 0) {
            world->unwatch(run->loop, child->pidfd);
            while (world->reap(child, &end) > 0) {
                pause_shortly();
            }
        }
    }
    children_kill_orphans(run, slot);
}

static const char *spawn_advice(int error, const struct action *action)
{
    if (error != E2BIG) {
        return "";
    }
    return action->command.uses_directories ? "; set `group.maximum_size`"
                                            : "; shorten the command or its environment";
}

static void report_spawn(const struct run *run, const struct slot *slot,
                         const struct launch_process *process, int error)
{
    const struct action *action =
        execution_action(&run->executions, &run->executions.all.at[slot->execution]);
    struct buf name = BUF_EMPTY;
    struct buf why = BUF_EMPTY;
    bool is_file = error == ENOENT || error == EACCES || error == ENOTDIR;
    text_add_name(&name, slice_of(process->argv[0]));
    if (!is_file || !unstartable_explain(plan_project(run->plan), process->argv[0],
                                         process->environment, &why)) {
        buf_addf(&why, "%s%s", strerror(error), spawn_advice(error, action));
    }
    diag_error(run->diag, FINDING_NOT_STARTED, "action `%.*s`: `%s` can't be started: %s",
               SLICE_ARGS(action->name), buf_string(&name), buf_string(&why));
    buf_release(&why);
    buf_release(&name);
}

/* What a child is known by in the loop: the number of its slot, and its number in the slot. */
static uint64_t token_of(const struct run *run, const struct slot *slot, unsigned child)
{
    return slots_number(&run->slots, slot) | (uint64_t)child << 32U;
}

static void tell_unbound(struct run *run, int error)
{
    if (error != 0 && !run->slots.tells_unbound) {
        run->slots.tells_unbound = true;
        run_notice(run, "processes can't be bound to cores here (%s); they run unbound",
                   strerror(error));
    }
}

int children_start(struct run *run, struct slot *slot, const struct launch_command *command,
                   int output, const struct jobserver *jobserver)
{
    struct children *children = &slot->children;
    const struct rlimit *open_files = &run->slots.open_files;
    children->all = mem_alloc(command->count * sizeof *children->all);
    children->is_step = mem_alloc(command->count * sizeof *children->is_step);
    children->is_stopped = mem_alloc(command->count * sizeof *children->is_stopped);
    children->has_steps = command->has_steps;
    for (unsigned i = 0; i < command->count; i++) {
        const struct launch_process *process = &command->processes[i];
        struct spawn_request spawn = {.argv = process->argv,
                                      .envp = process->environment,
                                      .directory = plan_project(run->plan),
                                      .output = output,
                                      .bind = process->cores,
                                      .open_files = open_files->rlim_max > 0 ? open_files : NULL,
                                      .inherit = jobserver->ends,
                                      .inherit_count =
                                          jobserver->ends[0] >= 0 ? JOBSERVER_ENDS : 0};
        if (world->start(&spawn, &children->all[i]) != 0) {
            slot->refused = errno;
            report_spawn(run, slot, process, slot->refused);
            kill_started(run, slot);
            return -1;
        }
        tell_unbound(run, children->all[i].unbound);
        children->is_step[i] = process->is_step;
        children->count++;
        children->alive++;
        world->watch(run->loop, children->all[i].pidfd, token_of(run, slot, i));
    }
    return 0;
}

void children_add_mark(struct run *run, struct slot *slot)
{
    struct buf mark = BUF_EMPTY;
    buf_addf(&mark, "ROWBUILD_EXECUTION=%d-%llu", (int)getpid(),
             (unsigned long long)++run->slots.marks);
    slot->children.mark = mem_copy(mark.at, mark.len);
    buf_release(&mark);
}

/* ---- Ending ---- */

/* srun ends its step by SIGKILL when it gets SIGTERM; what it hands on is SIGUSR2, which
 * rowbuild-rank turns into SIGTERM. Killed, it would leave the step to the process that watches
 * over it. */
static bool signal_steps(const struct children *children, const struct child *child, int signal)
{
    int number = signal == SIGTERM                          ? SIGUSR2
                 : signal != SIGKILL                        ? 0
                 : children->kills < KILLS_OF_STEPS_BY_TERM ? SIGTERM
                                                            : SIGKILL;
    return world->signal_named(child, "srun", number);
}

void children_signal(const struct children *children, int signal)
{
    for (unsigned i = 0; i < children->count; i++) {
        const struct child *child = &children->all[i];
        if (child->pidfd >= 0 && !(children->has_steps && signal_steps(children, child, signal))) {
            world->signal(child, signal);
        }
    }
}

void children_terminate(const struct run *run, struct children *children)
{
    if (children->kill_ns == 0) {
        children_signal(children, SIGTERM);
        children_signal(children, SIGCONT); /* a stopped process sees TERM only then */
        children->kill_ns = run_now(run) + time_left_grace_ns(run);
    }
}

bool children_group_alive(const struct children *children)
{
    for (unsigned i = 0; i < children->count; i++) {
        if (world->group_lives(children->all[i].pid)) {
            return true;
        }
    }
    return false;
}

static bool has_failed(const struct child_end *end)
{
    return end->signalled || end->status != 0;
}

/* The first failure is the execution's. Time adds up; memory is the largest child's. */
static void add_end(struct children *children, unsigned child, const struct child_end *end)
{
    if (has_failed(end) && !has_failed(&children->end)) {
        children->end.signalled = end->signalled;
        children->end.status = end->status;
        children->failed = child;
    }
    children->end.cpu_seconds += end->cpu_seconds;
    if (end->peak_rss_bytes > children->end.peak_rss_bytes) {
        children->end.peak_rss_bytes = end->peak_rss_bytes;
    }
}

/* Before a child is reaped: the table of what runs must not name one that is gone. */
static void name_another(struct run *run, const struct slot *slot, unsigned ended)
{
    const struct children *children = &slot->children;
    for (unsigned i = 0; i < children->count; i++) {
        if (i != ended && children->all[i].pidfd >= 0) {
            logs_set_running_pid(run->logs, slots_number(&run->slots, slot), children->all[i].pid);
            return;
        }
    }
}

bool children_take_end(struct run *run, struct slot *slot, unsigned number)
{
    struct children *children = &slot->children;
    struct child_end end;
    if (number >= children->count || children->all[number].pidfd < 0) {
        return false;
    }
    struct child *child = &children->all[number];
    name_another(run, slot, number);
    world->unwatch(run->loop, child->pidfd);
    int reaped = world->reap(child, &end);
    if (reaped > 0) {
        world->watch(run->loop, child->pidfd, token_of(run, slot, number));
        return false;
    }
    if (reaped < 0) {
        end = (struct child_end){.signalled = false, .status = 127};
    }
    if (children->is_step[number] && !end.signalled && end.status > SIGNALLED_STATUS) {
        end.signalled = true; /* there */
        end.status -= SIGNALLED_STATUS;
    }
    if (children->has_steps) {
        end.cpu_seconds = 0; /* of srun */
        end.peak_rss_bytes = 0;
    }
    add_end(children, number, &end);
    children->alive--;
    if (children->alive > 0 && has_failed(&children->end)) {
        children_terminate(run, children);
    }
    return children->alive == 0;
}

void children_kill_orphans(struct run *run, const struct slot *slot)
{
    const char *mark = slot->children.mark;
    /* What srun leaves behind ends its step. */
    unsigned left = mark != NULL && !slot->children.has_steps ? world->kill_orphans(mark) : 0;
    for (int round = 0; left > 0 && round < KILL_ROUNDS; round++) {
        pause_shortly();
        left = world->kill_orphans(mark);
    }
    if (left > 0) {
        run_notice(run, "warning: `%s` left %u processes running that can't be ended", slot->label,
                   left);
    }
}
