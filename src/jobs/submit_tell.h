/* What the user is told of submissions before and after they are made.
 *
 * Knows: the events of rowbuild.h and the sums in them. Doesn't know: how submissions are made.
 * `number` is that of a submission of the plan. */
#ifndef ROWBUILD_SUBMIT_TELL_H
#define ROWBUILD_SUBMIT_TELL_H

#include "submitting.h"

/* Whether the observer wants to continue; true where there is none. */
bool submit_tell(const struct submitting *submitting, struct rowbuild_submit_event event);
struct rowbuild_submit_event submit_event(const struct submitting *submitting, size_t number,
                                          enum rowbuild_submit_event_kind kind);
/* Each action by itself; `whole` gets the question whether to continue, with the sums. */
void submit_tell_actions(const struct submitting *submitting, struct rowbuild_submit_event *whole);
/* What isn't submitted, and why. */
void submit_tell_what_waits(const struct submitting *submitting);
/* In a dry run: what would be handed over. */
void submit_tell_scripts(struct submitting *submitting);

/* Warns, once for each action, of tasks that are known to take longer than the time that their job
 * gets. */
void submit_warn_of_walltimes(const struct submitting *submitting);

#endif
