/* Which actions come after which, by what their inputs name and by `previous_actions`. Globs with `**`
 * have no say in it: they leave out what later actions make. What a glob may match in a folder comes
 * before it, where nothing else is said, if its action is written before. */
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

/* Adds that one depends on another, and what follows from it, to a table that is closed. */
static void add_closed(bool *depends, size_t names, size_t name, size_t other)
{
    const bool *further = depends + other * names;
    for (size_t k = 0; k < names; k++) {
        bool *row = depends + k * names;
        if (k == name || row[name]) {
            row[other] = true;
            for (size_t i = 0; i < names; i++) {
                row[i] = row[i] || further[i];
            }
        }
    }
}

/* ---- Globs ---- */

struct relating {
    struct building *building;
    const bool
        *before; /* as known without globs; NULL: by the order in which actions are written */
    bool *depends;
    const struct action *reader;
    const struct glob_set *globs;
    const struct glob_set *inside;
};

static bool names_product(const struct relating *relating, struct slice path)
{
    return glob_set_matches(relating->globs, path) ||
           (relating->inside != NULL && glob_set_matches(relating->inside, path));
}

static const struct action *maker_of(const struct relating *relating, struct file_id file)
{
    const struct graph *graph = relating->building->graph;
    return graph_action(graph, (struct task_id){graph->producers[file.at]});
}

/* Whether the product is of an action that may turn out to come before the reader. */
static bool is_open(const struct relating *relating, struct file_id file)
{
    size_t names = relating->building->rowfile->name_count;
    const struct action *maker = maker_of(relating, file);
    size_t name = relating->reader->name_id;
    size_t other = maker->name_id;
    const bool *known = relating->before != NULL ? relating->before : relating->depends;
    return other != name && !known[other * names + name] &&
           !relating->depends[name * names + other] &&
           (relating->before != NULL || maker < relating->reader);
}

static void relate_to_product(struct relating *relating, struct file_id file, struct slice path)
{
    size_t names = relating->building->rowfile->name_count;
    size_t name = relating->reader->name_id;
    size_t other = maker_of(relating, file)->name_id;
    if (relating->before != NULL) {
        relating->depends[name * names + other] = names_product(relating, path);
    } else if (glob_set_may_match_below(relating->globs, path) &&
               !glob_set_matches(relating->globs, path)) {
        add_closed(relating->depends, names, name, other);
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
                if (is_open(relating, file)) {
                    relate_to_product(relating, file, graph->columns[c]);
                }
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
        if (graph->producers[f] != GRAPH_NONE && is_open(relating, (struct file_id){(uint32_t)f})) {
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

static void relate_glob(struct relating *relating, const struct path_spec *spec)
{
    relating->globs = building_globs(relating->building, spec->path);
    relating->inside = building_folders_named(relating->building, spec->path);
    if (relating->before != NULL && crosses_folders(spec->path)) {
        relating->globs = relating->inside; /* only what it names for sure */
    }
    if (relating->globs == NULL) {
        return;
    }
    if (spec->from_project) {
        relate_in_project(relating);
    } else {
        relate_below(relating);
    }
}

/* `before` as in struct relating. */
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
                                        .reader = action};
            relate_glob(&relating, spec);
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
    relate_globs(building, NULL);
    free(before);
}
