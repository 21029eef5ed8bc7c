/* A path's parts, one by one.
 *
 * Knows: slashes, "." and "..". Doesn't know: the file system, and so not whether a part is a link. */
#ifndef ROWBUILD_PATH_H
#define ROWBUILD_PATH_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <string.h>

/* Takes the next part off the front of `rest`; parts that are empty or "." are passed over. False:
 * none is left. */
static inline bool path_next_part(struct slice *rest, struct slice *part)
{
    do {
        if (rest->len == 0) {
            return false;
        }
        const char *slash = memchr(rest->at, '/', rest->len);
        size_t len = slash != NULL ? (size_t)(slash - rest->at) : rest->len;
        size_t taken = len + (slash != NULL);
        *part = slice_make(rest->at, len);
        *rest = slice_make(rest->at + taken, rest->len - taken);
    } while (part->len == 0 || slice_is(*part, "."));
    return true;
}

/* Removes the last part and the slash before it. */
void path_drop_part(struct buf *path);

/* Appends a path's parts to a relative one, "" at first; ".." removes a part. False where it leads
 * out at the top. */
bool path_add_parts(struct slice path, struct buf *out);

#endif
