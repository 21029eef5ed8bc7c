/* What a file contains now: stat, and a digest that is computed only when the file moved.
 *
 * Knows: files, digests, git's racy rule. Doesn't know: tasks. A file is read again only when size,
 * mtime, ctime or inode differ from its row, or when the row was made within a tick of the file's
 * own mtime or ctime. What is neither file nor directory (a FIFO, a device) is known by stat. "Now"
 * is the mtime of a file that is written in the project for that purpose, never this host's clock.
 * A directory as a product is known by the digest of its sorted tree. A look that fails for a
 * reason that may pass (an I/O error, too many open files) is tried again before it counts as
 * failed. */
#ifndef ROWBUILD_OBSERVE_H
#define ROWBUILD_OBSERVE_H

#include "diag.h"
#include "digest.h"
#include "file.h"
#include "file_status.h"
#include "tree_view.h"

#include <stdbool.h>
#include <stdint.h>

enum file_flag {
    FILE_ROW_KNOWN = 1,   /* the row holds something */
    FILE_ROW_RACY = 2,    /* made within a tick of the mtime: read again next time */
    FILE_ROW_BY_STAT = 4, /* `digest` stands for size and mtime only */
    FILE_ROW_DIRECTORY = 8,
    FILE_ROW_EMPTY = 16,  /* a directory without files */
    FILE_ROW_LEFT = 32,   /* an attempt that didn't succeed left it, and it wasn't touched since */
    FILE_ROW_FAILED = 64, /* with LEFT: that attempt failed or was killed */
    FILE_ROW_DELETED = 128, /* rowbuild has deleted it, or is about to: the row says what it was */
};

/* What was last seen of a file; 56 bytes, as on disk. All zero: nothing known. Of a directory (a
 * product that is a tree), `size` and `inode` are digests of what stat says of its entries, and the
 * times are the newest of the tree. */
struct file_row {
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
    uint64_t inode;
    struct digest digest;
    uint32_t flags;
    uint32_t reserved;
};

struct observer; /* not thread-safe unless said */

/* `directory`: descriptor that paths are relative to (the project), borrowed. Files above
 * `digest_limit` bytes are known by size and mtime. With `write_probe` false (dry runs, readers) no
 * file is written: then everything younger than the newest mtime seen counts as racy. */
struct observer *observer_new(int directory, uint64_t digest_limit, bool write_probe);
void observer_free(struct observer *observer);

/* What never counts of a folder; what it names must outlive the observer's use. */
void observer_set_rules(struct observer *observer, const struct tree_rules *rules);

/* Compares the file with *row, reads it if it moved, and updates *row in place. FILE_CURRENT: the
 * row stands, by stat alone. FILE_READ: the row was made anew; its digest may be the same.
 * FILE_MOVING: the row's digest is DIGEST_UNREAD. FILE_GONE and FILE_TROUBLE (with errno) don't
 * change *row. Thread-safe for distinct rows. */
enum file_status observe_file(struct observer *observer, const char *path, struct file_row *row);

/* The same for what counts of a folder (`view`; NULL: all of it). What globs match in a file is
 * nothing. */
enum file_status observe_view(struct observer *observer, const char *path,
                              const struct tree_view *view, struct file_row *row);

/* Reads each regular file of a view. FILE_READ, or why that failed. */
typedef void observed_fn(void *context, const char *path, struct digest digest);
enum file_status observe_each(const struct observer *observer, const char *path,
                              const struct tree_view *view, observed_fn *each, void *context);

/* The newest ctime of what isn't a folder in a view; INT64_MAX: it can't be looked at. */
int64_t observe_newest(const struct observer *observer, const char *path,
                       const struct tree_view *view);

/* By stat alone: FILE_CURRENT, FILE_MOVED, FILE_GONE or FILE_TROUBLE with errno. *row isn't changed.
 * `found` (may be NULL) receives the stat. Thread-safe. */
enum file_status observe_stat(const struct observer *observer, const char *path,
                              const struct file_row *row, struct file_stat *found);

/* The same for a view, without what stat says. */
enum file_status observe_view_stat(const struct observer *observer, const char *path,
                                   const struct tree_view *view, const struct file_row *row);

/* For adoption: makes a row by stat alone for files over 1 MiB, by content below. */
enum file_status observe_adopted(struct observer *observer, const char *path, struct file_row *row);

/* Marks what an attempt left (`flags`: FILE_ROW_LEFT, FILE_ROW_FAILED): by stat alone. The row of a
 * file that moved has DIGEST_UNREAD and is racy, so that it is read when it is next observed. The
 * marks last as long as stat says the same. False, and *row as it was: nothing is there, or it can't
 * be looked at. */
bool observe_left(struct observer *observer, const char *path, const struct tree_view *view,
                  uint32_t flags, struct file_row *row);

/* Whether stat says the same as when the row was made, racy or not. */
bool observe_is_untouched(const struct observer *observer, const char *path,
                          const struct tree_view *view, const struct file_row *row);

/* A row for a file whose digest the caller made itself from what it read between two equal
 * stats. */
void observer_make_row(struct observer *observer, const struct file_stat *stat,
                       struct digest digest, struct file_row *row);

/* Whether a digest that was recorded for this file still stands: equal to the row's, or made by
 * stat alone of the same size and mtime. */
bool observed_equal(struct digest recorded, const struct file_row *row);

/* Whether the file is what the row says, by what stat says now: it needn't be read again. */
bool observed_stands(const struct file_row *row, const struct file_stat *found);

/* A number for what stat said when the row was made, to see whether a row is still that one. Not 0. */
uint64_t observed_mark(const struct file_row *row);

/* Whether it is a file of no bytes, or a directory without files. */
bool observed_is_empty(const struct file_row *row);

/* Takes "now" anew; call once for each turn of the loop before files are observed. Looks that fail
 * may be waited for once more, up to a second in all. */
void observer_tick(struct observer *observer);

/* The file system's now as last taken, nanoseconds; 0 when nothing could be written. */
int64_t observer_now(const struct observer *observer);

/* Sleeps until the clock of the file system has left the tick of `mtime_ns` and takes "now" anew,
 * so that racy rows may be settled by observing once more. For a row pass the later of its mtime
 * and its ctime. At most 2 s; usually a few ms. */
void observer_wait_past(struct observer *observer, int64_t mtime_ns);

#endif
