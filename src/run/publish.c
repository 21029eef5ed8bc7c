/* What a run tells other processes of itself, and when: at once when it begins, soon after something
 * has changed, and now and then while nothing does. */
#include "running.h"

#include "published.h"
#include "world.h"

static const int64_t SOON_NS = 100000000;
/* What is predicted changes, even if nothing starts or ends. */
static const int64_t RENEWAL_NS = 2000000000;

enum { PART_FOR_TELLING = 100 }; /* of the run's time, at most one in so many */

int64_t publish_next(const struct run *run)
{
    const struct publisher *publisher = run->options->publisher;
    return publisher == NULL       ? 0
           : publisher->is_changed ? publisher->due_ns
                                   : publisher->renewal_ns;
}

static void add_slot(const struct run *run, const struct slot *slot, int64_t now)
{
    struct publisher *publisher = run->options->publisher;
    const struct execution *execution = &run->executions.all.at[slot->execution];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    double expected = run_expected_seconds(run, slot);
    int64_t until = slot->paused_ns != 0 ? slot->paused_ns : now;
    publisher_add_text(publisher, "task", slice_of(slot->label));
    publisher_add_text(publisher, "cpus", slice_of(slot->core_list));
    publisher_add_number(publisher, "cores", slot->grant.cores);
    if (slot->gpu_list != NULL) {
        publisher_add_text(publisher, "gpus", slice_of(slot->gpu_list));
    }
    publisher_add_number(publisher, "elapsed", (until - slot->started_ns) / 1000000);
    publisher_add_number(publisher, "expected", expected > 0 ? (int64_t)(expected * 1e3) : -1);
    publisher_add_number(publisher, "paused", slot->paused_ns != 0);
    for (unsigned i = 0; i < slot->children.count; i++) {
        if (slot->children.all[i].pidfd >= 0) { /* it hasn't ended */
            publisher_add_number(publisher, "pid", slot->children.all[i].pid);
        }
    }
    const struct rowfile *rowfile = plan_graph(run->plan)->rowfile;
    struct buf key = BUF_EMPTY;
    for (unsigned i = 0; i < slot->grant.pool_count; i++) {
        if (slot->grant.pools[i] > 0) {
            buf_clear(&key);
            buf_addf(&key, "%u ", slot->grant.pools[i]);
            buf_add_slice(&key, rowfile->pools[i].name);
            publisher_add_text(publisher, "pool", buf_slice(&key));
        }
    }
    for (uint32_t i = 0; i < execution->count; i++) {
        buf_clear(&key);
        graph_add_key(plan_graph(run->plan), tasks[i], &key);
        if (i == 0) {
            publisher_add_text(publisher, "key", buf_slice(&key));
        }
        if (execution->count > 1) {
            publisher_add_text(publisher, "member", buf_slice(&key));
        }
    }
    buf_release(&key);
}

void publish_look(struct run *run, bool now)
{
    struct publisher *publisher = run->options->publisher;
    int64_t began_ns = run_now(run);
    if (publisher == NULL || (!now && began_ns < publish_next(run))) {
        return;
    }
    struct rowbuild_progress progress;
    run_measure(run, true, &progress);
    publisher_begin(publisher, &progress, world->monotonic_ns());
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        if (!slot->has_ended && slot->core_list != NULL) { /* it runs */
            add_slot(run, slot, began_ns);
        }
    }
    publisher_end(publisher);
    int64_t took_ns = run_now(run) - began_ns;
    int64_t pause_ns = took_ns * PART_FOR_TELLING;
    publisher->due_ns = began_ns + (pause_ns > SOON_NS ? pause_ns : SOON_NS);
    publisher->renewal_ns = began_ns + (pause_ns > RENEWAL_NS ? pause_ns : RENEWAL_NS);
}

void publish_note(struct run *run, const struct run_event *event)
{
    struct publisher *publisher = run->options->publisher;
    if (publisher == NULL ||
        (event->kind != ROWBUILD_EVENT_STARTED && event->kind != ROWBUILD_EVENT_ENDED)) {
        return;
    }
    publisher->is_changed = true;
    if (event->kind == ROWBUILD_EVENT_ENDED &&
        (event->outcome == ROWBUILD_TASK_FAILED || event->outcome == ROWBUILD_TIMED_OUT ||
         event->outcome == ROWBUILD_UNFINISHED)) {
        publisher_note_failure(publisher, event->label, event->how != NULL ? event->how : "",
                               event->log);
    }
    publish_look(run, false); /* to start thousands takes seconds */
}
