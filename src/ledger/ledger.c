#include "ledger.h"

#include "ledger_share.h"
#include "memory.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

struct ledger_part { /* a grant's resources on one host */
    unsigned share;
    struct ledger_grant grant;
};

struct ledger {
    struct share **shares; /* one per host */
    unsigned *first_core;  /* by share: index into the machine's cores */
    unsigned count;
    bool binds;
    unsigned budget;
    bool keeps;
    struct ledger_request kept; /* the request they are kept for, if `keeps` */
    unsigned *kept_processes;   /* by share: processes of that request */
    unsigned *order;            /* of shares, while a request is placed */
    unsigned pool_count;
    unsigned *pool_sizes;
    unsigned *pool_left;
};

/* ---- Making ---- */

static struct machine view_of(const struct machine *machine, const struct machine_host *host)
{
    return (struct machine){.cores = machine->cores + host->first_core,
                            .core_count = host->core_count,
                            .numa_count = host->numa_count,
                            .package_count = host->package_count,
                            .is_real = machine->is_real,
                            .memory_bytes = host->memory_bytes};
}

struct ledger *ledger_new(const struct machine *machine, unsigned budget, unsigned gpus)
{
    struct ledger *ledger = mem_alloc(sizeof *ledger);
    bool several = machine->host_count > 0;
    ledger->count = several ? (unsigned)machine->host_count : 1;
    ledger->shares = mem_alloc(ledger->count * sizeof(struct share *));
    ledger->first_core = mem_alloc(ledger->count * sizeof *ledger->first_core);
    ledger->kept_processes = mem_alloc(ledger->count * sizeof *ledger->kept_processes);
    ledger->order = mem_alloc(ledger->count * sizeof *ledger->order);
    ledger->budget = budget;
    ledger->binds = machine->is_real && budget <= machine->core_count;
    if (!several) {
        ledger->shares[0] = share_new(machine, budget, gpus, ledger->binds);
        return ledger;
    }
    unsigned left = budget;
    for (unsigned i = 0; i < ledger->count; i++) {
        const struct machine_host *host = &machine->hosts[i];
        struct machine view = view_of(machine, host);
        bool is_last = i + 1 == ledger->count;
        /* If the budget exceeds the hosts' cores, the last host takes the excess. */
        unsigned own = host->budget < left && !is_last ? host->budget : left;
        ledger->shares[i] = share_new(&view, own, host->gpus, ledger->binds);
        ledger->first_core[i] = (unsigned)host->first_core;
        left -= own;
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    for (unsigned i = 0; i < ledger->count; i++) {
        share_free(ledger->shares[i]);
    }
    free(ledger->shares);
    free(ledger->first_core);
    free(ledger->kept_processes);
    free(ledger->order);
    free(ledger->pool_sizes);
    free(ledger->pool_left);
    free(ledger);
}

/* ---- Pools ---- */

void ledger_set_pools(struct ledger *ledger, const unsigned *sizes, unsigned count)
{
    ledger->pool_count = count;
    ledger->pool_sizes = mem_grow(ledger->pool_sizes, count, sizeof *sizes);
    ledger->pool_left = mem_grow(ledger->pool_left, count, sizeof *sizes);
    for (unsigned i = 0; i < count; i++) {
        ledger->pool_sizes[i] = sizes[i];
        ledger->pool_left[i] = sizes[i];
    }
}

static unsigned asked_of_pool(const struct ledger_request *request, unsigned pool)
{
    return pool < request->pool_count ? request->pools[pool] : 0;
}

/* Whether the pools have what the request asks for, beside what is kept. */
static bool pools_suffice(const struct ledger *ledger, const struct ledger_request *request,
                          const unsigned *left, const struct ledger_request *kept)
{
    bool suffice = true;
    for (unsigned i = 0; i < request->pool_count && suffice; i++) {
        uint64_t beside = kept != NULL ? asked_of_pool(kept, i) : 0;
        suffice = request->pools[i] == 0 ||
                  (i < ledger->pool_count && request->pools[i] + beside <= left[i]);
    }
    return suffice;
}

bool ledger_lacks_pool(const struct ledger *ledger, const struct ledger_request *request)
{
    return !pools_suffice(ledger, request, ledger->pool_left, ledger->keeps ? &ledger->kept : NULL);
}

double ledger_pool_share(const struct ledger *ledger, const struct ledger_request *request)
{
    double most = 0;
    for (unsigned i = 0; i < request->pool_count && i < ledger->pool_count; i++) {
        double part = ledger->pool_sizes[i] > 0
                          ? (double)request->pools[i] / (double)ledger->pool_sizes[i]
                          : 0;
        most = part > most ? part : most;
    }
    return most;
}

static void take_from_pools(struct ledger *ledger, const struct ledger_request *request,
                            struct ledger_grant *grant)
{
    grant->pools = request->pools;
    grant->pool_count = request->pool_count;
    for (unsigned i = 0; i < request->pool_count && i < ledger->pool_count; i++) {
        ledger->pool_left[i] -= request->pools[i];
    }
}

static void return_to_pools(struct ledger *ledger, struct ledger_grant *grant)
{
    for (unsigned i = 0; i < grant->pool_count && i < ledger->pool_count; i++) {
        ledger->pool_left[i] += grant->pools[i];
    }
    grant->pool_count = 0;
}

/* ---- Requests and their parts ---- */

/* The request of only this many of its processes. */
static struct ledger_request part_of(const struct ledger_request *request, unsigned processes)
{
    struct ledger_request part = *request;
    if (processes < request->processes) {
        uint64_t each = request->memory_bytes / request->processes;
        each += request->memory_bytes % request->processes > 0;
        part.processes = processes;
        part.memory_bytes = each * processes;
    }
    return part;
}

/* How many of the request's processes fit into the amounts. */
static unsigned most_processes(const struct ledger_request *request, unsigned cores, unsigned gpus,
                               uint64_t memory)
{
    uint64_t most = cores / request->threads_per_process;
    if (request->gpus_per_process > 0 && gpus / request->gpus_per_process < most) {
        most = gpus / request->gpus_per_process;
    }
    if (request->memory_bytes > 0) {
        uint64_t each = part_of(request, 1).memory_bytes;
        most = memory / each < most ? memory / each : most;
    }
    return most < request->processes ? (unsigned)most : request->processes;
}

static bool may_be_divided(const struct ledger *ledger, const struct ledger_request *request)
{
    return ledger->count > 1 && request->processes > 1 && request->threads_per_process > 0 &&
           !request->on_one_host;
}

bool ledger_can_ever_fit(const struct ledger *ledger, const struct ledger_request *request)
{
    uint64_t processes = 0;
    if (!pools_suffice(ledger, request, ledger->pool_sizes, NULL)) {
        return false;
    }
    for (unsigned i = 0; i < ledger->count; i++) {
        const struct share *share = ledger->shares[i];
        if (share_can_ever_fit(share, request)) {
            return true;
        }
        if (may_be_divided(ledger, request)) {
            processes += most_processes(request, share_budget(share), share_gpus(share),
                                        share_memory(share));
        }
    }
    return processes >= request->processes && may_be_divided(ledger, request);
}

/* ---- Taking ---- */

/* Sorts the shares by free cores, ascending, then by number. */
static void sort_by_free_cores(struct ledger *ledger)
{
    for (unsigned i = 0; i < ledger->count; i++) {
        unsigned free_cores = share_cores_free(ledger->shares[i]);
        unsigned at = i;
        while (at > 0 && share_cores_free(ledger->shares[ledger->order[at - 1]]) > free_cores) {
            ledger->order[at] = ledger->order[at - 1];
            at--;
        }
        ledger->order[at] = i;
    }
}

static void add_part(struct ledger_grant *grant, unsigned share, const struct ledger_grant *part)
{
    grant->parts = mem_grow(grant->parts, grant->part_count + 1, sizeof *grant->parts);
    unsigned at = grant->part_count++;
    while (at > 0 && grant->parts[at - 1].share > share) {
        grant->parts[at] = grant->parts[at - 1];
        at--;
    }
    grant->parts[at] = (struct ledger_part){share, *part};
}

static void return_parts(struct ledger *ledger, struct ledger_grant *grant)
{
    for (unsigned i = 0; i < grant->part_count; i++) {
        share_return(ledger->shares[grant->parts[i].share], &grant->parts[i].grant);
    }
    free(grant->parts);
    grant->parts = NULL;
    grant->part_count = 0;
}

static void *copy_behind(void *list, unsigned have, const void *more, unsigned count, size_t size)
{
    if (more == NULL || count == 0) {
        return list;
    }
    list = mem_grow(list, (size_t)have + count, size);
    memcpy((char *)list + have * size, more, count * size);
    return list;
}

/* Fills in the grant's totals and lists from its parts. */
static void join_parts(const struct ledger *ledger, struct ledger_grant *grant)
{
    for (unsigned i = 0; i < grant->part_count; i++) {
        const struct ledger_part *part = &grant->parts[i];
        const struct ledger_grant *own = &part->grant;
        unsigned cores = grant->cores;
        grant->core_numbers = copy_behind(grant->core_numbers, cores, own->core_numbers, own->cores,
                                          sizeof *grant->core_numbers);
        grant->gpu_numbers = copy_behind(grant->gpu_numbers, grant->gpus, own->gpu_numbers,
                                         own->gpus, sizeof *grant->gpu_numbers);
        grant->hosts =
            mem_grow(grant->hosts, grant->process_count + own->process_count, sizeof *grant->hosts);
        for (unsigned p = 0; p < own->process_count; p++) {
            grant->hosts[grant->process_count + p] = part->share;
        }
        grant->cores += own->cores;
        grant->gpus += own->gpus;
        grant->memory_bytes += own->memory_bytes;
        grant->process_count += own->process_count;
        for (unsigned c = cores; grant->core_numbers != NULL && c < grant->cores; c++) {
            grant->core_numbers[c] += ledger->first_core[part->share];
        }
    }
}

/* Takes room for as many of `left` processes as the share has. Returns how many. */
static unsigned take_some(struct ledger *ledger, unsigned share, unsigned left,
                          const struct ledger_request *request, struct ledger_grant *grant)
{
    const struct share *own = ledger->shares[share];
    unsigned most = most_processes(request, share_cores_free(own), share_gpus_free(own),
                                   share_memory_free(own));
    for (unsigned processes = most < left ? most : left; processes > 0; processes--) {
        struct ledger_request part = part_of(request, processes);
        struct ledger_grant taken;
        if (share_take(ledger->shares[share], &part, &taken)) {
            add_part(grant, share, &taken);
            return processes;
        }
    }
    return 0;
}

static bool take_divided(struct ledger *ledger, const struct ledger_request *request,
                         struct ledger_grant *grant)
{
    unsigned left = request->processes;
    sort_by_free_cores(ledger);
    for (unsigned i = ledger->count; i-- > 0 && left > 0;) {
        left -= take_some(ledger, ledger->order[i], left, request, grant);
    }
    if (left > 0) {
        return_parts(ledger, grant);
    }
    return left == 0;
}

static bool fits_one_host(const struct ledger *ledger, const struct ledger_request *request)
{
    for (unsigned i = 0; i < ledger->count; i++) {
        if (share_can_ever_fit(ledger->shares[i], request)) {
            return true;
        }
    }
    return false;
}

/* Takes all processes on one host: the one that has the fewest free cores left afterwards. */
static bool take_on_one_host(struct ledger *ledger, const struct ledger_request *request,
                             struct ledger_grant *grant)
{
    sort_by_free_cores(ledger);
    for (unsigned i = 0; i < ledger->count; i++) {
        unsigned share = ledger->order[i];
        struct ledger_grant taken;
        if (share_take(ledger->shares[share], request, &taken)) {
            add_part(grant, share, &taken);
            return true;
        }
    }
    return false;
}

/* All but what is in pools. */
static bool take_from_hosts(struct ledger *ledger, const struct ledger_request *request,
                            struct ledger_grant *grant)
{
    if (ledger->count == 1) {
        return share_take(ledger->shares[0], request, grant);
    }
    *grant = (struct ledger_grant){0};
    bool divided = may_be_divided(ledger, request) && !fits_one_host(ledger, request);
    if (divided ? !take_divided(ledger, request, grant)
                : !take_on_one_host(ledger, request, grant)) {
        return false;
    }
    join_parts(ledger, grant);
    return true;
}

bool ledger_take(struct ledger *ledger, const struct ledger_request *request,
                 struct ledger_grant *grant)
{
    if (ledger_lacks_pool(ledger, request) || !take_from_hosts(ledger, request, grant)) {
        return false;
    }
    take_from_pools(ledger, request, grant);
    return true;
}

void ledger_return(struct ledger *ledger, struct ledger_grant *grant)
{
    return_to_pools(ledger, grant);
    if (ledger->count == 1) {
        share_return(ledger->shares[0], grant);
        return;
    }
    return_parts(ledger, grant);
    free(grant->core_numbers);
    free(grant->gpu_numbers);
    free(grant->hosts);
    *grant = (struct ledger_grant){0};
}

/* ---- Keeping ---- */

static void end_keeping(struct ledger *ledger)
{
    for (unsigned i = 0; i < ledger->count; i++) {
        share_end_keeping(ledger->shares[i]);
        ledger->kept_processes[i] = 0;
    }
    ledger->keeps = false;
}

static void keep_on(struct ledger *ledger, unsigned share, unsigned processes)
{
    struct ledger_request part = part_of(&ledger->kept, processes);
    share_keep(ledger->shares[share], &part);
    ledger->kept_processes[share] = processes;
}

static void keep_divided(struct ledger *ledger)
{
    const struct ledger_request *request = &ledger->kept;
    unsigned left = request->processes;
    for (unsigned i = ledger->count; i-- > 0 && left > 0;) {
        const struct share *share = ledger->shares[ledger->order[i]];
        unsigned most =
            most_processes(request, share_budget(share), share_gpus(share), share_memory(share));
        unsigned processes = most < left ? most : left;
        if (processes > 0) {
            keep_on(ledger, ledger->order[i], processes);
            left -= processes;
        }
    }
}

void ledger_keep(struct ledger *ledger, const struct ledger_request *request)
{
    end_keeping(ledger);
    ledger->keeps = true;
    ledger->kept = *request;
    sort_by_free_cores(ledger);
    for (unsigned i = ledger->count; i-- > 0;) { /* the host with most free cores first */
        if (share_can_ever_fit(ledger->shares[ledger->order[i]], request)) {
            keep_on(ledger, ledger->order[i], request->processes);
            return;
        }
    }
    keep_divided(ledger);
}

/* Takes all parts or none. Parts that are given back are kept again. */
static bool take_kept_parts(struct ledger *ledger, struct ledger_grant *grant)
{
    bool complete = true;
    for (unsigned i = 0; i < ledger->count && complete; i++) {
        struct ledger_grant taken;
        if (ledger->kept_processes[i] == 0) {
            continue;
        }
        complete = share_take_kept(ledger->shares[i], &taken);
        if (complete) {
            add_part(grant, i, &taken);
        }
    }
    if (!complete) {
        return_parts(ledger, grant);
        for (unsigned i = 0; i < ledger->count; i++) {
            if (ledger->kept_processes[i] > 0) {
                keep_on(ledger, i, ledger->kept_processes[i]);
            }
        }
    }
    return complete;
}

static bool take_kept_from_hosts(struct ledger *ledger, struct ledger_grant *grant)
{
    if (ledger->count == 1) {
        return share_take_kept(ledger->shares[0], grant);
    }
    *grant = (struct ledger_grant){0};
    if (take_kept_parts(ledger, grant)) {
        join_parts(ledger, grant);
        return true;
    }
    /* resources on another host may have become free */
    return take_from_hosts(ledger, &ledger->kept, grant);
}

bool ledger_take_kept(struct ledger *ledger, struct ledger_grant *grant)
{
    if (!pools_suffice(ledger, &ledger->kept, ledger->pool_left, NULL) ||
        !take_kept_from_hosts(ledger, grant)) {
        return false;
    }
    take_from_pools(ledger, &ledger->kept, grant);
    if (ledger->count == 1) {
        ledger->keeps = false;
    } else {
        end_keeping(ledger);
    }
    return true;
}

/* ---- Amounts ---- */

unsigned ledger_budget(const struct ledger *ledger)
{
    return ledger->budget;
}

unsigned ledger_widest_host(const struct ledger *ledger)
{
    unsigned most = 0;
    for (unsigned i = 0; i < ledger->count; i++) {
        unsigned own = share_budget(ledger->shares[i]);
        most = own > most ? own : most;
    }
    return most;
}

static unsigned sum(const struct ledger *ledger, unsigned (*of)(const struct share *share))
{
    unsigned all = 0;
    for (unsigned i = 0; i < ledger->count; i++) {
        all += of(ledger->shares[i]);
    }
    return all;
}

unsigned ledger_cores_free(const struct ledger *ledger)
{
    return sum(ledger, share_cores_free);
}

unsigned ledger_gpus(const struct ledger *ledger)
{
    return sum(ledger, share_gpus);
}

uint64_t ledger_memory(const struct ledger *ledger)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < ledger->count; i++) {
        all = saturating_sum(all, share_memory(ledger->shares[i]));
    }
    return all;
}
