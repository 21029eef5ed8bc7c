/* What a task's last execution printed, or the one that runs now prints; where its job failed before
 * there was one, what the job printed.
 *
 * Knows: where a log lies while its task runs, here or in a job, and afterwards. Doesn't know: which
 * tasks are shown. */
#ifndef ROWBUILD_SHOW_LOG_H
#define ROWBUILD_SHOW_LOG_H

#include "plan.h"
#include "rowbuild.h"

#include <stdbool.h>

struct log_request {
    const struct plan *plan;
    const char *state_path;
    bool follow;   /* also what is added, until the task ends */
    bool notes;    /* a note says if a task has no log */
    bool headings; /* a line with the task's label comes first, and a blank one before it */
    const struct rowbuild_writer *writer;
    size_t shown;            /* out: how many logs were written */
    const char *last_output; /* of a job: shown once for its tasks that follow each other */
};

/* Writes a task's log. -1 after an error. */
int run_show_log(struct log_request *request, struct task_id task, struct diag *diag);

#endif
