#include "building.h"

#include "match.h"
#include "text.h"

#include <stdlib.h>

void graph_free(struct graph *graph)
{
    if (graph == NULL) {
        return;
    }
    free(graph->tasks);
    free(graph->blocked_by);
    vec_release(&graph->members);
    intern_release(&graph->other_tasks);
    intern_release(&graph->other_files);
    intern_release(&graph->column_numbers);
    folders_release(&graph->folders);
    free(graph->producers);
    free(graph->depfile_start);
    vec_release(&graph->depfiles);
    vec_release(&graph->origins);
    free(graph->origin_ranges);
    vec_release(&graph->ways);
    vec_release(&graph->views);
    free(graph->view_of);
    for (size_t i = 0; i < graph->globs.count; i++) {
        glob_set_free(graph->globs.at[i]);
    }
    vec_release(&graph->globs);
    vec_release(&graph->temporaries);
    vec_release(&graph->readers);
    free(graph->temporary_of);
    graph_end_ignoring(graph);
    intern_release(&graph->glob_keys);
    free(graph->product_start);
    vec_release(&graph->products);
    free(graph->dependency_start);
    vec_release(&graph->dependencies);
    free(graph->before_start);
    vec_release(&graph->before);
    free(graph->after_start);
    free(graph->after);
    free(graph->order);
    arena_release(&graph->arena);
    free(graph);
}

const struct action *graph_action(const struct graph *graph, struct task_id task)
{
    return &graph->rowfile->actions[graph->tasks[task.at].action];
}

size_t graph_directories(const struct graph *graph, struct task_id task,
                         const uint32_t **directories)
{
    const struct graph_task *entry = &graph->tasks[task.at];
    if (entry->directory != GRAPH_NONE) {
        *directories = &entry->directory;
        return 1;
    }
    *directories = vec_from(&graph->members, entry->members);
    return entry->member_count;
}

/* ---- Who makes a file ---- */

static bool has_producer(const struct graph *graph, struct file_id file)
{
    return file.at < graph->file_count && graph->producers[file.at] != GRAPH_NONE;
}

size_t graph_origin_count(const struct graph *graph, struct file_id file)
{
    if (has_producer(graph, file)) {
        return 1;
    }
    return file.at < graph->origin_range_count ? graph->origin_ranges[file.at].count : 0;
}

struct origin graph_origin(const struct graph *graph, struct file_id file, size_t index)
{
    if (has_producer(graph, file)) {
        return (struct origin){
            .task = {graph->producers[file.at]}, .product = file, .kind = ORIGIN_AROUND};
    }
    return graph->origins.at[graph->origin_ranges[file.at].first + index];
}

struct origin graph_maker(const struct graph *graph, struct file_id file)
{
    struct origin none = {.task = {GRAPH_NONE}, .product = {GRAPH_NONE}};
    if (graph_origin_count(graph, file) == 0) {
        return none;
    }
    struct origin first = graph_origin(graph, file, 0);
    return first.kind == ORIGIN_AROUND ? first : none;
}

static size_t place_in_others(const struct graph *graph, struct file_id file)
{
    size_t inside = graph->workspace->count * graph->column_count;
    return file.at < inside ? SIZE_MAX : file.at - inside;
}

static const struct view *find_view(const struct graph *graph, struct file_id file)
{
    size_t place = place_in_others(graph, file);
    return place < graph->view_of_count && graph->view_of[place] != 0
               ? &graph->views.at[graph->view_of[place] - 1]
               : NULL;
}

const struct tree_view *graph_view(const struct graph *graph, struct file_id file)
{
    const struct view *view = find_view(graph, file);
    return view != NULL ? &view->tree : NULL;
}

struct slice graph_other_name(const struct graph *graph, struct file_id file)
{
    const struct view *view = find_view(graph, file);
    return view != NULL ? view->name
                        : intern_name(&graph->other_files, (uint32_t)place_in_others(graph, file));
}

