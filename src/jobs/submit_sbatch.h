/* One submission to Slurm: until it is accepted, refused, or patience ends.
 *
 * Knows: what each answer of sbatch means for the registration. Doesn't know: the other
 * submissions. */
#ifndef ROWBUILD_SUBMIT_SBATCH_H
#define ROWBUILD_SUBMIT_SBATCH_H

#include "submissions.h"
#include "submitting.h"

/* Before that: makes the folders for the output, unless it `only_looks` whether they can be made, and registers its
 * files. -1 after an error. */
int submit_sbatch_prepare(struct submitting *submitting, size_t number, bool only_looks,
                          struct submission *registered);

/* Of submit_sbatch: a limit on jobs is too small for this array, and a part of it may fit. */
#define SUBMIT_ARRAY_TOO_LARGE (-2)

/* Makes one submission, which is registered, and leaves nothing registered that wasn't submitted.
 * 0 when the next one may follow, SUBMIT_ARRAY_TOO_LARGE, else the status to end with. */
int submit_sbatch(struct submitting *submitting, size_t number, struct submission *registered);

#endif
