#include "backup_place.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "reserved.h"
#include "text.h"

#include <errno.h>
#include <string.h>

enum {
    LONGEST_NAME = 255,
    LONGEST_SUFFIX = 20, /* ".rowbuild-kept-99999" */
    DIGEST_DIGITS = 32,
};

bool backup_is_name(struct slice file_name)
{
    return reserved_is_backup(file_name);
}

/* The last part of a path, without slashes at its end. */
struct slice backup_last_part(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    size_t start = len;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    return slice_make(path + start, len - start);
}

/* "dir/.a.out" of "dir/a.out", shortened so that any suffix fits. */
static void add_stem(const char *path, struct buf *out)
{
    struct slice name = backup_last_part(path);
    buf_add(out, path, (size_t)(name.at - path));
    buf_add_char(out, '.');
    if (1 + name.len + LONGEST_SUFFIX <= LONGEST_NAME) {
        buf_add_slice(out, name);
        return;
    }
    buf_add(out, name.at, LONGEST_NAME - LONGEST_SUFFIX - 2 - DIGEST_DIGITS);
    buf_add_char(out, '~');
    digest_format(digest_of(name), out);
}

void backup_add_sibling(const char *path, enum backup_place place, struct buf *out)
{
    add_stem(path, out);
    buf_add_string(out, place == BACKUP_GOOD   ? RESERVED_GOOD
                        : place == BACKUP_LEFT ? RESERVED_LEFT
                                               : RESERVED_KEPT);
}

void backup_good_path(const char *path, struct buf *out)
{
    backup_add_sibling(path, BACKUP_GOOD, out);
}

/* ---- Looking and telling ---- */

const char *backup_reason(int error)
{
    return error == ELOOP ? "its folder leads through a symbolic link that wasn't there before"
                          : strerror(error);
}

void backup_close(int folder)
{
    if (folder >= 0) {
        disk->close(folder);
    }
}

int backup_report_reason(const char *what, const char *path, const char *reason, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, slice_of(path));
    diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what, buf_string(&name),
                     reason);
    buf_release(&name);
    return -1;
}

int backup_report(const char *what, const char *path, int error, struct diag *diag)
{
    return backup_report_reason(what, path, backup_reason(error), diag);
}

/* 1: something is there, be it a dangling link; 0: nothing; -1 with an error added. */
int backup_exists(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    struct file_stat stat = {.kind = FILE_MISSING};
    int folder = folders_open_parent(folders, path, &name);
    if (folder < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    if (folder < 0 || file_lstat(folder, name, &stat) != 0) {
        int error = errno;
        backup_close(folder);
        return backup_report("look at", path, error, diag);
    }
    disk->close(folder);
    return stat.kind != FILE_MISSING;
}
