/* Writes points: each directory appears with its value or not at all, and each value file changes
 * as a whole. Many are made together, so that a journaling file system commits them together: first
 * all is written under temporary names, then synced, then renamed. */
#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum {
    CHUNK = 4096,
    FEW = 16, /* so few are synced one by one */
};
#define NEW_SUFFIX ".rowbuild-new"
static const size_t LARGEST_VALUE = 64U << 20;

struct making {
    struct workspace *workspace;
    struct diag *diag;
    size_t written;
};

static int complain(const struct making *making, struct slice name, const char *what)
{
    int error = errno;
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, making->workspace->path);
    buf_add_char(&shown, '/');
    text_add_name(&shown, name);
    diag_state_error(making->diag, FINDING_FILE_TROUBLE,
                     "the point's directory `%s` can't be %s: %s", buf_string(&shown), what,
                     strerror(error));
    buf_release(&shown);
    return -1;
}

/* "a/.b.rowbuild-new" for "a/b": no member, since it is hidden. */
static void add_temporary(const struct workspace *workspace, size_t directory, struct buf *path)
{
    struct slice name = workspace->names[directory];
    size_t last = name.len;
    while (last > 0 && name.at[last - 1] != '/') {
        last--;
    }
    buf_add(path, name.at, last);
    buf_add_char(path, '.');
    buf_add(path, name.at + last, name.len - last);
    buf_add_string(path, NEW_SUFFIX);
}

static void add_text(const struct workspace *workspace, size_t directory, struct buf *text)
{
    const struct workspace_points *own = &workspace->points;
    points_add_value(own->view.points, own->numbers[directory], text);
    buf_add_char(text, '\n');
}

static int sync_path(int folder, const char *path, int flags)
{
    int fd = disk->open(folder, path, O_RDONLY | O_CLOEXEC | flags, 0);
    if (fd < 0) {
        return -1;
    }
    int result = disk->sync(fd);
    int error = errno;
    disk->close(fd);
    errno = error;
    return result;
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
    add_text(workspace, directory, &text);
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
    int result = sync_path(workspace->fd, buf_string(&path), 0);
    while (result == 0 && path.len > least) {
        while (path.at[path.len - 1] != '/') {
            path.len--;
        }
        path.len--;
        path.at[path.len] = '\0';
        result = sync_path(workspace->fd, buf_string(&path), O_DIRECTORY);
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
    if (count > FEW && result == 0) {
        result = disk->sync_all(making->workspace->fd);
    }
    for (size_t i = 0; i < done && count <= FEW && result == 0; i++) {
        result = sync_new(making, directories[i]);
        done = result != 0 ? i + 1 : done;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = name_new(making, directories[i]);
        done = result != 0 ? i + 1 : done;
    }
    if (result != 0) {
        complain(making, making->workspace->names[directories[done - 1]], "made");
        for (size_t i = 0; i < count; i++) {
            remove_new(making, directories[i]);
        }
    }
    return result;
}

/* Names survive a crash only once the folders that hold them are synced. */
static int sync_parents(struct making *making, const struct slice *names, size_t count)
{
    const struct workspace *workspace = making->workspace;
    struct buf parent = BUF_EMPTY;
    struct buf before = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct slice name = names[i];
        size_t len = name.len;
        while (len > 0 && name.at[len - 1] != '/') {
            len--;
        }
        if (slice_equal(slice_make(name.at, len), buf_slice(&before))) {
            continue; /* neighbours share their folder */
        }
        buf_clear(&before);
        buf_add(&before, name.at, len);
        while (result == 0 && len > 0) {
            buf_clear(&parent);
            buf_add(&parent, name.at, len);
            result = sync_path(workspace->fd, buf_string(&parent), O_DIRECTORY);
            for (len--; len > 0 && name.at[len - 1] != '/';) {
                len--;
            }
        }
        if (result != 0) {
            complain(making, name, "synced");
        }
    }
    if (result == 0 && sync_path(workspace->fd, ".", O_DIRECTORY) != 0) {
        result = complain(making, names[0], "synced");
    }
    buf_release(&parent);
    buf_release(&before);
    return result;
}

/* Whether the value on disk is still the one that was looked at. */
static bool is_unchanged(const struct workspace *workspace, size_t directory, const char *path)
{
    struct buf text = BUF_EMPTY;
    struct buf canonical = BUF_EMPTY;
    struct diag unseen;
    bool unchanged = false;
    diag_init(&unseen);
    int read = file_read(workspace->fd, path, LARGEST_VALUE, &text);
    if (read != 0) {
        unchanged = errno == ENOENT && digest_is_absent(workspace->points.found[directory]);
    } else {
        struct json_parser *parser = json_parser_new();
        struct json *value = json_parse(parser, buf_slice(&text), SLICE_LITERAL(""), &unseen);
        if (value != NULL) {
            json_add_canonical(value, &canonical);
            unchanged =
                digest_equal(digest_of(buf_slice(&canonical)), workspace->points.found[directory]);
        }
        json_free(value);
        json_parser_free(parser);
    }
    diag_release(&unseen);
    buf_release(&canonical);
    buf_release(&text);
    return unchanged;
}

/* The value file of a directory that is there. */
static int rewrite(struct making *making, size_t directory)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    int result = 0;
    buf_add_slice(&path, workspace->names[directory]);
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    if (digest_is_unread(workspace->points.found[directory]) ||
        is_unchanged(workspace, directory, buf_string(&path))) {
        add_text(workspace, directory, &text);
        result = file_make_parents(workspace->fd, buf_string(&path));
        if (result == 0) {
            result = file_replace(workspace->fd, buf_string(&path), buf_slice(&text));
        }
        making->written += result == 0;
        result = result != 0 ? complain(making, workspace->names[directory], "written to") : 0;
    }
    buf_release(&path);
    buf_release(&text);
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
        return complain(making, from, "renamed");
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
        result = sync_parents(making, names, count);
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
            result = sync_path(project, above.at, O_DIRECTORY);
        }
        len -= len > 0;
    }
    if (result == 0 && path[0] != '/') {
        result = sync_path(project, ".", O_DIRECTORY);
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
    for (size_t i = 0; i < count && result == 0; i += CHUNK) {
        size_t some = count - i < CHUNK ? count - i : CHUNK;
        result = make_chunk(making, directories + i, some);
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = making->workspace->names[directories[i]];
    }
    if (result == 0 && count > 0) {
        result = sync_parents(making, names, count);
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
            result = rewrite(&making, directories[i]);
        }
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
    return result;
}
