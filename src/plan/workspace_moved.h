/* Records of a workspace that was renamed along with `workspace.path` (rules.md, rule 7), and of
 * directories that another `workspace.name` renamed.
 *
 * Knows: names in records that begin with the workspace's former path, or name a renamed directory. What lies in a task's own
 * directory is named from there, so only records of groups, of the project, and of other directories'
 * files have such names. */
#ifndef ROWBUILD_WORKSPACE_MOVED_H
#define ROWBUILD_WORKSPACE_MOVED_H

#include "plan_inner.h"

/* Names files of the former workspace as files of the one that it is now, if nothing is left at the
 * former path, and members and files of renamed directories by their present names. */
void plan_follow_workspace(struct plan *plan);

#endif
