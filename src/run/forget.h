/* Forgetting what was recorded of tasks, for clean.
 *
 * Knows: that a failure stays known as long as its leftovers are there (rules.md, rule 9), and that
 * good backups are put back before their records go. Doesn't know: the files of the state. */
#ifndef ROWBUILD_FORGET_H
#define ROWBUILD_FORGET_H

#include "plan.h"

struct run_forgotten {
    size_t tasks;
    size_t failed; /* tasks of which it stays known that their last attempt failed */
};

/* Forgets the records of all tasks that are present; with `dry_run` it only counts them. */
struct run_forgotten run_forget_all(struct plan *plan, bool dry_run, struct diag *diag);

/* Notes that say what was forgotten, or would be: tasks (NULL: none were to be) and `vanished`
 * directories. */
void run_tell_forgotten(bool dry_run, const struct run_forgotten *forgotten, size_t vanished,
                        struct diag *diag);

#endif
