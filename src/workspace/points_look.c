/* How declared points stand: their directories and values on disk, compared with the declaration. */
#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "observe.h"
#include "parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { LOOK_GRAIN = 64 };
static const size_t LARGEST_VALUE = 64U << 20;

/* Whether the bytes are those that would be written. */
static bool is_as_written(struct slice found, const struct buf *declared)
{
    return found.len == declared->len + 1 && found.at[declared->len] == '\n' &&
           memcmp(found.at, declared->at, declared->len) == 0;
}

static enum point_standing compare(const struct workspace *workspace, size_t directory,
                                   struct digest found)
{
    const struct workspace_points *own = &workspace->points;
    own->found[directory] = found;
    if (digest_equal(found, points_digest(own->view.points, own->numbers[directory]))) {
        return POINT_MADE;
    }
    bool was_written = own->view.was_written != NULL &&
                       own->view.was_written(own->view.context, workspace->names[directory], found);
    return was_written ? POINT_CHANGED : POINT_EDITED;
}

static enum point_standing judge_value(const struct workspace *workspace, size_t directory,
                                       struct slice text, struct json_parser *parser)
{
    struct buf canonical = BUF_EMPTY;
    struct diag unseen;
    enum point_standing standing = POINT_REFUSED;
    diag_init(&unseen);
    struct json *value = json_parse(parser, text, SLICE_LITERAL(""), &unseen);
    if (value != NULL) {
        json_add_canonical(value, &canonical);
        standing = compare(workspace, directory, digest_of(buf_slice(&canonical)));
    }
    json_free(value);
    diag_release(&unseen);
    buf_release(&canonical);
    return standing;
}

/* What a thread needs to look at one point after another. */
struct looking {
    struct json_parser *parser;
    struct buf path;
    struct buf declared;
    struct buf text;
};

/* The row of a value file that is as it was when it was recorded, and needn't be read; else NULL. */
static const struct file_row *find_row(const struct workspace *workspace, size_t directory,
                                       const char *path)
{
    const struct points_view *view = &workspace->points.view;
    struct file_stat found;
    const struct file_row *row =
        view->row != NULL ? view->row(view->context, directory, workspace->names[directory]) : NULL;
    return row != NULL && file_stat(workspace->fd, path, &found) == 0 &&
                   observed_stands(row, &found)
               ? row
               : NULL;
}

static enum point_standing judge_directory(const struct workspace *workspace, size_t directory,
                                           struct looking *looking)
{
    const struct workspace_points *own = &workspace->points;
    buf_clear(&looking->path);
    buf_add_slice(&looking->path, workspace->names[directory]);
    buf_add_char(&looking->path, '/');
    buf_add_slice(&looking->path, workspace->rowfile->value_file);
    const char *path = buf_string(&looking->path);
    const struct file_row *row = find_row(workspace, directory, path);
    /* Any other row may be of a time when the file was an input like others, and no value. */
    if (row != NULL &&
        digest_equal(row->digest, points_digest(own->view.points, own->numbers[directory]))) {
        own->marks[directory] = observed_mark(row);
        return compare(workspace, directory, row->digest);
    }
    buf_clear(&looking->text);
    if (file_read(workspace->fd, path, LARGEST_VALUE, &looking->text) != 0) {
        return errno == ENOENT ? POINT_UNWRITTEN : POINT_REFUSED;
    }
    buf_clear(&looking->declared);
    points_add_value(own->view.points, own->numbers[directory], &looking->declared);
    if (is_as_written(buf_slice(&looking->text), &looking->declared)) {
        own->found[directory] = points_digest(own->view.points, own->numbers[directory]);
        return POINT_MADE;
    }
    return judge_value(workspace, directory, buf_slice(&looking->text), looking->parser);
}

static enum point_standing judge(const struct workspace *workspace, size_t directory,
                                 struct looking *looking)
{
    const struct workspace_points *own = &workspace->points;
    struct stat found = {0};
    if (workspace_renamed_point(workspace, workspace->names[directory]) >= 0) {
        own->found[directory] = points_digest(own->view.points, own->numbers[directory]);
        return POINT_RENAMED;
    }
    own->found[directory] = DIGEST_ABSENT;
    if (own->is_there[own->numbers[directory]]) {
        return judge_directory(workspace, directory, looking);
    }
    bool is_free = workspace->fd < 0 || (disk->stat(workspace->fd, workspace->names[directory].at,
                                                    &found, AT_SYMLINK_NOFOLLOW) != 0 &&
                                         errno == ENOENT);
    if (is_free) {
        return POINT_NEW;
    }
    return S_ISDIR(found.st_mode) ? judge_directory(workspace, directory, looking) : POINT_REFUSED;
}

static void judge_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct workspace *workspace = context;
    struct looking looking = {.parser = json_parser_new()};
    (void)worker;
    for (size_t i = first; i < end; i++) {
        if (workspace->points.numbers[i] != POINT_UNDECLARED) {
            workspace->points.standings[i] = (uint8_t)judge(workspace, i, &looking);
        }
    }
    buf_release(&looking.path);
    buf_release(&looking.declared);
    buf_release(&looking.text);
    json_parser_free(looking.parser);
}

void workspace_look_at_points(struct workspace *workspace)
{
    struct workspace_points *own = &workspace->points;
    own->numbers = mem_alloc((workspace->count + 1) * sizeof *own->numbers);
    own->standings = mem_alloc(workspace->count + 1);
    own->found = mem_alloc((workspace->count + 1) * sizeof *own->found);
    own->marks = mem_alloc((workspace->count + 1) * sizeof *own->marks);
    size_t next = 0;
    for (size_t i = 0; i < workspace->count; i++) {
        int64_t point = points_find_next(own->view.points, workspace->names[i], &next);
        point = point >= 0 ? point : workspace_renamed_point(workspace, workspace->names[i]);
        own->numbers[i] = point >= 0 ? (uint32_t)point : POINT_UNDECLARED;
    }
    parallel_for(0, workspace->count, LOOK_GRAIN, judge_range, workspace);
}

void workspace_release_points(struct workspace *workspace)
{
    free(workspace->points.is_there);
    free(workspace->points.numbers);
    free(workspace->points.standings);
    free(workspace->points.found);
    free(workspace->points.marks);
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
