/* Writes points: each directory appears with its value or not at all, and each value file changes
 * as a whole. Many are made together, so that a journaling file system commits them together: first
 * all is written under temporary names, then synced, then renamed. */
#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "points_making.h"
#include "points_rewrite.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 255, DIGEST_DIGITS = 32 };
#define NEW_SUFFIX ".rowbuild-new"
/* "a/.b.rowbuild-new" for "a/b": no member, since it is hidden. A name that would be too long is
 * shortened by a digest. */
static void add_temporary(const struct workspace *workspace, size_t directory, struct buf *path)
{
    struct slice name = workspace->names[directory];
    size_t last = name.len;
    while (last > 0 && name.at[last - 1] != '/') {
        last--;
    }
    buf_add(path, name.at, last);
    const size_t suffix = strlen(NEW_SUFFIX);
    struct slice own = slice_make(name.at + last, name.len - last);
    buf_add_char(path, '.');
    if (1 + own.len + suffix <= LONGEST_NAME) {
        buf_add_slice(path, own);
    } else {
        buf_add(path, own.at, LONGEST_NAME - suffix - 2 - DIGEST_DIGITS);
        buf_add_char(path, '~');
        digest_format(digest_of(own), path);
    }
    buf_add_string(path, NEW_SUFFIX);
}

static int write_text(int folder, const char *path, struct slice text)
{
    int fd = disk->open(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -1;
    }
    int result = file_write_fully(fd, text);
    int error = errno;
    if (disk->close(fd) != 0 && result == 0) {
        return -1;
    }
    errno = error;
    return result;
}

/* The value file of a new directory, under its temporary name. */
static int write_new(const struct making *making, size_t directory)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    add_temporary(workspace, directory, &path);
    int result = file_remove_tree(workspace->fd, buf_string(&path));
    if (result == 0) {
        result = file_make_parents(workspace->fd, buf_string(&path));
    }
    if (result == 0) {
        result = disk->make_folder(workspace->fd, buf_string(&path), 0777);
    }
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    making_add_text(workspace, directory, &text);
    if (result == 0) {
        result = file_make_parents(workspace->fd, buf_string(&path));
    }
    if (result == 0) {
        result = write_text(workspace->fd, buf_string(&path), buf_slice(&text));
    }
    buf_release(&text);
    buf_release(&path);
    return result;
}

/* What write_new made: the file, and the folders from it up to the temporary one. */
static int sync_new(const struct making *making, size_t directory)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    add_temporary(workspace, directory, &path);
    size_t least = path.len;
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    int result = making_sync_path(workspace->fd, buf_string(&path), 0);
    while (result == 0 && path.len > least) {
        while (path.at[path.len - 1] != '/') {
            path.len--;
        }
        path.len--;
        path.at[path.len] = '\0';
        result = making_sync_path(workspace->fd, buf_string(&path), O_DIRECTORY);
    }
    buf_release(&path);
    return result;
}

static void remove_new(const struct making *making, size_t directory)
{
    struct buf path = BUF_EMPTY;
    int error = errno;
    add_temporary(making->workspace, directory, &path);
    (void)file_remove_tree(making->workspace->fd, buf_string(&path));
    buf_release(&path);
    errno = error;
}

/* 0 also where somebody else made it meanwhile. */
static int name_new(struct making *making, size_t directory)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    add_temporary(workspace, directory, &path);
    int result = file_rename_new(workspace->fd, buf_string(&path), workspace->names[directory].at);
    buf_release(&path);
    if (result == 0) {
        making->written++;
    } else if (errno == EEXIST || errno == ENOTEMPTY) {
        remove_new(making, directory);
        result = 0;
    }
    return result;
}

static int make_chunk(struct making *making, const uint32_t *directories, size_t count)
{
    size_t done = 0;
    int result = 0;
    for (; done < count && result == 0; done++) {
        result = write_new(making, directories[done]);
    }
    if (count > MAKING_FEW && result == 0) {
        result = disk->sync_all(making->workspace->fd);
    }
    for (size_t i = 0; i < done && count <= MAKING_FEW && result == 0; i++) {
        result = sync_new(making, directories[i]);
        done = result != 0 ? i + 1 : done;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = name_new(making, directories[i]);
        done = result != 0 ? i + 1 : done;
    }
    if (result != 0) {
        making_complain(making, making->workspace->names[directories[done - 1]], "made");
        for (size_t i = 0; i < count; i++) {
            remove_new(making, directories[i]);
        }
    }
    return result;
}

/* ---- Renaming ---- */

/* Folders that held nothing but what was renamed. */
static void remove_empty_above(const struct workspace *workspace, struct slice name)
{
    struct buf path = BUF_EMPTY;
    buf_add_slice(&path, name);
    while (path.len > 0) {
        while (path.len > 0 && path.at[path.len - 1] != '/') {
            path.len--;
        }
        path.len -= path.len > 0;
        path.at[path.len] = '\0';
        if (path.len > 0 && disk->unlink(workspace->fd, path.at, AT_REMOVEDIR) != 0) {
            break;
        }
    }
    buf_release(&path);
}

