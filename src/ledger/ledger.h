/* Hands out a machine's cores, GPUs and memory to tasks, and what is in pools. Pure policy, no I/O.
 *
 * Knows: a machine's cores, GPUs and memory, what is free, and how to place a request: the threads
 * of a process go inside one NUMA node where they fit, and the processes of a task close together;
 * best fit keeps wide requests possible. Doesn't know: processes of the operating system, time, or
 * whose turn it is (schedule.h).
 *
 * A process is divided among NUMA nodes only where even the empty machine would divide it: if the
 * empty machine holds at most U of a request's P processes undivided, P - U are divided. If
 * scattered free cores would divide more of them now, the request is refused until other tasks have
 * returned their cores. Thus a request that waits for the machine to drain gets it.
 *
 * On a machine of several hosts a process always runs on one host, and the processes of a task are
 * divided among hosts only if no single host has room for all of them.
 *
 * Resources can be kept for one request that doesn't fit now. Other requests then get only
 * resources that it can't use. The request fits at the latest when every task has ended that was
 * running when the keeping began. */
#ifndef ROWBUILD_LEDGER_H
#define ROWBUILD_LEDGER_H

#include "machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_request {
    unsigned processes;           /* at least 1 */
    unsigned threads_per_process; /* at least 1 */
    unsigned gpus_per_process;    /* 0: not requested */
    uint64_t memory_bytes;        /* 0: not requested */
    const unsigned *pools;        /* by pool, how much of it; borrowed */
    unsigned pool_count;          /* 0: nothing of any pool */
    bool on_one_host;             /* all processes; else they may be divided among hosts */
};

/* What a task holds while it runs. */
struct ledger_grant {
    unsigned cores; /* processes × threads: taken from the budget */
    unsigned process_count;
    unsigned gpus;       /* processes × gpus_per_process */
    unsigned part_count; /* of `parts` */
    uint64_t memory_bytes;
    const unsigned *pools; /* as in the request, borrowed */
    unsigned pool_count;
    unsigned *gpu_numbers;  /* `gpus` numbers from 0, gpus / process_count for each process in turn;
                               NULL where there are none. Numbers of the process's own host */
    unsigned *core_numbers; /* `cores` indices into the machine's cores, process by process; NULL
                               when not bound */
    unsigned *hosts;        /* the host of each process; NULL if the machine has only one */
    struct ledger_part *parts; /* private to the ledger, one per host */
};

struct ledger;

/* At most `budget` cores of `machine` (which must outlive the ledger) are in use at any one time,
 * whichever they are, and at most `gpus` GPUs. If the budget exceeds the machine's cores, or the
 * machine isn't real, cores are only counted and nothing is bound. On a machine of several hosts
 * each host has its own budget and GPUs: `gpus` is ignored, and a `budget` smaller than the sum of
 * the hosts' budgets leaves out cores of the last hosts. memory_bytes == 0 means unlimited memory.
 * The caller frees the ledger with ledger_free, after all grants have been returned. */
struct ledger *ledger_new(const struct machine *machine, unsigned budget, unsigned gpus);
void ledger_free(struct ledger *ledger);

/* How much is in each pool: named counts that tasks share whatever host they are on, such as licences.
 * Copied; before anything is taken. */
void ledger_set_pools(struct ledger *ledger, const unsigned *sizes, unsigned count);

/* Whether the request could be granted if everything were free. */
bool ledger_can_ever_fit(const struct ledger *ledger, const struct ledger_request *request);

/* Takes resources. Returns false, and takes nothing, when they are not free now. The grant is
 * released with ledger_return. */
bool ledger_take(struct ledger *ledger, const struct ledger_request *request,
                 struct ledger_grant *grant);
void ledger_return(struct ledger *ledger, struct ledger_grant *grant); /* empties the grant */

/* Keeps resources for the request, which must be able to fit, instead of for an earlier one.
 * ledger_take then gives only the other resources. ledger_take_kept takes the resources for this
 * request, and ends the keeping if it succeeds. */
void ledger_keep(struct ledger *ledger, const struct ledger_request *request);
bool ledger_take_kept(struct ledger *ledger, struct ledger_grant *grant);

/* The largest part of a pool that the request takes, 0 to 1. */
double ledger_pool_share(const struct ledger *ledger, const struct ledger_request *request);
/* Whether too little is left in a pool for the request. */
bool ledger_lacks_pool(const struct ledger *ledger, const struct ledger_request *request);

unsigned ledger_budget(const struct ledger *ledger);
unsigned ledger_cores_free(const struct ledger *ledger);
unsigned ledger_gpus(const struct ledger *ledger);        /* in all */
unsigned ledger_widest_host(const struct ledger *ledger); /* the most cores on one host */
uint64_t ledger_memory(const struct ledger *ledger);      /* in all; UINT64_MAX: unlimited */

#endif
