#include "folders.h"

#include "buf.h"
#include "disk.h"
#include "file.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void folders_init(struct folders *folders, int directory)
{
    *folders = (struct folders){.directory = directory};
    intern_init(&folders->paths);
}

void folders_release(struct folders *folders)
{
    intern_release(&folders->paths);
    vec_release(&folders->identities);
}

void folders_learn(struct folders *folders, struct slice path)
{
    struct buf text = BUF_EMPTY;
    struct file_stat found;
    buf_add_slice(&text, path);
    if (file_stat(folders->directory, buf_string(&text), &found) == 0 &&
        found.kind == FILE_DIRECTORY) {
        struct folder_identity identity = {found.device, found.inode};
        uint32_t known = folders->paths.count;
        uint32_t number = intern_add(&folders->paths, path);
        if (number == known) {
            vec_push(&folders->identities, identity);
        } else {
            folders->identities.at[number] = identity;
        }
    }
    buf_release(&text);
}

/* Replaces a descriptor by that of an entry of its folder. */
static int descend(int folder, struct slice part, int flags)
{
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, part);
    int next = disk->open(folder, buf_string(&name), O_PATH | O_DIRECTORY | O_CLOEXEC | flags, 0);
    if (next < 0 && errno == ENOTDIR && (flags & O_NOFOLLOW) != 0) {
        struct stat found;
        bool is_link = disk->stat(folder, buf_string(&name), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISLNK(found.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    int error = errno;
    buf_release(&name);
    errno = error;
    return next;
}

static int walk(int start, struct slice path)
{
    int folder = start;
    struct slice part;
    while (folder >= 0 && path_next_part(&path, &part)) {
        int next = -1;
        errno = ELOOP;
        if (!slice_is(part, "..")) {
            next = descend(folder, part, O_NOFOLLOW);
        }
        int error = errno;
        disk->close(folder);
        errno = error;
        folder = next;
    }
    return folder;
}

/* The longest beginning of the path that was learnt; its number, or INTERN_NONE. */
static uint32_t find_learnt(const struct folders *folders, struct slice folder, size_t *len)
{
    for (size_t end = folder.len; end > 0; end--) {
        if (end == folder.len || folder.at[end] == '/') {
            uint32_t number = intern_find(&folders->paths, slice_make(folder.at, end));
            if (number != INTERN_NONE) {
                *len = end;
                return number;
            }
        }
    }
    *len = 0;
    return INTERN_NONE;
}

static int open_learnt(const struct folders *folders, struct slice path, uint32_t number)
{
    int folder = descend(folders->directory, path, 0);
    struct file_stat found;
    if (folder < 0) {
        return -1;
    }
    if (file_stat_fd(folder, &found) != 0 ||
        found.device != folders->identities.at[number].device ||
        found.inode != folders->identities.at[number].inode) {
        disk->close(folder);
        errno = ELOOP;
        return -1;
    }
    return folder;
}

int folders_open_parent(const struct folders *folders, const char *path, const char **name)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    size_t last = len;
    while (last > 0 && path[last - 1] != '/') {
        last--;
    }
    *name = path + last;
    struct slice parent = slice_make(path, last > 1 ? last - 1 : last);
    size_t known;
    uint32_t number = find_learnt(folders, parent, &known);
    int start = number != INTERN_NONE
                    ? open_learnt(folders, slice_make(parent.at, known), number)
                    : disk->open(folders->directory, last > 0 && path[0] == '/' ? "/" : ".",
                                 O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    return start < 0 ? -1 : walk(start, slice_make(parent.at + known, parent.len - known));
}

bool folder_has_link(int directory, struct slice path)
{
    struct buf text = BUF_EMPTY;
    bool found = false;
    buf_add_slice(&text, path);
    for (size_t end = 1; end <= text.len && !found; end++) {
        struct stat stat;
        if (end < text.len && text.at[end] != '/') {
            continue;
        }
        char behind = text.at[end];
        text.at[end] = '\0';
        if (disk->stat(directory, text.at, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
            break;
        }
        found = S_ISLNK(stat.st_mode);
        text.at[end] = behind;
    }
    buf_release(&text);
    return found;
}
