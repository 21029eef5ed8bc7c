/* The index, and what differs from it in the working tree. */
#include "git_library.h"

#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

git_index *repository_index(struct repository *repository, struct diag *diag)
{
    const struct git_library *git = repository->git;
    if (repository->index != NULL ||
        git->git_repository_index(&repository->index, repository->handle) == 0) {
        return repository->index;
    }
    const char *said = git_library_error(git);
    repository->index = NULL;
    if (strstr(said, "link") != NULL) {
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the index of the git repository `%s` is split, which libgit2 can't read: "
                         "`git -C %s update-index --no-split-index` joins it",
                         repository->top, repository->top);
    } else if (strstr(said, "sdir") != NULL) {
        diag_state_error(
            diag, FINDING_GIT_UNUSABLE,
            "the index of the git repository `%s` is sparse, which libgit2 can't read: "
            "`git -C %s sparse-checkout reapply --no-sparse-index` fills it in",
            repository->top, repository->top);
    } else {
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the index of the git repository `%s` can't be read: %s; try `git -C "
                         "%s status`",
                         repository->top, said, repository->top);
    }
    return NULL;
}

/* ---- HEAD against the index ---- */

struct cursor {
    struct repository *repository;
    git_index *index;
    size_t at; /* entry of the index */
    size_t count;
    struct slice prefix; /* the folder that is looked at */
    struct buf path;     /* of the tree's entry */
    struct diag *diag;
};

static const git_index_entry *entry_at(const struct cursor *cursor)
{
    return cursor->at < cursor->count
               ? cursor->repository->git->git_index_get_byindex(cursor->index, cursor->at)
               : NULL;
}

/* Whether an entry lies in the folder, or (a tree) holds it. */
static bool touches_folder(const struct cursor *cursor, bool is_tree)
{
    struct slice path = buf_slice(&cursor->path);
    if (slice_starts_with(path, cursor->prefix.at)) {
        return true;
    }
    return is_tree && path.len < cursor->prefix.len && cursor->prefix.at[path.len] == '/' &&
           memcmp(cursor->prefix.at, path.at, path.len) == 0;
}

/* 0: as the index has it; 1: it differs; -1 after an error. Entries of trees come in the order of the
 * index if a tree's name is taken with a '/' behind it, which is how git sorts them. */
static int compare_tree(struct cursor *cursor, const git_tree *tree)
{
    const struct git_library *git = cursor->repository->git;
    size_t len = cursor->path.len;
    int result = 0;
    for (size_t i = 0; i < git->git_tree_entrycount(tree) && result == 0; i++) {
        const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
        bool is_tree = git->git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
        buf_add_string(&cursor->path, git->git_tree_entry_name(entry));
        if (touches_folder(cursor, is_tree) && is_tree) {
            git_tree *below = NULL;
            if (git->git_tree_lookup(&below, cursor->repository->handle,
                                     git->git_tree_entry_id(entry)) != 0) {
                result = diag_state_error(cursor->diag, FINDING_GIT_OBJECT_MISSING,
                                          "a tree of git's HEAD can't be read: %s; try `git -C %s "
                                          "fsck`",
                                          git_library_error(git), cursor->repository->top);
            } else {
                buf_add_char(&cursor->path, '/');
                result = compare_tree(cursor, below);
                git->git_tree_free(below);
            }
        } else if (touches_folder(cursor, false)) {
            const git_index_entry *staged = entry_at(cursor);
            bool is_same =
                staged != NULL && strcmp(staged->path, buf_string(&cursor->path)) == 0 &&
                staged->mode == (uint32_t)git->git_tree_entry_filemode(entry) &&
                memcmp(staged->id.id, git->git_tree_entry_id(entry)->id, GIT_ID_BYTES) == 0;
            result = is_same ? 0 : 1;
            cursor->at++;
        }
        cursor->path.len = len;
        cursor->path.at[len] = '\0';
    }
    return result;
}

/* ---- The index against the working tree ---- */

static bool is_as_staged(const git_index_entry *entry, const struct stat *found,
                         const struct stat *index)
{
    bool is_same = entry->file_size == (uint32_t)found->st_size &&
                   entry->mtime.seconds == (int32_t)found->st_mtim.tv_sec &&
                   entry->mtime.nanoseconds == (uint32_t)found->st_mtim.tv_nsec &&
                   (entry->ino == 0 || entry->ino == (uint32_t)found->st_ino);
    /* A file that was written in the second of the index, or later, may have been edited within one
     * tick of the clock after it was added. */
    return is_same && found->st_mtim.tv_sec < index->st_mtim.tv_sec;
}

