/* Cancelling jobs: those of some actions and directories, and those that wait for them.
 *
 * Knows: which queued jobs are meant, which others can't run without them, and what the queue says
 * afterwards. Doesn't know: questions, how it is shown. Records and registrations stay: a later look
 * finds that the jobs have ended. */
#ifndef ROWBUILD_CANCEL_H
#define ROWBUILD_CANCEL_H

#include "listing.h"

struct cancelling {
    struct job_listing named;        /* as the listing has them */
    VEC(struct job_line) dependents; /* further jobs: they need what these would have made */
    size_t running;                  /* of both, as far as the queue says */
    size_t tasks;                    /* in both */
    size_t unnumbered;               /* of both: their numbers aren't known yet */
};

/* Finds them, after a look that asked the queue. The lines refer to what the jobs have. */
void cancelling_find(struct cancelling *cancelling, struct jobs *jobs, const struct plan *plan,
                     const struct rowbuild_selection *selection, struct diag *diag);
void cancelling_release(struct cancelling *cancelling);

/* What was shown before, when there has been another look since. */
struct cancelling_shown {
    struct arena arena;
    VEC(struct job_line) jobs; /* only what says which they are */
};
void cancelling_show(const struct cancelling *cancelling, struct cancelling_shown *shown);
void cancelling_shown_release(struct cancelling_shown *shown);
/* Leaves out jobs that weren't shown, which a note names, and notes how many of those that were have ended. */
void cancelling_keep_shown(struct cancelling *cancelling, const struct cancelling_shown *shown,
                           struct diag *diag);

/* Cancels them all, and asks the queue until none of them is waiting or running, for some seconds at
 * most. *left is the number of those that still are, jobs without a number among them. -1 after an
 * error: scancel refused, or the queue can't be asked. */
int cancelling_do(const struct cancelling *cancelling, const char *state_path, size_t *left,
                  struct diag *diag);

#endif
