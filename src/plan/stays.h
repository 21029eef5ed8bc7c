/* Entries of a folder product that the task didn't make (docs/internals/rules.md, rule 8).
 *
 * Knows: what lay in the folder before the task's first attempt, or was added after a success, stays
 * there, outside of the folder's digest, until a command of the task changes it. Which entries these
 * are is on record from the first start on, or from when they are seen. Only the uppermost names
 * count: a folder that was added is one entry. Doesn't know: how anything is moved. */
#ifndef ROWBUILD_STAYS_H
#define ROWBUILD_STAYS_H

#include "plan_inner.h"

/* Takes from the records what doesn't count of which folders: before anything is looked at. */
void plan_load_stays(struct plan *plan);

/* Whether a folder product, as its row has it, differs from its maker's record by entries that were
 * added since the success, and maybe otherwise, too. These stay from now on; the row is to be made
 * anew. */
bool plan_take_additions(struct plan *plan, struct file_id file);

#endif
