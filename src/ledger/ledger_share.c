#include "ledger_share.h"

#include "ledger_place.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>

struct share {
    struct machine machine;
    struct place *place; /* NULL when nothing is bound */
    unsigned budget;
    unsigned cores_used;
    bool *gpu_is_used;
    unsigned gpus;
    unsigned gpus_used;
    uint64_t memory_used;
    bool keeps;
    struct ledger_request kept; /* the request they are kept for, if `keeps` */
};

struct share *share_new(const struct machine *view, unsigned budget, unsigned gpus, bool binds)
{
    struct share *share = mem_alloc(sizeof *share);
    share->machine = *view;
    share->budget = budget;
    share->gpus = gpus;
    share->gpu_is_used = mem_alloc(gpus * sizeof *share->gpu_is_used);
    if (binds) {
        share->place = place_new(view);
    }
    return share;
}

void share_free(struct share *share)
{
    if (share != NULL) {
        place_free(share->place);
        free(share->gpu_is_used);
        free(share);
    }
}

static uint64_t cores_wanted(const struct ledger_request *request)
{
    return (uint64_t)request->processes * request->threads_per_process;
}

static uint64_t gpus_wanted(const struct ledger_request *request)
{
    return (uint64_t)request->processes * request->gpus_per_process;
}

bool share_can_ever_fit(const struct share *share, const struct ledger_request *request)
{
    uint64_t cores = cores_wanted(request);
    return cores > 0 && cores <= share->budget && gpus_wanted(request) <= share->gpus &&
           request->memory_bytes <= share_memory(share);
}

/* How many of the free units other requests may take while `kept` units are kept. */
static uint64_t left(uint64_t free_units, uint64_t kept)
{
    return free_units > kept ? free_units - kept : 0;
}

static uint64_t cores_kept(const struct share *share)
{
    return share->place != NULL ? place_kept(share->place) : cores_wanted(&share->kept);
}

static bool amounts_suffice(const struct share *share, const struct ledger_request *request)
{
    uint64_t cores = share_cores_free(share);
    uint64_t gpus = share_gpus_free(share);
    uint64_t memory = share_memory_free(share);
    if (share->keeps) {
        cores = left(cores, cores_kept(share));
        gpus = left(gpus, gpus_wanted(&share->kept));
        memory = left(memory, share->kept.memory_bytes);
    }
    return cores_wanted(request) <= cores && gpus_wanted(request) <= gpus &&
           request->memory_bytes <= memory;
}

static void take_gpus(struct share *share, struct ledger_grant *grant)
{
    unsigned taken = 0;
    grant->gpu_numbers = grant->gpus > 0 ? mem_alloc(grant->gpus * sizeof(unsigned)) : NULL;
    for (unsigned gpu = 0; taken < grant->gpus; gpu++) {
        if (!share->gpu_is_used[gpu]) {
            share->gpu_is_used[gpu] = true;
            grant->gpu_numbers[taken++] = gpu;
        }
    }
    share->gpus_used += taken;
}

bool share_take(struct share *share, const struct ledger_request *request,
                struct ledger_grant *grant)
{
    *grant = (struct ledger_grant){0};
    if (!share_can_ever_fit(share, request) || !amounts_suffice(share, request)) {
        return false;
    }
    struct ledger_grant taken = {.cores = (unsigned)cores_wanted(request),
                                 .gpus = (unsigned)gpus_wanted(request),
                                 .memory_bytes = request->memory_bytes,
                                 .process_count = request->processes};
    if (share->place != NULL) {
        taken.core_numbers = mem_alloc(taken.cores * sizeof *taken.core_numbers);
        if (!place_take(share->place, request->processes, request->threads_per_process,
                        share->keeps, taken.core_numbers)) {
            free(taken.core_numbers);
            return false;
        }
    }
    take_gpus(share, &taken);
    share->cores_used += taken.cores;
    share->memory_used += taken.memory_bytes;
    *grant = taken;
    return true;
}

void share_return(struct share *share, struct ledger_grant *grant)
{
    assert(grant->cores <= share->cores_used);
    assert(grant->memory_bytes <= share->memory_used);
    if (share->place != NULL) {
        place_return(share->place, grant->core_numbers, grant->cores);
    }
    for (unsigned i = 0; i < grant->gpus; i++) {
        assert(share->gpu_is_used[grant->gpu_numbers[i]]);
        share->gpu_is_used[grant->gpu_numbers[i]] = false;
    }
    share->cores_used -= grant->cores;
    share->gpus_used -= grant->gpus;
    share->memory_used -= grant->memory_bytes;
    free(grant->core_numbers);
    free(grant->gpu_numbers);
    *grant = (struct ledger_grant){0};
}

void share_keep(struct share *share, const struct ledger_request *request)
{
    assert(share_can_ever_fit(share, request));
    share->keeps = true;
    share->kept = *request;
    if (share->place != NULL) {
        place_keep(share->place, request->processes, request->threads_per_process);
    }
}

bool share_take_kept(struct share *share, struct ledger_grant *grant)
{
    struct ledger_request request = share->kept;
    assert(share->keeps);
    share->keeps = false;
    bool taken = share_take(share, &request, grant);
    share->keeps = !taken;
    return taken;
}

void share_end_keeping(struct share *share)
{
    share->keeps = false;
}

unsigned share_budget(const struct share *share)
{
    return share->budget;
}

unsigned share_cores_free(const struct share *share)
{
    return share->budget - share->cores_used;
}

unsigned share_gpus(const struct share *share)
{
    return share->gpus;
}

unsigned share_gpus_free(const struct share *share)
{
    return share->gpus - share->gpus_used;
}

uint64_t share_memory(const struct share *share)
{
    uint64_t memory = share->machine.memory_bytes;
    return memory == 0 ? UINT64_MAX : memory;
}

uint64_t share_memory_free(const struct share *share)
{
    return share->machine.memory_bytes == 0 ? UINT64_MAX : share_memory(share) - share->memory_used;
}
