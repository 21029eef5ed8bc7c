/* One submission where the scheduler is bash: the script is executed here and now.
 *
 * Knows: what the script's end means for the registration. Doesn't know: the other submissions. */
#ifndef ROWBUILD_SUBMIT_BASH_H
#define ROWBUILD_SUBMIT_BASH_H

#include "submissions.h"
#include "submitting.h"

/* Makes one submission, which is registered, and leaves nothing registered that wasn't submitted.
 * 0 when the next one may follow, else the status to end with. */
int submit_bash(struct submitting *submitting, size_t number, struct submission *registered);

#endif
