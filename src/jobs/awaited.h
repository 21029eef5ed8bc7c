/* What an earlier job should have made, and hasn't.
 *
 * A job also starts when one that it waits for has been cancelled, has run out of time, or has failed in part.
 * What that one should have made is then missing, or left from before.
 *
 * Knows: which tasks before the job's are registered as another job's. Doesn't know: why they aren't up to
 * date. What nobody submitted, as with --only, isn't waited for. */
#ifndef ROWBUILD_AWAITED_H
#define ROWBUILD_AWAITED_H

#include "diag.h"
#include "element.h"
#include "part.h"
#include "plan.h"

/* Of a plan that has looked: selects only what depends on no such task, with a warning that says what is left
 * out. How many tasks are; then the plan has to look anew. -1 after an error. `part`: NULL for the whole
 * study. */
int awaited_leave_out(struct plan *plan, const struct job_element *element, const struct part *part,
                      struct diag *diag);

#endif
