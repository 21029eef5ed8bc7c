/* Deleting backups that nobody needs, for clean.
 *
 * Knows: which siblings of products are backups, and which good ones are spare. Doesn't know:
 * records that are forgotten (forget.h). */
#ifndef ROWBUILD_SWEEP_H
#define ROWBUILD_SWEEP_H

#include "plan.h"

/* Deletes what matches no record beside the products and resumable files of all tasks, and beside
 * former products that are on record; with
 * `good_ones` also good backups whose products are in their places, and names each. Tells how many.
 * With `dry_run` it only tells. */
void run_delete_backups(struct plan *plan, bool good_ones, bool dry_run, struct diag *diag);

#endif
