/* Whether the target of a linked product is the product's alone.
 *
 * Knows: where all files of the study lie, by one look at each of them: by device and inode where
 * they exist, and by the path without links where they will be. The look is taken when the first
 * target is checked; a study without linked products never pays for it. What it finds is looked at
 * once more before a target is refused. Doesn't know: files that other programs link to each other
 * during a run. */
#ifndef ROWBUILD_TARGETS_H
#define ROWBUILD_TARGETS_H

struct targets;

void targets_free(struct targets *targets); /* NULL is allowed */

#endif
