/* Counts the cores that this process may use, by its affinity and the quota of its cgroup. */
#include "machine.h"

#include "cgroup.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>

/* The smallest CPU that shares a core with `cpu` and may be used; `cpu` itself where /sys doesn't
 * say. */
static unsigned first_sibling(unsigned cpu, const cpu_set_t *allowed, size_t bytes)
{
    char path[96];
    char list[256];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
    FILE *file = fopen(path, "re");
    bool there = file != NULL && fgets(list, sizeof list, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    struct cpumask siblings = there ? cpumask_parse(slice_of(list)) : (struct cpumask){0};
    for (unsigned sibling = 0; sibling < CPUMASK_LIMIT && sibling < bytes * 8; sibling++) {
        if (cpumask_has(&siblings, sibling) && CPU_ISSET_S(sibling, bytes, allowed)) {
            return sibling;
        }
    }
    return cpu;
}

static unsigned count_cores(void)
{
    static const size_t most = 1 << 16;
    unsigned cores = 0;
    for (size_t cpus = CPUMASK_LIMIT; cpus <= most; cpus *= 2) {
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *allowed = CPU_ALLOC(cpus);
        if (allowed == NULL) {
            break;
        }
        CPU_ZERO_S(bytes, allowed);
        bool known = sched_getaffinity(0, bytes, allowed) == 0;
        bool too_small = !known && errno == EINVAL;
        for (unsigned cpu = 0; known && cpu < CPUMASK_LIMIT; cpu++) {
            cores += CPU_ISSET_S(cpu, bytes, allowed) && first_sibling(cpu, allowed, bytes) == cpu;
        }
        CPU_FREE(allowed);
        if (!too_small) {
            break;
        }
    }
    return cores > 0 ? cores : 1;
}

unsigned machine_default_budget(void)
{
    unsigned cores = count_cores();
    double quota = ceil(cgroup_read("").cpus);
    return quota >= 1 && quota < cores ? (unsigned)quota : cores;
}
