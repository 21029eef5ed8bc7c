/* Pauses: the run, or one of its commands, is stopped by a signal and continues later. No clock runs
 * meanwhile: neither a timeout nor a grace nor a duration.
 *
 * Knows: Ctrl-Z, which stops the commands first and then the run itself; that the run was stopped
 * without being asked (SIGSTOP, a scheduler that suspends a job, a frozen control group), by a wait
 * that took too long; that single commands were. Doesn't know: what times are for (stop.h, advise.h).
 *
 * Times in slots are the run's own (run_now), which stands still while the run is stopped. */
#ifndef ROWBUILD_PAUSES_H
#define ROWBUILD_PAUSES_H

#include "loop.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct slot;

struct pauses {
    int64_t lost_ns; /* for which the run was stopped so far */
    int64_t due_ns;  /* monotonic: when the wait ends at the latest */
};

/* While something runs no wait is longer than this, so that a stop is seen, and how long it was. */
extern const int64_t PAUSES_LOOK_NS;

/* Stops all that descends from this process, then this process, until somebody continues it; then
 * continues the others. */
void pauses_stop_all(struct run *run);

/* After a wait: whether the run was stopped in it. */
void pauses_note_wait(struct run *run, const struct loop_event *events, int count);

/* Which commands were stopped or continued since the last look. */
void pauses_look(struct run *run);

#endif
