#include "running.h"
#include "world.h"

#include <signal.h>

enum { KILL_ROUNDS = 500 };
static const long KILL_PAUSE_NS = 2000000;
static const int64_t NO_PATIENCE_NS = 1;
static const int64_t KILL_AGAIN_NS = 1000000000;

void stop_begin(struct run *run, bool interrupted)
{
    struct stopping *stopping = &run->stopping;
    bool again = stopping->interrupted && interrupted;
    stopping->is_stopping = true;
    stopping->interrupted = stopping->interrupted || interrupted;
    for (struct slot *slot = NULL; interrupted && (slot = slots_next(&run->slots, slot)) != NULL;) {
        slot->cancelled = true;
        children_terminate(run, &slot->children);
        if (again) { /* a second Ctrl-C skips the grace */
            slot->children.kill_ns = NO_PATIENCE_NS;
        }
    }
    setups_stop(run); /* nothing will be started with what they leave */
    if (!again) {
        run_tell(run, (struct run_event){.kind = ROWBUILD_EVENT_STOPPING});
    }
}

/* No limit of a stopped command is reached, but a second Ctrl-C has no patience. */
static bool stands_still(const struct slot *slot)
{
    return slot->paused_ns != 0 && slot->children.kill_ns != NO_PATIENCE_NS;
}

void stop_check_deadlines(struct run *run)
{
    int64_t now = run_now(run);
    for (struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        struct children *children = &slot->children;
        if (stands_still(slot)) {
            continue;
        }
        if (children->kill_ns != 0 && now >= children->kill_ns) {
            children_signal(children, SIGKILL);
            children->kills++;
            children->kill_ns = now + KILL_AGAIN_NS;
        } else if (children->kill_ns == 0 && slot->deadline_ns != 0 && now >= slot->deadline_ns) {
            slot->timed_out = true;
            children_terminate(run, children);
        }
    }
}

int64_t stop_next_deadline(const struct run *run)
{
    int64_t next = 0;
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        next = stands_still(slot)
                   ? next
                   : slots_earlier(next, slot->children.kill_ns != 0 ? slot->children.kill_ns
                                                                     : slot->deadline_ns);
    }
    return next;
}

/* After an interruption nothing that this run started is left, daemons included. */
void stop_kill_leftovers(struct run *run)
{
    unsigned left = world->signal_descendants(SIGTERM);
    int64_t patience = run_now(run) + time_left_grace_ns(run);
    for (int round = 0; left > 0 && round < KILL_ROUNDS; round++) {
        world->pause(KILL_PAUSE_NS);
        world->reap_orphans();
        left = world->signal_descendants(
            run_now(run) < patience && round < KILL_ROUNDS / 2 ? 0 : SIGKILL);
    }
}
