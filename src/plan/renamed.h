/* Records of actions that have another name now. */
#ifndef ROWBUILD_RENAMED_H
#define ROWBUILD_RENAMED_H

#include "plan_inner.h"

/* An action that was renamed together with its products keeps its records (rules.md, rule 7): rows
 * of a name that the description no longer has are taken over by a name that has none, or only
 * older ones, and whose products are the same. Returns how many records were compared with a task. */
size_t plan_follow_renamed(struct plan *plan);

#endif
