#include "target_paths.h"

#include "file.h"
#include "path.h"
#include "text.h"

#include <fcntl.h>
#include <string.h>

/* Makes a path relative to the project; false where it lies outside. */
static bool normalise(const struct plan_selection *selection, struct slice target, struct buf *out)
{
    struct buf joined = BUF_EMPTY;
    bool is_absolute = target.len > 0 && target.at[0] == '/';
    if (is_absolute) {
        struct slice project = slice_of(selection->project_path + 1);
        struct buf whole = BUF_EMPTY;
        bool inside = path_add_parts(target, &whole) &&
                      slice_starts_with(buf_slice(&whole), selection->project_path + 1) &&
                      whole.len > project.len && (project.len == 0 || whole.at[project.len] == '/');
        if (inside) {
            buf_add(out, whole.at + project.len + (project.len > 0),
                    whole.len - project.len - (project.len > 0));
        }
        buf_release(&whole);
        return inside;
    }
    buf_add_string(&joined, selection->from_project != NULL ? selection->from_project : "");
    buf_add_slice(&joined, target);
    bool inside = path_add_parts(buf_slice(&joined), out);
    buf_release(&joined);
    return inside;
}

/* Puts into *rest what follows the directory `fd` in an absolute path, by whatever links the path
 * leads there; false where it doesn't. */
static bool cut_behind(int fd, struct slice target, struct slice *rest)
{
    struct file_stat directory;
    struct buf prefix = BUF_EMPTY;
    bool found = false;
    if (file_stat_fd(fd, &directory) != 0) {
        return false;
    }
    for (size_t i = 1; i < target.len && !found; i++) {
        struct file_stat at;
        if (target.at[i] != '/') {
            continue;
        }
        buf_clear(&prefix);
        buf_add(&prefix, target.at, i);
        found = file_stat(AT_FDCWD, buf_string(&prefix), &at) == 0 && at.kind == FILE_DIRECTORY &&
                at.inode == directory.inode && at.device == directory.device;
        *rest = slice_make(target.at + i + 1, target.len - i - 1);
    }
    buf_release(&prefix);
    return found;
}

static bool find_directory(const struct plan *plan, struct slice name, struct found *found)
{
    while (name.len > 1 && name.at[name.len - 1] == '/') {
        name.len--;
    }
    int64_t directory = workspace_find(plan->graph->workspace, name, NULL);
    if (directory >= 0) {
        found->directory = (uint32_t)directory;
    }
    return directory >= 0;
}

static bool find_path(const struct plan *plan, struct slice path, struct found *found)
{
    const struct graph *graph = plan->graph;
    struct slice top = graph->workspace->path;
    if (slice_is(top, ".") && find_directory(plan, path, found)) {
        return true;
    }
    if (path.len > top.len + 1 && memcmp(path.at, top.at, top.len) == 0 &&
        path.at[top.len] == '/' &&
        find_directory(plan, slice_make(path.at + top.len + 1, path.len - top.len - 1), found)) {
        return true;
    }
    struct file_id file = graph_find_file(graph, path);
    if (file.at == GRAPH_NONE || graph->producers[file.at] == GRAPH_NONE) {
        return false;
    }
    found->maker = (struct task_id){graph->producers[file.at]};
    return true;
}

/* An absolute path that leads into the project or the workspace through a symlink, as $PWD often
 * does, or into a workspace that lies elsewhere. */
static bool find_absolute(const struct plan *plan, struct slice target, struct found *found)
{
    const struct workspace *workspace = plan->graph->workspace;
    struct buf path = BUF_EMPTY;
    struct buf below = BUF_EMPTY;
    struct slice rest;
    bool known = false;
    if (cut_behind(plan->project, target, &rest) && path_add_parts(rest, &path)) {
        known = find_path(plan, buf_slice(&path), found);
    }
    if (!known && cut_behind(workspace->fd, target, &rest) && path_add_parts(rest, &below)) {
        buf_clear(&path);
        buf_add_slice(&path, workspace->path);
        buf_add_char(&path, '/');
        buf_add_slice(&path, buf_slice(&below));
        known = find_path(plan, buf_slice(&path), found);
    }
    buf_release(&path);
    buf_release(&below);
    return known;
}

