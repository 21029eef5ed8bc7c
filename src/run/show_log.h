/* What a task's last execution printed, or the one that runs now prints.
 *
 * Knows: where a log lies while its task runs, here or in a job, and afterwards. Doesn't know: which
 * tasks are shown. */
#ifndef ROWBUILD_SHOW_LOG_H
#define ROWBUILD_SHOW_LOG_H

#include "plan.h"
#include "rowbuild.h"

#include <stdbool.h>

/* Writes a task's log; with `follow` what is added to it too, until the task ends. A note where there
 * is none. -1 after an error. */
int run_show_log(const struct plan *plan, const char *state_path, struct task_id task, bool follow,
                 const struct rowbuild_writer *writer, struct diag *diag);

#endif
