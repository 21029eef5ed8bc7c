/* Records of earlier versions, compared by the rules that they were made by.
 *
 * Knows: how a record's components came about. Doesn't know: verdicts. What equals its record by
 * those rules is as it was; whoever asks writes the record anew by today's. */
#ifndef ROWBUILD_CONVERT_H
#define ROWBUILD_CONVERT_H

#include "plan_inner.h"
#include "recorded.h"

/* Of what globs match in a folder that another task makes, records named each file, or the whole
 * folder. Whether all of it is what it was then. */
bool convert_globbed(struct plan *plan, struct task_id task, struct recorded *recorded,
                     struct file_id file);

#endif
