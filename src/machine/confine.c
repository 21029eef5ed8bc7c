/* Reduces the machine to the cores that a scheduler's job has on this host. */
#include "machine.h"

#include "memory.h"

#include <stdlib.h>

static unsigned count_pus(const struct machine *machine)
{
    unsigned pus = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        pus += cpumask_count(&machine->cores[i].pus);
    }
    return pus;
}

/* Makes each hardware thread a core of its own. */
static void split_cores(struct machine *machine, unsigned pus)
{
    struct machine_core *split = mem_alloc(pus * sizeof *split);
    unsigned filled = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
            if (cpumask_has(&machine->cores[i].pus, cpu)) {
                struct machine_core *core = &split[filled];
                *core = machine->cores[i];
                core->pus = (struct cpumask){0};
                cpumask_set(&core->pus, cpu);
                core->number = filled++;
            }
        }
    }
    free(machine->cores);
    machine->cores = split;
    machine->core_count = filled;
}

unsigned machine_confine(struct machine *machine, const struct allocation *allocation)
{
    if (!allocation->exists) {
        return machine_default_budget();
    }
    if (allocation->memory_bytes > 0) {
        machine->memory_bytes = allocation->memory_bytes;
    }
    if (allocation->cpus == 0) {
        return machine_default_budget();
    }
    if (machine->is_real && machine->core_count != allocation->cpus) {
        unsigned pus = count_pus(machine);
        if (pus == allocation->cpus) {
            split_cores(machine, pus);
        } else { /* the affinity isn't the job's: other jobs may use the same cores */
            machine->is_real = false;
        }
    }
    return allocation->cpus;
}
