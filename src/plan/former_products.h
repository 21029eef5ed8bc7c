/* Products that were taken off the list of an action: they stay on its tasks' records, so that clean
 * finds what nothing makes any more.
 *
 * Knows: what a record says was made, and what its task makes now. Doesn't know: whether another task
 * makes or reads it (run/leftovers.h). */
#ifndef ROWBUILD_FORMER_PRODUCTS_H
#define ROWBUILD_FORMER_PRODUCTS_H

#include "plan_inner.h"

/* Appends to `all`, a record that has the components `list`, what the record that is there so far knows
 * of former products: until none of their bytes is left, in place or in a backup, or they are products
 * again. Only what a command has made counts, not what was adopted. */
void plan_push_former(const struct plan *plan, struct task_id task,
                      const struct component_list *list, struct component_list *all);

#endif
