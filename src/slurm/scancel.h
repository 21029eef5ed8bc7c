/* Asks Slurm to end jobs, with scancel(1).
 *
 * Knows: scancel's arguments and its messages. Doesn't know: which jobs, or whether they have ended:
 * scancel says nothing of jobs that don't exist, and returns before those that run have ended. */
#ifndef ROWBUILD_SCANCEL_H
#define ROWBUILD_SCANCEL_H

#include "diag.h"
#include "job_ref.h"
#include "slice.h"

#include <stddef.h>

/* Cancels jobs with known ids, a few hundred with each call. `site` is Slurm's name of another cluster
 * that has them all, or empty. -1 with a state error that has scancel's words; the rest is tried all
 * the same. */
int scancel_jobs(struct slice site, const struct job_ref *jobs, size_t count,
                 char *const *environment, struct diag *diag);

#endif
