/* The functions of libgit2, by a table that is filled in when the library is opened. Only files of
 * this folder include this. */
#ifndef ROWBUILD_GIT_LIBRARY_H
#define ROWBUILD_GIT_LIBRARY_H

#include "git.h"

#include <git2.h>

/* Every function of libgit2 that is used. */
#define GIT_FUNCTIONS(X)                                                                           \
    X(git_blob_free)                                                                               \
    X(git_blob_lookup)                                                                             \
    X(git_blob_rawcontent)                                                                         \
    X(git_blob_rawsize)                                                                            \
    X(git_commit_free)                                                                             \
    X(git_commit_lookup)                                                                           \
    X(git_commit_tree_id)                                                                          \
    X(git_config_free)                                                                             \
    X(git_config_get_multivar_foreach)                                                             \
    X(git_config_open_default)                                                                     \
    X(git_error_clear)                                                                             \
    X(git_error_last)                                                                              \
    X(git_index_entrycount)                                                                        \
    X(git_index_free)                                                                              \
    X(git_index_get_byindex)                                                                       \
    X(git_index_get_bypath)                                                                        \
    X(git_index_path)                                                                              \
    X(git_libgit2_init)                                                                            \
    X(git_libgit2_opts)                                                                            \
    X(git_odb_hash)                                                                                \
    X(git_oid_fromraw)                                                                             \
    X(git_reference_name_to_id)                                                                    \
    X(git_repository_free)                                                                         \
    X(git_repository_hashfile)                                                                     \
    X(git_repository_index)                                                                        \
    X(git_repository_open_ext)                                                                     \
    X(git_repository_path)                                                                         \
    X(git_repository_workdir)                                                                      \
    X(git_tree_entry_byindex)                                                                      \
    X(git_tree_entry_filemode)                                                                     \
    X(git_tree_entry_id)                                                                           \
    X(git_tree_entry_name)                                                                         \
    X(git_tree_entrycount)                                                                         \
    X(git_tree_free)                                                                               \
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

/* The index, read when it is first asked for; NULL after an error. */
git_index *repository_index(struct repository *repository, struct diag *diag);

/* The tree of a commit; for the caller to free. NULL after an error. */
git_tree *repository_tree(struct repository *repository, const struct git_id *commit,
                          struct diag *diag);

#endif
