/* Commands that ran in a step of the job which Slurm couldn't make: they are attempted again.
 *
 * Knows: how long to pause in between, and how long the scheduler may be in trouble at most. Doesn't
 * know: srun's words (slurm/srun.h). That Slurm couldn't make a step is never a task's failure, unless
 * it made none for a quarter of an hour: a controller that is started anew is back long before. */
#ifndef ROWBUILD_REFUSED_STEPS_H
#define ROWBUILD_REFUSED_STEPS_H

#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct slot;

struct refused_steps {
    int64_t since_ns; /* the first one that was refused since one was made; 0: none */
    int64_t pause_ns; /* the last pause */
    int64_t until_ns; /* nothing is started before; 0: there is no pause */
    bool is_told;
};

/* The end of a command, and what it printed: whether it is to be attempted again because there was no
 * step for it. If so, a pause begins. */
bool refused_steps_excuse(struct run *run, const struct slot *slot, struct slice output);
/* Whether anything may be started now. */
bool refused_steps_allow(const struct run *run);
/* With time: the pause ends. refused_steps_next: when; 0: there is none. */
void refused_steps_keep_time(struct run *run);
int64_t refused_steps_next(const struct run *run);

#endif
