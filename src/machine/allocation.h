/* What a scheduler gave this process: hosts, the CPUs on each, memory, and until when.
 *
 * Plain data: who knows the scheduler fills it in. Doesn't know: where it is from, the machine
 * (machine.h). What isn't known is zero: then the process's own limits count.
 *
 * A batch script, and the shell of an allocation, may use all hosts of the job. A task of a job
 * step may use only what its step has on its own host. What a run starts may use what its task
 * has. */
#ifndef ROWBUILD_ALLOCATION_H
#define ROWBUILD_ALLOCATION_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALLOCATION_ELSEWHERE SIZE_MAX

struct allocation_host {
    struct slice name;
    unsigned cpus; /* the scheduler's: hardware threads or cores, as the site has it */
};

struct allocation {
    struct arena arena;
    bool exists;                   /* false: not in a job, and all else is zero */
    bool is_step;                  /* in a task of a job step: one host */
    bool is_within;                /* started by a run in the same job: one host */
    struct slice job;              /* its number */
    struct allocation_host *hosts; /* in the scheduler's order; none where they aren't known */
    size_t host_count;
    size_t here;           /* which host this process is on; ALLOCATION_ELSEWHERE: none of them */
    unsigned cpus;         /* that may be used on this host; 0: not known */
    const char *cpus_from; /* the variable that says so; NULL where cpus is 0 */
    uint64_t memory_bytes; /* on this host; 0: not known, or without limit */
    uint64_t memory_per_cpu_bytes; /* 0: not given so */
    int64_t end_at_s;              /* CLOCK_REALTIME; 0: not known */
};

/* What was filled in lives in the arena. */
void allocation_release(struct allocation *allocation);

/* The memory of one of the hosts; 0: not known, or without limit. */
uint64_t allocation_memory_of(const struct allocation *allocation, size_t host);

#endif
