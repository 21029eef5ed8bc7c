/* Products that are symbolic links (docs/internals/rules.md, rule 8).
 *
 * Knows: a link that was there before the task's first attempt is one that the command writes
 * through: the product is its target. Any other link is a product itself, and its target is never
 * touched. Which is which is on record, with the target, from the first start on. Doesn't know: how
 * anything is moved. Targets are absolute paths without links. */
#ifndef ROWBUILD_LINKS_H
#define ROWBUILD_LINKS_H

#include "plan_inner.h"

/* Where a product leads that is a symbolic link, through all links of a chain; the target may be
 * missing, its folder not. False: it isn't a link, or leads nowhere. */
bool plan_find_target(struct plan *plan, struct file_id file, struct buf *target);

/* Makes the folders of an absolute path plain, without links; its last part stays as it is. False:
 * the folder is missing. */
bool links_make_plain(struct buf *path);

#endif
