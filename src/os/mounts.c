#include "mounts.h"

#include "disk.h"
#include "file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* White space and backslashes in paths are written as three octal digits. */
static void add_unescaped(struct slice text, struct buf *path)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *c = text.at + i;
        if (*c == '\\' && text.len - i > 3) {
            buf_add_char(path, (char)(((c[1] - '0') << 6) | ((c[2] - '0') << 3) | (c[3] - '0')));
            i += 3;
        } else {
            buf_add_char(path, *c);
        }
    }
}

/* The fifth word of a line: "31 23 0:28 ROOT MOUNT OPTIONS …". */
static struct slice mount_of(struct slice line)
{
    const char *at = line.at;
    const char *end = line.at + line.len;
    for (int word = 0; word < 4 && at != NULL; word++) {
        at = memchr(at, ' ', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    const char *space = at != NULL ? memchr(at, ' ', (size_t)(end - at)) : NULL;
    return space != NULL ? slice_make(at, (size_t)(space - at)) : (struct slice){0};
}

/* What follows the folder in the path of a mount; at == NULL: it lies elsewhere. */
static struct slice below_folder(struct slice mount, const char *folder)
{
    size_t len = strlen(folder);
    if (!slice_starts_with(mount, folder) || (mount.len > len && mount.at[len] != '/')) {
        return (struct slice){0};
    }
    size_t rest = mount.len > len ? len + 1 : len;
    return slice_make(mount.at + rest, mount.len - rest);
}

static bool find_in_list(struct slice list, const char *folder, struct buf *below)
{
    struct buf path = BUF_EMPTY;
    bool found = false;
    while (list.len > 0 && !found) {
        const char *newline = memchr(list.at, '\n', list.len);
        size_t len = newline != NULL ? (size_t)(newline - list.at) : list.len;
        buf_clear(&path);
        add_unescaped(mount_of(slice_make(list.at, len)), &path);
        struct slice rest = below_folder(buf_slice(&path), folder);
        found = rest.at != NULL;
        if (found && below != NULL) {
            buf_add_slice(below, rest);
        }
        len += newline != NULL ? 1 : 0;
        list = slice_make(list.at + len, list.len - len);
    }
    buf_release(&path);
    return found;
}

bool mounts_in_folder(int folder, const char *name, struct buf *below)
{
    struct buf list = BUF_EMPTY;
    bool found = false;
    int opened = disk->open(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    char *path = opened >= 0 ? disk->path_of(opened) : NULL;
    if (path != NULL && file_read(AT_FDCWD, "/proc/self/mountinfo", SIZE_MAX, &list) == 0) {
        found = find_in_list(buf_slice(&list), path, below);
    }
    if (opened >= 0) {
        disk->close(opened);
    }
    free(path);
    buf_release(&list);
    return found;
}
