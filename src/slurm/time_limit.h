/* Computes when a job's time ends.
 *
 * Knows: that Slurm's signal before the end may come sooner than asked. Doesn't know: how a run
 * reacts. Times are monotonic, in nanoseconds; 0: there is no end. */
#ifndef ROWBUILD_TIME_LIMIT_H
#define ROWBUILD_TIME_LIMIT_H

#include "allocation.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The end of the allocation if the scheduler gave it, else `minutes` from now (0: not known). */
int64_t time_limit_end_ns(const struct allocation *allocation, uint64_t minutes);

/* A moment of CLOCK_REALTIME as a monotonic one. */
int64_t time_limit_at_ns(int64_t end_at_s);

double time_limit_seconds_left(int64_t end_ns);

/* Whether a TERM that arrives now may be the one requested for `notice_s` before the end. */
bool time_limit_is_near(int64_t end_ns, double notice_s);

/* Reads a time as Slurm prints it, "[[D-]H:]M:S". */
bool time_limit_read(struct slice text, int64_t *seconds);

#endif
