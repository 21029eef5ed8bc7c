/* Looks at what running executions use, and tells what is worth knowing about their actions. */
#include "running.h"

#include "clock.h"
#include "usage.h"

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
    double seconds = slot->looks < LOOK_TIMES
                         ? look_times[slot->looks]
                         : look_times[LOOK_TIMES - 1] + LATER_S * (slot->looks - LOOK_TIMES + 1);
    return slot->started_ns + (int64_t)(seconds * 1e9);
}

static bool is_looked_at(const struct slot *slot)
{
    return slot->execution != EXECUTION_NONE && slot->kill_ns == 0 && !slot->has_steps;
}

static struct action_progress *progress_of(struct run *run, const struct execution *execution)
{
    struct task_id first = execution_nodes(run, execution)[0];
    return &run->actions[run->plan->graph->tasks[first.at].action];
}

static struct advice_request request_of(const struct run *run, const struct execution *execution,
                                        const struct action_progress *progress)
{
    const struct graph *graph = run->plan->graph;
    const struct task_id *tasks = execution_nodes(run, execution);
    const uint32_t *directories;
    size_t count =
        execution->count > 1 ? execution->count : graph_directories(graph, tasks[0], &directories);
    struct advice_request request = advice_request_of(graph_action(graph, tasks[0]), count);
    size_t executions = progress->left + progress->ended;
    size_t places = ledger_budget(run->ledger) / (request.processes * request.threads_per_process);
    request.budget = ledger_budget(run->ledger);
    request.at_once = places < executions ? places : executions;
    request.machine_memory = run->machine->memory_bytes;
    return request;
}

static void advise(struct run *run, const struct execution *execution, bool is_growing)
{
    struct action_progress *progress = progress_of(run, execution);
    struct advice_request request = request_of(run, execution, progress);
    struct buf text = BUF_EMPTY;
    for (int kind = 0; kind < ADVICE_KINDS; kind++) {
        buf_clear(&text);
        bool is_known = kind != ADVICE_MEMORY || !is_growing;
        if (is_known && !progress->advised[kind] &&
            advice_add((enum advice_kind)kind, &request, &progress->seen, &text)) {
            progress->advised[kind] = true;
            run_notice(run, "%s", buf_string(&text));
        }
    }
    buf_release(&text);
}

static bool sample(struct run *run, const struct slot *slot, struct usage *usage)
{
    pid_t *pids = arena_array(&run->scratch, slot->child_count, sizeof *pids);
    size_t count = 0;
    for (unsigned i = 0; i < slot->child_count; i++) {
        if (slot->children[i].pidfd >= 0) {
            pids[count++] = slot->children[i].pid;
        }
    }
    bool sampled = usage_sample(pids, count, usage);
    arena_release(&run->scratch);
    return sampled;
}

static void look(struct run *run, struct slot *slot, int64_t now)
{
    const struct execution *execution = &run->executions[slot->execution];
    struct usage usage;
    do { /* a loop that was held up makes up for nothing */
        slot->looks++;
    } while (next_look(slot) <= now);
    if (!sample(run, slot, &usage)) {
        return;
    }
    if (usage.cpu_s > LEAST_CPU_S) {
        slot->wait_share = usage.wait_s / usage.cpu_s;
    }
    unsigned cores = slot->grant.cores;
    bool is_growing = (double)usage.memory_bytes > GROWING * (double)slot->seen.memory_bytes;
    advice_add_sample(&slot->seen, cores, usage.running, usage.memory_bytes);
    advice_add_sample(&progress_of(run, execution)->seen, cores, usage.running, usage.memory_bytes);
    advise(run, execution, is_growing);
}

void run_look_at_usage(struct run *run)
{
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < run->slots.count; i++) {
        struct slot *slot = &run->slots.at[i];
        if (is_looked_at(slot) && now >= next_look(slot)) {
            look(run, slot, now);
        }
    }
}

int64_t run_next_usage_look(const struct run *run)
{
    int64_t next = 0;
    for (size_t i = 0; i < run->slots.count; i++) {
        const struct slot *slot = &run->slots.at[i];
        int64_t own = is_looked_at(slot) ? next_look(slot) : 0;
        if (own != 0 && (next == 0 || own < next)) {
            next = own;
        }
    }
    return next;
}

/* The kernel lets a child's peak begin at its parent's: only what is above that is its own. */
static uint64_t own_peak(const struct child_end *end)
{
    struct rusage mine;
    return getrusage(RUSAGE_SELF, &mine) == 0 &&
                   end->peak_rss_bytes > (uint64_t)mine.ru_maxrss * 1024
               ? end->peak_rss_bytes
               : 0;
}

void run_learn(struct run *run, struct slot *slot, const struct child_end *end, double seconds,
               bool succeeded)
{
    if (slot->has_steps) {
        return; /* what srun uses says nothing */
    }
    struct advice_usage *all = &progress_of(run, &run->executions[slot->execution])->seen;
    uint64_t peak = own_peak(end);
    /* What ended early says nothing about the cores that it would have used. */
    double counted = succeeded ? seconds : 0;
    advice_add_end(&slot->seen, counted, end->cpu_seconds, slot->wait_share, peak);
    advice_add_end(all, counted, end->cpu_seconds, slot->wait_share, peak);
}

void run_advise(struct run *run, const struct execution *execution)
{
    advise(run, execution, false);
}
