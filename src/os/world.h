/* The processes and the clocks that everything above uses, as one table: starting a process,
 * waiting for it, signalling it and its descendants, time, and programs that are asked something
 * (Slurm's).
 *
 * Knows: nothing but the shape of the calls. What each does is said where the kernel's own stands:
 * spawn.h, loop.h, usage.h, pressure.h, program.h, clock.h.
 *
 * `world` is the kernel's table unless a test has put another one in its place (tests/simulated),
 * so that a whole run can be tried in the process: commands are functions of the test, and time
 * passes when the test says so. It is set before anything is started and before threads start, and
 * never while they run. A descriptor that a process gets as its output comes from the disk's table
 * (disk.h); a pidfd means something to the table only that it came from. */
#ifndef ROWBUILD_WORLD_H
#define ROWBUILD_WORLD_H

#include "loop.h"
#include "pressure.h"
#include "program.h"
#include "spawn.h"
#include "usage.h"

struct world {
    /* Clocks (clock.h) */
    int64_t (*monotonic_ns)(void);
    int64_t (*wall_s)(void);
    void (*pause)(int64_t ns); /* a signal doesn't cut it short by more than itself */

    /* One process and what belongs to it (spawn.h) */
    int (*start)(const struct spawn_request *request, struct child *child);
    int (*reap)(struct child *child, struct child_end *end);
    int (*look)(const struct child *child);
    bool (*group_lives)(pid_t leader);
    void (*signal)(const struct child *child, int signal);
    bool (*signal_named)(const struct child *child, const char *name, int signal);
    bool (*sample)(const pid_t *pids, size_t count, struct usage *usage);

    /* All that descends from this process (spawn.h) */
    void (*become_reaper)(void);
    void (*reap_orphans)(void);
    size_t (*list_orphans)(pid_t **pids);
    unsigned (*kill_orphans)(const char *mark);
    unsigned (*signal_descendants)(int signal);
    bool (*read_variable)(pid_t pid, const char *name, struct buf *value);

    /* This process (spawn.h) */
    void (*stop_self)(void);
    size_t (*raise_open_files)(size_t wanted, struct rlimit *before);
    void (*restore_open_files)(const struct rlimit *before);

    /* Waiting for children, signals and time (loop.h) */
    void (*block_signals)(sigset_t *before, bool takes_stops);
    void (*restore_signals)(const sigset_t *before);
    struct loop *(*open_loop)(bool takes_stops);
    void (*close_loop)(struct loop *loop);
    int (*watch)(struct loop *loop, int fd, uint64_t token);
    void (*unwatch)(struct loop *loop, int fd);
    void (*set_timer)(struct loop *loop, int64_t monotonic_ns);
    int (*wait)(struct loop *loop, struct loop_event *events, size_t limit, int timeout_ms);

    /* How busy the machine is (pressure.h) */
    double (*load_average)(void);
    uint64_t (*memory_left)(void);

    /* Programs that are asked something (program.h) */
    int (*run_program)(const struct program_request *request, struct program_answer *answer);
};

extern const struct world world_of_kernel;
extern const struct world *world; /* the one in force */

void world_use(const struct world *table);

#endif
