/* Entries of a folder product that the task didn't make (docs/internals/rules.md, rule 8).
 *
 * Knows: what lay in the folder before the task's first attempt stays there, outside of the
 * folder's digest, until a command of the task changes it. Which entries these are is on record from
 * the first start on. Only the uppermost names count: a folder in the folder is one entry. Doesn't
 * know: how anything is moved. */
#ifndef ROWBUILD_STAYS_H
#define ROWBUILD_STAYS_H

#include "plan_inner.h"

/* Takes from the records what doesn't count of which folders: before anything is looked at. */
void plan_load_stays(struct plan *plan);

#endif
