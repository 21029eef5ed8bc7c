/* A question to the hosts of a job: one step of srun(1), with a task on each.
 *
 * Knows: srun's options. Doesn't know: what is asked, what the answers mean. */
#ifndef ROWBUILD_SRUN_H
#define ROWBUILD_SRUN_H

#include "allocation.h"
#include "buf.h"

#include <stdbool.h>

/* Has each host of the job but this one execute a text of sh. `answers` gets what they print, each
 * line with the number of its task and ": " in front; *can_bind becomes whether srun knows
 * --cpu-bind here. `environment` holds nothing that would tell srun something else. -1 where the
 * hosts can't be reached: `why` gets srun's words. */
int srun_ask_hosts(const struct allocation *allocation, const char *question,
                   char *const *environment, struct buf *answers, bool *can_bind, struct buf *why);

#endif
