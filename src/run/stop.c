#include "clock.h"
#include "running.h"

#include <signal.h>
#include <time.h>

enum { KILL_ROUNDS = 500 };
static const long KILL_PAUSE_NS = 2000000;
static const int64_t KILL_AGAIN_NS = 1000000000;

static int64_t grace_ns(const struct run *run)
{
    return (int64_t)(run_grace_s(run) * 1e9);
}

void run_terminate(struct run *run, struct slot *slot)
{
    if (slot->kill_ns == 0) {
        run_signal_children(slot, SIGTERM);
        run_signal_children(slot, SIGCONT); /* a stopped process sees TERM only then */
        slot->kill_ns = clock_monotonic_ns() + grace_ns(run);
    }
}

void run_stop(struct run *run, bool interrupted)
{
    bool again = run->interrupted && interrupted;
    run->stopping = true;
    run->interrupted = run->interrupted || interrupted;
    for (size_t i = 0; i < run->slots.count && interrupted; i++) {
        struct slot *slot = &run->slots.at[i];
        if (slot->execution != EXECUTION_NONE) {
            slot->cancelled = true;
            run_terminate(run, slot);
            if (again) { /* a second Ctrl-C skips the grace */
                slot->kill_ns = 1;
            }
        }
    }
    if (!again) {
        run_tell(run, (struct run_event){.kind = RUN_EVENT_STOPPING});
    }
}

void run_check_deadlines(struct run *run)
{
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < run->slots.count; i++) {
        struct slot *slot = &run->slots.at[i];
        if (slot->execution == EXECUTION_NONE) {
            continue;
        }
        if (slot->kill_ns != 0 && now >= slot->kill_ns) {
            run_signal_children(slot, SIGKILL);
            slot->kills++;
            slot->kill_ns = now + KILL_AGAIN_NS;
        } else if (slot->kill_ns == 0 && slot->deadline_ns != 0 && now >= slot->deadline_ns) {
            slot->timed_out = true;
            run_terminate(run, slot);
        }
    }
}

int64_t run_next_deadline(const struct run *run)
{
    int64_t next = 0;
    for (size_t i = 0; i < run->slots.count; i++) {
        const struct slot *slot = &run->slots.at[i];
        int64_t own = slot->kill_ns != 0 ? slot->kill_ns : slot->deadline_ns;
        if (slot->execution != EXECUTION_NONE && own != 0 && (next == 0 || own < next)) {
            next = own;
        }
    }
    return next;
}

/* After an interruption nothing that this run started is left, daemons included. */
void run_kill_leftovers(struct run *run)
{
    unsigned left = spawn_signal_descendants(SIGTERM);
    int64_t patience = clock_monotonic_ns() + grace_ns(run);
    for (int round = 0; left > 0 && round < KILL_ROUNDS; round++) {
        nanosleep(&(struct timespec){.tv_nsec = KILL_PAUSE_NS}, NULL);
        spawn_reap_orphans();
        left = spawn_signal_descendants(
            clock_monotonic_ns() < patience && round < KILL_ROUNDS / 2 ? 0 : SIGKILL);
    }
}
