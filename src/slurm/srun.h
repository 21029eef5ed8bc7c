/* srun(1): asks the hosts of a job a question, in one step with a task on each host; and tells from
 * srun's messages that a step couldn't be made.
 *
 * Knows: srun's options and words. Doesn't know: the question, the meaning of the answers. */
#ifndef ROWBUILD_SRUN_H
#define ROWBUILD_SRUN_H

#include "allocation.h"
#include "buf.h"
#include "slice.h"

#include <stdbool.h>

/* Executes an sh script on each host of the job except this one. `answers` gets the output, each
 * line preceded by the number of its task and ": "; *can_bind tells whether srun supports
 * --cpu-bind here. `environment` must have no variables that change srun's behaviour. -1 if the
 * hosts can't be reached: `why` gets srun's message. */
int srun_ask_hosts(const struct allocation *allocation, const char *question,
                   char *const *environment, struct buf *answers, bool *can_bind, struct buf *why);

/* Whether output ends with srun's word that the step couldn't be made for a reason that passes by
 * itself: the hosts are busy, the controller is away. *why is that reason, within the output. */
bool srun_made_no_step(struct slice output, struct slice *why);

#endif
