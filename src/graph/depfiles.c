/* Depfiles: which files they are, what may not be one, and where the names in them lead. */
#include "building.h"

#include "memory.h"
#include "path.h"
#include "text.h"

/* ---- Which files they are ---- */

static int add_depfiles(struct building *building, struct task_id task)
{
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, task);
    const struct path_spec *spec = action->depfile;
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    if (spec->is_refused) {
        return 0;
    }
    if (!spec->from_project) {
        for (size_t d = 0; d < count; d++) {
            if (building_accepts_below(building, action, spec, GRAPH_DEPFILE, directories[d])) {
                vec_push(&graph->depfiles,
                         building_file_below(building, directories[d], spec->path));
            }
        }
        return 0;
    }
    struct buf path = BUF_EMPTY;
    int result = building_expand(building, action, spec, directories, count, &path);
    if (result == 0 &&
        building_accepts(building, action, spec, GRAPH_DEPFILE,
                         count > 0 ? directories[0] : GRAPH_NONE, buf_slice(&path))) {
        vec_push(&graph->depfiles, building_file(building, buf_slice(&path)));
    }
    buf_release(&path);
    return result;
}

int building_add_depfiles(struct building *building)
{
    struct graph *graph = building->graph;
    graph->depfile_start = mem_grow(NULL, graph->task_count + 1, sizeof(uint32_t));
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        graph->depfile_start[n] = (uint32_t)graph->depfiles.count;
        if (graph_is_present(graph, task) && graph_action(graph, task)->depfile != NULL &&
            add_depfiles(building, task) != 0) {
            return -1;
        }
    }
    graph->depfile_start[graph->task_count] = (uint32_t)graph->depfiles.count;
    return 0;
}

/* ---- What may not be one ---- */

static void report_claim(struct building *building, struct task_id task, struct file_id file,
                         struct task_id other, bool is_depfile)
{
    const struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, task);
    bool *reported =
        &building->reported[graph_action(graph, other)->name_id * building->rowfile->name_count +
                            action->name_id];
    if (*reported) {
        return;
    }
    *reported = true;
    struct buf message = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    buf_add_char(&message, '`');
    graph_add_label(graph, task, &message);
    buf_add_string(&message, is_depfile ? "` and `" : "` has the depfile `");
    if (is_depfile) {
        graph_add_label(graph, other, &message);
        buf_add_string(&message, "` have the same depfile, `");
        text_add_name(&message, buf_slice(&path));
        buf_add_string(&message, "`; give each a file of its own");
    } else {
        text_add_name(&message, buf_slice(&path));
        buf_add_string(&message, "`, which is or lies inside a product of `");
        graph_add_label(graph, other, &message);
        buf_add_string(&message, "`; name another file");
    }
    building->diag->action = action->name.at;
    diag_error_at(building->diag, FINDING_DEPFILE_UNUSABLE, &building->rowfile->source,
                  action->depfile->offset, action->depfile->length, "%s", buf_string(&message));
    building->diag->action = NULL;
    buf_release(&message);
    buf_release(&path);
}

static void claim(struct building *building, struct task_id task, struct file_id file)
{
    struct graph *graph = building->graph;
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    struct file_id around = building_product_at(building, buf_slice(&path));
    bool is_depfile =
        around.at != GRAPH_NONE &&
        graph_is_depfile(graph, (struct task_id){graph->producers[around.at]}, around);
    if (around.at == GRAPH_NONE) {
        around = building_product_above(building, buf_slice(&path));
    }
    uint32_t other = around.at != GRAPH_NONE ? graph->producers[around.at] : GRAPH_NONE;
    if (other != GRAPH_NONE && other != task.at) {
        report_claim(building, task, file, (struct task_id){other}, is_depfile);
    } else if (graph->producers[file.at] == GRAPH_NONE) {
        uint32_t column;
        graph->producers[file.at] = task.at;
        if (graph_file_directory(graph, file, &column) == GRAPH_NONE) {
            (void)building_add_alias(building, buf_slice(&path), file);
        }
    }
    buf_release(&path);
}

void building_claim_depfiles(struct building *building)
{
    const struct graph *graph = building->graph;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        for (uint32_t d = graph->depfile_start[n]; d < graph->depfile_start[n + 1]; d++) {
            claim(building, (struct task_id){n}, graph->depfiles.at[d]);
        }
    }
    if (graph->depfiles.count > 0) {
        building_sort_places(building);
    }
}

bool graph_is_depfile(const struct graph *graph, struct task_id task, struct file_id file)
{
    bool is_product = false;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        is_product |= graph->products.at[p].at == file.at;
    }
    for (uint32_t d = graph->depfile_start[task.at];
         d < graph->depfile_start[task.at + 1] && !is_product; d++) {
        if (graph->depfiles.at[d].at == file.at) {
            return true;
        }
    }
    return false;
}

/* ---- Where names lead ---- */

/* Puts an absolute path without doubled slashes and `.` into an empty `out`. A `..` takes away the part before it if
 * that isn't a link; after one, all parts stay as they are: where it leads may change. */
