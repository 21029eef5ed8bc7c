#include "points_rewrite.h"

#include "disk.h"
#include "file.h"

#include <errno.h>
#include <stdlib.h>

static const size_t LARGEST_VALUE = 64U << 20;

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

static void add_path(const struct workspace *workspace, size_t directory, struct buf *path)
{
    buf_clear(path);
    buf_add_slice(path, workspace->names[directory]);
    buf_add_char(path, '/');
    buf_add_slice(path, workspace->rowfile->value_file);
}

static bool may_write(const struct workspace *workspace, size_t directory, const char *path)
{
    return digest_is_unread(workspace->points.found[directory]) ||
           is_unchanged(workspace, directory, path);
}

/* The value file of a directory that is there. */
static int rewrite(struct making *making, size_t directory)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    int result = 0;
    add_path(workspace, directory, &path);
    if (may_write(workspace, directory, buf_string(&path))) {
        making_add_text(workspace, directory, &text);
        result = file_make_parents(workspace->fd, buf_string(&path));
        if (result == 0) {
            result = file_replace(workspace->fd, buf_string(&path), buf_slice(&text));
        }
        making->written += result == 0;
        result =
            result != 0 ? making_complain(making, workspace->names[directory], "written to") : 0;
    }
    buf_release(&path);
    buf_release(&text);
    return result;
}

/* ---- Many together ---- */

static int prepare(const struct making *making, size_t directory, struct buf *temporary)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    add_path(workspace, directory, &path);
    making_add_text(workspace, directory, &text);
    int result = file_make_parents(workspace->fd, buf_string(&path));
    if (result == 0) {
        result = file_prepare(workspace->fd, buf_string(&path), buf_slice(&text), temporary);
    }
    buf_release(&path);
    buf_release(&text);
    return result;
}

/* The file may have changed while the others were written. */
static int put_in_place(struct making *making, size_t directory, struct buf *temporary)
{
    const struct workspace *workspace = making->workspace;
    struct buf path = BUF_EMPTY;
    int result = 0;
    add_path(workspace, directory, &path);
    if (may_write(workspace, directory, buf_string(&path))) {
        result = disk->rename(workspace->fd, temporary->at, workspace->fd, buf_string(&path), 0);
        making->written += result == 0;
        if (result == 0) {
            buf_release(temporary); /* nothing is left to be removed */
        }
    }
    buf_release(&path);
    return result;
}

/* First all are written, then synced, then renamed, then synced: two waits for the disk. */
static int rewrite_chunk(struct making *making, const uint32_t *directories, size_t count)
{
    const struct workspace *workspace = making->workspace;
    struct buf *temporaries = mem_alloc(count * sizeof *temporaries);
    size_t at = 0;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        at = i;
        result = prepare(making, directories[i], &temporaries[i]);
    }
    if (result == 0) {
        result = disk->sync_all(workspace->fd);
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        at = i;
        result = put_in_place(making, directories[i], &temporaries[i]);
    }
    if (result == 0) {
        result = disk->sync_all(workspace->fd);
    }
    if (result != 0) {
        making_complain(making, workspace->names[directories[at]], "written to");
    }
    for (size_t i = 0; i < count; i++) {
        if (temporaries[i].len > 0) {
            (void)disk->unlink(workspace->fd, temporaries[i].at, 0);
        }
        buf_release(&temporaries[i]);
    }
    free(temporaries);
    return result;
}

int making_rewrite(struct making *making, const uint32_t *directories, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && count <= MAKING_FEW && result == 0; i++) {
        result = rewrite(making, directories[i]);
    }
    for (size_t i = 0; i < count && count > MAKING_FEW && result == 0; i += MAKING_CHUNK) {
        size_t some = count - i < MAKING_CHUNK ? count - i : MAKING_CHUNK;
        result = rewrite_chunk(making, directories + i, some);
    }
    return result;
}
