#include "watched.h"

#include "arena.h"
#include "clock.h"
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "lock.h"
#include "logs.h"
#include "machine.h"
#include "memory.h"
#include "process_table.h"
#include "published.h"
#include "report.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_STAT = 1 << 20 };

/* What a command had used at the last look. */
struct used {
    pid_t pid;
    double cpu_s;
};

struct watched {
    struct watched_options options;
    struct machine machine;
    struct process_table processes;
    struct rowbuild_snapshot snapshot;
    struct arena arena;             /* of the snapshot */
    VEC(struct used) used;          /* sorted by pid */
    int64_t used_ns;                /* when; 0: never */
    struct report_cpu_time *before; /* by CPU; of the last look */
    struct report_cpu_time *after;
    pid_t pid; /* the run of the last look; 0: there was none */
    uint64_t start_ticks;
};

struct watched *watched_new(const struct watched_options *options, struct diag *diag)
{
    struct watched *watched = mem_alloc(sizeof *watched);
    watched->options = *options;
    arena_init(&watched->arena);
    if (machine_read(&watched->machine, diag) != 0) {
        free(watched);
        return NULL;
    }
    watched->before = mem_alloc(CPUMASK_LIMIT * sizeof *watched->before);
    watched->after = mem_alloc(CPUMASK_LIMIT * sizeof *watched->after);
    return watched;
}

void watched_free(struct watched *watched)
{
    if (watched == NULL) {
        return;
    }
    machine_release(&watched->machine);
    process_table_release(&watched->processes);
    arena_release(&watched->arena);
    vec_release(&watched->used);
    free(watched->before);
    free(watched->after);
    free(watched);
}

/* ---- Tasks ---- */

/* Its processes were started by that run, and lead sessions of their own: others aren't believed,
 * whatever stands in the file. */
static bool is_of_run(const struct watched *watched, pid_t pid, pid_t run)
{
    const struct process *process = process_table_find(&watched->processes, pid);
    return process != NULL && process->parent == run && process->session == pid &&
           process->state != 'Z' && process->state != 'X';
}

static const char *const *name_members(struct watched *watched, const struct published_task *task)
{
    if (task->members.count == 0) {
        return NULL;
    }
    const char **names = arena_array(&watched->arena, task->members.count, sizeof *names);
    for (size_t i = 0; i < task->members.count; i++) {
        struct buf name = BUF_EMPTY;
        const char *key = task->members.at[i];
        const char *slash = strchr(key, '/');
        text_add_name(&name, slice_of(slash != NULL ? slash + 1 : key));
        names[i] = arena_string(&watched->arena, buf_slice(&name));
        buf_release(&name);
    }
    return names;
}

/* The tasks of the snapshot, as published, of which any process is alive. `pids`: of all of them, and
 * `owner` the task of each. */
struct leaders {
    VEC(pid_t) pids;
    VEC(size_t) owner;
};

static void take_tasks(struct watched *watched, const struct published *published, double age_s,
                       struct rowbuild_watched_task *tasks, size_t *count, struct leaders *leaders)
{
    vec_each (struct published_task, from, &published->tasks) {
        long first = 0;
        for (size_t i = 0; i < from->pids.count; i++) {
            if (is_of_run(watched, from->pids.at[i], published->pid)) {
                first = first == 0 ? from->pids.at[i] : first;
                vec_push(&leaders->pids, from->pids.at[i]);
                vec_push(&leaders->owner, *count);
            }
        }
        if (first != 0) {
            tasks[(*count)++] = (struct rowbuild_watched_task){
                .label = arena_string(&watched->arena, slice_of(from->label)),
                .members = name_members(watched, from),
                .member_count = from->members.count,
                .cores = from->cores,
                .cpus = arena_string(&watched->arena, slice_of(from->cpus)),
                .gpus = arena_string(&watched->arena, slice_of(from->gpus)),
                .pid = first,
                .seconds = from->seconds + (from->is_paused ? 0 : age_s),
                .expected_seconds = from->expected_s,
                .cpu = -1,
                .is_paused = from->is_paused,
            };
        }
    }
}