struct found found_at_path(const struct plan *plan, const struct plan_selection *selection,
                           struct slice target)
{
    bool from_top = slice_starts_with(target, "//");
    struct slice spelt = from_top ? slice_make(target.at + 2, target.len - 2) : target;
    struct plan_selection from = *selection;
    struct found found = {.directory = GRAPH_NONE, .maker = {GRAPH_NONE}};
    struct buf path = BUF_EMPTY;
    bool known = target.len > 0 && !from_top && find_directory(plan, target, &found);
    if (from_top) {
        from.from_project = "";
    }
    if (!known && normalise(&from, spelt, &path)) {
        known = find_path(plan, buf_slice(&path), &found);
    }
    if (!known && !from_top && slice_starts_with(target, "/")) {
        (void)find_absolute(plan, target, &found);
    }
    buf_release(&path);
    return found;
}

/* The maker of the product that the path from the project names, or of a folder that it lies in. */
static struct task_id maker_of_path(const struct plan *plan, struct slice path)
{
    const struct graph *graph = plan->graph;
    while (path.len > 0) {
        struct file_id file = graph_find_file(graph, path);
        if (file.at != GRAPH_NONE && graph->producers[file.at] != GRAPH_NONE) {
            return (struct task_id){graph->producers[file.at]};
        }
        const char *slash = memrchr(path.at, '/', path.len);
        path.len = slash != NULL ? (size_t)(slash - path.at) : 0;
    }
    return (struct task_id){GRAPH_NONE};
}

/* By links that lead into the project or the workspace. */
static struct task_id maker_of_absolute(const struct plan *plan, struct slice target)
{
    const struct workspace *workspace = plan->graph->workspace;
    struct task_id maker = {GRAPH_NONE};
    struct buf path = BUF_EMPTY;
    struct buf below = BUF_EMPTY;
    struct slice rest;
    if (cut_behind(plan->project, target, &rest) && path_add_parts(rest, &path)) {
        maker = maker_of_path(plan, buf_slice(&path));
    }
    if (maker.at == GRAPH_NONE && cut_behind(workspace->fd, target, &rest) &&
        path_add_parts(rest, &below)) {
        buf_clear(&path);
        buf_add_slice(&path, workspace->path);
        buf_add_char(&path, '/');
        buf_add_slice(&path, buf_slice(&below));
        maker = maker_of_path(plan, buf_slice(&path));
    }
    buf_release(&path);
    buf_release(&below);
    return maker;
}

int plan_find_product(const struct plan *plan, const struct plan_selection *selection,
                      const char *target, struct task_id *maker, struct diag *diag)
{
    struct slice text = slice_of(target);
    struct plan_selection from = *selection;
    struct buf path = BUF_EMPTY;
    struct file_stat found = {.kind = FILE_MISSING};
    *maker = (struct task_id){GRAPH_NONE};
    if (slice_starts_with(text, "//")) {
        from.from_project = "";
        text = slice_make(text.at + 2, text.len - 2);
    }
    bool is_inside = normalise(&from, text, &path) && path.len > 0;
    if (is_inside) {
        *maker = maker_of_path(plan, buf_slice(&path));
        (void)file_stat(plan->project, buf_string(&path), &found);
    }
    if (maker->at == GRAPH_NONE && slice_starts_with(text, "/")) {
        *maker = maker_of_absolute(plan, text);
        (void)file_stat(AT_FDCWD, target, &found);
    }
    int result = 0;
    if (maker->at == GRAPH_NONE) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, slice_of(target));
        result =
            found.kind != FILE_MISSING
                ? diag_error(diag, FINDING_NOT_A_PRODUCT,
                             "`%s` is not a product: no action makes it", buf_string(&shown))
                : diag_error(diag, FINDING_UNKNOWN_TARGET,
                             "there is no file `%s`, and no action makes it", buf_string(&shown));
        buf_release(&shown);
    }
    buf_release(&path);
    return result;
}
