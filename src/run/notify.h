/* Tells that a run or a job has ended, by the Rowfile's `notify.command`.
 *
 * Knows: what the command's environment says. Doesn't know: what a run is. */
#ifndef ROWBUILD_NOTIFY_H
#define ROWBUILD_NOTIFY_H

#include "diag.h"
#include "slice.h"

#include <stddef.h>

struct run_ending {
    const char *result; /* "done", "failed" or "interrupted" */
    int status;         /* with which rowbuild will exit */
    size_t total;       /* tasks that were to be run */
    size_t done;
    size_t failed;
    size_t unfinished;
    double seconds;
    struct slice failures; /* "ACTION NAME", one per line */
    const char *project;   /* absolute path */
    const char *job;       /* its name; NULL: no job */
};

/* Runs the command by `sh -c` in the project, and waits for it. Its standard output goes to standard
 * error, so that it can't mix with a document there. Ctrl-C ends it. That it fails is a warning. */
void run_notify(struct slice command, int project, const struct run_ending *ending,
                struct diag *diag);

#endif
