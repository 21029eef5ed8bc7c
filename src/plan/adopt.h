/* Records that the plan makes itself: of adopted results (rules.md, rule 6), of unfinished ones that are
 * complete by now, and of what has become
 * known since a success. */
#ifndef ROWBUILD_ADOPT_H
#define ROWBUILD_ADOPT_H

#include "plan_inner.h"

/* Whether the task's files are looked at: it is wanted, or everything is, because a study that was
 * never seen is adopted as a whole. */
bool plan_looks_at(const struct plan *plan, struct task_id task);

/* Gives a record to tasks that have none although their products exist. -1 after errors. */
int plan_adopt(struct plan *plan, struct diag *diag);

/* Row's contract: work whose command ended well without all products is complete as soon as they
 * are there, whoever made them, unless what it was made from has changed since. -1 after errors. */
int plan_complete_unfinished(struct plan *plan, struct diag *diag);

#endif
