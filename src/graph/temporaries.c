/* Which products are temporary, and which tasks read them. A study without any never pays for it. */
#include "building.h"

#include <stdlib.h>

void building_mark_temporaries(struct building *building)
{
    struct graph *graph = building->graph;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            struct task_id task = {n};
            const struct path_spec *spec =
                &graph_action(graph, task)->products[building->product_specs.at[p]];
            if (spec->is_temporary) {
                vec_push(&graph->temporaries,
                         ((struct temporary_product){
                             .file = graph->products.at[p], .maker = task, .spec = spec}));
            }
        }
    }
}

/* Tells each temporary that the task reads, and by which of its files, once for each file. */
typedef void reader_fn(struct graph *graph, struct temporary_product *temporary,
                       const struct temporary_reader *reader);

static void each_reader(struct graph *graph, struct task_id task, reader_fn *each)
{
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        struct file_id file = graph->dependencies.at[d].file;
        size_t origins = graph_origin_count(graph, file);
        for (size_t i = 0; i < origins; i++) {
            struct origin origin = graph_origin(graph, file, i);
            uint32_t number = graph->temporary_of[origin.product.at];
            if (number != 0 && origin.task.at != task.at) {
                each(graph, &graph->temporaries.at[number - 1],
                     &(struct temporary_reader){.task = task, .file = file, .kind = origin.kind});
            }
        }
    }
}

static void count_reader(struct graph *graph, struct temporary_product *temporary,
                         const struct temporary_reader *reader)
{
    (void)graph;
    (void)reader;
    temporary->count++;
}

static void put_reader(struct graph *graph, struct temporary_product *temporary,
                       const struct temporary_reader *reader)
{
    graph->readers.at[temporary->first + temporary->count++] = *reader;
}

void building_find_readers(struct building *building)
{
    struct graph *graph = building->graph;
    if (graph->temporaries.count == 0) {
        return;
    }
    graph->temporary_of = mem_alloc(graph->file_count * sizeof *graph->temporary_of);
    for (uint32_t i = 0; i < graph->temporaries.count; i++) {
        graph->temporary_of[graph->temporaries.at[i].file.at] = i + 1;
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        each_reader(graph, (struct task_id){n}, count_reader);
    }
    uint32_t first = 0;
    vec_each (struct temporary_product, temporary, &graph->temporaries) {
        temporary->first = first;
        first += temporary->count;
        temporary->count = 0;
    }
    for (uint32_t i = 0; i < first; i++) {
        vec_push(&graph->readers, (struct temporary_reader){.task = {GRAPH_NONE}});
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        each_reader(graph, (struct task_id){n}, put_reader);
    }
}

const struct temporary_product *graph_temporary(const struct graph *graph, struct file_id file)
{
    uint32_t number = graph->temporary_of != NULL ? graph->temporary_of[file.at] : 0;
    return number != 0 ? &graph->temporaries.at[number - 1] : NULL;
}
