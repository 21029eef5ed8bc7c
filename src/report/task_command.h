/* The command of a task as a run would start it.
 *
 * Knows: what launch makes of a task before cores are assigned. Doesn't know: the run, and what the
 * environment of this process has: only variables that rowbuild sets are shown. */
#ifndef ROWBUILD_TASK_COMMAND_H
#define ROWBUILD_TASK_COMMAND_H

#include "launch.h"
#include "plan.h"

#include <stdbool.h>

/* Appends the launcher and the command, filled in, without `setup`. -1 after an error: a value that
 * can't be read, or can't be put at its place. */
int task_command_add(const struct launch_context *launch, const struct plan *plan,
                     struct task_id task, struct buf *out, struct diag *diag);

/* For a dry run: a line, or a member of the JSON object that is open (null if the task starts no
 * command, or the command can't be made). Without `launch` nothing is appended. */
void task_command_add_planned(const struct launch_context *launch, const struct plan *plan,
                              struct task_id task, bool json, struct buf *out);

#endif
