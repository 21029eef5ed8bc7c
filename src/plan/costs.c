#include "costs.h"

#include "resources.h"
#include "saturating.h"

#include <stdlib.h>

/* The tasks of one execution that worked on several directories: all of them have its record. By the
 * action's name: a directory may have moved to another element of that name since. */
struct shared {
    int64_t started_at_ns;
    double seconds;
    uint32_t name;
    uint32_t count;
};

struct typical {
    double seconds;      /* of an execution */
    double core_seconds; /* of a task */
};

struct costs {
    bool are_known;
    struct typical *typical;   /* by action element; medians */
    struct typical *by_name;   /* by action, of all of its elements together */
    VEC(struct shared) shared; /* sorted, of actions whose commands work on several directories */
};

struct costs *costs_new(void)
{
    return mem_alloc(sizeof(struct costs));
}

void costs_free(struct costs *costs)
{
    if (costs != NULL) {
        free(costs->typical);
        free(costs->by_name);
        vec_release(&costs->shared);
        free(costs);
    }
}

void costs_forget(struct plan *plan)
{
    plan->costs->are_known = false;
}

/* ---- Records ---- */

static const struct task_row *timed_record(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = state_task(plan->state, task.at);
    return row->success != SUCCESS_NONE && row->duration_s > 0 ? row : NULL;
}

static bool is_shared(const struct plan *plan, struct task_id task)
{
    const struct action *action = graph_action(plan->graph, task);
    return action->scope == SCOPE_DIRECTORY && action->command.uses_directories;
}

static struct shared shared_of(const struct plan *plan, struct task_id task,
                               const struct task_row *row)
{
    return (struct shared){.started_at_ns = row->started_at_ns,
                           .seconds = row->duration_s,
                           .name = (uint32_t)graph_action(plan->graph, task)->name_id,
                           .count = 1};
}

static int compare_shared(const void *left, const void *right)
{
    const struct shared *a = left;
    const struct shared *b = right;
    if (a->name != b->name) {
        return a->name < b->name ? -1 : 1;
    }
    if (a->started_at_ns != b->started_at_ns) {
        return a->started_at_ns < b->started_at_ns ? -1 : 1;
    }
    return a->seconds < b->seconds ? -1 : a->seconds > b->seconds;
}

/* How many tasks on record ran in the same execution. */
static uint32_t count_sharers(const struct plan *plan, struct task_id task,
                              const struct task_row *row)
{
    const struct costs *costs = plan->costs;
    if (!is_shared(plan, task) || costs->shared.count == 0) {
        return 1;
    }
    struct shared wanted = shared_of(plan, task, row);
    const struct shared *found =
        bsearch(&wanted, costs->shared.at, costs->shared.count, sizeof wanted, compare_shared);
    return found != NULL ? found->count : 1;
}

static double core_seconds_of(const struct plan *plan, struct task_id task,
                              const struct task_row *row)
{
    unsigned cores = row->cores > 0 ? row->cores : plan_cores(plan, task);
    return row->duration_s * cores / count_sharers(plan, task, row);
}

