/* Records of earlier versions, compared by the rules that they were made by.
 *
 * Knows: how a record's components came about. Doesn't know: verdicts. What equals its record by
 * those rules is as it was; whoever asks writes the record anew by today's. */
#ifndef ROWBUILD_CONVERT_H
#define ROWBUILD_CONVERT_H

#include "plan_inner.h"
#include "recorded.h"

/* Whether a folder, or what counts of it (`view`), is what was recorded by the record's own rules. */
bool convert_folder(struct plan *plan, struct recorded *recorded, const char *path,
                    const struct tree_view *view, struct digest then);

/* Whether other names count now than did for the record. */
bool convert_has_other_rules(const struct plan *plan, struct recorded *recorded);

/* Whether the record's rules left out a path that a glob matches now. */
bool convert_was_ignored(struct recorded *recorded, struct slice path);

/* Of what globs match in a folder that another task makes, records named each file, or the whole
 * folder. Whether all of it is what it was then. */
bool convert_globbed(struct plan *plan, struct task_id task, struct recorded *recorded,
                     struct file_id file);

#endif