/* 0 also where somebody else has renamed it, or made one of the new name, meanwhile. */
static int rename_directory(struct making *making, struct slice from, struct slice to)
{
    const struct workspace *workspace = making->workspace;
    int result = file_make_parents(workspace->fd, to.at);
    if (result == 0) {
        result = file_rename_new(workspace->fd, from.at, to.at);
        making->written += result == 0;
        if (result != 0 && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOENT)) {
            return 0;
        }
    }
    if (result != 0) {
        return making_complain(making, from, "renamed");
    }
    remove_empty_above(workspace, from);
    return 0;
}

static int rename_all(struct making *making, const uint32_t *directories, size_t count)
{
    struct workspace *workspace = making->workspace;
    struct slice *names = mem_alloc((count + 1) * sizeof *names);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        names[i] = workspace_point_name(workspace, directories[i]);
        result = rename_directory(making, workspace->names[directories[i]], names[i]);
    }
    if (result == 0 && count > 0) {
        result = making_sync_parents(making, names, count);
    }
    free(names);
    return result;
}

/* ---- The whole ---- */

/* The folders above a workspace that was just made, so that its name survives a crash. */
static int sync_above(int project, const char *path)
{
    struct buf above = BUF_EMPTY;
    int result = 0;
    buf_add_string(&above, path);
    size_t len = above.len;
    while (result == 0 && len > 0) {
        while (len > 0 && above.at[len - 1] != '/') {
            len--;
        }
        above.at[len] = '\0';
        if (len > 1 || above.at[0] == '/') {
            result = making_sync_path(project, above.at, O_DIRECTORY);
        }
        len -= len > 0;
    }
    if (result == 0 && path[0] != '/') {
        result = making_sync_path(project, ".", O_DIRECTORY);
    }
    buf_release(&above);
    return result;
}

static int open_workspace(struct making *making, int project)
{
    struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    if (workspace->fd >= 0) {
        return 0;
    }
    buf_add_slice(&path, workspace->path);
    int result = file_make_parents(project, buf_string(&path));
    if (result == 0 && disk->make_folder(project, buf_string(&path), 0777) != 0 &&
        errno != EEXIST) {
        result = -1;
    }
    if (result == 0) {
        result = sync_above(project, buf_string(&path));
    }
    if (result == 0) {
        workspace->fd =
            disk->open(project, buf_string(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        result = workspace->fd < 0 ? -1 : 0;
    }
    if (result != 0) {
        int error = errno;
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, workspace->path);
        diag_state_error(making->diag, FINDING_FILE_TROUBLE, "the workspace `%s` can't be made: %s",
                         buf_string(&shown), strerror(error));
        buf_release(&shown);
    }
    buf_release(&path);
    return result;
}

static int make_all(struct making *making, const uint32_t *directories, size_t count)
{
    struct slice *names = mem_alloc((count + 1) * sizeof *names);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i += MAKING_CHUNK) {
        size_t some = count - i < MAKING_CHUNK ? count - i : MAKING_CHUNK;
        result = make_chunk(making, directories + i, some);
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = making->workspace->names[directories[i]];
    }
    if (result == 0 && count > 0) {
        result = making_sync_parents(making, names, count);
    }
    free(names);
    return result;
}

int workspace_make_points(struct workspace *workspace, int project, const uint32_t *directories,
                          size_t count, size_t *written, struct diag *diag)
{
    struct making making = {.workspace = workspace, .diag = diag};
    uint32_t *fresh = mem_alloc((count + 1) * sizeof *fresh);
    uint32_t *renamed = mem_alloc((count + 1) * sizeof *renamed);
    uint32_t *rewritten = mem_alloc((count + 1) * sizeof *rewritten);
    size_t rewritten_count = 0;
    size_t fresh_count = 0;
    size_t renamed_count = 0;
    int result = open_workspace(&making, project);
    for (size_t i = 0; i < count && result == 0; i++) {
        enum point_standing standing = workspace_standing(workspace, directories[i]);
        if (standing == POINT_NEW) {
            fresh[fresh_count++] = directories[i];
        } else if (standing == POINT_RENAMED) {
            renamed[renamed_count++] = directories[i];
        } else {
            rewritten[rewritten_count++] = directories[i];
        }
    }
    if (result == 0) {
        result = making_rewrite(&making, rewritten, rewritten_count);
    }
    if (result == 0) {
        result = rename_all(&making, renamed, renamed_count);
    }
    if (result == 0) {
        result = make_all(&making, fresh, fresh_count);
    }
    *written = making.written;
    free(fresh);
    free(renamed);
    free(rewritten);
    return result;
}
