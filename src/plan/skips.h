/* Members that a group leaves out because a task that they need failed (group.skip_failed).
 *
 * Knows: which tasks can't succeed any more in this run, and what that means for groups that may run
 * without some of their members. A task before that isn't wanted (in a job, with --only) counts by its
 * record. Doesn't know: when a task has failed for good, which the run says (plan_doom). */
#ifndef ROWBUILD_SKIPS_H
#define ROWBUILD_SKIPS_H

#include "plan_inner.h"

struct skips; /* opaque */

/* NULL: no action of the graph has skip_failed. */
struct skips *skips_new(const struct graph *graph);
void skips_free(struct skips *skips);

/* Says of one task, all of whose tasks before were looked at, whether it can't succeed, and which
 * members it leaves out. As long as it is open what becomes of a member, the record of the group
 * decides: nothing is to differ from it on that account. */
void skips_look(struct plan *plan, struct task_id task);

/* Whether the task leaves out a directory, now or until more is known. */
bool plan_leaves_out(const struct plan *plan, struct task_id task, uint32_t directory);

#endif
