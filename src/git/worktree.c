/* The index, and what lies in the working tree where it has an entry. */
#include "git_library.h"

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
}

/* What was written in the second of the index, or later, may have been edited within one tick of the
 * clock after it was added, so it is read. */
static bool is_as_staged(const struct worktree *worktree, const git_index_entry *entry,
                         const struct stat *found)
{
    return entry->file_size == (uint32_t)found->st_size &&
           entry->mtime.seconds == (int32_t)found->st_mtim.tv_sec &&
           entry->mtime.nanoseconds == (uint32_t)found->st_mtim.tv_nsec &&
           (entry->ino == 0 || entry->ino == (uint32_t)found->st_ino) &&
           found->st_mtim.tv_sec < worktree->index_written_s;
}

static bool hash(const struct worktree *worktree, const char *path, const struct stat *found,
                 git_oid *id)
{
    const struct git_library *git = worktree->repository->git;
    if (S_ISLNK(found->st_mode)) {
        char target[PATH_MAX];
        ssize_t len = readlinkat(worktree->top, path, target, sizeof target);
        return len >= 0 && git->git_odb_hash(id, target, (size_t)len, GIT_OBJECT_BLOB) == 0;
    }
    return S_ISREG(found->st_mode) &&
           git->git_repository_hashfile(id, worktree->repository->handle, path, GIT_OBJECT_BLOB,
                                        NULL) == 0;
}

bool worktree_hash(const struct worktree *worktree, const char *path, git_oid *id)
{
    struct stat found;
    return fstatat(worktree->top, path, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           hash(worktree, path, &found, id);
}

static uint32_t mode_of(const struct stat *found)
{
    return S_ISLNK(found->st_mode)           ? GIT_FILEMODE_LINK
           : (found->st_mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE
                                             : GIT_FILEMODE_BLOB;
}

bool worktree_look(const struct worktree *worktree, const git_index_entry *entry, git_oid *id,
                   uint32_t *mode)
{
    struct stat found;
    *id = entry->id;
    *mode = entry->mode;
    if ((entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0) {
        return true; /* left out by a sparse checkout */
    }
    if (fstatat(worktree->top, entry->path, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
        (!S_ISREG(found.st_mode) && !S_ISLNK(found.st_mode))) {
        return false;
    }
    *mode = mode_of(&found);
    bool same_kind = (*mode == GIT_FILEMODE_LINK) == (entry->mode == GIT_FILEMODE_LINK);
    if ((!same_kind || !is_as_staged(worktree, entry, &found)) &&
        !hash(worktree, entry->path, &found, id)) {
        memset(id, 0, sizeof *id); /* it can't be read, so that it equals nothing */
    }
    return true;
}
