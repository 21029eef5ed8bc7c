/* What the files of rowbuild_submit share. Nothing here outlives the call. */
#ifndef ROWBUILD_SUBMITTING_H
#define ROWBUILD_SUBMITTING_H

#include "job_plan.h"
#include "loop.h"
#include "study.h"
#include "submissions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct submitting {
    struct rowbuild *study;
    const struct rowbuild_submit_options *options;
    const struct rowbuild_submit_observer *observer;
    struct diag *diag;
    struct job_plan jobs;
    const char *program; /* what the jobs execute */
    const char *file;    /* its --file; NULL: none is needed */
    const char *state;   /* where the state is; NULL: where it is expected */
    uint64_t *ids;       /* by submission: the scheduler's */
    struct loop *loop;
    bool interrupted;
    bool unfinished;   /* bash: a command ended well without its products */
    double patience_s; /* what is left of it */
    size_t done;       /* jobs that were submitted or executed */
    struct arena arena;
};

/* What a submission is about. */
const struct action *submitting_action(const struct submitting *submitting,
                                       const struct planned_submission *planned);
const struct planned_job *submitting_jobs(const struct submitting *submitting,
                                          const struct planned_submission *planned);

/* submitting_tell.c: what the user is told. `number` is that of a submission of the plan. */
bool submitting_tell(const struct submitting *submitting, struct rowbuild_submit_event event);
struct rowbuild_submit_event submitting_event(const struct submitting *submitting, size_t number,
                                              enum rowbuild_submit_event_kind kind);
/* Each action by itself; `whole` gets the question whether to go on, with the sums. */
void submitting_tell_actions(const struct submitting *submitting,
                             struct rowbuild_submit_event *whole);
/* What isn't submitted, and why. */
void submitting_tell_what_waits(const struct submitting *submitting);
/* In a dry run: what would be handed over. */
void submitting_tell_scripts(struct submitting *submitting);

/* Looks for signals; waits for them up to that long. Whether the user wants to stop. */
bool submitting_wait(struct submitting *submitting, double seconds);

void submitting_add_script(const struct submitting *submitting, size_t number, struct slice token,
                           struct buf *out);

/* Both make one submission, which is registered, and leave nothing registered that wasn't
 * submitted. 0 when the next one may follow, else the status to end with. */
int submitting_sbatch(struct submitting *submitting, size_t number, struct submission *registered);
int submitting_bash(struct submitting *submitting, size_t number, struct submission *registered);

/* The words that sbatch gets besides the script, NULL-terminated, in the arena. */
const char *const *submitting_sbatch_options(struct submitting *submitting, size_t number,
                                             struct slice token);

#endif
