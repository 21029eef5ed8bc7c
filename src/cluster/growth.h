/* Requests that grow: by how much a job asks for more than the description says, after earlier jobs ended
 * for want of memory or of time.
 *
 * Knows: the factors of `grow`, the steps that requests are rounded up to. Doesn't know: how an ending is
 * found out, nor what a partition allows. Pure. A factor of 0 means that nothing has grown. */
#ifndef ROWBUILD_GROWTH_H
#define ROWBUILD_GROWTH_H

#include "job_ref.h"
#include "rowfile.h"

#include <stdbool.h>
#include <stdint.h>

/* How many times as much as the description says. */
struct growth {
    double memory;
    double walltime;
};

enum growth_cause {
    GROWTH_NO_CAUSE, /* the job ended in another way: the next one asks for as much as it did */
    GROWTH_OUT_OF_MEMORY,
    GROWTH_OUT_OF_TIME,
};

/* Of one task. */
struct task_growth {
    struct growth before; /* of its last job, or of the one that it is in */
    struct growth now;    /* of its next one; none while it is in a job */
    bool is_in_job;
    enum growth_cause cause;
    struct job_ref job; /* the last one; its cluster is borrowed */
};

/* What a job asks for instead of what the description says; 0: it doesn't ask for more. */
struct job_growth {
    uint64_t memory_mb; /* in all */
    uint64_t plain_memory_mb;
    double walltime_s;
    double plain_walltime_s;
    bool is_most_memory; /* a host of the partition has no more */
    bool is_most_time;   /* the partition allows no more */
};

bool growth_is_any(struct growth growth);
bool growths_equal(struct growth a, struct growth b);
/* The greater factors of both. */
struct growth growth_greater(struct growth a, struct growth b);

/* What the job asks for that the task is in, else the next one. */
struct growth growth_asked(const struct task_growth *growth);

/* What the next job asks for. What the action doesn't let grow any more is as the description says. */
struct growth growth_after(struct growth before, enum growth_cause cause,
                           const struct grow_spec *grow);

/* The memory and the walltime that a job asks for, rounded up: memory to 64 MiB below 1 GiB, to 256 MiB
 * below 8 GiB, to 1 GiB above; time to minutes below an hour, to 5 minutes up to 6 hours, to 15 minutes up
 * to a day, to hours above. */
uint64_t growth_memory_mb(uint64_t plain_mb, double factor);
double growth_walltime_s(double plain_s, double factor);

/* By what a job's request has grown in fact, rounded and limited. */
struct growth job_growth_factors(const struct job_growth *grown);
bool job_growths_equal(const struct job_growth *a, const struct job_growth *b);

#endif
