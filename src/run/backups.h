/* Backups: old products, renamed to hidden siblings before a task runs (rules.md, rule 8).
 *
 * Knows: which products match the record of a success, and what is on record of backups. Doesn't
 * know: how files are moved (backup.h). */
#ifndef ROWBUILD_BACKUPS_H
#define ROWBUILD_BACKUPS_H

#include "launched.h"
#include "plan.h"
#include "vec.h"

struct moves {           /* paths */
    struct arena *arena; /* where they lie */
    VEC(char *) good;
    VEC(char *) kept;
};

/* What is to be moved before the task runs. What matches the record of a success is the good set.
 * What doesn't is a stranger: left where it is when the same attempt is continued or when nothing
 * was ever recorded, kept aside otherwise. */
void backups_plan(struct plan *plan, struct task_id task, const struct launched *launched,
                  struct moves *moves);
/* All or none; -1 after an error. */
int backups_move(const struct plan *plan, const struct moves *moves, struct diag *diag);
void moves_release(struct moves *moves);

/* Renames the backups of a task back. -1 after an error. */
int backups_restore(struct plan *plan, struct task_id task, struct diag *diag);
/* Deletes the backups of a task whose later success is on record; what can't be deleted is warned
 * of, and stays on record. */
void backups_discard(struct plan *plan, struct task_id task, struct diag *diag);

#endif