/* The table that runs of earlier versions write, too. */
static void take_entries(struct watched *watched, const struct running_entry *entries, size_t count,
                         struct rowbuild_watched_task *tasks, struct leaders *leaders)
{
    for (size_t i = 0; i < count; i++) {
        vec_push(&leaders->pids, entries[i].pid);
        vec_push(&leaders->owner, i);
        tasks[i] = (struct rowbuild_watched_task){
            .label = arena_string(&watched->arena, slice_of(entries[i].label)),
            .cores = entries[i].core_count,
            .cpus = arena_string(&watched->arena, slice_of(entries[i].cores)),
            .gpus = "",
            .pid = entries[i].pid,
            .seconds = -1,
            .expected_seconds = -1,
            .cpu = -1,
        };
    }
}

static int compare_used(const void *a, const void *b)
{
    const struct used *left = a;
    const struct used *right = b;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

/* What each task's processes use. */
static void measure(struct watched *watched, struct rowbuild_watched_task *tasks, size_t count,
                    const struct leaders *leaders)
{
    size_t known = watched->used.count;
    size_t processes = leaders->pids.count;
    double *cpu_s = mem_alloc(processes * sizeof *cpu_s + 1);
    uint64_t *memory = mem_alloc(processes * sizeof *memory + 1);
    struct used *now = mem_alloc(count * sizeof *now + 1);
    int64_t now_ns = clock_monotonic_ns();
    process_table_add_up(&watched->processes, leaders->pids.at, processes, cpu_s, memory);
    for (size_t i = 0; i < processes; i++) {
        size_t owner = leaders->owner.at[i];
        now[owner].pid = (pid_t)tasks[owner].pid;
        now[owner].cpu_s += cpu_s[i];
        tasks[owner].memory_bytes += memory[i];
    }
    double seconds = (double)(now_ns - watched->used_ns) / 1e9;
    for (size_t i = 0; i < count && watched->used_ns != 0 && seconds > 0 && known > 0; i++) {
        const struct used *before =
            bsearch(&now[i], watched->used.at, known, sizeof now[i], compare_used);
        double used = before != NULL ? now[i].cpu_s - before->cpu_s : -1;
        if (before != NULL) {
            tasks[i].cpu = used > 0 ? used / seconds : 0;
        }
    }
    vec_release(&watched->used);
    for (size_t i = 0; i < count; i++) {
        vec_push(&watched->used, now[i]);
    }
    if (count > 0) {
        qsort(watched->used.at, count, sizeof *watched->used.at, compare_used);
    }
    watched->used_ns = now_ns;
    free(cpu_s);
    free(memory);
    free(now);
}

/* ---- Cores and pools ---- */

static void look_at_cpus(struct watched *watched)
{
    struct buf text = BUF_EMPTY;
    struct report_cpu_time *before = watched->before;
    watched->before = watched->after;
    watched->after = before;
    if (file_read(AT_FDCWD, "/proc/stat", LONGEST_STAT, &text) == 0) {
        report_read_cpu_times(buf_slice(&text), watched->after, CPUMASK_LIMIT);
    }
    buf_release(&text);
}

static double busy_of(const struct watched *watched, const struct cpumask *pus)
{
    uint64_t busy = 0;
    uint64_t total = 0;
    for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
        const struct report_cpu_time *before = &watched->before[cpu];
        const struct report_cpu_time *after = &watched->after[cpu];
        if (cpumask_has(pus, cpu) && before->total > 0 && after->total > before->total &&
            after->busy >= before->busy) {
            busy += after->busy - before->busy;
            total += after->total - before->total;
        }
    }
    double share = total > 0 ? (double)busy / (double)total : -1;
    return share < 1 ? share : 1;
}

static void add_cores(struct watched *watched)
{
    struct rowbuild_snapshot *snapshot = &watched->snapshot;
    const struct machine *machine = &watched->machine;
    struct rowbuild_watched_core *cores =
        arena_array(&watched->arena, machine->core_count, sizeof *cores);
    for (size_t c = 0; c < machine->core_count; c++) {
        cores[c] = (struct rowbuild_watched_core){
            .number = machine->cores[c].number,
            .busy = machine->is_real ? busy_of(watched, &machine->cores[c].pus) : -1,
            .task = SIZE_MAX};
    }
    for (size_t t = 0; t < snapshot->task_count; t++) {
        struct cpumask mask = cpumask_parse(slice_of(snapshot->tasks[t].cpus));
        for (size_t c = 0; c < machine->core_count && cpumask_count(&mask) > 0; c++) {
            if (cores[c].task == SIZE_MAX && cpumask_intersects(&machine->cores[c].pus, &mask)) {
                cores[c].task = t;
            }
        }
    }
    snapshot->cores = cores;
    snapshot->core_count = machine->core_count;
}

