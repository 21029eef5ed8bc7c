/* New submissions: from a plan to what the scheduler has.
 *
 * Knows: registering before submitting, patience, what is said of it. The values of rowbuild.h are
 * taken as they are. Doesn't know: how the plan is made, nor what else stops a submission.
 *
 * The caller looks, calls submit_plan (anew after each look), submit_confirm, and submit_all with
 * the state open for writing. */
#ifndef ROWBUILD_SUBMIT_H
#define ROWBUILD_SUBMIT_H

#include "job_plan.h"
#include "jobs.h"
#include "loop.h"
#include "rowbuild.h"
#include "submissions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed. */
struct submit_place {
    const char *project_path; /* absolute */
    int project;              /* descriptor */
    const char *file_name;    /* the description, as shown in messages */
    const char *state_path;   /* absolute */
    const struct cluster *cluster;
    const struct launchers *launchers;
};

struct submitting {
    struct submit_place place;
    const struct rowbuild_submit_options *options;
    const struct rowbuild_submit_observer *observer;
    struct diag *diag;
    struct plan *plan; /* of the last look, with its state */
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

void submit_init(struct submitting *submitting, const struct submit_place *place,
                 const struct rowbuild_submit_options *options,
                 const struct rowbuild_submit_observer *observer, struct diag *diag);
void submit_release(struct submitting *submitting);

/* Which submissions the plan amounts to; `queued` jobs are in the queue already. -1 after an error.
 */
int submit_plan(struct submitting *submitting, struct plan *plan, uint64_t queued);

/* Says what is to be submitted, and what isn't; in a dry run also the scripts. Whether to go on. -1
 * after an error. */
int submit_confirm(struct submitting *submitting);

/* Makes the submissions, one after the other: the status to end with. `jobs` is of the same look.
 */
int submit_all(struct submitting *submitting, struct jobs *jobs);

/* ---- What the files of submit share ---- */

/* What a submission is about. */
const struct action *submit_action(const struct submitting *submitting,
                                   const struct planned_submission *planned);
const struct planned_job *submit_jobs(const struct submitting *submitting,
                                      const struct planned_submission *planned);

/* submit_tell.c: what the user is told. `number` is that of a submission of the plan. */
bool submit_tell(const struct submitting *submitting, struct rowbuild_submit_event event);
struct rowbuild_submit_event submit_event(const struct submitting *submitting, size_t number,
                                          enum rowbuild_submit_event_kind kind);
/* Each action by itself; `whole` gets the question whether to go on, with the sums. */
void submit_tell_actions(const struct submitting *submitting, struct rowbuild_submit_event *whole);
/* What isn't submitted, and why. */
void submit_tell_what_waits(const struct submitting *submitting);
/* In a dry run: what would be handed over. */
void submit_tell_scripts(struct submitting *submitting);

/* Looks for signals; waits for them up to that long. Whether the user wants to stop. */
bool submit_wait(struct submitting *submitting, double seconds);

void submit_add_script(const struct submitting *submitting, size_t number, struct slice token,
                       struct buf *out);

/* Both make one submission, which is registered, and leave nothing registered that wasn't
 * submitted. 0 when the next one may follow, else the status to end with. */
int submit_sbatch(struct submitting *submitting, size_t number, struct submission *registered);
int submit_bash(struct submitting *submitting, size_t number, struct submission *registered);

/* The words that sbatch gets besides the script, NULL-terminated, in the arena. */
const char *const *submit_sbatch_options(struct submitting *submitting, size_t number,
                                         struct slice token);

#endif
