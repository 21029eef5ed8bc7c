#include "running.h"

#include <errno.h>
#include <string.h>

static const int64_t PATIENCE_NS = 5000000000; /* of a run in which nothing runs */
static const int64_t PAUSE_NS = 100000000;

static bool is_lack(int error)
{
    switch (error) {
    case EAGAIN: /* ulimit -u, the pids of a control group */
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        return true;
    default:
        return false;
    }
}

static const char *what_lacks(int error)
{
    return error == EAGAIN                      ? "processes (ulimit -u)"
           : error == EMFILE || error == ENFILE ? "open files (ulimit -n)"
                                                : "memory";
}

struct lacking { /* of a task */
    int shortage;
    bool is_other; /* more of the system's doesn't mend it */
};

static void note_lacking(void *context, const struct reason *reason)
{
    struct lacking *lacking = context;
    bool is_look =
        reason->kind == REASON_INPUT_UNREADABLE || reason->kind == REASON_PRODUCT_UNREADABLE;
    if (is_look && is_lack(reason->status)) {
        lacking->shortage = reason->status;
    } else {
        lacking->is_other = true;
    }
}

int refusals_of_look(struct run *run, struct task_id task)
{
    struct lacking lacking = {0};
    (void)plan_lacks(run->plan, task, note_lacking, &lacking, run->diag);
    return lacking.is_other ? 0 : lacking.shortage;
}

bool refusals_postpone(struct run *run, const struct slot *slot)
{
    struct slots *slots = &run->slots;
    if (!is_lack(slot->refused) || run->stopping.is_stopping || run->stopping.broken) {
        return false;
    }
    if (slots->running == 0) {
        int64_t now = run_now(run);
        slots->refused_ns = slots->refused_ns == 0 ? now : slots->refused_ns;
        if (now - slots->refused_ns >= PATIENCE_NS) {
            stop_begin(run, false); /* all others would fail alike */
            return false;
        }
        slots->retry_ns = now + PAUSE_NS;
    }
    slots->refused = slot->refused;
    if (!slots->tells_refusal) {
        slots->tells_refusal = true;
        run_notice(run, "the system has no more %s now; fewer commands run at a time",
                   what_lacks(slot->refused));
    }
    refusals_mark(run);
    return true;
}

bool refusals_allow(const struct run *run)
{
    return run->slots.refused == 0;
}

void refusals_mark(struct run *run)
{
    struct slots *slots = &run->slots;
    if (!slots->tells_refusal || slots->running <= 1) {
        return; /* alone, a command has all that there is */
    }
    for (struct slot *slot = slots_next(slots, NULL); slot != NULL;
         slot = slots_next(slots, slot)) {
        slot->was_short = true;
    }
}

bool refusals_excuse(struct run *run, const struct slot *slot)
{
    struct slots *slots = &run->slots;
    if (!slot->was_short || slot->timed_out) {
        return false;
    }
    size_t most = slots->running < slots->most ? slots->running : slots->most;
    slots->most = most > 1 ? most / 2 : 1;
    return true;
}

void refusals_ease(struct run *run)
{
    run->slots.refused = 0;
    run->slots.refused_ns = 0;
}

void refusals_keep_time(struct run *run)
{
    if (run->slots.running == 0 && run_now(run) >= run->slots.retry_ns) {
        run->slots.refused = 0;
    }
}

int64_t refusals_next(const struct run *run)
{
    return refusals_wait(run) ? run->slots.retry_ns : 0;
}

bool refusals_wait(const struct run *run)
{
    return run->slots.refused != 0 && run->slots.running == 0 && !run->stopping.is_stopping;
}
