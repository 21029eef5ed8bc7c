/* How declared points stand: their directories and values on disk, compared with the declaration. */
#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { LOOK_GRAIN = 64 };
static const size_t LARGEST_VALUE = 64U << 20;

static bool is_directory(const struct workspace *workspace, const char *name)
{
    struct stat found;
    return disk->stat(workspace->fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(found.st_mode);
}

/* Whether the bytes are those that would be written. */
static bool is_as_written(struct slice found, const struct buf *declared)
{
    return found.len == declared->len + 1 && found.at[declared->len] == '\n' &&
           memcmp(found.at, declared->at, declared->len) == 0;
}

static enum point_standing judge_value(const struct workspace *workspace, size_t directory,
                                       struct slice text, struct json_parser *parser)
{
    const struct workspace_points *own = &workspace->points;
    struct digest declared = points_digest(own->view.points, own->numbers[directory]);
    struct buf canonical = BUF_EMPTY;
    struct diag unseen;
    enum point_standing standing = POINT_REFUSED;
    diag_init(&unseen);
    struct json *value = json_parse(parser, text, SLICE_LITERAL(""), &unseen);
    if (value != NULL) {
        json_add_canonical(value, &canonical);
        struct digest found = digest_of(buf_slice(&canonical));
        bool was_written =
            own->view.was_written != NULL &&
            own->view.was_written(own->view.context, workspace->names[directory], found);
        own->found[directory] = found;
        standing = digest_equal(found, declared) ? POINT_MADE
                   : was_written                 ? POINT_CHANGED
                                                 : POINT_EDITED;
    }
    json_free(value);
    diag_release(&unseen);
    buf_release(&canonical);
    return standing;
}

static enum point_standing judge(const struct workspace *workspace, size_t directory,
                                 struct json_parser *parser, struct buf *declared, struct buf *text)
{
    const struct workspace_points *own = &workspace->points;
    struct buf path = BUF_EMPTY;
    enum point_standing standing;
    buf_clear(text);
    buf_clear(declared);
    buf_add_slice(&path, workspace->names[directory]);
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    if (workspace_renamed_point(workspace, workspace->names[directory]) >= 0) {
        own->found[directory] = points_digest(own->view.points, own->numbers[directory]);
        buf_release(&path);
        return POINT_RENAMED;
    }
    own->found[directory] = DIGEST_ABSENT;
    errno = workspace->fd < 0 ? ENOENT : 0;
    if (workspace->fd >= 0 && is_directory(workspace, workspace->names[directory].at) &&
        file_read(workspace->fd, buf_string(&path), LARGEST_VALUE, text) == 0) {
        points_add_value(own->view.points, own->numbers[directory], declared);
        if (is_as_written(buf_slice(text), declared)) {
            own->found[directory] = points_digest(own->view.points, own->numbers[directory]);
            standing = POINT_MADE;
        } else {
            standing = judge_value(workspace, directory, buf_slice(text), parser);
        }
    } else if (workspace->fd >= 0 && errno == ENOENT &&
               is_directory(workspace, workspace->names[directory].at)) {
        standing = POINT_UNWRITTEN;
    } else {
        struct stat found;
        bool is_free =
            workspace->fd < 0 || (disk->stat(workspace->fd, workspace->names[directory].at, &found,
                                             AT_SYMLINK_NOFOLLOW) != 0 &&
                                  errno == ENOENT);
        standing = is_free ? POINT_NEW : POINT_REFUSED;
    }
    buf_release(&path);
    return standing;
}

static void judge_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct workspace *workspace = context;
    struct json_parser *parser = json_parser_new();
    struct buf declared = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        if (workspace->points.numbers[i] != POINT_UNDECLARED) {
            workspace->points.standings[i] = (uint8_t)judge(workspace, i, parser, &declared, &text);
        }
    }
    buf_release(&declared);
    buf_release(&text);
    json_parser_free(parser);
}

void workspace_look_at_points(struct workspace *workspace)
{
    struct workspace_points *own = &workspace->points;
    own->numbers = mem_alloc((workspace->count + 1) * sizeof *own->numbers);
    own->standings = mem_alloc(workspace->count + 1);
    own->found = mem_alloc((workspace->count + 1) * sizeof *own->found);
    for (size_t i = 0; i < workspace->count; i++) {
        int64_t point = points_find(own->view.points, workspace->names[i]);
        point = point >= 0 ? point : workspace_renamed_point(workspace, workspace->names[i]);
        own->numbers[i] = point >= 0 ? (uint32_t)point : POINT_UNDECLARED;
    }
    parallel_for(0, workspace->count, LOOK_GRAIN, judge_range, workspace);
}

void workspace_release_points(struct workspace *workspace)
{
    free(workspace->points.numbers);
    free(workspace->points.standings);
    free(workspace->points.found);
    free(workspace->points.undeclared);
    free(workspace->points.renames);
    workspace->points = (struct workspace_points){0};
}

enum point_standing workspace_standing(const struct workspace *workspace, size_t directory)
{
    return workspace->points.standings != NULL
               ? (enum point_standing)workspace->points.standings[directory]
               : POINT_NONE;
}

bool workspace_value_is_declared(const struct workspace *workspace, size_t directory)
{
    enum point_standing standing = workspace_standing(workspace, directory);
    return workspace->points.view.as_declared &&
           ((point_is_pending(standing) && standing != POINT_RENAMED) || standing == POINT_EDITED ||
            standing == POINT_REFUSED);
}

struct digest workspace_declared_digest(const struct workspace *workspace, size_t directory)
{
    return points_digest(workspace->points.view.points, workspace->points.numbers[directory]);
}

void workspace_hold_point(struct workspace *workspace, size_t directory)
{
    enum point_standing standing = workspace_standing(workspace, directory);
    if (standing == POINT_CHANGED || standing == POINT_RENAMED) {
        workspace->points.standings[directory] = POINT_HELD;
    }
}

void workspace_force_point(struct workspace *workspace, size_t directory)
{
    workspace->points.standings[directory] = POINT_CHANGED;
    workspace->points.found[directory] = DIGEST_UNREAD;
}

size_t workspace_pending_points(const struct workspace *workspace, uint32_t **directories)
{
    size_t count = 0;
    *directories = mem_alloc((workspace->count + 1) * sizeof **directories);
    for (size_t i = 0; i < workspace->count; i++) {
        if (point_is_pending(workspace_standing(workspace, i))) {
            (*directories)[count++] = (uint32_t)i;
        }
    }
    return count;
}
