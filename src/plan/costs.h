/* What tasks are likely to take, from what was recorded: seconds, and seconds times cores.
 *
 * Knows: the records of successes, adopted and accepted ones included where a duration is on record.
 * Doesn't know: what a run has seen so far (run/executions.h). All numbers are negative where nothing
 * is known. */
#ifndef ROWBUILD_COSTS_H
#define ROWBUILD_COSTS_H

#include "plan_inner.h"

struct costs;

struct costs *costs_new(void);
void costs_free(struct costs *costs);

/* The records may have changed. What follows from them is found when it is asked for: a run with
 * nothing to do asks for nothing. */
void costs_forget(struct plan *plan);

#endif