static void count_published(const struct rowfile *rowfile, const struct published_task *task,
                            unsigned *taken)
{
    for (size_t i = 0; i < task->pools.count; i++) {
        for (size_t p = 0; p < rowfile->pool_count; p++) {
            if (slice_is(rowfile->pools[p].name, task->pools.at[i].name)) {
                taken[p] += task->pools.at[i].taken;
            }
        }
    }
}

/* What the Rowfile says of the command now. */
static void count_declared(const struct rowfile *rowfile, const char *key, unsigned *taken)
{
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        if (slice_starts_with(slice_of(key), action->name.at) &&
            (key[action->name.len] == '/' || key[action->name.len] == '\0')) {
            for (unsigned p = 0; p < action->resources.pool_count; p++) {
                taken[p] += action->resources.pools[p];
            }
            return;
        }
    }
}

/* The table is written at once, what is published a little later. */
void watched_count_pools(const char *state_path, const struct rowfile *rowfile,
                         const struct running_entry *entries, size_t count, unsigned *taken)
{
    struct published published;
    bool is_one = rowfile->pool_count > 0 && count > 0;
    if (!is_one) {
        return;
    }
    is_one = published_read(state_path, &published);
    for (size_t i = 0; i < count; i++) {
        const struct published_task *task =
            is_one ? published_find(&published, entries[i].pid) : NULL;
        if (task != NULL) {
            count_published(rowfile, task, taken);
        } else {
            count_declared(rowfile, entries[i].key, taken);
        }
    }
    published_release(&published);
}

static void add_pools(struct watched *watched, const unsigned *taken)
{
    const struct rowfile *rowfile = watched->options.rowfile;
    struct rowbuild_watched_pool *pools =
        arena_array(&watched->arena, rowfile->pool_count + 1, sizeof *pools);
    for (size_t i = 0; i < rowfile->pool_count; i++) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, rowfile->pools[i].name);
        pools[i] =
            (struct rowbuild_watched_pool){.name = arena_string(&watched->arena, buf_slice(&name)),
                                           .taken = taken[i],
                                           .size = rowfile->pools[i].count};
        buf_release(&name);
    }
    watched->snapshot.pools = pools;
    watched->snapshot.pool_count = rowfile->pool_count;
}

/* ---- The whole ---- */

/* Of a run on another host nothing else is known here. */
static void add_other_host(struct watched *watched)
{
    struct buf host = BUF_EMPTY;
    int root = inside_root(AT_FDCWD, watched->options.state_path, false);
    if (root >= 0 && lock_find_other_host(root, STATE_LOCK, &host)) {
        watched->snapshot.other_host = arena_string(&watched->arena, buf_slice(&host));
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&host);
}

static void add_failures(struct watched *watched, const struct published *published)
{
    struct rowbuild_watched_failure *failures =
        arena_array(&watched->arena, published->failures.count + 1, sizeof *failures);
    for (size_t i = 0; i < published->failures.count; i++) {
        const struct published_failure *from = &published->failures.at[i];
        struct buf log = BUF_EMPTY;
        if (from->log[0] != '\0') {
            watched->options.show_path(watched->options.context, from->log, &log);
        }
        failures[i] = (struct rowbuild_watched_failure){
            .label = arena_string(&watched->arena, slice_of(from->label)),
            .how = arena_string(&watched->arena, slice_of(from->how)),
            .log = log.len > 0 ? arena_string(&watched->arena, buf_slice(&log)) : NULL};
        buf_release(&log);
    }
    watched->snapshot.failures = failures;
    watched->snapshot.failure_count = published->failures.count;
    watched->snapshot.more_failures = published->more_failures;
}

static bool is_stopped(const struct watched *watched, pid_t pid)
{
    const struct process *run = process_table_find(&watched->processes, pid);
    return run != NULL && (run->state == 'T' || run->state == 't');
}

static double age_of(const struct published *published, bool is_stopped)
{
    double age = (double)(clock_monotonic_ns() - published->at_ns) / 1e9;
    return is_stopped || published->at_ns == 0 || age < 0 ? 0 : age;
}

