#include "running.h"

#include "usage.h"
#include "world.h"

#include <sys/resource.h>

/* Seconds of an execution's life at which it is looked at; then every LATER_S. What ends before the
 * first costs nothing. */
static const double look_times[] = {0.2, 0.5, 1, 2, 4};
enum { LOOK_TIMES = sizeof look_times / sizeof look_times[0] };
static const double LATER_S = 5;
static const double GROWING = 1.1; /* since the look before: what it will need isn't known yet */
static const double LEAST_CPU_S = 0.05; /* from which on waiting is put in relation to running */

static int64_t next_look(const struct slot *slot)
{
    double seconds =
        slot->sampling.count < LOOK_TIMES
            ? look_times[slot->sampling.count]
            : look_times[LOOK_TIMES - 1] + LATER_S * (slot->sampling.count - LOOK_TIMES + 1);
    return slot->started_ns + (int64_t)(seconds * 1e9);
}

static bool is_looked_at(const struct slot *slot)
{
    return slot->children.kill_ns == 0 && slot->paused_ns == 0 && !slot->children.has_steps;
}

static const struct execution *execution_of(const struct run *run, const struct slot *slot)
{
    return &run->executions.all.at[slot->execution];
}

static struct action_usage *usage_of(const struct run *run, const struct slot *slot)
{
    struct task_id first = *execution_tasks(&run->executions, execution_of(run, slot));
    return &run->usage[plan_graph(run->plan)->tasks[first.at].action];
}

static struct advice_request request_of(const struct run *run, const struct slot *slot)
{
    const struct execution *execution = execution_of(run, slot);
    const struct action_progress *progress = execution_progress(&run->executions, execution);
    struct advice_request request =
        advice_request_of(execution_action(&run->executions, execution),
                          execution_directories(&run->executions, execution));
    size_t executions = progress->left + progress->ended.count;
    size_t places = ledger_budget(run->ledger) / (request.processes * request.threads_per_process);
    request.budget = ledger_budget(run->ledger);
    request.at_once = places < executions ? places : executions;
    request.machine_memory = run->machine->memory_bytes;
    return request;
}

void advise_tell(struct run *run, const struct slot *slot, bool is_growing)
{
    struct action_usage *usage = usage_of(run, slot);
    struct advice_request request = request_of(run, slot);
    struct buf text = BUF_EMPTY;
    for (int kind = 0; kind < ADVICE_KINDS; kind++) {
        buf_clear(&text);
        bool is_known = kind != ADVICE_MEMORY || !is_growing;
        if (is_known && !usage->told[kind] &&
            advice_add((enum advice_kind)kind, &request, &usage->seen, &text)) {
            usage->told[kind] = true;
            run_notice(run, "%s", buf_string(&text));
        }
    }
    buf_release(&text);
}

static bool sample(struct run *run, const struct slot *slot, struct usage *usage)
{
    pid_t *pids = arena_array(&run->scratch, slot->children.count, sizeof *pids);
    size_t count = 0;
    for (unsigned i = 0; i < slot->children.count; i++) {
        if (slot->children.all[i].pidfd >= 0) {
            pids[count++] = slot->children.all[i].pid;
        }
    }
    bool sampled = world->sample(pids, count, usage);
    arena_release(&run->scratch);
    return sampled;
}

static void look(struct run *run, struct slot *slot, int64_t now)
{
    struct usage usage;
    do { /* a loop that was held up makes up for nothing */
        slot->sampling.count++;
    } while (next_look(slot) <= now);
    if (!sample(run, slot, &usage)) {
        return;
    }
    if (usage.cpu_s > LEAST_CPU_S) {
        slot->sampling.wait_share = usage.wait_s / usage.cpu_s;
    }
    unsigned cores = slot->grant.cores;
    bool is_growing =
        (double)usage.memory_bytes > GROWING * (double)slot->sampling.seen.memory_bytes;
    advice_add_sample(&slot->sampling.seen, cores, usage.running, usage.memory_bytes);
    advice_add_sample(&usage_of(run, slot)->seen, cores, usage.running, usage.memory_bytes);
    advise_tell(run, slot, is_growing);
}

void advise_sample(struct run *run)
{
    int64_t now = run_now(run);
    for (struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        if (is_looked_at(slot) && now >= next_look(slot)) {
            look(run, slot, now);
        }
    }
}

int64_t advise_next_sample(const struct run *run)
{
    int64_t next = 0;
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        next = slots_earlier(next, is_looked_at(slot) ? next_look(slot) : 0);
    }
    return next;
}

/* The kernel lets a child's peak begin at its parent's: only what is above the
 * parent's is the child's. */
static uint64_t own_peak(const struct child_end *end)
{
    struct rusage mine;
    return getrusage(RUSAGE_SELF, &mine) == 0 &&
                   end->peak_rss_bytes > (uint64_t)mine.ru_maxrss * 1024
               ? end->peak_rss_bytes
               : 0;
}

void advise_learn(struct run *run, struct slot *slot, double seconds, bool succeeded)
{
    const struct child_end *end = &slot->children.end;
    if (slot->children.has_steps) {
        return; /* what srun uses says nothing */
    }
    struct advice_usage *all = &usage_of(run, slot)->seen;
    uint64_t peak = own_peak(end);
    /* What ended early says nothing about the cores that it would have used. */
    double counted = succeeded ? seconds : 0;
    double share = slot->sampling.wait_share;
    advice_add_end(&slot->sampling.seen, counted, end->cpu_seconds, share, peak);
    advice_add_end(all, counted, end->cpu_seconds, share, peak);
}
