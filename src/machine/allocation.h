/* The resources that a scheduler gave this process: hosts, CPUs and memory on each, and the end of
 * the job.
 *
 * Plain data, filled in by the scheduler's adapter. Doesn't know: where the data came from, the
 * machine (machine.h). Fields that aren't known are zero; then the process's own limits apply.
 *
 * A batch script, and the shell of an allocation, may use all hosts of the job. A task of a job
 * step may use only its step's share of its own host. A process that a run starts may use its
 * task's resources. */
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
    unsigned cpus; /* as the scheduler counts them: hardware threads or cores, depending on the
                      site */
};

struct allocation {
    struct arena arena;
    bool exists;                   /* false: not in a job; all other fields are zero */
    bool is_step;                  /* in a task of a job step: one host */
    bool is_within;                /* started by a run in the same job: one host */
    struct slice job;              /* the job's number */
    struct slice listed;           /* the job as the queue lists it: "12", or "12_3" in an array */
    struct allocation_host *hosts; /* in the scheduler's order; none where they aren't known */
    size_t host_count;
    size_t here;           /* which host this process is on; ALLOCATION_ELSEWHERE: none of them */
    unsigned cpus;         /* that may be used on this host; 0: not known */
    const char *cpus_from; /* the variable that gave `cpus`; NULL where cpus is 0 */
    uint64_t memory_bytes; /* on this host; 0: not known, or unlimited */
    uint64_t memory_per_cpu_bytes; /* 0: not given per CPU */
    int64_t end_at_s;              /* CLOCK_REALTIME; 0: not known */
};

/* Frees the arena, which holds all strings and arrays. */
void allocation_release(struct allocation *allocation);

/* The memory on one of the hosts; 0: not known, or unlimited. */
uint64_t allocation_memory_of(const struct allocation *allocation, size_t host);

#endif
