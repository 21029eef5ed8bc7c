#include "running.h"

#include "world.h"

#include <signal.h>

const int64_t PAUSES_LOOK_NS = 500000000;

/* How much later than asked for a wait may end on a machine that is only busy. */
static const int64_t LATE_NS = 1000000000;

/* A walk can miss what is born meanwhile, which what is stopped can't do: until a walk finds no
 * more. */
static void signal_all(int signal)
{
    enum { MOST_WALKS = 10 };
    unsigned before = 0;
    for (int walk = 0; walk < MOST_WALKS; walk++) {
        unsigned found = world->signal_descendants(signal);
        if (found == before) {
            return;
        }
        before = found;
    }
}

static void lose(struct run *run, int64_t ns)
{
    run->pauses.lost_ns += ns;
    run->beat_ns = run_now(run); /* whoever watches the state's lock saw no heartbeat */
    publish_look(run, true);     /* nor how long what runs has run */
}

void pauses_stop_all(struct run *run)
{
    int64_t since_ns = world->monotonic_ns();
    run_tell(run, (struct run_event){.kind = ROWBUILD_EVENT_SUSPENDED});
    publish_look(run, true);
    signal_all(SIGSTOP);
    world->stop_self();
    signal_all(SIGCONT);
    lose(run, world->monotonic_ns() - since_ns);
}

void pauses_note_wait(struct run *run, const struct loop_event *events, int count)
{
    int64_t late_ns = world->monotonic_ns() - run->pauses.due_ns;
    bool was_continued = false;
    for (int i = 0; i < count; i++) {
        was_continued =
            was_continued || (events[i].kind == LOOP_SIGNAL && events[i].token == SIGCONT);
    }
    if (late_ns > (was_continued ? 0 : LATE_NS)) {
        lose(run, late_ns);
    }
}

/* ---- Single commands ---- */

static void pause_slot(const struct run *run, struct slot *slot)
{
    slot->paused_ns = run_now(run);
    slot->paused_in_grace = slot->children.kill_ns != 0;
}

static void resume_slot(const struct run *run, struct slot *slot)
{
    int64_t ns = run_now(run) - slot->paused_ns;
    slot->paused_ns = 0;
    slot->started_ns += ns;
    slot->deadline_ns += slot->deadline_ns != 0 ? ns : 0;
    slot->children.kill_ns += slot->paused_in_grace ? ns : 0;
}

/* A command of several processes stands still as soon as one of them does. */
static bool is_stopped(struct children *children)
{
    bool any = false;
    for (unsigned i = 0; i < children->count; i++) {
        const struct child *child = &children->all[i];
        int change = child->pidfd >= 0 ? world->look(child) : 0;
        children->is_stopped[i] = change > 0 || (change == 0 && children->is_stopped[i]);
        any = any || (child->pidfd >= 0 && children->is_stopped[i]);
    }
    return any;
}

void pauses_look(struct run *run)
{
    for (struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        bool stopped = is_stopped(&slot->children);
        if (stopped && slot->paused_ns == 0) {
            pause_slot(run, slot);
        } else if (!stopped && slot->paused_ns != 0) {
            resume_slot(run, slot);
        }
    }
}
