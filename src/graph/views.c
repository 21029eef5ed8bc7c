/* Folders of which only a part counts for a task: those without its own products, and what its globs
 * match in a folder that another task makes. */
#include "building.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

void graph_reserve_ranges(struct graph *graph, size_t wanted)
{
    if (wanted > graph->origin_range_count) {
        size_t count = wanted + wanted / 2;
        graph->origin_ranges = mem_grow(graph->origin_ranges, count, sizeof *graph->origin_ranges);
        memset(graph->origin_ranges + graph->origin_range_count, 0,
               (count - graph->origin_range_count) * sizeof *graph->origin_ranges);
        graph->origin_range_count = count;
    }
}

/* The file of a view by its key, which begins with the path and NUL; *is_new: it has none yet. */
static struct file_id find_or_add(struct graph *graph, struct slice key, bool *is_new)
{
    size_t inside = graph->workspace->count * graph->column_count;
    uint32_t number = intern_add(&graph->other_files, key);
    *is_new = number >= graph->view_of_count || graph->view_of[number] == 0;
    if (number >= graph->view_of_count) {
        size_t count = ((size_t)number + 1) * 2;
        graph->view_of = mem_grow(graph->view_of, count, sizeof *graph->view_of);
        memset(graph->view_of + graph->view_of_count, 0,
               (count - graph->view_of_count) * sizeof *graph->view_of);
        graph->view_of_count = count;
    }
    return (struct file_id){(uint32_t)(inside + number)};
}

static void put_view(struct building *building, struct file_id file, struct view view,
                     struct slice folder)
{
    struct graph *graph = building->graph;
    struct buf real = BUF_EMPTY;
    size_t inside = graph->workspace->count * graph->column_count;
    vec_push(&graph->views, view);
    graph->view_of[file.at - inside] = (uint32_t)graph->views.count;
    size_t link = path_resolve(building->workspace, folder, &real);
    building_add_way(building, file, folder, link, buf_slice(&real));
    buf_release(&real);
}

/* ---- Without own products ---- */

struct own_paths {
    struct slice *at;
    size_t count;
};

static struct own_paths list_own(struct building *building, struct file_id folder,
                                 struct task_id own)
{
    struct graph *graph = building->graph;
    size_t origins = graph_origin_count(graph, folder);
    struct own_paths paths = {.at = arena_array(&graph->arena, origins, sizeof(struct slice))};
    struct buf top = BUF_EMPTY;
    struct buf real = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    struct buf real_path = BUF_EMPTY;
    graph_add_path(graph, folder, &top);
    (void)path_resolve(building->workspace, buf_slice(&top), &real);
    for (size_t i = 0; i < origins; i++) {
        struct origin origin = graph_origin(graph, folder, i);
        if (origin.task.at != own.at) {
            continue;
        }
        buf_clear(&path);
        graph_add_path(graph, origin.product, &path);
        struct slice below = path_below(buf_slice(&path), buf_slice(&top));
        if (below.at == NULL) { /* one of the two has another name */
            buf_clear(&real_path);
            (void)path_resolve(building->workspace, buf_slice(&path), &real_path);
            below = path_below(buf_slice(&real_path), buf_slice(&real));
        }
        if (below.at != NULL) {
            paths.at[paths.count++] = arena_slice(&graph->arena, below);
        }
    }
    buf_release(&top);
    buf_release(&real);
    buf_release(&path);
    buf_release(&real_path);
    return paths;
}

