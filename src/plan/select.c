/* What is wanted: the tasks that a selection names, and all that comes before them. */
#include "plan_inner.h"

#include "file.h"
#include "match.h"
#include "path.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* What the selection names, besides actions. */
struct targets {
    uint8_t *directories; /* by directory: named */
    size_t directory_count;
    VEC(struct task_id) tasks; /* named by a product or a key */
    struct diag *diag;
    bool lenient;
};

bool plan_selects_action(const struct plan_selection *selection, struct slice name)
{
    if (selection == NULL || selection->asked.action_count == 0) {
        return true;
    }
    for (size_t i = 0; i < selection->asked.action_count; i++) {
        struct slice pattern = slice_of(selection->asked.actions[i]);
        if (selection->asked.exact_actions ? slice_equal(pattern, name)
                                           : match_wildcard(pattern, name)) {
            return true;
        }
    }
    return false;
}

static int check_actions(const struct plan *plan, const struct plan_selection *selection,
                         struct diag *diag)
{
    const struct rowfile *rowfile = plan->graph->rowfile;
    int result = 0;
    for (size_t i = 0; i < selection->asked.action_count; i++) {
        struct slice pattern = slice_of(selection->asked.actions[i]);
        struct plan_selection one = *selection;
        one.asked.actions = &selection->asked.actions[i];
        one.asked.action_count = 1;
        bool any = false;
        for (size_t id = 0; id < rowfile->name_count && !any; id++) {
            any = plan_selects_action(&one, rowfile->names[id]);
        }
        if (any) {
            continue;
        }
        struct buf shown = BUF_EMPTY;
        int nearest = text_nearest(pattern, rowfile->names, rowfile->name_count);
        text_add_name(&shown, pattern);
        if (selection->asked.unknown_targets_warn && !selection->asked.exact_actions) {
            diag_warning(diag, FINDING_UNKNOWN_ACTION, "no action matches `%s`",
                         buf_string(&shown));
        } else if (nearest >= 0) {
            result = diag_error(diag, FINDING_UNKNOWN_ACTION,
                                "there is no action `%s`; did you mean `%.*s`?", buf_string(&shown),
                                SLICE_ARGS(rowfile->names[nearest]));
        } else {
            result = diag_error(diag, FINDING_UNKNOWN_ACTION, "there is no action `%s`",
                                buf_string(&shown));
        }
        buf_release(&shown);
    }
    return result;
}

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

static bool name_directory(const struct plan *plan, struct slice name, struct targets *targets)
{
    while (name.len > 1 && name.at[name.len - 1] == '/') {
        name.len--;
    }
    int64_t directory = workspace_find(plan->graph->workspace, name, NULL);
    if (directory >= 0) {
        targets->directory_count += targets->directories[directory] == 0;
        targets->directories[directory] = 1;
    }
    return directory >= 0;
}

static bool name_path(const struct plan *plan, struct slice path, struct targets *targets)
{
    const struct graph *graph = plan->graph;
    struct slice top = graph->workspace->path;
    if (slice_is(top, ".") && name_directory(plan, path, targets)) {
        return true;
    }
    if (path.len > top.len + 1 && memcmp(path.at, top.at, top.len) == 0 &&
        path.at[top.len] == '/' &&
        name_directory(plan, slice_make(path.at + top.len + 1, path.len - top.len - 1), targets)) {
        return true;
    }
    struct file_id file = graph_find_file(graph, path);
    if (file.at == GRAPH_NONE || graph->producers[file.at] == GRAPH_NONE) {
        return false;
    }
    vec_push(&targets->tasks, (struct task_id){graph->producers[file.at]});
    return true;
}

/* An absolute path that leads into the project or the workspace through a symlink, as $PWD often
 * does, or into a workspace that lies elsewhere. */
static bool name_absolute(const struct plan *plan, struct slice target, struct targets *targets)
{
    const struct workspace *workspace = plan->graph->workspace;
    struct buf path = BUF_EMPTY;
    struct buf below = BUF_EMPTY;
    struct slice rest;
    bool known = false;
    if (cut_behind(plan->project, target, &rest) && path_add_parts(rest, &path)) {
        known = name_path(plan, buf_slice(&path), targets);
    }
    if (!known && cut_behind(workspace->fd, target, &rest) && path_add_parts(rest, &below)) {
        buf_clear(&path);
        buf_add_slice(&path, workspace->path);
        buf_add_char(&path, '/');
        buf_add_slice(&path, buf_slice(&below));
        known = name_path(plan, buf_slice(&path), targets);
    }
    buf_release(&path);
    buf_release(&below);
    return known;
}