static bool mode_differs(const git_index_entry *entry, const struct stat *found)
{
    return (S_ISLNK(found->st_mode) != 0) != (entry->mode == GIT_FILEMODE_LINK) ||
           (S_ISREG(found->st_mode) &&
            ((found->st_mode & S_IXUSR) != 0) != (entry->mode == GIT_FILEMODE_BLOB_EXECUTABLE));
}

/* 1: the working tree has something else at the entry's path. */
static int differs_on_disk(struct repository *repository, const git_index_entry *entry, int top,
                           const struct stat *index)
{
    struct stat found;
    git_oid id;
    if ((entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0 ||
        entry->mode == GIT_FILEMODE_COMMIT) {
        return 0; /* left out by a sparse checkout; a submodule has an index of its own */
    }
    if (fstatat(top, entry->path, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
        mode_differs(entry, &found)) {
        return 1;
    }
    if (is_as_staged(entry, &found, index)) {
        return 0;
    }
    if (S_ISLNK(found.st_mode)) {
        char target[PATH_MAX];
        ssize_t len = readlinkat(top, entry->path, target, sizeof target);
        return len < 0 ||
               repository->git->git_odb_hash(&id, target, (size_t)len, GIT_OBJECT_BLOB) != 0 ||
               memcmp(id.id, entry->id.id, GIT_ID_BYTES) != 0;
    }
    return repository->git->git_repository_hashfile(&id, repository->handle, entry->path,
                                                    GIT_OBJECT_BLOB, NULL) != 0 ||
           memcmp(id.id, entry->id.id, GIT_ID_BYTES) != 0;
}

static int find_dirt(struct cursor *cursor, bool *is_dirty)
{
    struct stat index = {0};
    int top = open(cursor->repository->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) {
        return diag_state_error(cursor->diag, FINDING_GIT_UNUSABLE, "`%s` can't be opened: %s",
                                cursor->repository->top, strerror(errno));
    }
    (void)stat(cursor->repository->git->git_index_path(cursor->index), &index);
    for (const git_index_entry *entry; (entry = entry_at(cursor)) != NULL && !*is_dirty;
         cursor->at++) {
        if (!slice_starts_with(slice_of(entry->path), cursor->prefix.at)) {
            break;
        }
        *is_dirty = differs_on_disk(cursor->repository, entry, top, &index) != 0;
    }
    close(top);
    return 0;
}

/* The first entry in the folder; entries are sorted by bytes. */
static size_t first_entry(const struct cursor *cursor)
{
    size_t low = 0;
    size_t high = cursor->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const git_index_entry *entry =
            cursor->repository->git->git_index_get_byindex(cursor->index, middle);
        if (slice_compare(slice_of(entry->path), cursor->prefix) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int repository_is_dirty(struct repository *repository, bool *is_dirty, struct diag *diag)
{
    const struct git_library *git = repository->git;
    struct git_id head;
    *is_dirty = false;
    int result = repository_head(repository, &head, diag);
    git_index *index = result >= 0 ? repository_index(repository, diag) : NULL;
    git_tree *tree = index != NULL && result == 0 ? repository_tree(repository, &head, diag) : NULL;
    if (index == NULL || (result == 0 && tree == NULL)) {
        return -1;
    }
    struct cursor cursor = {.repository = repository,
                            .index = index,
                            .count = git->git_index_entrycount(index),
                            .prefix = slice_of(repository->prefix),
                            .diag = diag};
    size_t first = first_entry(&cursor);
    cursor.at = first;
    buf_add_string(&cursor.path, "");
    result = tree != NULL ? compare_tree(&cursor, tree) : 0;
    const git_index_entry *left = entry_at(&cursor);
    *is_dirty = result == 1 ||
                (left != NULL && slice_starts_with(slice_of(left->path), repository->prefix));
    cursor.at = first;
    if (result == 0 && !*is_dirty) {
        result = find_dirt(&cursor, is_dirty);
    }
    buf_release(&cursor.path);
    git->git_tree_free(tree);
    return result < 0 ? -1 : 0;
}
