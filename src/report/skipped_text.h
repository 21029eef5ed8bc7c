/* Which directories a group left out because a task failed for them (group.skip_failed). */
#ifndef ROWBUILD_SKIPPED_TEXT_H
#define ROWBUILD_SKIPPED_TEXT_H

#include "buf.h"
#include "plan.h"

/* For `show why`: a line, or nothing if the last success left out none. */
void skipped_add_line(const struct plan *plan, struct task_id task, struct buf *out);
/* Adds them to a JSON object, as an array of names. */
void skipped_add_json(const struct plan *plan, struct task_id task, struct buf *out);

#endif
