/* What the last look found in jobs: registrations, row's own record, the inbox, the queue.
 *
 * Knows: how these hang together. Doesn't know: how it is found out (study_jobs.c), what follows
 * for the plan (study_plan_jobs.c), or how it is shown (study_show_jobs.c). */
#ifndef ROWBUILD_STUDY_JOBS_H
#define ROWBUILD_STUDY_JOBS_H

#include "inbox.h"
#include "queue.h"
#include "row_jobs.h"
#include "submissions.h"

struct rowbuild;

struct study_jobs {
    struct submissions submissions;
    bool is_unread; /* a registration can't be read, which is no error for who forgets them */
    struct row_jobs row;
    struct inbox_names inbox;
    struct queue queue;          /* unanswered, unless there was something to ask */
    const struct job_ref **jobs; /* by node, for the plan */
    const char **endings;
    struct arena texts;
};

/* Whether this cluster's scheduler knows about jobs of the cluster with that name. */
bool study_has_queue(const struct rowbuild *study, struct slice cluster);

/* Removes the registrations with these tokens, and what the inbox and the logs have of them. */
int study_forget_jobs(const struct rowbuild *study, const struct slice *tokens, size_t count,
                      struct diag *diag);

/* Whether row's job isn't known to have ended. */
bool study_row_job_is_queued(const struct rowbuild *study, const struct row_job *job);

#endif
