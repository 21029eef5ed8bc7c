/* Calls one of Slurm's programs and says in words what went wrong.
 *
 * Knows: the environment and the time limit of such calls, and that a program's last line on stderr says why
 * it failed. Doesn't know: what the answer means. */
#ifndef ROWBUILD_SLURM_CALL_H
#define ROWBUILD_SLURM_CALL_H

#include "buf.h"

#include <stdbool.h>

/* Runs argv[0], for a minute at most, in the environment that scheduler_environment.h makes, with times in
 * seconds. SBATCH_CLUSTERS says where new jobs go: what is asked about existing jobs is the cluster that
 * argv names, or else this one. Whether it
 * ended with 0: then its output is appended to `answer` (NULL: it doesn't matter), else what was wrong to
 * `words`. A program that ends with 0 and prints nothing may say there why. */
bool slurm_call(char *const *argv, char *const *environment, struct buf *answer, struct buf *words);

#endif
