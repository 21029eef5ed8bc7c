/* Moves directories that no point declares out of the workspace, to a folder beside it. */
#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { MOST_NUMBERS = 10000 };

void workspace_add_pruned_path(const struct workspace *workspace, struct buf *path)
{
    /* A workspace that is the project itself has no place beside it that belongs to the project. */
    if (!slice_is(workspace->path, ".")) {
        buf_add_slice(path, workspace->path);
    }
    buf_add_string(path, ".pruned");
}

static int complain(const struct workspace *workspace, struct slice name, struct diag *diag)
{
    int error = errno;
    struct buf shown = BUF_EMPTY;
    struct buf to = BUF_EMPTY;
    text_add_name(&shown, workspace->path);
    buf_add_char(&shown, '/');
    text_add_name(&shown, name);
    buf_add_string(&shown, "` can't be moved to `");
    workspace_add_pruned_path(workspace, &to);
    text_add_name(&shown, buf_slice(&to));
    diag_state_error(diag, FINDING_FILE_TROUBLE, "the directory `%s`: %s", buf_string(&shown),
                     strerror(error));
    buf_release(&shown);
    buf_release(&to);
    return -1;
}

/* To the first free one of "x", "x.1", "x.2", … */
static int move_away(const struct workspace *workspace, int project, struct slice name)
{
    struct buf from = BUF_EMPTY;
    struct buf to = BUF_EMPTY;
    buf_addf(&from, "%s/%s", workspace->path.at, name.at);
    workspace_add_pruned_path(workspace, &to);
    buf_addf(&to, "/%s", name.at);
    size_t len = to.len;
    int result = file_make_parents(project, buf_string(&to));
    if (result == 0) {
        result = file_rename_new(project, buf_string(&from), buf_string(&to));
    }
    for (int i = 1; result != 0 && (errno == EEXIST || errno == ENOTEMPTY) && i < MOST_NUMBERS;
         i++) {
        to.len = len;
        buf_addf(&to, ".%d", i);
        result = file_rename_new(project, buf_string(&from), buf_string(&to));
    }
    int error = errno;
    buf_release(&from);
    buf_release(&to);
    errno = error;
    return result;
}

int workspace_prune(const struct workspace *workspace, int project, size_t *moved,
                    struct diag *diag)
{
    const struct workspace_points *own = &workspace->points;
    *moved = 0;
    for (size_t i = 0; i < own->undeclared_count; i++) {
        if (move_away(workspace, project, own->undeclared[i]) != 0) {
            return complain(workspace, own->undeclared[i], diag);
        }
        ++*moved;
    }
    return 0;
}