/* The run has published something: what it executes, and how far it is. */
static void add_run(struct watched *watched, const struct published *published)
{
    struct rowbuild_snapshot *snapshot = &watched->snapshot;
    bool stopped = is_stopped(watched, published->pid);
    double age_s = age_of(published, stopped);
    struct leaders leaders = {0};
    struct rowbuild_watched_task *tasks =
        arena_array(&watched->arena, published->tasks.count + 1, sizeof *tasks);
    unsigned *taken = mem_alloc((watched->options.rowfile->pool_count + 1) * sizeof *taken);
    take_tasks(watched, published, age_s, tasks, &snapshot->task_count, &leaders);
    vec_each (struct published_task, task, &published->tasks) {
        count_published(watched->options.rowfile, task, taken);
    }
    measure(watched, tasks, snapshot->task_count, &leaders);
    snapshot->state = stopped ? ROWBUILD_RUN_STOPPED : ROWBUILD_RUN_WORKS;
    snapshot->pid = published->pid;
    snapshot->tasks = tasks;
    snapshot->progress = published->progress;
    snapshot->progress.seconds += age_s;
    if (snapshot->progress.seconds_left > 0) {
        double left = snapshot->progress.seconds_left - age_s;
        snapshot->progress.seconds_left = left > 0 ? left : -1; /* the run takes longer */
    }
    snapshot->has_progress = true;
    add_pools(watched, taken);
    watched->pid = published->pid;
    watched->start_ticks = published->start_ticks;
    vec_release(&leaders.pids);
    vec_release(&leaders.owner);
    free(taken);
}

/* Nothing was published: the table may still say what runs. */
static void add_table(struct watched *watched, const struct running_entry *entries, size_t count)
{
    struct rowbuild_snapshot *snapshot = &watched->snapshot;
    struct leaders leaders = {0};
    struct rowbuild_watched_task *tasks = arena_array(&watched->arena, count, sizeof *tasks);
    unsigned *taken = mem_alloc((watched->options.rowfile->pool_count + 1) * sizeof *taken);
    take_entries(watched, entries, count, tasks, &leaders);
    for (size_t i = 0; i < count; i++) {
        count_declared(watched->options.rowfile, entries[i].key, taken);
    }
    measure(watched, tasks, count, &leaders);
    snapshot->state = ROWBUILD_RUN_WORKS;
    snapshot->tasks = tasks;
    snapshot->task_count = count;
    snapshot->progress.running = count;
    snapshot->progress.seconds_left = -1;
    add_pools(watched, taken);
    vec_release(&leaders.pids);
    vec_release(&leaders.owner);
    free(taken);
}

static bool is_run_of_last_look(const struct watched *watched, const struct published *published)
{
    return watched->pid != 0 && watched->pid == published->pid &&
           watched->start_ticks == published->start_ticks;
}

const struct rowbuild_snapshot *watched_look(struct watched *watched)
{
    struct published published;
    struct running_entry *entries = NULL;
    struct rowbuild_snapshot *snapshot = &watched->snapshot;
    int64_t began_ns = clock_monotonic_ns();
    arena_release(&watched->arena);
    *snapshot = (struct rowbuild_snapshot){.state = ROWBUILD_NO_RUN};
    bool is_one = published_read(watched->options.state_path, &published);
    process_table_read(&watched->processes);
    look_at_cpus(watched);
    size_t count = is_one && !published.has_ended
                       ? 0
                       : logs_read_running(watched->options.state_path, &entries);
    if (is_one && !published.has_ended) {
        add_run(watched, &published);
        add_failures(watched, &published);
    } else if (is_one && is_run_of_last_look(watched, &published)) {
        snapshot->state = ROWBUILD_RUN_ENDED;
        snapshot->pid = published.pid;
        snapshot->status = published.status;
        snapshot->progress = published.progress;
        snapshot->has_progress = true;
        add_failures(watched, &published);
        watched->pid = 0;
    } else if (watched->pid != 0 && !is_one) {
        snapshot->state = ROWBUILD_RUN_KILLED;
        watched->pid = 0;
    } else if (watched->pid !=
               0) { /* a later run has ended: how this one did isn't known any more */
        watched->pid = 0;
    } else if (count > 0) {
        add_table(watched, entries, count);
    } else {
        add_other_host(watched);
    }
    if (snapshot->task_count > 0 || snapshot->has_progress) {
        add_cores(watched);
    }
    free(entries);
    published_release(&published);
    snapshot->look_seconds = (double)(clock_monotonic_ns() - began_ns) / 1e9;
    return snapshot;
}
