/* Divides an execution's cores among its processes. */
#include "launching.h"

const struct cpumask *launch_cores(const struct expansion *expansion,
                                   const struct launch_request *request, bool whole,
                                   struct arena *arena)
{
    if (request->places == NULL) {
        return NULL;
    }
    bool own = !whole && expansion->kind == LAUNCH_PROCESSES;
    size_t count = own ? request->threads : (size_t)request->processes * request->threads;
    size_t first = own ? (size_t)expansion->process * request->threads : 0;
    struct cpumask *cores = arena_alloc(arena, sizeof *cores);
    for (size_t i = 0; i < count; i++) {
        cpumask_add(cores, &request->places[first + i]);
    }
    return cores;
}
