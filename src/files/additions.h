/* What somebody added to a folder since it was recorded.
 *
 * Knows: that the entries without which a folder digests as recorded are the ones that were added,
 * and that these are younger than the record: by ctime, or in a copied folder by mtime. Doesn't know:
 * whose folder it is, or what becomes of them. An answer never rests on times: they only say where
 * to look, so that a wrong clock or a copy can at most hide what was added. */
#ifndef ROWBUILD_ADDITIONS_H
#define ROWBUILD_ADDITIONS_H

#include "arena.h"
#include "observe.h"

/* What a folder was. */
struct folder_then {
    struct digest digest; /* of its content */
    int64_t at_ns;        /* by the clock of the file system */
};

struct additions { /* paths below the folder, the uppermost of each; in the arena */
    struct slice *at;
    size_t count;
    size_t capacity; /* it is a VEC; vec_release */
};

/* Finds the entries of a folder that were added. Reads contents once. False: there are none, the
 * folder differs otherwise, or can't be read. */
bool additions_find(const struct observer *observer, const char *path, const struct tree_view *view,
                    const struct folder_then *then, struct arena *memory,
                    struct additions *additions);

#endif
