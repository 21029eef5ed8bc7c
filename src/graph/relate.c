/* Which actions come after which, by what their inputs name and by `previous_actions`. Globs with `**`
 * have no say in it: they leave out what later actions make. */
#include "building.h"

#include "memory.h"

#include <stdlib.h>

static bool has_globs(const struct rowfile *rowfile)
{
    for (size_t i = 0; i < rowfile->action_count; i++) {
        for (size_t k = 0; k < rowfile->actions[i].input_count; k++) {
            if (rowfile->actions[i].inputs[k].is_glob) {
                return true;
            }
        }
    }
    return false;
}

/* By inputs without globs, and by `previous_actions`. */
static void note_named(const struct graph *graph, const struct dependency *named,
                       const uint32_t *named_start, bool *depends)
{
    size_t names = graph->rowfile->name_count;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (!graph_is_present(graph, (struct task_id){n})) {
            continue;
        }
        bool *row = depends + graph_action(graph, (struct task_id){n})->name_id * names;
        for (uint32_t i = named_start[n]; i < named_start[n + 1]; i++) {
            struct file_id file = named[i].file;
            size_t origins = graph_origin_count(graph, file);
            for (size_t k = 0; k < origins; k++) {
                row[graph_action(graph, graph_origin(graph, file, k).task)->name_id] = true;
            }
        }
    }
    for (size_t i = 0; i < graph->rowfile->action_count; i++) {
        const struct action *action = &graph->rowfile->actions[i];
        for (size_t k = 0; k < action->previous_count; k++) {
            depends[action->name_id * names + action->previous[k]] = true;
        }
    }
}

/* Adds to a row what those in it depend on. */
static void follow_row(bool *depends, size_t names, size_t name, uint32_t *stack)
{
    bool *row = depends + name * names;
    size_t count = 0;
    for (uint32_t k = 0; k < names; k++) {
        if (row[k]) {
            stack[count++] = k;
        }
    }
    while (count > 0) {
        const bool *next = depends + stack[--count] * names;
        for (uint32_t k = 0; k < names; k++) {
            if (next[k] && !row[k]) {
                row[k] = true;
                stack[count++] = k;
            }
        }
    }
}

static void close_over(bool *depends, size_t names)
{
    uint32_t *stack = mem_alloc((names + 1) * sizeof *stack);
    for (size_t i = 0; i < names; i++) {
        follow_row(depends, names, i, stack);
    }
    free(stack);
}

/* ---- Globs without `**` ---- */

struct relating {
    struct building *building;
    const bool *before; /* as known without globs */
    bool *depends;
    size_t action; /* name id of the reader */
    const struct glob_set *globs;
    const struct glob_set *inside;
};

static void relate_to_product(struct relating *relating, struct file_id file, struct slice path)
{
    const struct graph *graph = relating->building->graph;
    size_t names = graph->rowfile->name_count;
    struct task_id producer = {graph->producers[file.at]};
    size_t other = graph_action(graph, producer)->name_id;
    if (other != relating->action && !relating->before[other * names + relating->action] &&
        !relating->depends[relating->action * names + other] &&
        (glob_set_matches(relating->globs, path) ||
         (relating->inside != NULL && glob_set_matches(relating->inside, path)))) {
        relating->depends[relating->action * names + other] = true;
    }
}

/* Directories are alike: the first that has a product of a column stands for all. */
static void relate_below(struct relating *relating)
{
    const struct graph *graph = relating->building->graph;
    for (uint32_t c = 0; c < graph->column_count; c++) {
        for (size_t d = 0; d < graph->workspace->count; d++) {
            struct file_id file = {(uint32_t)(d * graph->column_count + c)};
            if (graph->producers[file.at] != GRAPH_NONE) {
                relate_to_product(relating, file, graph->columns[c]);
                break;
            }
        }
    }
}

static void relate_in_project(struct relating *relating)
{
    const struct graph *graph = relating->building->graph;
    struct buf path = BUF_EMPTY;
    for (size_t f = 0; f < graph->file_count; f++) {
        if (graph->producers[f] != GRAPH_NONE) {
            buf_clear(&path);
            graph_add_path(graph, (struct file_id){(uint32_t)f}, &path);
            relate_to_product(relating, (struct file_id){(uint32_t)f}, buf_slice(&path));
        }
    }
    buf_release(&path);
}

static bool crosses_folders(struct slice pattern)
{
    return memmem(pattern.at, pattern.len, "**", 2) != NULL;
}

static void relate_globs(struct building *building, const bool *before)
{
    const struct rowfile *rowfile = building->rowfile;
    for (size_t i = 0; i < rowfile->action_count; i++) {
        const struct action *action = &rowfile->actions[i];
        for (size_t k = 0; k < action->input_count; k++) {
            const struct path_spec *spec = &action->inputs[k];
            if (!spec->is_glob || spec->is_excluded || spec->is_refused || spec->has_template ||
                spec->path.at[0] == '/') {
                continue;
            }
            struct relating relating = {.building = building,
                                        .before = before,
                                        .depends = building->depends,
                                        .action = action->name_id,
                                        .globs = building_globs(building, spec->path),
                                        .inside = building_folders_named(building, spec->path)};
            if (relating.globs == NULL ||
                (crosses_folders(spec->path) && relating.inside == NULL)) {
                continue;
            }
            if (crosses_folders(spec->path)) { /* only what it names for sure */
                relating.globs = relating.inside;
            }
            if (spec->from_project) {
                relate_in_project(&relating);
            } else {
                relate_below(&relating);
            }
        }
    }
}

void building_relate_actions(struct building *building, const struct dependency *named,
                             const uint32_t *named_start)
{
    size_t names = building->rowfile->name_count;
    if (!has_globs(building->rowfile)) {
        return;
    }
    building->depends = mem_alloc(names * names + 1);
    note_named(building->graph, named, named_start, building->depends);
    close_over(building->depends, names);
    bool *before = mem_grow(NULL, names * names + 1, 1);
    memcpy(before, building->depends, names * names);
    relate_globs(building, before);
    close_over(building->depends, names);
    free(before);
}
