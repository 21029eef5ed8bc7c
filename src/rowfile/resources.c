#include "resources.h"

#include "saturating.h"

uint64_t resources_processes(const struct resource_spec *resources, uint64_t directories)
{
    /* A project's task has no directory but still needs its processes. */
    return resources->processes_per_directory && directories > 1
               ? saturating_product(resources->processes, directories)
               : resources->processes;
}

uint64_t resources_memory(const struct resource_spec *resources, uint64_t directories)
{
    static const uint64_t mebibyte = UINT64_C(1) << 20;
    uint64_t processes = resources_processes(resources, directories);
    const struct {
        uint64_t bytes_each;
        uint64_t count;
    } parts[] = {
        {resources->memory_per_directory, directories},
        {resources->memory_per_process, processes},
        {saturating_product(resources->memory_per_cpu_mb, mebibyte),
         saturating_product(processes, resources->threads_per_process)},
        {saturating_product(resources->memory_per_gpu_mb, mebibyte),
         saturating_product(processes, resources->gpus_per_process)},
    };
    uint64_t bytes = resources->memory_per_submission;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bytes = saturating_sum(bytes, saturating_product(parts[i].bytes_each, parts[i].count));
    }
    return bytes;
}
