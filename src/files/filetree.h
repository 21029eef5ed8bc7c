/* A folder as one thing: its entries in one order, by stat and by content.
 *
 * Knows: walking, and what of a folder counts (tree_view.h). Doesn't know: rows. Symlinks inside the
 * tree aren't followed; their text counts. Only a file that a view's globs match is the one that a
 * link of that name leads to. */
#ifndef ROWBUILD_FILETREE_H
#define ROWBUILD_FILETREE_H

#include "arena.h"
#include "digest.h"
#include "file.h"
#include "file_status.h"
#include "tree_view.h"
#include "vec.h"

struct tree_entry {
    const char *path; /* from the root of the tree */
    struct file_stat stat;
    const char *link;      /* text of a symlink, or NULL */
    bool is_followed;      /* `stat` is of what a symlink leads to */
    bool is_left_out;      /* it doesn't count: of the caller (filetree_summarise) */
    struct digest content; /* of a regular file; DIGEST_UNKNOWN: not read yet */
};

struct filetree {
    struct arena memory;
    struct file_stat root;
    VEC(struct tree_entry) entries; /* depth first, names of a directory sorted by bytes */
    uint64_t bytes;                 /* of all regular files */
    bool holds_files;               /* entries other than directories */
    struct digest seen;             /* names, kinds, sizes and mtimes */
    struct digest moved;            /* inodes and ctimes */
    int64_t newest_mtime_ns;
    int64_t newest_ctime_ns;
};

/* All of these return FILE_READ, FILE_MOVING (it changed while it was read, and is to be read
 * again) or FILE_TROUBLE with errno. */

/* Lists what counts (`view`; NULL: all; by its own rules, or else by `rules`) of the tree whose root
 * is open as `root` (borrowed). Release it in any case. */
enum file_status filetree_scan(struct filetree *tree, int root, const struct tree_view *view,
                               const struct tree_rules *rules);

/* Takes bytes, digests and times anew, of the entries that aren't left out. */
void filetree_summarise(struct filetree *tree);

/* Makes the list of a file that globs look into as if it were a folder: nothing. */
void filetree_begin_empty(struct filetree *tree);
void filetree_release(struct filetree *tree);

/* The digest of names, kinds and contents of the entries that aren't left out. Each is read once,
 * however often this is asked. */
enum file_status filetree_digest(struct filetree *tree, int root, struct digest *digest);

/* Digests a file that is open, feeding it by pieces. `stat` receives what fstat says. */
enum file_status file_digest_fd(int fd, struct file_stat *stat, struct digest *digest);

#endif
