/* Rewrites the values of points whose directories exist.
 *
 * Knows: how one value file, and many of them, change so that each is whole at any moment. Doesn't
 * know: what is on record, or new directories. */
#ifndef ROWBUILD_POINTS_REWRITE_H
#define ROWBUILD_POINTS_REWRITE_H

#include "points_making.h"

/* Writes the value files of these directories, which aren't touched where they have changed since they
 * were looked at. All is synced when the call returns. -1 after an error. */
int making_rewrite(struct making *making, const uint32_t *directories, size_t count);

#endif