struct file_id building_view_without(struct building *building, struct file_id folder,
                                     struct task_id own)
{
    struct graph *graph = building->graph;
    struct own_paths paths = list_own(building, folder, own);
    struct buf key = BUF_EMPTY;
    graph_add_path(graph, folder, &key);
    struct slice name = arena_slice(&graph->arena, buf_slice(&key));
    for (size_t i = 0; i < paths.count; i++) {
        buf_add(&key, "\0!", 2);
        buf_add_slice(&key, paths.at[i]);
    }
    bool is_new;
    struct file_id file = find_or_add(graph, buf_slice(&key), &is_new);
    buf_release(&key);
    if (!is_new) {
        return file;
    }
    put_view(
        building, file,
        (struct view){.tree = {.without = paths.at, .without_count = paths.count}, .name = name},
        name);
    size_t before = graph->origins.count;
    for (size_t i = 0; i < graph_origin_count(graph, folder); i++) {
        struct origin origin = graph_origin(graph, folder, i);
        if (origin.task.at != own.at) {
            vec_push(&graph->origins, origin);
        }
    }
    graph_reserve_ranges(graph, (size_t)file.at + 1);
    graph->origin_ranges[file.at] = (struct origin_range){
        .first = (uint32_t)before, .count = (uint32_t)(graph->origins.count - before)};
    return file;
}

/* ---- Globs ---- */

const struct glob_set *building_globs(struct building *building, struct slice patterns)
{
    struct graph *graph = building->graph;
    uint32_t known = graph->glob_keys.count;
    uint32_t number = intern_add(&graph->glob_keys, patterns);
    if (number < known) {
        return graph->globs.at[number];
    }
    VEC(struct slice) list = {0};
    for (size_t at = 0; at <= patterns.len;) {
        const char *end =
            at < patterns.len ? memchr(patterns.at + at, '\0', patterns.len - at) : NULL;
        size_t len = end != NULL ? (size_t)(end - patterns.at) - at : patterns.len - at;
        vec_push(&list, slice_make(patterns.at + at, len));
        at += len + 1;
    }
    struct glob_set *globs = glob_set_new(list.at, list.count, false, "inputs", building->diag);
    vec_push(&graph->globs, globs);
    vec_release(&list);
    return globs;
}

/* "data/x*.txt", or "data/ (**)" where the pattern doesn't name the folder. */
static struct slice name_globbed(struct graph *graph, struct slice folder, size_t prefix,
                                 struct slice patterns)
{
    struct buf name = BUF_EMPTY;
    struct slice pattern = slice_of(patterns.at);
    struct slice named = slice_make(folder.at + prefix, folder.len - prefix);
    buf_add(&name, folder.at, prefix);
    if (path_below(pattern, named).at != NULL) {
        buf_add_slice(&name, pattern);
    } else {
        buf_add_slice(&name, named);
        buf_add_string(&name, "/ (");
        buf_add_slice(&name, pattern);
        buf_add_char(&name, ')');
    }
    struct slice result = arena_slice(&graph->arena, buf_slice(&name));
    buf_release(&name);
    return result;
}

struct file_id building_view_of_globs(struct building *building, struct slice folder, size_t prefix,
                                      struct slice patterns, const struct glob_set *globs,
                                      const struct tree_rules *rules, struct file_id product)
{
    struct graph *graph = building->graph;
    struct buf key = BUF_EMPTY;
    bool is_new;
    buf_add_slice(&key, folder);
    buf_add_char(&key, '\0');
    buf_addf(&key, "=%zu:", prefix);
    buf_add_slice(&key, patterns);
    struct file_id file = find_or_add(graph, buf_slice(&key), &is_new);
    buf_release(&key);
    if (!is_new) {
        return file;
    }
    put_view(building, file,
             (struct view){
                 .tree = {.globs = globs,
                          .rules = rules,
                          .prefix = arena_slice(
                              &graph->arena, slice_make(folder.at + prefix, folder.len - prefix))},
                 .name = name_globbed(graph, folder, prefix, patterns)},
             folder);
    graph_reserve_ranges(graph, (size_t)file.at + 1);
    graph->origin_ranges[file.at] =
        (struct origin_range){.first = (uint32_t)graph->origins.count, .count = 1};
    vec_push(&graph->origins, (struct origin){.task = {graph->producers[product.at]},
                                              .product = product,
                                              .kind = ORIGIN_AROUND});
    return file;
}
