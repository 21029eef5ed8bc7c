/* The files that a job's output goes to: their folders, and their names for the registration.
 *
 * Knows: that Slurm before 23.02 doesn't make these folders, and that it tells nothing of a job which
 * can't write there. Doesn't know: which option named a file (sbatch_files.h). */
#ifndef ROWBUILD_SUBMIT_OUTPUT_H
#define ROWBUILD_SUBMIT_OUTPUT_H

#include "submissions.h"
#include "submitting.h"

/* Makes the folders for the jobs of a submission, unless it `only_looks` whether they can be made, and fills in
 * the files of what is registered. -1 with an error where that can't be: then the jobs would fail without a
 * word. */
int submit_prepare_output(struct submitting *submitting, size_t number, struct slice script,
                          const char *const *words, bool only_looks, struct submission *registered);

#endif
