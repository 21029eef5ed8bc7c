#include "path.h"

void path_drop_part(struct buf *path)
{
    const char *slash = path->len > 0 ? memrchr(path->at, '/', path->len) : NULL;
    if (path->len > 0) {
        path->len = slash != NULL ? (size_t)(slash - path->at) : 0;
        path->at[path->len] = '\0';
    }
}

bool path_add_parts(struct slice path, struct buf *out)
{
    struct slice part;
    while (path_next_part(&path, &part)) {
        if (!slice_is(part, "..")) {
            buf_add_string(out, out->len > 0 ? "/" : "");
            buf_add_slice(out, part);
        } else if (out->len == 0) {
            return false;
        } else {
            path_drop_part(out);
        }
    }
    return true;
}