/* ---- Medians ---- */

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median_of(double *numbers, size_t count)
{
    if (count == 0) {
        return -1;
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    return count % 2 == 1 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

static bool has_record(const struct plan *plan, uint32_t n, const struct task_row **row)
{
    if (plan->graph->tasks[n].action == GRAPH_NONE) {
        return false;
    }
    *row = timed_record(plan, (struct task_id){n});
    return *row != NULL;
}

static void find_shared(const struct plan *plan)
{
    struct costs *costs = plan->costs;
    const struct task_row *row;
    costs->shared.count = 0;
    for (uint32_t n = 0; n < plan->graph->task_count; n++) {
        struct task_id task = {n};
        if (has_record(plan, n, &row) && is_shared(plan, task)) {
            vec_push(&costs->shared, shared_of(plan, task, row));
        }
    }
    if (costs->shared.count > 0) {
        qsort(costs->shared.at, costs->shared.count, sizeof *costs->shared.at, compare_shared);
    }
    size_t kept = 0;
    for (size_t i = 0; i < costs->shared.count; i++) {
        if (kept > 0 && compare_shared(&costs->shared.at[kept - 1], &costs->shared.at[i]) == 0) {
            costs->shared.at[kept - 1].count++;
        } else {
            costs->shared.at[kept++] = costs->shared.at[i];
        }
    }
    costs->shared.count = kept;
}

static uint32_t kind_of(const struct graph *graph, uint32_t n, bool by_name)
{
    uint32_t element = graph->tasks[n].action;
    return by_name ? (uint32_t)graph->rowfile->actions[element].name_id : element;
}

/* The medians of `count` kinds of tasks: of the elements, or of the names that elements share. */
static void find_typical(const struct plan *plan, bool by_name, size_t count,
                         struct typical *typical)
{
    const struct graph *graph = plan->graph;
    size_t *starts = mem_alloc((count + 1) * sizeof *starts);
    size_t *ends = mem_alloc((count + 1) * sizeof *ends);
    const struct task_row *row;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (has_record(plan, n, &row)) {
            starts[kind_of(graph, n, by_name) + 1]++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        starts[i + 1] += starts[i];
        ends[i] = starts[i];
    }
    double *seconds = mem_alloc((starts[count] + 1) * sizeof *seconds);
    double *core_seconds = mem_alloc((starts[count] + 1) * sizeof *core_seconds);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (has_record(plan, n, &row)) {
            size_t at = ends[kind_of(graph, n, by_name)]++;
            seconds[at] = row->duration_s;
            core_seconds[at] = core_seconds_of(plan, (struct task_id){n}, row);
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t recorded = ends[i] - starts[i];
        typical[i].seconds = median_of(seconds + starts[i], recorded);
        typical[i].core_seconds = median_of(core_seconds + starts[i], recorded);
    }
    free(seconds);
    free(core_seconds);
    free(starts);
    free(ends);
}

static const struct costs *known_costs(const struct plan *plan)
{
    struct costs *costs = plan->costs;
    if (!costs->are_known) {
        size_t elements = plan->graph->rowfile->action_count;
        size_t names = plan->graph->rowfile->name_count;
        costs->typical = mem_grow(costs->typical, elements + 1, sizeof *costs->typical);
        costs->by_name = mem_grow(costs->by_name, names + 1, sizeof *costs->by_name);
        find_shared(plan);
        find_typical(plan, false, elements, costs->typical);
        find_typical(plan, true, names, costs->by_name);
        costs->are_known = true;
    }
    return costs;
}

/* ---- Answers ---- */

unsigned plan_cores(const struct plan *plan, struct task_id task)
{
    const struct resource_spec *resources = &graph_action(plan->graph, task)->resources;
    const uint32_t *directories;
    uint64_t processes =
        resources_processes(resources, graph_directories(plan->graph, task, &directories));
    uint64_t cores = saturating_product(processes, resources->threads_per_process);
    return cores > UINT32_MAX ? UINT32_MAX : (unsigned)cores;
}

double plan_typical_seconds(const struct plan *plan, uint32_t element)
{
    return known_costs(plan)->typical[element].seconds;
}

double plan_recorded_seconds(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = timed_record(plan, task);
    return row != NULL ? row->duration_s : -1;
}

double plan_recorded_core_seconds(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = timed_record(plan, task);
    known_costs(plan);
    return row != NULL ? core_seconds_of(plan, task, row) : -1;
}

static double walltime_of(const struct plan *plan, struct task_id task)
{
    const struct resource_spec *resources = &graph_action(plan->graph, task)->resources;
    const uint32_t *directories;
    size_t count = graph_directories(plan->graph, task, &directories);
    return resources->walltime_per_directory && count > 1 ? resources->walltime_s * (double)count
                                                          : resources->walltime_s;
}

double plan_seconds(const struct plan *plan, struct task_id task)
{
    double seconds = plan_recorded_seconds(plan, task);
    if (seconds < 0) {
        seconds = plan_typical_seconds(plan, plan->graph->tasks[task.at].action);
    }
    if (seconds < 0) {
        seconds = known_costs(plan)->by_name[graph_action(plan->graph, task)->name_id].seconds;
    }
    return seconds >= 0 ? seconds : walltime_of(plan, task);
}

double plan_core_seconds(const struct plan *plan, struct task_id task)
{
    double seconds = plan_recorded_core_seconds(plan, task);
    if (seconds < 0) {
        seconds = known_costs(plan)->typical[plan->graph->tasks[task.at].action].core_seconds;
    }
    if (seconds < 0 && plan->options.on_cluster) {
        seconds = walltime_of(plan, task) * plan_cores(plan, task);
    }
    return seconds;
}
