/* The order of tasks: those after each, and what keeps them from an order. */
#include "building.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

/* Makes the list of successors from the lists of predecessors. */
static void invert(struct graph *graph)
{
    graph->after_start = mem_alloc((graph->task_count + 1) * sizeof(uint32_t));
    graph->after = mem_alloc(graph->before.count * sizeof(struct task_id));
    for (size_t e = 0; e < graph->before.count; e++) {
        graph->after_start[graph->before.at[e].task.at + 1]++;
    }
    for (size_t n = 0; n < graph->task_count; n++) {
        graph->after_start[n + 1] += graph->after_start[n];
    }
    uint32_t *next = mem_grow(NULL, graph->task_count, sizeof *next);
    if (graph->task_count > 0) {
        memcpy(next, graph->after_start, graph->task_count * sizeof *next);
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            graph->after[next[graph->before.at[e].task.at]++] = (struct task_id){n};
        }
    }
    free(next);
}

/* Follows predecessors that could not be ordered until a task comes again; its loop is the
 * cycle. */
static void report_cycle(struct building *building, const uint32_t *waiting)
{
    struct graph *graph = building->graph;
    uint32_t task = 0;
    while (waiting[task] == 0) {
        task++;
    }
    uint32_t *step = mem_alloc(graph->task_count * sizeof *step);
    VEC(uint32_t) path = {0};
    while (step[task] == 0) {
        vec_push(&path, task);
        step[task] = (uint32_t)path.count;
        for (uint32_t e = graph->before_start[task]; e < graph->before_start[task + 1]; e++) {
            if (waiting[graph->before.at[e].task.at] != 0) {
                task = graph->before.at[e].task.at;
                break;
            }
        }
    }
    struct buf names = BUF_EMPTY;
    const struct action *first = graph_action(graph, (struct task_id){task});
    text_add_name(&names, first->name);
    for (size_t i = path.count; i-- > step[task] - 1;) {
        buf_add_string(&names, " → ");
        text_add_name(&names, graph_action(graph, (struct task_id){path.at[i]})->name);
    }
    diag_error_at(building->diag, FINDING_DEPENDENCY_CYCLE, &building->rowfile->source,
                  first->name_offset, first->name.len + 2, "dependency cycle: %s",
                  buf_string(&names));
    buf_release(&names);
    vec_release(&path);
    free(step);
}

static int sort_topologically(struct building *building)
{
    struct graph *graph = building->graph;
    uint32_t *waiting = mem_alloc(graph->task_count * sizeof *waiting);
    size_t present = 0;
    graph->order = mem_grow(NULL, graph->task_count, sizeof *graph->order);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        waiting[n] = graph->before_start[n + 1] - graph->before_start[n];
        if (graph_is_present(graph, (struct task_id){n})) {
            present++;
            if (waiting[n] == 0) {
                graph->order[graph->order_count++] = n;
            }
        }
    }
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1]; a++) {
            if (--waiting[graph->after[a].at] == 0) {
                graph->order[graph->order_count++] = graph->after[a].at;
            }
        }
    }
    int result = 0;
    if (graph->order_count < present) {
        report_cycle(building, waiting);
        result = -1;
    }
    free(waiting);
    return result;
}

int building_order(struct building *building)
{
    invert(building->graph);
    return sort_topologically(building);
}
