/* What a git repository says of a project: its commits, its trees, its index, and what differs from
 * them in the working tree. The only place that includes libgit2's header.
 *
 * Knows: one repository, as seen from one folder in it. Doesn't know: Rowfiles, tasks, or which files
 * matter. It never writes to the repository, starts no process, and runs no filter program or hook.
 *
 * libgit2 is opened with dlopen when the first repository is opened. Linking it would add 2 ms to
 * each start of the program (it brings 18 libraries along), and rowbuild would not start at all
 * where it is missing. The library of exactly the version of the header is opened by its soname,
 * wherever the system's linker finds it, so there is no file of ours that could be in the wrong place:
 * the build tree, an installed program and the library librowbuild do the same. It stays open until
 * the process ends.
 *
 * Paths are bytes. Those that are relative to the repository's top are called `path` here. A function
 * that returns int gives 0, or -1 after an error that names the git command that helps. Different
 * repositories may be used by different threads; one repository by one thread at a time. */
#ifndef ROWBUILD_GIT_H
#define ROWBUILD_GIT_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { GIT_ID_BYTES = 20, GIT_ID_DIGITS = 40 };

/* The name of a commit, a tree or a blob. */
struct git_id {
    uint8_t bytes[GIT_ID_BYTES];
};

static inline bool git_id_equal(const struct git_id *a, const struct git_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Appends the hexadecimal digits; with `digits` below GIT_ID_DIGITS the first of them only. */
void git_id_add(const struct git_id *id, unsigned digits, struct buf *out);
/* Reads GIT_ID_DIGITS hexadecimal digits; false: these are something else. */
bool git_id_read(struct slice text, struct git_id *id);

struct repository; /* opaque */

/* Opens the repository that holds `folder` (absolute, without symbolic links), which may be any
 * folder of its working tree. 0; 1 and no message where no repository holds the folder, which
 * *repository is NULL for; -1 after an error: libgit2 isn't installed, or the repository can't be
 * used (it belongs to another user, is bare, or is of a kind that libgit2 doesn't read).
 * The caller frees it with repository_free (NULL is allowed). */
int repository_open(const char *folder, struct repository **repository, struct diag *diag);
void repository_free(struct repository *repository);

/* The top of the working tree, absolute, without a trailing '/'. Lives as long as the repository. */
const char *repository_top(const struct repository *repository);
/* The folder that it was opened for, below the top, with a trailing '/'; "" for the top itself. */
struct slice repository_prefix(const struct repository *repository);

/* Appends the address of the remote `origin`, without a user's name and password in it; nothing if
 * there is none. */
void repository_add_origin(struct repository *repository, struct buf *out);

/* The commit that is checked out. 1 and no message where there is no commit yet. */
int repository_head(struct repository *repository, struct git_id *commit, struct diag *diag);

/* The commit that `revision` names, in any way that git knows: a branch, a tag, HEAD~3, a beginning of
 * an id. `A...B` is the merge base of the two; one that is left out is HEAD. */
int repository_resolve(struct repository *repository, const char *revision, struct git_id *commit,
                       struct diag *diag);

/* Whether a tracked file at or below the folder differs from HEAD, in the index or in the working
 * tree: it was edited, added, renamed or deleted. Files that git doesn't track don't count. A file
 * whose size, times and inode are those of the index isn't read. Submodules count. */
int repository_is_dirty(struct repository *repository, bool *is_dirty, struct diag *diag);

/* ---- Which commit changed a file last ---- */

enum git_last_kind {
    GIT_LAST_UNKNOWN, /* it isn't tracked, is as it was, or the history doesn't reach so far */
    GIT_LAST_UNCOMMITTED,
    GIT_LAST_COMMIT,
};

struct git_last {
    struct slice path;   /* asked: a file or a folder, without a trailing '/'; ends with NUL */
    struct git_id since; /* asked: the commit at which it was as it was then */
    enum git_last_kind kind;
    struct git_id commit; /* of GIT_LAST_COMMIT */
    struct slice subject; /* in `names` */
};

/* Finds what `git log -1 -- path` would name, for paths that differ from what the commit `since` has.
 * One walk from HEAD for all paths, of some thousand commits at most. What goes wrong makes a path
 * GIT_LAST_UNKNOWN. */
void repository_find_last(struct repository *repository, struct git_last *asked, size_t count,
                          struct arena *names);

/* ---- What differs between a commit and the working tree ---- */

enum git_change {
    GIT_ADDED,   /* the commit doesn't have it */
    GIT_CHANGED, /* another content, or a link that was a file */
    GIT_MODE,    /* only whether it may be executed */
    GIT_STAGED,  /* only in the index: the working tree has what the commit has */
    GIT_DELETED,
};

struct git_difference {
    struct slice path; /* ends with NUL */
    enum git_change change;
    struct git_id before; /* blob of the commit; not of what was added */
    uint32_t submodule;   /* where the blob is; for this module's use */
};

struct git_comparison; /* opaque */

/* Compares the trees of a commit with the index and the index with the files at and below the
 * folder `below` ("" or with a trailing '/'). Equal to the working tree is what has the same content
 * there now, whether it is committed, staged, or neither. Line ends that git converts are no
 * difference. Only files whose size, times and inode aren't those of the index are read. A folder
 * that git doesn't track is never listed. Submodules that are checked out are compared, too.
 * Free it before the repository. */
int repository_compare(struct repository *repository, const struct git_id *commit,
                       struct slice below, struct git_comparison **comparison, struct diag *diag);
void git_comparison_free(struct git_comparison *comparison);

/* All of them, sorted by the bytes of their paths. */
size_t git_comparison_differences(const struct git_comparison *comparison,
                                  const struct git_difference **differences);
/* The one of a path; NULL: it doesn't differ, or git doesn't know it. */
const struct git_difference *git_comparison_find(const struct git_comparison *comparison,
                                                 struct slice path);
/* Those below a folder (without a trailing '/'), as a part of all. */
const struct git_difference *git_comparison_below(const struct git_comparison *comparison,
                                                  struct slice folder, size_t *count);

/* Folders that the commit had, each without a trailing '/'; by number from 0 on. */
size_t git_comparison_folders(const struct git_comparison *comparison);
struct slice git_comparison_folder(const struct git_comparison *comparison, size_t number);
bool git_comparison_had_folder(const struct git_comparison *comparison, struct slice path);

/* Whether the index has the path now, or (a folder) something below it. */
bool git_comparison_tracks(const struct git_comparison *comparison, struct slice path);
/* Whether git is told to ignore a path that it doesn't track. */
bool git_comparison_ignores(const struct git_comparison *comparison, struct slice path);

/* Submodules that aren't checked out, so that nothing is known of what is in them. */
size_t git_comparison_unknown(const struct git_comparison *comparison, const struct slice **paths);

/* Files of a filter program, such as Git LFS, that aren't as they were staged. What git would store of
 * them isn't known, so they differ. */
size_t git_comparison_filtered(const struct git_comparison *comparison, const struct slice **paths);

/* Appends the content that a file had in the commit, as a checkout would write it. The path must be
 * one that was changed or deleted. */
int git_comparison_read(struct git_comparison *comparison, const struct git_difference *difference,
                        struct buf *out, struct diag *diag);

#endif
