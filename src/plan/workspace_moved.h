/* Records of a workspace that was renamed along with `workspace.path` (rules.md, rule 7).
 *
 * Knows: names in records that begin with the workspace's former path. What lies in a task's own
 * directory is named from there, so only records of groups, of the project, and of other directories'
 * files have such names. */
#ifndef ROWBUILD_WORKSPACE_MOVED_H
#define ROWBUILD_WORKSPACE_MOVED_H

#include "plan_inner.h"

/* Names files of the former workspace as files of the one that it is now, if nothing is left at the
 * former path. */
void plan_follow_workspace(struct plan *plan);

#endif