/* "ACTION", for all its tasks, or a task's key. */
static bool name_key(const struct plan *plan, struct slice target, struct targets *targets)
{
    const struct graph *graph = plan->graph;
    struct task_id task = graph_find_task(graph, target);
    bool found = task.at != GRAPH_NONE;
    if (found) {
        vec_push(&targets->tasks, task);
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        task.at = n;
        if (graph_is_present(graph, task) && slice_equal(graph_action(graph, task)->name, target)) {
            vec_push(&targets->tasks, task);
            found = true;
        }
    }
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

static int name_target(const struct plan *plan, const struct plan_selection *selection,
                       const char *text, struct targets *targets)
{
    struct slice target = slice_of(text);
    struct buf path = BUF_EMPTY;
    int result = 0;
    bool from_top = slice_starts_with(target, "//");
    struct slice spelt = from_top ? slice_make(target.at + 2, target.len - 2) : target;
    bool known = target.len > 0 && !from_top && name_directory(plan, target, targets);
    struct plan_selection from = *selection;
    if (from_top) {
        from.from_project = "";
    }
    if (!known && normalise(&from, spelt, &path)) {
        known = name_path(plan, buf_slice(&path), targets);
    }
    if (!known && !from_top && slice_starts_with(target, "/")) {
        known = name_absolute(plan, target, targets);
    }
    known = known || (target.len > 0 && name_key(plan, target, targets));
    if (!known) {
        struct buf shown = BUF_EMPTY;
        struct slice nearest = {0};
        (void)workspace_find(plan->graph->workspace, target, &nearest);
        text_add_name(&shown, target);
        buf_add_string(&shown, "` is neither a directory of the workspace nor a product");
        if (nearest.at != NULL) {
            buf_add_string(&shown, "; did you mean `");
            text_add_name(&shown, nearest);
            buf_add_string(&shown, "`?");
        }
        if (targets->lenient) {
            diag_warning(targets->diag, FINDING_UNKNOWN_TARGET, "`%s", buf_string(&shown));
        } else {
            result = diag_error(targets->diag, FINDING_UNKNOWN_TARGET, "`%s", buf_string(&shown));
        }
        buf_release(&shown);
    }
    buf_release(&path);
    return result;
}

static void pull_in_upstream(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    for (size_t i = graph->order_count; i-- > 0;) {
        uint32_t n = graph->order[i];
        if (plan->wanted[n] == 0) {
            continue;
        }
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            plan->wanted[graph->before.at[e].task.at] |= WANTED_UPSTREAM;
        }
    }
}

/* Whether the task stands for one of the named directories, or (by member) for a group with one. */
static bool is_named(const struct plan *plan, struct task_id task,
                     const struct plan_selection *selection, const struct targets *targets)
{
    const struct graph *graph = plan->graph;
    uint32_t directory = graph->tasks[task.at].directory;
    if (directory != GRAPH_NONE) {
        return targets->directories[directory] != 0;
    }
    const uint32_t *members;
    size_t count = graph_directories(graph, task, &members);
    if (!selection->asked.by_member || graph_action(graph, task)->scope != SCOPE_GROUP) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (targets->directories[members[i]] != 0) {
            return true;
        }
    }
    return false;
}

int plan_select(struct plan *plan, const struct plan_selection *selection, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct targets targets = {.directories = mem_alloc(graph->workspace->count),
                              .diag = diag,
                              .lenient = selection->asked.unknown_targets_warn};
    int result = check_actions(plan, selection, diag);
    memset(plan->wanted, 0, graph->task_count);
    for (size_t i = 0; i < selection->asked.target_count; i++) {
        if (name_target(plan, selection, selection->asked.targets[i], &targets) != 0) {
            result = -1;
        }
    }
    for (uint32_t n = 0; n < graph->task_count && result == 0; n++) {
        const struct graph_task *task = &graph->tasks[n];
        if (task->action == GRAPH_NONE ||
            !plan_selects_action(selection, graph_action(graph, (struct task_id){n})->name)) {
            continue;
        }
        if (selection->asked.target_count == 0 ||
            is_named(plan, (struct task_id){n}, selection, &targets)) {
            plan->wanted[n] = WANTED_SELECTED;
        }
    }
    for (size_t i = 0; i < targets.tasks.count && result == 0; i++) {
        uint32_t n = targets.tasks.at[i].at;
        if (plan_selects_action(selection, graph_action(graph, (struct task_id){n})->name)) {
            plan->wanted[n] = WANTED_SELECTED;
        }
    }
    for (uint32_t n = 0; n < graph->task_count && selection->among != NULL; n++) {
        plan->wanted[n] = selection->among[n] != 0 ? plan->wanted[n] : 0;
    }
    if (!selection->asked.only && !selection->within && result == 0) {
        pull_in_upstream(plan);
    }
    for (uint32_t n = 0; n < graph->task_count && selection->within; n++) {
        plan->wanted[n] |= graph_is_present(graph, (struct task_id){n}) ? WANTED_UPSTREAM : 0;
    }
    free(plan->members);
    plan->members = NULL;
    if (selection->asked.by_member && selection->asked.target_count > 0 &&
        targets.tasks.count == 0) {
        plan->members = targets.directories;
        targets.directories = NULL;
    }
    vec_release(&targets.tasks);
    free(targets.directories);
    return result;
}

size_t plan_select_keys(struct plan *plan, const struct slice *keys, size_t count)
{
    size_t unknown = 0;
    memset(plan->wanted, 0, plan->graph->task_count);
    for (size_t i = 0; i < count; i++) {
        struct task_id task = graph_find_task(plan->graph, keys[i]);
        if (task.at != GRAPH_NONE) {
            plan->wanted[task.at] = WANTED_SELECTED;
        } else {
            unknown++;
        }
    }
    return unknown;
}
