/* Products that nothing makes any more, for clean.
 *
 * Knows: what the records say was made, and what today's tasks make and read. Doesn't know: records
 * that are forgotten (forget.h). */
#ifndef ROWBUILD_LEFTOVERS_H
#define ROWBUILD_LEFTOVERS_H

#include "plan.h"

/* Moves to backups what records say was made, which no task makes or reads now and which is still what
 * was recorded, and names each: *found. What was changed since is named and stays. With `dry_run` it
 * only tells. -1 after an error. */
int run_move_leftovers(struct plan *plan, bool dry_run, size_t *found, struct diag *diag);

/* Before records are forgotten: names them, since nobody will know them afterwards. */
void run_tell_leftovers(struct plan *plan, struct diag *diag);

#endif
