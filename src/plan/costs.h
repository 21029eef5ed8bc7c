/* What a task is likely to take: seconds, from what was recorded, and cores. */
#ifndef ROWBUILD_COSTS_H
#define ROWBUILD_COSTS_H

#include "plan_inner.h"

/* Sets the mean duration of each action's recorded successes. */
void plan_find_mean_seconds(struct plan *plan);

#endif
