#include "costs.h"

#include "resources.h"
#include "saturating.h"

#include <stdlib.h>

void plan_find_mean_seconds(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    size_t count = graph->rowfile->action_count;
    size_t *recorded = mem_alloc(count * sizeof *recorded);
    for (size_t i = 0; i < count; i++) {
        plan->mean_seconds[i] = 0;
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        uint32_t element = graph->tasks[n].action;
        if (element == GRAPH_NONE) {
            continue;
        }
        const struct task_row *row = state_task(plan->state, n);
        if (row->success == SUCCESS_RAN) {
            plan->mean_seconds[element] += row->duration_s;
            recorded[element]++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (recorded[i] > 0) {
            plan->mean_seconds[i] /= (double)recorded[i];
        }
    }
    free(recorded);
}

unsigned plan_cores(const struct plan *plan, struct task_id task)
{
    const struct resource_spec *resources = &graph_action(plan->graph, task)->resources;
    const uint32_t *directories;
    uint64_t processes =
        resources_processes(resources, graph_directories(plan->graph, task, &directories));
    uint64_t cores = saturating_product(processes, resources->threads_per_process);
    return cores > UINT32_MAX ? UINT32_MAX : (unsigned)cores;
}

double plan_seconds(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = state_task(plan->state, task.at);
    if (row->success == SUCCESS_RAN && row->duration_s > 0) {
        return row->duration_s;
    }
    uint32_t element = plan->graph->tasks[task.at].action;
    if (plan->mean_seconds[element] > 0) {
        return plan->mean_seconds[element];
    }
    const struct resource_spec *resources = &plan->graph->rowfile->actions[element].resources;
    const uint32_t *directories;
    size_t count = graph_directories(plan->graph, task, &directories);
    return resources->walltime_per_directory && count > 1 ? resources->walltime_s * (double)count
                                                          : resources->walltime_s;
}
