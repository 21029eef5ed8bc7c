/* The functions of libgit2, by a table that is filled in when the library is opened. Only files of
 * this folder include this. */
#ifndef ROWBUILD_GIT_LIBRARY_H
#define ROWBUILD_GIT_LIBRARY_H

#include "git.h"

#include <git2.h>
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h> /* from libgit2 1.8 on, git_error_clear is declared there */
#endif

/* Every function of libgit2 that is used. */
#define GIT_FUNCTIONS(X)                                                                           \
    X(git_attr_get)                                                                                \
    X(git_attr_value)                                                                              \
    X(git_blob_filter)                                                                             \
    X(git_blob_free)                                                                               \
    X(git_blob_lookup)                                                                             \
    X(git_blob_rawcontent)                                                                         \
    X(git_blob_rawsize)                                                                            \
    X(git_buf_dispose)                                                                             \
    X(git_commit_free)                                                                             \
    X(git_commit_id)                                                                               \
    X(git_commit_lookup)                                                                           \
    X(git_commit_parent_id)                                                                        \
    X(git_commit_parentcount)                                                                      \
    X(git_commit_summary)                                                                          \
    X(git_commit_tree_id)                                                                          \
    X(git_config_free)                                                                             \
    X(git_config_get_multivar_foreach)                                                             \
    X(git_config_open_default)                                                                     \
    X(git_error_clear)                                                                             \
    X(git_error_last)                                                                              \
    X(git_ignore_path_is_ignored)                                                                  \
    X(git_index_checksum)                                                                          \
    X(git_index_entrycount)                                                                        \
    X(git_index_free)                                                                              \
    X(git_index_get_byindex)                                                                       \
    X(git_index_get_bypath)                                                                        \
    X(git_index_path)                                                                              \
    X(git_libgit2_init)                                                                            \
    X(git_libgit2_opts)                                                                            \
    X(git_merge_base)                                                                              \
    X(git_object_free)                                                                             \
    X(git_object_id)                                                                               \
    X(git_object_peel)                                                                             \
    X(git_odb_hash)                                                                                \
    X(git_oid_fromraw)                                                                             \
    X(git_reference_name_to_id)                                                                    \
    X(git_repository_config)                                                                       \
    X(git_repository_free)                                                                         \
    X(git_repository_hashfile)                                                                     \
    X(git_repository_index)                                                                        \
    X(git_repository_is_shallow)                                                                   \
    X(git_repository_open_ext)                                                                     \
    X(git_repository_path)                                                                         \
    X(git_repository_workdir)                                                                      \
    X(git_revparse_single)                                                                         \
    X(git_tree_entry_byindex)                                                                      \
    X(git_tree_entry_bypath)                                                                       \
    X(git_tree_entry_filemode)                                                                     \
    X(git_tree_entry_free)                                                                         \
    X(git_tree_entry_id)                                                                           \
    X(git_tree_entry_name)                                                                         \
    X(git_tree_entrycount)                                                                         \
    X(git_tree_free)                                                                               \
    X(git_tree_id)                                                                                 \
    X(git_tree_lookup)

struct git_library {
#define MEMBER(name) __typeof__ (&name)(name);
    GIT_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* The open library; NULL after an error that names the package. */
const struct git_library *git_library_open(struct diag *diag);

struct repository {
    const struct git_library *git;
    git_repository *handle;
    git_index *index; /* NULL until it is asked for */
    char *top;        /* absolute, without a trailing '/' */
    char *prefix;     /* "", or with a trailing '/' */
};

/* What libgit2 said last, without its line ends; never empty. */
const char *git_library_error(const struct git_library *git);

/* Why the commit's history or contents may be missing, and the command that fetches them. */
void repository_add_fetch(struct repository *repository, struct buf *out);

/* The index, read when it is first asked for; NULL after an error. */
git_index *repository_index(struct repository *repository, struct diag *diag);

/* The first entry of the index in the folder (with a trailing '/'), or the one after it. */
size_t repository_first_entry(const struct repository *repository, git_index *index,
                              struct slice folder);

/* The tree of a commit; for the caller to free. NULL after an error. */
git_tree *repository_tree(struct repository *repository, const struct git_id *commit,
                          struct diag *diag);

/* What stat says of a file that the index has. */
struct tracked_stat {
    uint64_t inode;
    uint64_t size;
    int64_t modified_s;
    uint32_t modified_ns;
    uint32_t mode; /* 0: there is nothing */
};

/* The files of the working tree. */
struct worktree {
    struct repository *repository;
    git_index *index;
    int top;                    /* descriptor */
    int64_t index_written_s;    /* when the index was last written */
    struct tracked_stat *stats; /* by entry of the index; NULL: nobody has looked ahead */
    size_t first;               /* the entry that the first of them belongs to */
    size_t count;
};
int worktree_open(struct worktree *worktree, struct repository *repository, struct diag *diag);
void worktree_close(struct worktree *worktree);

/* Looks at the files of these entries of the index, on all cores. */
void worktree_look_ahead(struct worktree *worktree, size_t first, size_t count);

/* What lies where the index has its entry `number`: its id as a blob, and its mode as git has it. False:
 * neither a file nor a link. */
bool worktree_look(const struct worktree *worktree, size_t number, git_oid *id, uint32_t *mode);
/* Whether git stores the file through a filter program, which isn't run here. */
bool worktree_is_filtered(const struct worktree *worktree, const char *path);
/* The id that a file or a link would have as a blob; false: there is none. */
bool worktree_hash(const struct worktree *worktree, const char *path, git_oid *id);

#endif
