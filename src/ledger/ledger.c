#include "ledger.h"

#include "ledger_place.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>

struct ledger {
    const struct machine *machine;
    struct place *place; /* NULL when nothing is bound */
    unsigned budget;
    unsigned cores_used;
    uint64_t memory_used;
};

struct ledger *ledger_new(const struct machine *machine, unsigned budget)
{
    struct ledger *ledger = mem_alloc(sizeof *ledger);
    ledger->machine = machine;
    ledger->budget = budget;
    if (machine->is_real && budget <= machine->core_count) {
        ledger->place = place_new(machine);
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        place_free(ledger->place);
        free(ledger);
    }
}

bool ledger_binds(const struct ledger *ledger)
{
    return ledger->place != NULL;
}

static uint64_t cores_wanted(const struct ledger_request *request)
{
    return (uint64_t)request->processes * request->threads_per_process;
}

bool ledger_can_ever_fit(const struct ledger *ledger, const struct ledger_request *request)
{
    uint64_t cores = cores_wanted(request);
    uint64_t memory = ledger->machine->memory_bytes;
    return cores > 0 && cores <= ledger->budget && (memory == 0 || request->memory_bytes <= memory);
}

static void bind_processes(const struct machine *machine, unsigned threads,
                           struct ledger_grant *grant)
{
    grant->processes = mem_alloc(grant->process_count * sizeof *grant->processes);
    for (unsigned i = 0; i < grant->cores; i++) {
        cpumask_add(&grant->processes[i / threads], &machine->cores[grant->core_numbers[i]].pus);
    }
}

bool ledger_take(struct ledger *ledger, const struct ledger_request *request,
                 struct ledger_grant *grant)
{
    *grant = (struct ledger_grant){0};
    if (!ledger_can_ever_fit(ledger, request) ||
        cores_wanted(request) > ledger_cores_free(ledger) ||
        request->memory_bytes > ledger_memory_free(ledger)) {
        return false;
    }
    struct ledger_grant taken = {.cores = (unsigned)cores_wanted(request),
                                 .memory_bytes = request->memory_bytes,
                                 .process_count = request->processes};
    if (ledger->place != NULL) {
        taken.core_numbers = mem_alloc(taken.cores * sizeof *taken.core_numbers);
        if (!place_take(ledger->place, request->processes, request->threads_per_process,
                        taken.core_numbers)) {
            free(taken.core_numbers);
            return false;
        }
        bind_processes(ledger->machine, request->threads_per_process, &taken);
    }
    ledger->cores_used += taken.cores;
    ledger->memory_used += taken.memory_bytes;
    *grant = taken;
    return true;
}

void ledger_return(struct ledger *ledger, struct ledger_grant *grant)
{
    assert(grant->cores <= ledger->cores_used);
    assert(grant->memory_bytes <= ledger->memory_used);
    if (ledger->place != NULL) {
        place_return(ledger->place, grant->core_numbers, grant->cores);
    }
    ledger->cores_used -= grant->cores;
    ledger->memory_used -= grant->memory_bytes;
    free(grant->processes);
    free(grant->core_numbers);
    *grant = (struct ledger_grant){0};
}

unsigned ledger_budget(const struct ledger *ledger)
{
    return ledger->budget;
}

unsigned ledger_cores_free(const struct ledger *ledger)
{
    return ledger->budget - ledger->cores_used;
}

uint64_t ledger_memory_free(const struct ledger *ledger)
{
    uint64_t memory = ledger->machine->memory_bytes;
    return memory == 0 ? UINT64_MAX : memory - ledger->memory_used;
}
