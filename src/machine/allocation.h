/* What Slurm gave this process: hosts, the CPUs on each, memory, and until when.
 *
 * Knows: the variables that Slurm sets in jobs and steps, and how it compresses lists. Reads the
 * environment that it is given and nothing else. Doesn't know: the machine (machine.h), commands of
 * Slurm. What can't be understood is left out, never guessed: then the process's own limits count.
 *
 * A batch script, and the shell of an allocation, may use all hosts of the job. A task of a job
 * step may use only what its step has on its own host. What a run starts may use what its node has:
 * the run says so by ALLOCATION_MARK, which holds the job's number. */
#ifndef ROWBUILD_ALLOCATION_H
#define ROWBUILD_ALLOCATION_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALLOCATION_MARK "ROWBUILD_ALLOCATION"
#define ALLOCATION_ELSEWHERE SIZE_MAX

struct allocation_host {
    struct slice name;
    unsigned cpus; /* Slurm's: hardware threads or cores, as the site has it */
};

struct allocation {
    struct arena arena;
    bool exists;                   /* false: not in a job, and all else is zero */
    bool is_step;                  /* in a task of a job step: one host */
    bool is_within;                /* started by a run in the same job: one host */
    struct slice job;              /* its number */
    struct allocation_host *hosts; /* in Slurm's order; none where they aren't known */
    size_t host_count;
    size_t here;           /* which host this process is on; ALLOCATION_ELSEWHERE: none of them */
    unsigned cpus;         /* that may be used on this host; 0: not known */
    const char *cpus_from; /* the variable that says so; NULL where cpus is 0 */
    uint64_t memory_bytes; /* on this host; 0: not known, or without limit */
    uint64_t memory_per_cpu_bytes; /* 0: not given so */
    int64_t end_at_s;              /* CLOCK_REALTIME; 0: not known */
};

/* `host_name` is this machine's name, for where Slurm doesn't say which host it is. The caller
 * releases. */
void allocation_read(struct allocation *allocation, char *const *environment,
                     const char *host_name);
void allocation_release(struct allocation *allocation);

/* The memory of one of the hosts; 0: not known, or without limit. */
uint64_t allocation_memory_of(const struct allocation *allocation, size_t host);

/* Appends the names in a list such as "node[1-3,07],login1", NUL-terminated in the arena, to
 * *names (in the arena); false: it isn't understood. */
bool allocation_expand_hosts(struct slice list, struct arena *arena, struct slice **names,
                             size_t *count);

/* Writes the counts in a list such as "8(x3),4" to `counts`; false unless there are `count`. */
bool allocation_expand_counts(struct slice list, unsigned *counts, size_t count);

#endif
