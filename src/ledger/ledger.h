/* Who has which cores now: pure policy, no I/O.
 *
 * Knows: a machine's cores, GPUs and memory, what is free, and how to place a request: a process's
 * threads inside one NUMA node where one holds it, the processes of a task close together, best fit
 * so that wide requests stay possible. Doesn't know: processes of the operating system, time, or
 * whose turn it is (schedule.h).
 *
 * A process is divided among NUMA nodes only where the empty machine could not do better: a request
 * for P processes of which the empty machine holds at most U undivided has P - U divided ones. A
 * request that would have more of them now, since free cores are scattered, is refused until others
 * have returned theirs; so whoever waits for the machine to drain gets it.
 *
 * On a machine of several hosts a process always lies on one of them, and processes are divided
 * among hosts only where no host has room for all of them.
 *
 * Resources can be kept for one request that doesn't fit now: what it can use of what is free, or
 * becomes free, is given to nobody else; the rest is. Once all those have ended that ran when the
 * keeping began, the request fits. */
#ifndef ROWBUILD_LEDGER_H
#define ROWBUILD_LEDGER_H

#include "machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_request {
    unsigned processes;           /* at least 1 */
    unsigned threads_per_process; /* at least 1 */
    unsigned gpus_per_process;    /* 0: none asked for */
    uint64_t memory_bytes;        /* 0: none asked for */
    bool on_one_host;             /* all processes; else each on one */
};

/* What a task holds while it runs. */
struct ledger_grant {
    unsigned cores; /* processes × threads: taken from the budget */
    unsigned process_count;
    unsigned gpus;       /* processes × gpus_per_process */
    unsigned part_count; /* of `parts` */
    uint64_t memory_bytes;
    unsigned *gpu_numbers;  /* `gpus` numbers from 0, gpus / process_count for each process in turn;
                               NULL where there are none. Numbers of the process's own host */
    unsigned *core_numbers; /* `cores` indices into the machine's cores, those of the first process
                               first, then of the second…; NULL when not bound */
    unsigned *hosts; /* for each process the host of the machine that it runs on; NULL where the
                        machine has one */
    struct ledger_part *parts; /* the ledger's own, by hosts */
};

struct ledger;

/* `budget` cores of `machine` (which must outlive the ledger): so many are in use at any one time,
 * whichever they are; and `gpus` GPUs. A budget above the machine's cores, or a machine that isn't
 * real, binds nothing and only counts. On a machine of several hosts each host has its own budget
 * and GPUs: `gpus` isn't looked at, and a `budget` that is less than all of theirs leaves out cores
 * of the last ones. A machine with memory_bytes == 0 has memory without limit. The caller frees the
 * ledger with ledger_free, after all grants have been returned. */
struct ledger *ledger_new(const struct machine *machine, unsigned budget, unsigned gpus);
void ledger_free(struct ledger *ledger);
bool ledger_binds(const struct ledger *ledger);

/* Whether the request could be granted were everything free. */
bool ledger_can_ever_fit(const struct ledger *ledger, const struct ledger_request *request);

/* Takes resources; false (and nothing taken) when they are not free now. The grant is released with
 * ledger_return. */
bool ledger_take(struct ledger *ledger, const struct ledger_request *request,
                 struct ledger_grant *grant);
void ledger_return(struct ledger *ledger, struct ledger_grant *grant); /* empties the grant */

/* Keeps resources for the request, which can fit, instead of what was kept before. ledger_take
 * gives only what is left; ledger_take_kept takes for the request that was given here, and ends the
 * keeping if it succeeds. */
void ledger_keep(struct ledger *ledger, const struct ledger_request *request);
bool ledger_take_kept(struct ledger *ledger, struct ledger_grant *grant);

unsigned ledger_budget(const struct ledger *ledger);
unsigned ledger_cores_free(const struct ledger *ledger);
unsigned ledger_gpus(const struct ledger *ledger); /* in all */
unsigned ledger_gpus_free(const struct ledger *ledger);
unsigned ledger_widest_host(const struct ledger *ledger); /* the cores of the host with most */
uint64_t ledger_memory(const struct ledger *ledger);      /* in all; UINT64_MAX: without limit */
uint64_t ledger_memory_free(const struct ledger *ledger); /* UINT64_MAX: without limit */

#endif
