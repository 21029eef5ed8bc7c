/* Submissions whose jobs have no known number: rowbuild was stopped while sbatch ran, or sbatch's answer
 * couldn't be read.
 *
 * Knows: where such a job is looked for. Doesn't know: when a submission may be forgotten (endings.h). */
#ifndef ROWBUILD_LOST_H
#define ROWBUILD_LOST_H

#include "endings.h"
#include "jobs.h"

#include <stdbool.h>

/* Looks for the job: in the comments of the queue, among the claims, and (`reads_scripts`) in the scripts of
 * jobs whose comment has no token. Whether it has its number now. Otherwise facts->is_absent is set if the
 * queue answered and knows nothing of it. */
bool lost_find(const struct jobs *jobs, struct submission *submission, bool reads_scripts,
               struct endings_facts *facts);

/* Whether the job isn't found, and the queue has answered too early to tell that there is none; then *wait_s is
 * how long that takes. */
bool lost_is_too_new(const struct jobs *jobs, const struct submission *submission,
                     const struct endings_facts *facts, int64_t now_s, int64_t *wait_s);

/* Warns that `count` submissions, `first` among them, still have no number. */
void lost_tell(const struct submission *first, size_t count, struct diag *diag);

#endif
