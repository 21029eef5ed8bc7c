/* New submissions: from a plan to what the scheduler has.
 *
 * Knows: registering before submitting, patience, what is said of it. The values of rowbuild.h are
 * taken as they are. Doesn't know: how the plan is made, nor what else stops a submission.
 *
 * The caller looks, calls submit_plan (anew after each look), submit_confirm, and submit_all with
 * the state open for writing. */
#ifndef ROWBUILD_SUBMIT_H
#define ROWBUILD_SUBMIT_H

#include "jobs.h"
#include "submitting.h"

#include <stdint.h>

void submit_init(struct submitting *submitting, const struct submit_place *place,
                 const struct rowbuild_submit_options *options,
                 const struct rowbuild_submit_observer *observer, struct diag *diag);
void submit_release(struct submitting *submitting);

/* Which submissions the plan amounts to, with what the study's jobs of the same look say. -1 after an
 * error. */
int submit_plan(struct submitting *submitting, struct plan *plan, struct jobs *jobs);

/* Says what is to be submitted, and what isn't; in a dry run also the scripts. Whether to go on. -1
 * after an error. */
int submit_confirm(struct submitting *submitting);

/* Makes the submissions, one after the other: the status to end with. `jobs` is of the same
 * look. */
int submit_all(struct submitting *submitting, struct jobs *jobs);

#endif
