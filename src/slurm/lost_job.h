/* Finds the job of a submission whose number isn't known.
 *
 * Knows: that a job has the submission's token in its comment, unless the user or a site's plug-in wrote
 * another one, and always in its script, which scontrol(1) prints to the user that submitted it. Doesn't
 * know: registrations. */
#ifndef ROWBUILD_LOST_JOB_H
#define ROWBUILD_LOST_JOB_H

#include "queue.h"
#include "slice.h"

#include <stdint.h>

enum lost_job {
    LOST_JOB_UNKNOWN, /* the queue doesn't answer, or a script can't be read */
    LOST_JOB_ABSENT,  /* neither a comment nor a script in the queue has the token */
    LOST_JOB_FOUND,
};

/* Looks in the comments first, then in the scripts of those jobs whose comment has no token and which
 * were submitted within SBATCH_LIMIT_S of `since_s`, at most a few minutes of difference between clocks aside. *entry is
 * set when it is found. */
enum lost_job lost_job_find(const struct queue *queue, struct slice token, int64_t since_s,
                            char *const *environment, const struct queue_entry **entry);

#endif
