/* What counts of a folder for one reader.
 *
 * Knows: paths and globs. Doesn't know: the disk, or who the reader is. */
#ifndef ROWBUILD_TREE_VIEW_H
#define ROWBUILD_TREE_VIEW_H

#include "match.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* All members are borrowed. All zero: the whole folder counts. */
struct tree_view {
    const struct glob_set *globs; /* NULL: all counts; else only files that these match */
    struct slice prefix;         /* the folder as `globs` name it: "data" for `data/x`; may be "" */
    const struct slice *without; /* paths below the folder that don't count, nor what is in them */
    size_t without_count;
};

/* Whether an entry, by its path below the folder, can be part of the view, or hold what is. */
bool tree_view_counts(const struct tree_view *view, struct slice path, bool is_folder);

#endif
