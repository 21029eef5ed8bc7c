#include "names.h"

const char *plan_path(struct plan *plan, struct file_id file)
{
    buf_clear(&plan->path);
    graph_add_path(plan->graph, file, &plan->path);
    return buf_string(&plan->path);
}

struct slice plan_name_below(const struct plan *plan, uint32_t directory, struct slice path,
                             bool *is_below)
{
    const struct workspace *workspace = plan->graph->workspace;
    *is_below = false;
    if (directory == GRAPH_NONE) {
        return path;
    }
    struct slice name = workspace->names[directory];
    size_t top = slice_is(workspace->path, ".") ? 0 : workspace->path.len + 1;
    size_t len = top + name.len + 1;
    *is_below =
        path.len > len && path.at[len - 1] == '/' &&
        (top == 0 || (slice_starts_with(path, workspace->path.at) && path.at[top - 1] == '/')) &&
        memcmp(path.at + top, name.at, name.len) == 0;
    return *is_below ? slice_make(path.at + len, path.len - len) : path;
}

void plan_add_directory(const struct graph *graph, uint32_t directory, struct buf *out)
{
    if (!slice_is(graph->workspace->path, ".")) {
        buf_add_slice(out, graph->workspace->path);
        buf_add_char(out, '/');
    }
    buf_add_slice(out, graph->workspace->names[directory]);
    buf_add_char(out, '/');
}

struct slice plan_component_name(struct plan *plan, struct task_id task, struct file_id file,
                                 bool *in_directory)
{
    const struct graph *graph = plan->graph;
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    *in_directory = directory != GRAPH_NONE && directory == graph->tasks[task.at].directory;
    if (*in_directory) {
        return graph->columns[column];
    }
    if (directory == GRAPH_NONE) {
        struct slice path = graph_other_name(graph, file);
        return plan_name_below(plan, graph->tasks[task.at].directory, path, in_directory);
    }
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    struct slice name = arena_slice(&plan->arena, buf_slice(&path));
    buf_release(&path);
    return name;
}
