/* Shows a run to the user.
 *
 * Knows: events, lines, the status block, the question before redone work. Doesn't know: how a run
 * is started. Lives for one rowbuild_run. */
#ifndef ROWBUILD_RUN_VIEW_H
#define ROWBUILD_RUN_VIEW_H

#include "ask.h"
#include "failures.h"
#include "progress.h"
#include "rowbuild.h"
#include "run_text.h"
#include "session.h"

#include <stdbool.h>

struct run_view {
    struct session *session;
    bool on_messages; /* standard output holds a document: lines go to standard error */
    struct progress progress;
    struct run_style style;
    struct run_tally tally;
    struct failures failures;
    struct rowbuild_progress last; /* its numbers are valid, its labels are not */
    size_t blocked;                /* tasks that lack an input */
    bool planned;                  /* the plan was made */
    bool asked;                    /* a CONFIRM event arrived; `answer` is the answer */
    enum answer answer;
};

/* ROWBUILD_USAGE after an error: $ROWBUILD_STATUS can't be used. Nothing has run then. */
int run_view_check(struct session *session);

void run_view_init(struct run_view *view, struct session *session);
void run_view_release(struct run_view *view);

struct rowbuild_observer run_view_observer(struct run_view *view);

/* Writes the last lines. `status` is the command's exit status. */
void run_view_finish(struct run_view *view, int status);

#endif
