/* Files: stat, read, replace, rename.
 *
 * Knows: system calls and how they fail on network file systems. Doesn't know: what files mean.
 * Paths are relative to a directory descriptor (AT_FDCWD is allowed) and are NUL-terminated
 * bytes. */
#ifndef ROWBUILD_FILE_H
#define ROWBUILD_FILE_H

#include "buf.h"
#include "diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum file_kind { FILE_MISSING, FILE_REGULAR, FILE_DIRECTORY, FILE_OTHER };

struct file_stat {
    enum file_kind kind;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
    uint64_t inode;
    uint64_t device;
    uint64_t links;
};

/* Follows symlinks. A missing file (ENOENT, ENOTDIR, a dangling or looping link) is kind
 * FILE_MISSING and success; anything else that fails returns -1 with errno set. */
int file_stat(int dir, const char *path, struct file_stat *stat);
int file_stat_fd(int fd, struct file_stat *stat);
/* The link itself: a symlink is FILE_OTHER. */
int file_lstat(int dir, const char *path, struct file_stat *stat);

/* Whether both are of one file that didn't change in between, as far as can be seen. */
bool file_stat_equal(const struct file_stat *a, const struct file_stat *b);

/* Reads a whole file, appending to `out`. -1 with errno set; `limit` bytes at most (EFBIG). */
int file_read(int dir, const char *path, size_t limit, struct buf *out);
int file_read_fd(int fd, size_t limit, struct buf *out); /* from where the descriptor is */

/* The same with what stat said of the open file before and after. */
int file_read_between(int dir, const char *path, size_t limit, struct buf *out,
                      struct file_stat *before, struct file_stat *after);

/* Reads up to `want` bytes from a descriptor, fewer only at the end; -1 with errno. */
ssize_t file_read_fully(int fd, char *into, size_t want);

/* Writes all of it. -1 with errno; then a part may be written. */
int file_write_fully(int fd, struct slice content);

/* Creates missing parents of `path` (not its last part), mode 0777 less umask. -1 with errno. */
int file_make_parents(int dir, const char *path);

/* Makes sure that the names in a folder are on the disk, as far as its file system can: some refuse, and a
 * folder that may not be listed can't be opened. -1 with errno. */
int file_sync_folder(int dir, const char *path);

/* How the names of those temporary files begin that file_replace puts in place. */
#define FILE_TEMPORARY_PREFIX ".rowbuild-tmp-"

/* Replaces `path` by `content` so that after a crash either the old or the new one is there: writes
 * a temporary sibling, fsyncs, renames, fsyncs the directory. -1 with errno; the old file is then
 * whole (or, if only the directory couldn't be synced, the new one), and no temporary is left. The
 * mode of the old file is kept. */
int file_replace(int dir, const char *path, struct slice content);

/* The first half of that, for many files that are synced together: *temporary becomes the path of a
 * sibling that has the content and isn't synced. Its name is fixed, so that the next call replaces what a
 * killed process left. -1 with errno; no temporary is left then. */
int file_prepare(int dir, const char *path, struct slice content, struct buf *temporary);

/* Renames without replacing: EEXIST if `to` exists (renameat2 RENAME_NOREPLACE; where the file
 * system lacks that, a check and a rename). */
int file_rename_new(int dir, const char *from, const char *to);

/* Removes a file or a whole tree (never crossing a symlink), folders without write permission, too,
 * if they are the caller's own. A missing one is success. */
int file_remove_tree(int dir, const char *path);
const char *file_removal_error(int error); /* why it failed, in words */

/* The file system's own "now": the mtime of a file just written in the directory `dir` (a nameless
 * or hidden temporary, removed at once). Nanoseconds; -1 with errno. */
int64_t file_system_now(int dir);

/* Reads the directory again so that a network file system's client forgets what it believed
 * missing. */
void file_refresh_parent(int dir, const char *path);

/* Calls `entry` for each name of the directory (without . and ..), in the file system's order;
 * stops when it returns non-zero and returns that. -1 with errno when it can't be listed.
 * `is_directory`: 1 yes (not a symlink), 0 no, from d_type or lstat. */
typedef int file_entry_fn(void *context, const char *name, size_t len, bool is_directory);
int file_list(int dir, const char *path, file_entry_fn *entry, void *context);

#endif
