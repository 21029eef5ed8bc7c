/* The index, and what lies in the working tree where it has an entry. */
#include "git_library.h"

#include "memory.h"
#include "parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_GRAIN = 256 };

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

/* Entries are sorted by bytes. */
size_t repository_first_entry(const struct repository *repository, git_index *index,
                              struct slice folder)
{
    size_t low = 0;
    size_t high = repository->git->git_index_entrycount(index);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const git_index_entry *entry = repository->git->git_index_get_byindex(index, middle);
        if (slice_compare(slice_of(entry->path), folder) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- The working tree ---- */

int worktree_open(struct worktree *worktree, struct repository *repository, struct diag *diag)
{
    git_index *index = repository_index(repository, diag);
    struct stat written = {0};
    if (index == NULL) {
        return -1;
    }
    (void)stat(repository->git->git_index_path(index), &written);
    *worktree = (struct worktree){.repository = repository,
                                  .index = index,
                                  .index_written_s = written.st_mtim.tv_sec,
                                  .top = open(repository->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return worktree->top >= 0
               ? 0
               : diag_state_error(diag, FINDING_GIT_UNUSABLE, "`%s` can't be opened: %s",
                                  repository->top, strerror(errno));
}

void worktree_close(struct worktree *worktree)
{
    close(worktree->top);
    free(worktree->stats);
}

/* ---- Stats ---- */

static struct tracked_stat stat_entry(const struct worktree *worktree, const git_index_entry *entry)
{
    struct stat found;
    if ((entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0 ||
        entry->mode == GIT_FILEMODE_COMMIT ||
        fstatat(worktree->top, entry->path, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return (struct tracked_stat){0};
    }
    return (struct tracked_stat){.inode = found.st_ino,
                                 .size = (uint64_t)found.st_size,
                                 .modified_s = found.st_mtim.tv_sec,
                                 .modified_ns = (uint32_t)found.st_mtim.tv_nsec,
                                 .mode = found.st_mode};
}

static void stat_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct worktree *worktree = context;
    const struct git_library *git = worktree->repository->git;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        worktree->stats[i] =
            stat_entry(worktree, git->git_index_get_byindex(worktree->index, worktree->first + i));
    }
}

void worktree_look_ahead(struct worktree *worktree, size_t first, size_t count)
{
    worktree->stats = mem_grow(NULL, count + 1, sizeof *worktree->stats);
    worktree->first = first;
    worktree->count = count;
    parallel_for(0, count, STAT_GRAIN, stat_range, worktree);
}

/* ---- What they mean ---- */

/* What was written in the second of the index, or later, may have been edited within one tick of the
 * clock after it was added, so it is read. */
static bool is_as_staged(const struct worktree *worktree, const git_index_entry *entry,
                         const struct tracked_stat *found)
{
    return entry->file_size == (uint32_t)found->size &&
           entry->mtime.seconds == (int32_t)found->modified_s &&
           entry->mtime.nanoseconds == found->modified_ns &&
           (entry->ino == 0 || entry->ino == (uint32_t)found->inode) &&
           found->modified_s < worktree->index_written_s;
}

static bool hash(const struct worktree *worktree, const char *path, uint32_t mode, git_oid *id)
{
    const struct git_library *git = worktree->repository->git;
    if (S_ISLNK(mode)) {
        char target[PATH_MAX];
        ssize_t len = readlinkat(worktree->top, path, target, sizeof target);
        return len >= 0 && git->git_odb_hash(id, target, (size_t)len, GIT_OBJECT_BLOB) == 0;
    }
    return S_ISREG(mode) && git->git_repository_hashfile(id, worktree->repository->handle, path,
                                                         GIT_OBJECT_BLOB, NULL) == 0;
}

bool worktree_hash(const struct worktree *worktree, const char *path, git_oid *id)
{
    struct stat found;
    return fstatat(worktree->top, path, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           hash(worktree, path, found.st_mode, id);
}

bool worktree_is_filtered(const struct worktree *worktree, const char *path)
{
    const struct git_library *git = worktree->repository->git;
    const char *filter = NULL;
    return git->git_attr_get(&filter, worktree->repository->handle, 0, path, "filter") == 0 &&
           git->git_attr_value(filter) == GIT_ATTR_VALUE_STRING;
}

static uint32_t mode_of(uint32_t mode)
{
    return S_ISLNK(mode)           ? GIT_FILEMODE_LINK
           : (mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE
                                   : GIT_FILEMODE_BLOB;
}

bool worktree_look(const struct worktree *worktree, size_t number, git_oid *id, uint32_t *mode)
{
    const git_index_entry *entry =
        worktree->repository->git->git_index_get_byindex(worktree->index, number);
    *id = entry->id;
    *mode = entry->mode;
    if ((entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0) {
        return true; /* left out by a sparse checkout */
    }
    struct tracked_stat found = number - worktree->first < worktree->count
                                    ? worktree->stats[number - worktree->first]
                                    : stat_entry(worktree, entry);
    if (!S_ISREG(found.mode) && !S_ISLNK(found.mode)) {
        return false;
    }
    *mode = mode_of(found.mode);
    bool same_kind = (*mode == GIT_FILEMODE_LINK) == (entry->mode == GIT_FILEMODE_LINK);
    if ((!same_kind || !is_as_staged(worktree, entry, &found)) &&
        !hash(worktree, entry->path, found.mode, id)) {
        memset(id, 0, sizeof *id); /* it can't be read, so that it equals nothing */
    }
    return true;
}
