#include "world.h"

#include "clock.h"

#include <time.h>

static void pause_for(int64_t ns)
{
    enum { SECOND = 1000000000 };
    nanosleep(&(struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND}, NULL);
}

const struct world world_of_kernel = {
    .monotonic_ns = clock_monotonic_ns,
    .load_average = pressure_load_average,
    .memory_left = pressure_memory_left,
    .wall_s = clock_wall_s,
    .pause = pause_for,
    .start = spawn_child,
    .reap = child_reap,
    .look = child_look,
    .group_lives = child_group_alive,
    .signal = spawn_signal_child,
    .signal_named = spawn_signal_named,
    .sample = usage_sample,
    .become_reaper = spawn_become_subreaper,
    .reap_orphans = spawn_reap_orphans,
    .list_orphans = spawn_list_orphans,
    .kill_orphans = spawn_kill_orphans,
    .signal_descendants = spawn_signal_descendants,
    .read_variable = spawn_read_variable,
    .stop_self = spawn_stop_self,
    .raise_open_files = spawn_raise_open_files,
    .restore_open_files = spawn_restore_open_files,
    .block_signals = loop_block_signals,
    .restore_signals = loop_restore_signals,
    .open_loop = loop_new,
    .close_loop = loop_free,
    .watch = loop_watch,
    .unwatch = loop_unwatch,
    .set_timer = loop_set_timer,
    .wait = loop_wait,
    .run_program = program_run,
};

const struct world *world = &world_of_kernel;

void world_use(const struct world *table)
{
    world = table;
}
