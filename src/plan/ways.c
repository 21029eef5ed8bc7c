/* The symbolic links on the way to a file that a depfile names. */
#include "named.h"

#include "disk.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum { MOST_LINKS = 40 }; /* as the kernel follows */

/* Looks at the link that the first `end` bytes of a path are, and makes the path the one that it
 * leads to. 1: it is younger; -1: it isn't a link. */
static int follow(const struct plan *plan, struct buf *path, size_t end, int64_t time_ns)
{
    static const int64_t ns_per_s = 1000000000;
    struct stat found;
    char target[PATH_MAX];
    char rest = path->at[end];
    path->at[end] = '\0';
    bool is_link = disk->stat(plan->project, path->at, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISLNK(found.st_mode);
    ssize_t len = is_link ? disk->read_link(plan->project, path->at, target, sizeof target) : -1;
    path->at[end] = rest;
    if (len <= 0) {
        return -1;
    }
    if (found.st_ctim.tv_sec * ns_per_s + found.st_ctim.tv_nsec >= time_ns) {
        return 1;
    }
    struct buf next = BUF_EMPTY;
    size_t folder = end;
    while (folder > 0 && path->at[folder - 1] != '/') {
        folder--;
    }
    buf_add(&next, path->at, target[0] == '/' ? 0 : folder);
    buf_add(&next, target, (size_t)len);
    buf_add(&next, path->at + end, path->len - end);
    buf_release(path);
    *path = next;
    return 0;
}

bool named_way_is_younger(const struct plan *plan, const char *name, int64_t time_ns,
                          struct intern *folders)
{
    struct buf path = BUF_EMPTY;
    bool is_younger = false;
    unsigned links = 0;
    buf_add_string(&path, name);
    for (size_t end = 1; end <= path.len && !is_younger && links < MOST_LINKS; end++) {
        struct slice part = slice_make(path.at, end);
        bool is_whole = end == path.len;
        if ((!is_whole && path.at[end] != '/') ||
            (!is_whole && intern_find(folders, part) != INTERN_NONE)) {
            continue;
        }
        int followed = follow(plan, &path, end, time_ns);
        is_younger = followed == 1;
        if (followed == 0) {
            links++;
            end = 0;
        } else if (followed < 0 && !is_whole) {
            (void)intern_add(folders, part);
        }
    }
    buf_release(&path);
    return is_younger;
}
