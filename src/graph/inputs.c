/* The files that the inputs of tasks name: globs are matched with the disk and with products. */
#include "walk.h"

#include "file.h"
#include "reserved.h"

#include <stdlib.h>

static void walk_folder(struct walk *walk);

/* Paths below "/" are walked without it. */
static bool is_absolute_state(const struct state_place *place, struct slice path)
{
    for (size_t i = 0; i < STATE_NAMES; i++) {
        struct slice state = place->state[i];
        if (state.len > 0 && slice_equal(slice_make(state.at + 1, state.len - 1), path)) {
            return true;
        }
    }
    return false;
}

/* Whether what was met belongs to rowbuild: its state, a backup, a temporary file. */
static bool is_own(const struct walk *walk, struct slice name)
{
    if (name.at[0] == '.' &&
        memmem(name.at, name.len, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) != NULL) {
        return true;
    }
    const struct workspace *workspace = walk->building->workspace;
    const struct state_place *place = &workspace->place;
    struct slice path = buf_slice(&walk->prefix);
    if (walk->directory == GRAPH_NONE) {
        struct slice below = path_below(path, workspace->path);
        return walk->root[0] == '/'
                   ? is_absolute_state(place, path)
                   : state_place_is_in_project(place, path) ||
                         (below.at != NULL && state_place_is_in_workspace(place, below));
    }
    struct buf whole = BUF_EMPTY;
    buf_addf(&whole, "%s/", workspace->names[walk->directory].at);
    buf_add_slice(&whole, path);
    bool is_state = state_place_is_in_workspace(place, buf_slice(&whole));
    buf_release(&whole);
    return is_state;
}

/* ---- Products ---- */

static bool is_product(const struct graph *graph, struct file_id file)
{
    return file.at < graph->file_count && graph->producers[file.at] != GRAPH_NONE;
}

/* The product at a path that was met, or GRAPH_NONE. */
static struct file_id product_met(const struct walk *walk, struct slice path)
{
    const struct graph *graph = walk->building->graph;
    struct file_id file = {GRAPH_NONE};
    if (walk->directory != GRAPH_NONE) {
        uint32_t column = intern_find(&graph->column_numbers, path);
        if (column != INTERN_NONE) {
            file.at = (uint32_t)(walk->directory * graph->column_count + column);
        }
    } else if (walk->root[0] != '/') {
        file = graph_find_file(graph, path);
    }
    return is_product(graph, file) ? file : (struct file_id){GRAPH_NONE};
}

/* ---- Walking ---- */

static void meet_folder(struct walk *walk, struct slice path)
{
    if (!glob_set_may_match_below(walk->globs, path)) {
        return;
    }
    struct file_id product = product_met(walk, path);
    if (product.at == GRAPH_NONE) {
        buf_add_char(&walk->prefix, '/');
        walk_folder(walk);
    } else if (!glob_set_matches(walk->globs, path) && !walk_leaves_out(walk, product, false)) {
        walk_find_view_of_product(walk, product);
    }
}

static void meet_file(struct walk *walk, struct slice path)
{
    struct file_id product = product_met(walk, path);
    if (product.at != GRAPH_NONE) {
        vec_push(&walk->files, product.at);
    } else if (glob_set_matches(walk->globs, path)) {
        walk_find_file(walk, path);
    }
}

static int walk_entry(void *context, const char *name, size_t len, bool is_directory)
{
    struct walk *walk = context;
    size_t prefix_len = walk->prefix.len;
    buf_add(&walk->prefix, name, len);
    struct slice path = buf_slice(&walk->prefix);
    if (is_own(walk, slice_make(name, len)) ||
        !tree_rules_count(walk->rules, slice_make(name, len))) {
        walk->prefix.len = prefix_len;
        return 0;
    }
    if (is_directory) {
        meet_folder(walk, path);
    } else {
        meet_file(walk, path);
    }
    walk->prefix.len = prefix_len;
    return 0;
}

