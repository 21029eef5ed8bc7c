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
    bool *gpu_is_used;
    unsigned gpus;
    unsigned gpus_used;
    uint64_t memory_used;
    bool keeps;
    struct ledger_request kept; /* for whom, if `keeps` */
};

struct ledger *ledger_new(const struct machine *machine, unsigned budget, unsigned gpus)
{
    struct ledger *ledger = mem_alloc(sizeof *ledger);
    ledger->machine = machine;
    ledger->budget = budget;
    ledger->gpus = gpus;
    ledger->gpu_is_used = mem_alloc(gpus * sizeof *ledger->gpu_is_used);
    if (machine->is_real && budget <= machine->core_count) {
        ledger->place = place_new(machine);
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        place_free(ledger->place);
        free(ledger->gpu_is_used);
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

static uint64_t gpus_wanted(const struct ledger_request *request)
{
    return (uint64_t)request->processes * request->gpus_per_process;
}

bool ledger_can_ever_fit(const struct ledger *ledger, const struct ledger_request *request)
{
    uint64_t cores = cores_wanted(request);
    return cores > 0 && cores <= ledger->budget && gpus_wanted(request) <= ledger->gpus &&
           request->memory_bytes <= ledger_memory(ledger);
}

/* Of `free` units those that others get while `kept` are wanted by the one that waits. */
static uint64_t left(uint64_t free_units, uint64_t kept)
{
    return free_units > kept ? free_units - kept : 0;
}

static uint64_t cores_kept(const struct ledger *ledger)
{
    return ledger->place != NULL ? place_kept(ledger->place) : cores_wanted(&ledger->kept);
}

static bool amounts_suffice(const struct ledger *ledger, const struct ledger_request *request)
{
    uint64_t cores = ledger_cores_free(ledger);
    uint64_t gpus = ledger_gpus_free(ledger);
    uint64_t memory = ledger_memory_free(ledger);
    if (ledger->keeps) {
        cores = left(cores, cores_kept(ledger));
        gpus = left(gpus, gpus_wanted(&ledger->kept));
        memory = left(memory, ledger->kept.memory_bytes);
    }
    return cores_wanted(request) <= cores && gpus_wanted(request) <= gpus &&
           request->memory_bytes <= memory;
}

static void bind_processes(const struct machine *machine, unsigned threads,
                           struct ledger_grant *grant)
{
    grant->processes = mem_alloc(grant->process_count * sizeof *grant->processes);
    for (unsigned i = 0; i < grant->cores; i++) {
        cpumask_add(&grant->processes[i / threads], &machine->cores[grant->core_numbers[i]].pus);
    }
}

static void take_gpus(struct ledger *ledger, struct ledger_grant *grant)
{
    unsigned taken = 0;
    grant->gpu_numbers = grant->gpus > 0 ? mem_alloc(grant->gpus * sizeof(unsigned)) : NULL;
    for (unsigned gpu = 0; taken < grant->gpus; gpu++) {
        if (!ledger->gpu_is_used[gpu]) {
            ledger->gpu_is_used[gpu] = true;
            grant->gpu_numbers[taken++] = gpu;
        }
    }
    ledger->gpus_used += taken;
}

bool ledger_take(struct ledger *ledger, const struct ledger_request *request,
                 struct ledger_grant *grant)
{
    *grant = (struct ledger_grant){0};
    if (!ledger_can_ever_fit(ledger, request) || !amounts_suffice(ledger, request)) {
        return false;
    }
    struct ledger_grant taken = {.cores = (unsigned)cores_wanted(request),
                                 .gpus = (unsigned)gpus_wanted(request),
                                 .memory_bytes = request->memory_bytes,
                                 .process_count = request->processes};
    if (ledger->place != NULL) {
        taken.core_numbers = mem_alloc(taken.cores * sizeof *taken.core_numbers);
        if (!place_take(ledger->place, request->processes, request->threads_per_process,
                        ledger->keeps, taken.core_numbers)) {
            free(taken.core_numbers);
            return false;
        }
        bind_processes(ledger->machine, request->threads_per_process, &taken);
    }
    take_gpus(ledger, &taken);
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
    for (unsigned i = 0; i < grant->gpus; i++) {
        assert(ledger->gpu_is_used[grant->gpu_numbers[i]]);
        ledger->gpu_is_used[grant->gpu_numbers[i]] = false;
    }
    ledger->cores_used -= grant->cores;
    ledger->gpus_used -= grant->gpus;
    ledger->memory_used -= grant->memory_bytes;
    free(grant->processes);
    free(grant->core_numbers);
    free(grant->gpu_numbers);
    *grant = (struct ledger_grant){0};
}

void ledger_keep(struct ledger *ledger, const struct ledger_request *request)
{
    assert(ledger_can_ever_fit(ledger, request));
    ledger->keeps = true;
    ledger->kept = *request;
    if (ledger->place != NULL) {
        place_keep(ledger->place, request->processes, request->threads_per_process);
    }
}

bool ledger_take_kept(struct ledger *ledger, struct ledger_grant *grant)
{
    struct ledger_request request = ledger->kept;
    assert(ledger->keeps);
    ledger->keeps = false;
    bool taken = ledger_take(ledger, &request, grant);
    ledger->keeps = !taken;
    return taken;
}

unsigned ledger_budget(const struct ledger *ledger)
{
    return ledger->budget;
}

unsigned ledger_cores_free(const struct ledger *ledger)
{
    return ledger->budget - ledger->cores_used;
}

unsigned ledger_gpus(const struct ledger *ledger)
{
    return ledger->gpus;
}

unsigned ledger_gpus_free(const struct ledger *ledger)
{
    return ledger->gpus - ledger->gpus_used;
}

uint64_t ledger_memory(const struct ledger *ledger)
{
    uint64_t memory = ledger->machine->memory_bytes;
    return memory == 0 ? UINT64_MAX : memory;
}

uint64_t ledger_memory_free(const struct ledger *ledger)
{
    return ledger->machine->memory_bytes == 0 ? UINT64_MAX
                                              : ledger_memory(ledger) - ledger->memory_used;
}
