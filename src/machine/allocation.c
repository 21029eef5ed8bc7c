#include "allocation.h"

uint64_t allocation_memory_of(const struct allocation *allocation, size_t host)
{
    return allocation->memory_per_cpu_bytes > 0
               ? allocation->memory_per_cpu_bytes * allocation->hosts[host].cpus
               : allocation->memory_bytes;
}

void allocation_release(struct allocation *allocation)
{
    arena_release(&allocation->arena);
    *allocation = (struct allocation){.here = ALLOCATION_ELSEWHERE};
}