/* A folder that can't be listed matches nothing: what is declared is found missing later. */
static void walk_folder(struct walk *walk)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s%s", walk->root, walk->directory != GRAPH_NONE ? "" : "./");
    if (walk->directory != GRAPH_NONE) {
        buf_addf(&path, "./%s/", walk->building->workspace->names[walk->directory].at);
    } else if (walk->root[0] == '/') {
        buf_clear(&path);
        buf_add_char(&path, '/');
    }
    buf_add_slice(&path, buf_slice(&walk->prefix));
    int from =
        walk->directory != GRAPH_NONE ? walk->building->workspace->fd : walk->building->project;
    (void)file_list(from, buf_string(&path), walk_entry, walk);
    buf_release(&path);
}

/* ---- Products that the walk needn't have met ---- */

static bool was_met_as_file(const struct walk *walk, struct file_id product)
{
    for (size_t i = 0; i < walk->files.count; i++) {
        if (walk->files.at[i] == product.at) {
            return true;
        }
    }
    return false;
}

/* A product that the globs match, or may match something in: they name a folder at its path, or it is
 * made before and may be one. */
static void match_product(struct walk *walk, struct file_id product, struct slice path)
{
    bool matches = glob_set_matches(walk->globs, path);
    bool is_named = walk->inside != NULL && glob_set_matches(walk->inside, path);
    if (!matches && !is_named && !glob_set_may_match_below(walk->globs, path)) {
        return;
    }
    if (walk_leaves_out(walk, product, is_named) || path_has_ignored_part(walk->rules, path)) {
        return;
    }
    if (matches) { /* the whole of it */
        vec_push(&walk->found, product);
    } else if (is_named ||
               (walk_relation(walk, product) == RELATION_BEFORE &&
                glob_set_may_match_below(walk->globs, path) && !was_met_as_file(walk, product))) {
        walk_find_view_of_product(walk, product);
    }
}

static void match_products_below(struct walk *walk, uint32_t directory)
{
    const struct graph *graph = walk->building->graph;
    for (uint32_t column = 0; column < graph->column_count; column++) {
        struct file_id file = {(uint32_t)(directory * graph->column_count + column)};
        if (graph->producers[file.at] != GRAPH_NONE) {
            match_product(walk, file, graph->columns[column]);
        }
    }
}

static void match_products_of_project(struct walk *walk)
{
    const struct graph *graph = walk->building->graph;
    size_t inside = walk->building->workspace->count * graph->column_count;
    struct buf path = BUF_EMPTY;
    size_t first = glob_set_may_match_below(walk->globs, graph->workspace->path) ? 0 : inside;
    for (size_t f = first; f < graph->file_count; f++) {
        if (graph->producers[f] == GRAPH_NONE) {
            continue;
        }
        buf_clear(&path);
        graph_add_path(graph, (struct file_id){(uint32_t)f}, &path);
        match_product(walk, (struct file_id){(uint32_t)f}, buf_slice(&path));
    }
    buf_release(&path);
}

/* ---- One input ---- */

struct named_file {
    struct file_id file;
    struct slice path;
};

static int compare_paths(const void *a, const void *b)
{
    return slice_compare(((const struct named_file *)a)->path,
                         ((const struct named_file *)b)->path);
}

/* In the order of their names: the order of a directory's entries has no meaning. */
static void tell_sorted(const struct walk *walk, uint32_t input, building_match_fn *add,
                        void *context)
{
    struct arena names;
    struct buf path = BUF_EMPTY;
    size_t count = walk->found.count;
    arena_init(&names);
    struct named_file *files = arena_array(&names, count, sizeof *files);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&path);
        graph_add_path(walk->building->graph, walk->found.at[i], &path);
        files[i] = (struct named_file){walk->found.at[i], arena_slice(&names, buf_slice(&path))};
    }
    if (count > 1) {
        qsort(files, count, sizeof *files, compare_paths);
    }
    for (size_t i = 0; i < count; i++) {
        add(context, files[i].file, input);
    }
    buf_release(&path);
    arena_release(&names);
}

