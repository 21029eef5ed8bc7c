/* Numbers of files: by directory and column where possible, else in one list of paths. */
#include "building.h"

static void collect(struct graph *graph, const struct path_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct path_spec *spec = &specs[i];
        if (!spec->from_project && !spec->is_refused && !spec->is_glob && !spec->is_excluded &&
            spec->path.at[0] != '/') {
            intern_add(&graph->column_numbers, spec->path);
        }
    }
}

void building_collect_columns(struct building *building)
{
    const struct rowfile *rowfile = building->rowfile;
    struct graph *graph = building->graph;
    intern_init(&graph->column_numbers);
    graph->value_column = GRAPH_NONE;
    if (rowfile->value_file.at != NULL) {
        graph->value_column = intern_add(&graph->column_numbers, rowfile->value_file);
    }
    for (size_t i = 0; i < rowfile->action_count; i++) {
        const struct action *action = &rowfile->actions[i];
        if (action->scope != SCOPE_PROJECT) {
            collect(graph, action->products, action->product_count);
            collect(graph, action->inputs, action->input_count);
            collect(graph, action->depfile, action->depfile != NULL);
        }
    }
    graph->column_count = graph->column_numbers.count;
    graph->columns = arena_array(&graph->arena, graph->column_count, sizeof *graph->columns);
    for (uint32_t column = 0; column < graph->column_count; column++) {
        graph->columns[column] =
            arena_slice(&graph->arena, intern_name(&graph->column_numbers, column));
    }
}

static size_t files_in_directories(const struct graph *graph)
{
    return graph->workspace->count * graph->column_count;
}

static struct file_id file_at(const struct graph *graph, uint32_t directory, uint32_t column)
{
    return (struct file_id){(uint32_t)(directory * graph->column_count + column)};
}

static uint32_t find_column(const struct graph *graph, struct slice path)
{
    uint32_t column = intern_find(&graph->column_numbers, path);
    return column == INTERN_NONE ? GRAPH_NONE : column;
}

/* A path from the project as a file inside a directory, if it is one that has a number. */
static struct file_id find_in_directories(const struct graph *graph, struct slice path)
{
    struct slice top = graph->workspace->path;
    size_t skip = slice_is(top, ".") ? 0 : top.len + 1;
    if (skip > 0 &&
        (path.len <= skip || memcmp(path.at, top.at, top.len) != 0 || path.at[top.len] != '/')) {
        return (struct file_id){GRAPH_NONE};
    }
    struct slice below = slice_make(path.at + skip, path.len - skip);
    for (size_t i = 1; i < below.len; i++) {
        if (below.at[i] != '/') {
            continue;
        }
        int64_t directory = workspace_find(graph->workspace, slice_make(below.at, i), NULL);
        uint32_t column = directory < 0
                              ? GRAPH_NONE
                              : find_column(graph, slice_make(below.at + i + 1, below.len - i - 1));
        if (column != GRAPH_NONE) {
            return file_at(graph, (uint32_t)directory, column);
        }
    }
    return (struct file_id){GRAPH_NONE};
}

static struct file_id other_file(const struct graph *graph, uint32_t number)
{
    return (struct file_id){(uint32_t)(files_in_directories(graph) + number)};
}

struct file_id building_file(struct building *building, struct slice path)
{
    struct graph *graph = building->graph;
    struct file_id file = find_in_directories(graph, path);
    return file.at != GRAPH_NONE ? file : other_file(graph, intern_add(&graph->other_files, path));
}

struct file_id building_file_below(struct building *building, uint32_t directory, struct slice path)
{
    struct graph *graph = building->graph;
    uint32_t column = find_column(graph, path);
    if (column != GRAPH_NONE) {
        return file_at(graph, directory, column);
    }
    if (path.at[0] == '/') {
        return building_file(building, path);
    }
    struct buf full = BUF_EMPTY;
    buf_addf(&full, "%s/%s/", graph->workspace->path.at, graph->workspace->names[directory].at);
    buf_add_slice(&full, path);
    struct file_id file = building_file(building, buf_slice(&full));
    buf_release(&full);
    return file;
}

struct file_id graph_find_file(const struct graph *graph, struct slice path)
{
    struct file_id file = find_in_directories(graph, path);
    if (file.at != GRAPH_NONE) {
        return file;
    }
    uint32_t number = intern_find(&graph->other_files, path);
    return number == INTERN_NONE ? (struct file_id){GRAPH_NONE} : other_file(graph, number);
}

uint32_t graph_file_directory(const struct graph *graph, struct file_id file, uint32_t *column)
{
    if (file.at >= files_in_directories(graph)) {
        return GRAPH_NONE;
    }
    *column = (uint32_t)(file.at % graph->column_count);
    return (uint32_t)(file.at / graph->column_count);
}

void graph_add_path(const struct graph *graph, struct file_id file, struct buf *out)
{
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    if (directory == GRAPH_NONE) {
        uint32_t number = file.at - (uint32_t)files_in_directories(graph);
        buf_add_string(out, intern_name(&graph->other_files, number).at); /* without its view */
        return;
    }
    if (!slice_is(graph->workspace->path, ".")) {
        buf_add_slice(out, graph->workspace->path);
        buf_add_char(out, '/');
    }
    buf_add_slice(out, graph->workspace->names[directory]);
    buf_add_char(out, '/');
    buf_add_slice(out, graph->columns[column]);
}