const struct way *graph_way(const struct graph *graph, struct file_id file)
{
    size_t low = 0;
    size_t high = graph->ways.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (graph->ways.at[middle].file.at < file.at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < graph->ways.count && graph->ways.at[low].file.at == file.at ? &graph->ways.at[low]
                                                                             : NULL;
}

/* What distinguishes a group or project task from its action's others; empty if it is the only
 * one. */
static struct slice own_part_of_key(const struct graph *graph, struct task_id task)
{
    size_t first = graph->workspace->count * graph->directory_action_count;
    struct slice key = intern_name(&graph->other_tasks, task.at - (uint32_t)first);
    size_t name = graph_action(graph, task)->name.len;
    return key.len > name ? slice_make(key.at + name + 1, key.len - name - 1) : (struct slice){0};
}

uint32_t graph_owner(const struct graph *graph, struct file_id file)
{
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    struct task_id maker = {GRAPH_NONE};
    if (directory == GRAPH_NONE) {
        maker = graph_maker(graph, file).task;
    }
    return maker.at != GRAPH_NONE ? graph->tasks[maker.at].directory : directory;
}

/* The first of several groups that only have numbers; its key is the action's name alone. */
static const char FIRST[] = "#1";

static uint32_t find_other(const struct graph *graph, struct slice action, struct slice own)
{
    struct buf key = BUF_EMPTY;
    buf_add_slice(&key, action);
    if (own.len > 0) {
        buf_add_char(&key, '\0');
        buf_add_slice(&key, own);
    }
    uint32_t number = intern_find(&graph->other_tasks, buf_slice(&key));
    buf_release(&key);
    return number;
}

struct slice graph_task_name(const struct graph *graph, struct task_id task)
{
    const struct graph_task *entry = &graph->tasks[task.at];
    if (entry->directory != GRAPH_NONE) {
        return graph->workspace->names[entry->directory];
    }
    struct slice own = own_part_of_key(graph, task);
    bool is_first = own.len == 0 && find_other(graph, graph_action(graph, task)->name,
                                               SLICE_LITERAL("#2")) != INTERN_NONE;
    return is_first ? slice_of(FIRST) : own;
}

void graph_add_label(const struct graph *graph, struct task_id task, struct buf *out)
{
    struct slice own = graph_task_name(graph, task);
    text_add_name(out, graph_action(graph, task)->name);
    if (own.len > 0) {
        buf_add_char(out, ' ');
        text_add_name(out, own);
    }
}

void graph_add_key(const struct graph *graph, struct task_id task, struct buf *out)
{
    const struct graph_task *entry = &graph->tasks[task.at];
    struct slice own = entry->directory != GRAPH_NONE ? graph->workspace->names[entry->directory]
                                                      : own_part_of_key(graph, task);
    buf_add_slice(out, graph_action(graph, task)->name);
    if (own.len > 0) {
        buf_add_char(out, '/');
        buf_add_slice(out, own);
    }
}

static struct task_id find_directory_task(const struct graph *graph, struct slice key)
{
    for (size_t column = 0; column < graph->directory_action_count; column++) {
        struct slice name = graph->directory_actions[column];
        if (key.len <= name.len + 1 || key.at[name.len] != '/' ||
            memcmp(key.at, name.at, name.len) != 0) {
            continue;
        }
        struct slice directory = slice_make(key.at + name.len + 1, key.len - name.len - 1);
        int64_t found = workspace_find(graph->workspace, directory, NULL);
        struct task_id task = {(uint32_t)((size_t)found * graph->directory_action_count + column)};
        if (found >= 0 && graph_is_present(graph, task)) {
            return task;
        }
    }
    return (struct task_id){GRAPH_NONE};
}

struct task_id graph_find_task(const struct graph *graph, struct slice key)
{
    struct task_id task = find_directory_task(graph, key);
    struct buf own = BUF_EMPTY;
    uint32_t number = task.at == GRAPH_NONE ? intern_find(&graph->other_tasks, key) : INTERN_NONE;
    buf_add_slice(&own, key);
    for (size_t i = 0; i < key.len && task.at == GRAPH_NONE && number == INTERN_NONE; i++) {
        if (key.at[i] == '/') { /* which of them ends the action's name can't be seen */
            own.at[i] = '\0';
            number = intern_find(&graph->other_tasks, buf_slice(&own));
            own.at[i] = '/';
        }
    }
    buf_release(&own);
    if (number != INTERN_NONE) {
        task.at = (uint32_t)(graph->workspace->count * graph->directory_action_count) + number;
    }
    return task;
}

struct task_id graph_find_named(const struct graph *graph, struct slice action, struct slice name)
{
    struct buf key = BUF_EMPTY;
    buf_add_slice(&key, action);
    buf_add_char(&key, '/');
    buf_add_slice(&key, name);
    struct task_id task = find_directory_task(graph, buf_slice(&key));
    buf_release(&key);
    if (task.at != GRAPH_NONE) {
        return task;
    }
    bool is_first = slice_is(name, FIRST);
    uint32_t number = find_other(graph, action, is_first ? (struct slice){0} : name);
    if (number != INTERN_NONE && name.len > 0) {
        task.at = (uint32_t)(graph->workspace->count * graph->directory_action_count) + number;
        if (!slice_equal(graph_task_name(graph, task), name)) {
            task.at = GRAPH_NONE;
        }
    }
    return task;
}
