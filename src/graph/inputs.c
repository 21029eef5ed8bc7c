/* The files that the inputs of tasks name: globs are matched with the disk and with products. */
#include "building.h"

#include "file.h"
#include "match.h"
#include "reserved.h"

#include <stdlib.h>

/* A walk below one folder that finds the files that the globs match. */
struct walk {
    struct building *building;
    const struct glob_set *globs;
    const char *root;   /* from the project: "", or with a trailing '/' */
    struct buf prefix;  /* below the root: "a/b/" while a/b is listed */
    uint32_t directory; /* files are inside this one, or GRAPH_NONE: paths from the project */
    VEC(struct file_id) found;
};

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

static int walk_entry(void *context, const char *name, size_t len, bool is_directory)
{
    struct walk *walk = context;
    size_t prefix_len = walk->prefix.len;
    buf_add(&walk->prefix, name, len);
    struct slice path = buf_slice(&walk->prefix);
    if (is_own(walk, slice_make(name, len))) {
        walk->prefix.len = prefix_len;
        return 0;
    }
    if (is_directory) {
        if (glob_set_may_match_below(walk->globs, path)) {
            buf_add_char(&walk->prefix, '/');
            walk_folder(walk);
        }
    } else if (glob_set_matches(walk->globs, path)) {
        struct file_id file;
        if (walk->directory != GRAPH_NONE) {
            file = building_file_below(walk->building, walk->directory, path);
        } else {
            struct buf full = BUF_EMPTY;
            buf_add_string(&full, walk->root);
            buf_add_slice(&full, path);
            file = building_file(walk->building, buf_slice(&full));
            buf_release(&full);
        }
        vec_push(&walk->found, file);
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

static void match_products_below(struct walk *walk, uint32_t directory)
{
    const struct graph *graph = walk->building->graph;
    for (uint32_t column = 0; column < graph->column_count; column++) {
        struct file_id file = {(uint32_t)(directory * graph->column_count + column)};
        if (graph->producers[file.at] != GRAPH_NONE &&
            glob_set_matches(walk->globs, graph->columns[column])) {
            vec_push(&walk->found, file);
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
        if (glob_set_matches(walk->globs, buf_slice(&path))) {
            vec_push(&walk->found, (struct file_id){(uint32_t)f});
        }
    }
    buf_release(&path);
}

/* The glob and the exclusions after it, which it shares its root with. NULL after errors. */
static struct glob_set *compile(struct building *building, const struct action *action,
                                size_t input, struct slice pattern)
{
    const struct path_spec *spec = &action->inputs[input];
    struct slice *patterns = mem_alloc((action->input_count + 1) * sizeof *patterns);
    struct arena scratch;
    size_t count = 0;
    arena_init(&scratch);
    patterns[count++] = pattern;
    for (size_t i = input + 1; i < action->input_count; i++) {
        const struct path_spec *other = &action->inputs[i];
        if (other->is_excluded && other->from_project == spec->from_project) {
            struct buf excluded = BUF_EMPTY;
            buf_add_char(&excluded, '!');
            buf_add_slice(&excluded, other->path);
            patterns[count++] = arena_slice(&scratch, buf_slice(&excluded));
            buf_release(&excluded);
        }
    }
    struct glob_set *globs = glob_set_new(patterns, count, false, "inputs", building->diag);
    arena_release(&scratch);
    free(patterns);
    return globs;
}

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

static int match_one(struct building *building, struct task_id task, size_t input,
                     building_match_fn *add, void *context)
{
    const struct action *action = graph_action(building->graph, task);
    const struct path_spec *spec = &action->inputs[input];
    const uint32_t *directories;
    size_t count = graph_directories(building->graph, task, &directories);
    struct buf pattern = BUF_EMPTY;
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
    struct glob_set *globs = result == 0 ? compile(building, action, input, globbed) : NULL;
    if (globs == NULL) {
        buf_release(&pattern);
        return -1;
    }
    struct walk walk = {.building = building,
                        .globs = globs,
                        .root = is_absolute ? "/" : "",
                        .directory = GRAPH_NONE};
    if (is_absolute || spec->from_project) {
        walk_folder(&walk);
        if (!is_absolute) {
            match_products_of_project(&walk);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            walk.directory = directories[i];
            walk_folder(&walk);
            match_products_below(&walk, directories[i]);
        }
    }
    tell_sorted(&walk, (uint32_t)input, add, context);
    vec_release(&walk.found);
    buf_release(&walk.prefix);
    buf_release(&pattern);
    glob_set_free(globs);
    return 0;
}

int building_match_globs(struct building *building, struct task_id task, building_match_fn *add,
                         void *context)
{
    const struct action *action = graph_action(building->graph, task);
    for (size_t i = 0; i < action->input_count; i++) {
        if (action->inputs[i].is_glob && !action->inputs[i].is_excluded &&
            !action->inputs[i].is_refused && match_one(building, task, i, add, context) != 0) {
            return -1;
        }
    }
    return 0;
}