static void add_normalised(const struct workspace *workspace, struct slice path, struct buf *out)
{
    bool follows_link = false;
    struct slice part;
    while (path_next_part(&path, &part)) {
        if (slice_is(part, "..") && !follows_link) {
            struct buf real = BUF_EMPTY;
            follows_link = out->len > 0 && path_resolve(workspace, buf_slice(out), &real) > 0;
            buf_release(&real);
            if (!follows_link) {
                path_drop_part(out);
                continue;
            }
        }
        buf_add_char(out, '/');
        buf_add_slice(out, part);
    }
    if (out->len == 0) {
        buf_add_char(out, '/');
    }
}

/* An absolute path that leads into the project by another name of it: the beginning of the path
 * that is the project or the workspace is replaced. */
static bool add_by_other_name(const struct workspace *workspace, struct slice path, struct buf *out)
{
    struct buf real = BUF_EMPTY;
    bool found = false;
    for (size_t end = 1; end <= path.len && !found; end++) {
        if (end < path.len && path.at[end] != '/') {
            continue;
        }
        buf_clear(&real);
        size_t link = path_resolve(workspace, slice_make(path.at, end), &real);
        bool is_project = slice_is(buf_slice(&real), ".");
        bool is_workspace = slice_equal(buf_slice(&real), workspace->path);
        if (link > 0 && (is_project || is_workspace)) {
            found = true;
            struct slice rest = end < path.len ? slice_make(path.at + end + 1, path.len - end - 1)
                                               : SLICE_LITERAL("");
            if (is_workspace && !is_project) {
                buf_add_slice(out, workspace->path);
                buf_add_string(out, rest.len > 0 ? "/" : "");
            }
            buf_add_slice(out, rest.len == 0 && is_project ? SLICE_LITERAL(".") : rest);
        }
    }
    buf_release(&real);
    return found;
}

void graph_add_named(const struct graph *graph, struct slice name, struct buf *out)
{
    const struct workspace *workspace = graph->workspace;
    struct buf whole = BUF_EMPTY;
    struct buf absolute = BUF_EMPTY;
    size_t start = out->len;
    if (name.len == 0 || name.at[0] != '/') {
        buf_add_slice(&whole, workspace->place.project);
        buf_add_char(&whole, '/');
    }
    buf_add_slice(&whole, name);
    add_normalised(workspace, buf_slice(&whole), &absolute);
    path_add_from_project(workspace, buf_slice(&absolute), out);
    if (out->len > start && out->at[start] == '/') {
        struct buf other = BUF_EMPTY;
        if (add_by_other_name(workspace, buf_slice(&absolute), &other)) {
            out->len = start;
            buf_add_slice(out, buf_slice(&other));
        }
        buf_release(&other);
    }
    buf_release(&whole);
    buf_release(&absolute);
}

static struct file_id product_at(const struct graph *graph, struct slice path)
{
    struct file_id none = {GRAPH_NONE};
    for (size_t end = path.len; end > 0; end--) {
        if (end < path.len && path.at[end] != '/') {
            continue;
        }
        struct file_id file = graph_find_file(graph, slice_make(path.at, end));
        if (file.at != GRAPH_NONE && file.at < graph->file_count &&
            graph->producers[file.at] != GRAPH_NONE) {
            return file;
        }
    }
    return none;
}

struct file_id graph_product_around(const struct graph *graph, struct slice path)
{
    struct file_id found = product_at(graph, path);
    if (found.at == GRAPH_NONE) {
        struct buf real = BUF_EMPTY;
        (void)path_resolve(graph->workspace, path, &real);
        if (!slice_equal(buf_slice(&real), path)) {
            found = product_at(graph, buf_slice(&real));
        }
        buf_release(&real);
    }
    return found;
}

void graph_add_real_path(const struct graph *graph, struct file_id file, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    (void)path_resolve(graph->workspace, buf_slice(&path), out);
    buf_release(&path);
}

static bool lies_in(const struct graph *graph, struct file_id file, struct slice folder,
                    struct buf *path)
{
    buf_clear(path);
    graph_add_path(graph, file, path);
    return path_below(buf_slice(path), folder).at != NULL ||
           (slice_is(folder, ".") && path->at[0] != '/');
}

struct file_id graph_product_inside(const struct graph *graph, struct slice folder,
                                    struct task_id task, bool own)
{
    struct buf path = BUF_EMPTY;
    struct file_id found = {GRAPH_NONE};
    uint32_t first = own ? graph->product_start[task.at] : 0;
    uint32_t end = own ? graph->product_start[task.at + 1] : (uint32_t)graph->products.count;
    for (uint32_t p = first; p < end && found.at == GRAPH_NONE; p++) {
        struct file_id file = graph->products.at[p];
        if ((graph->producers[file.at] == task.at) == own && lies_in(graph, file, folder, &path)) {
            found = file;
        }
    }
    buf_release(&path);
    return found;
}
