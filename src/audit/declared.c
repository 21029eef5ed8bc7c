#include "declared.h"

#include <fcntl.h>
#include <sys/stat.h>

/* The part of `path` below `folder`; at == NULL: it isn't below. */
static struct slice below(struct slice path, struct slice folder)
{
    if (folder.len == 0 || path.len < folder.len || memcmp(path.at, folder.at, folder.len) != 0) {
        return (struct slice){0};
    }
    if (path.len == folder.len) {
        return slice_make(path.at + path.len, 0);
    }
    return path.at[folder.len] == '/'
               ? slice_make(path.at + folder.len + 1, path.len - folder.len - 1)
               : (struct slice){0};
}

struct slice places_name(const struct audit_places *places, struct slice path, struct arena *arena)
{
    struct slice inside = below(path, places->workspace_path);
    if (inside.at != NULL) {
        struct buf name = BUF_EMPTY;
        buf_add_slice(&name, places->workspace_shown);
        if (inside.len > 0) {
            buf_add_char(&name, '/');
            buf_add_slice(&name, inside);
        }
        struct slice kept = arena_slice(arena, buf_slice(&name));
        buf_release(&name);
        return kept;
    }
    inside = below(path, places->project_path);
    return arena_slice(arena, inside.at != NULL ? inside : path);
}

void places_add_real(const struct audit_places *places, struct slice name, struct buf *out)
{
    struct slice inside = below(name, places->workspace_shown);
    if (inside.at != NULL) {
        buf_add_slice(out, places->workspace_path);
        buf_add_char(out, '/');
        buf_add_slice(out, inside);
    } else if (name.len > 0 && name.at[0] == '/') {
        buf_add_slice(out, name);
    } else {
        buf_add_slice(out, places->project_path);
        buf_add_char(out, '/');
        buf_add_slice(out, name);
    }
}

static void add_file(struct declared *declared, const struct audit_places *places,
                     struct slice path, enum audit_role role, uint32_t input)
{
    struct buf real = BUF_EMPTY;
    struct stat status;
    struct audit_file file = {
        .path = places_name(places, path, &declared->arena), .role = role, .input = input};
    places_add_real(places, file.path, &real);
    if (stat(buf_string(&real), &status) == 0) {
        file.device = (uint64_t)status.st_dev;
        file.inode = (uint64_t)status.st_ino;
        file.is_folder = S_ISDIR(status.st_mode);
    }
    vec_push(&declared->files, file);
    buf_release(&real);
}

static void add_graph_file(struct declared *declared, const struct graph *graph,
                           const struct audit_places *places, struct file_id id,
                           enum audit_role role, uint32_t input)
{
    struct buf path = BUF_EMPTY;
    graph_add_path(graph, id, &path);
    add_file(declared, places, buf_slice(&path), role, input);
    const struct way *way = graph_way(graph, id);
    if (way != NULL) {
        add_file(declared, places, way->end, role, input);
    }
    buf_release(&path);
}

static void add_directory_path(const struct graph *graph, uint32_t directory, struct buf *out)
{
    buf_add_slice(out, graph->workspace->path);
    buf_add_char(out, '/');
    buf_add_slice(out, graph->workspace->names[directory]);
}

/* Files in which the command keeps its progress are its own, too. */
static void add_resumable(struct declared *declared, const struct graph *graph,
                          const struct audit_places *places, const struct action *action)
{
    for (size_t r = 0; r < action->resumable_count; r++) {
        const struct path_spec *spec = &action->resumable_files[r];
        if (spec->has_template) {
            continue;
        }
        if (spec->from_project) {
            add_file(declared, places, spec->path, ROLE_PRODUCT, UINT32_MAX);
            continue;
        }
        vec_each (uint32_t, directory, &declared->directories) {
            struct buf path = BUF_EMPTY;
            add_directory_path(graph, *directory, &path);
            buf_add_char(&path, '/');
            buf_add_slice(&path, spec->path);
            add_file(declared, places, buf_slice(&path), ROLE_PRODUCT, UINT32_MAX);
            buf_release(&path);
        }
    }
}

static void add_task(struct declared *declared, const struct graph *graph,
                     const struct audit_places *places, struct task_id task)
{
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        add_graph_file(declared, graph, places, graph->products.at[p], ROLE_PRODUCT, UINT32_MAX);
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        const struct dependency *dependency = &graph->dependencies.at[d];
        add_graph_file(declared, graph, places, dependency->file, ROLE_INPUT, dependency->input);
    }
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    const struct action *action = graph_action(graph, task);
    bool has_values = graph->rowfile->value_file.at != NULL && action->scope != SCOPE_PROJECT;
    for (size_t i = 0; i < count && action->scope != SCOPE_PROJECT; i++) {
        vec_push(&declared->directories, directories[i]);
        if (has_values) {
            struct buf path = BUF_EMPTY;
            add_directory_path(graph, directories[i], &path);
            buf_add_char(&path, '/');
            buf_add_slice(&path, graph->rowfile->value_file);
            add_file(declared, places, buf_slice(&path), ROLE_VALUE, UINT32_MAX);
            buf_release(&path);
        }
    }
}

void declared_find(struct declared *declared, const struct graph *graph,
                   const struct audit_places *places, const struct task_id *tasks, size_t count)
{
    const struct action *action = graph_action(graph, tasks[0]);
    *declared = (struct declared){.value_is_read =
                                      !action->value_inputs_given || action->value_input_count > 0};
    arena_init(&declared->arena);
    for (size_t i = 0; i < count; i++) {
        add_task(declared, graph, places, tasks[i]);
    }
    add_resumable(declared, graph, places, action);
}

void declared_release(struct declared *declared)
{
    vec_release(&declared->files);
    vec_release(&declared->directories);
    arena_release(&declared->arena);
}

/* The member of the workspace that a path below the workspace lies in; -1: none. */
static int64_t find_member(const struct graph *graph, struct slice inside, size_t *length)
{
    for (size_t i = 1; i < inside.len; i++) {
        if (inside.at[i] == '/') {
            int64_t number = workspace_find(graph->workspace, slice_make(inside.at, i), NULL);
            if (number >= 0) {
                *length = i;
                return number;
            }
        }
    }
    return -1;
}

static bool works_on(const struct declared *declared, int64_t directory)
{
    vec_each (uint32_t, own, &declared->directories) {
        if ((int64_t)*own == directory) {
            return true;
        }
    }
    return false;
}

void declared_spell(const struct declared *declared, const struct graph *graph,
                    const struct audit_places *places, const struct action *action,
                    struct slice path, struct buf *out, uint32_t *directory)
{
    *directory = GRAPH_NONE;
    struct slice inside = below(path, places->workspace_shown);
    size_t length = 0;
    int64_t member = inside.at != NULL ? find_member(graph, inside, &length) : -1;
    if (action->scope != SCOPE_PROJECT && member >= 0 && works_on(declared, member)) {
        *directory = (uint32_t)member;
        buf_add_slice(out, slice_make(inside.at + length + 1, inside.len - length - 1));
        return;
    }
    bool is_outside = path.len > 0 && path.at[0] == '/';
    buf_add_string(out, is_outside || action->scope == SCOPE_PROJECT ? "" : "//");
    if (member >= 0) { /* one of many: the same of all */
        buf_add_slice(out, places->workspace_shown);
        buf_add_string(out, "/*");
        buf_add_slice(out, slice_make(inside.at + length, inside.len - length));
        return;
    }
    buf_add_slice(out, path.len > 0 ? path : SLICE_LITERAL("."));
}
