/* What counts of a folder for one reader.
 *
 * Knows: paths and globs. Doesn't know: the disk, or who the reader is. */
#ifndef ROWBUILD_TREE_VIEW_H
#define ROWBUILD_TREE_VIEW_H

#include "match.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Names that never count. All zero: none. */
struct tree_rules {
    const struct glob_set *ignored; /* borrowed; NULL: none */
    bool takes_reserved;            /* rowbuild's own files count, too */
    bool takes_folder_times;        /* what is known by stat depends on the times of folders */
};

/* All members are borrowed. All zero: the whole folder counts. */
struct tree_view {
    const struct glob_set *globs; /* NULL: all counts; else only files that these match */
    struct slice prefix;         /* the folder as `globs` name it: "data" for `data/x`; may be "" */
    const struct slice *without; /* paths below the folder that don't count, nor what is in them */
    size_t without_count;
    const struct tree_rules *rules; /* NULL: those of whoever looks */
};

/* Whether entries of that name count. */
bool tree_rules_count(const struct tree_rules *rules, struct slice name);

/* Whether an entry, by its path below the folder, can be part of the view, or hold what is. */
bool tree_view_counts(const struct tree_view *view, struct slice path, bool is_folder);

#endif