static void match_in(struct walk *walk, struct slice prefix)
{
    walk->files.count = 0;
    if (prefix.len > 0 && walk_match_through_link(walk, prefix)) {
        return;
    }
    walk_folder(walk);
    if (walk->directory != GRAPH_NONE) {
        match_products_below(walk, walk->directory);
    } else if (walk->root[0] != '/') {
        match_products_of_project(walk);
        walk_match_aliases(walk);
    }
}

/* Of the pattern as the description has it, so that they are the same for all tasks of the element. */
static const struct tree_rules *rules_of(struct walk *walk, const struct action *action,
                                         size_t input, struct slice pattern)
{
    struct building *building = walk->building;
    const struct path_spec *spec = &action->inputs[input];
    if (building->rules_input != spec || spec->has_template) {
        building->rules_input = spec;
        building->rules_of_input = building_glob_rules(building, pattern);
    }
    return building->rules_of_input;
}

static int match_one(struct walk *walk, size_t input, building_match_fn *add, void *context)
{
    struct building *building = walk->building;
    const struct action *action = graph_action(building->graph, walk->task);
    const struct path_spec *spec = &action->inputs[input];
    const uint32_t *directories;
    size_t count = graph_directories(building->graph, walk->task, &directories);
    struct buf pattern = BUF_EMPTY;
    struct buf patterns = BUF_EMPTY;
    int result = building_expand(building, action, spec, directories, count, &pattern);
    if (result == 0 && spec->from_project &&
        !building_accepts(building, action, spec, GRAPH_INPUT,
                          count > 0 ? directories[0] : GRAPH_NONE, buf_slice(&pattern))) {
        buf_release(&pattern);
        return 0;
    }
    bool is_absolute = pattern.len > 0 && pattern.at[0] == '/';
    struct slice globbed = buf_slice(&pattern);
    if (is_absolute) {
        globbed = slice_make(globbed.at + 1, globbed.len - 1);
    }
    building_add_patterns(action, input, globbed, &patterns);
    walk->patterns = buf_slice(&patterns);
    walk->rules = rules_of(walk, action, input, globbed);
    walk->globs = result == 0 ? building_globs(building, walk->patterns) : NULL;
    walk->inside = walk->globs != NULL ? building_folders_named(building, globbed) : NULL;
    walk->root = is_absolute ? "/" : "";
    walk->input = input;
    walk->directory = GRAPH_NONE;
    walk->found.count = 0;
    result = walk->globs != NULL ? 0 : -1;
    if (result == 0 && (is_absolute || spec->from_project)) {
        match_in(walk, building_fixed_prefix(globbed));
    } else if (result == 0) {
        for (size_t i = 0; i < count; i++) {
            walk->directory = directories[i];
            match_in(walk, building_fixed_prefix(globbed));
        }
    }
    if (result == 0) {
        building_find_origins(building, walk->found.at, walk->found.count);
        tell_sorted(walk, (uint32_t)input, add, context);
    }
    buf_release(&pattern);
    buf_release(&patterns);
    return result;
}

int building_match_globs(struct building *building, struct task_id task, bool is_shared,
                         building_match_fn *add, void *context)
{
    const struct action *action = graph_action(building->graph, task);
    struct walk walk = {.building = building, .task = task, .is_shared = is_shared};
    int result = 0;
    for (size_t i = 0; i < action->input_count && result == 0; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (spec->is_glob && !spec->is_excluded && !spec->is_refused) {
            result = match_one(&walk, i, add, context);
        }
    }
    vec_release(&walk.found);
    vec_release(&walk.files);
    buf_release(&walk.prefix);
    return result;
}
