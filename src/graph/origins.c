/* Which tasks make files whose names no action lists among its products: files in a folder that is
 * a product, folders that contain products, and products by another name. */
#include "building.h"

#include "memory.h"

#include <stdlib.h>

/* ---- What is looked up ---- */

/* Columns that a column lies in, and those that lie in it. */
struct kin {
    VEC(uint32_t) above;
    VEC(uint32_t) below;
};

/* A product that isn't a file inside a directory, or is one by a path with links. */
struct place {
    struct slice path;
    struct file_id file;
};

struct tracing {
    struct kin *kin;            /* by column */
    struct intern aliases;      /* where products lead whose folders have links */
    VEC(struct file_id) linked; /* by alias: the product */
    VEC(struct place) places;   /* sorted by path */
    bool in_workspace;          /* whether some of the places lie there */
    struct arena bytes;
    uint8_t *is_known; /* by file: looked up */
    size_t known_count;
};

static bool is_below(struct slice path, struct slice folder)
{
    return path.len > folder.len + 1 && path.at[folder.len] == '/' &&
           memcmp(path.at, folder.at, folder.len) == 0;
}

static void relate_columns(struct tracing *tracing, const struct graph *graph)
{
    tracing->kin = mem_alloc(graph->column_count * sizeof *tracing->kin + 1);
    for (uint32_t c = 0; c < graph->column_count; c++) {
        struct slice name = graph->columns[c];
        for (size_t end = 1; end + 1 < name.len; end++) {
            uint32_t outer = name.at[end] == '/'
                                 ? intern_find(&graph->column_numbers, slice_make(name.at, end))
                                 : INTERN_NONE;
            if (outer != INTERN_NONE) {
                vec_push(&tracing->kin[c].above, outer);
                vec_push(&tracing->kin[outer].below, c);
            }
        }
    }
}

static int compare_places(const void *a, const void *b)
{
    return slice_compare(((const struct place *)a)->path, ((const struct place *)b)->path);
}

static void add_place(struct building *building, struct slice path, struct file_id file)
{
    struct tracing *tracing = building->tracing;
    struct slice top = building->workspace->path;
    vec_push(&tracing->places, (struct place){arena_slice(&tracing->bytes, path), file});
    tracing->in_workspace |= slice_is(top, ".") || path_below(path, top).at != NULL;
}

/* Whether paths of the project can lie in the workspace without beginning with its path. */
static bool workspace_is_elsewhere(const struct building *building)
{
    const struct workspace *workspace = building->workspace;
    const struct state_place *place = &workspace->place;
    struct slice inside = path_below(place->workspace, place->project);
    return inside.at != NULL && !slice_equal(inside, workspace->path);
}

/* The same products by the names that they have in the workspace. */
static void add_names_in_workspace(struct building *building)
{
    struct tracing *tracing = building->tracing;
    struct buf path = BUF_EMPTY;
    size_t count = tracing->places.count;
    for (size_t i = 0; i < count && workspace_is_elsewhere(building); i++) {
        struct place place = tracing->places.at[i];
        buf_clear(&path);
        path_resolve_folder(building->workspace, place.path, &path);
        if (!slice_equal(buf_slice(&path), place.path)) {
            (void)building_add_alias(building, buf_slice(&path), place.file);
        }
    }
    buf_release(&path);
}

void building_begin_origins(struct building *building)
{
    struct tracing *tracing = mem_alloc(sizeof *tracing);
    const struct graph *graph = building->graph;
    size_t inside = graph->workspace->count * graph->column_count;
    building->tracing = tracing;
    arena_init(&tracing->bytes);
    intern_init(&tracing->aliases);
    relate_columns(tracing, graph);
    for (size_t f = inside; f < graph->file_count; f++) {
        if (graph->producers[f] != GRAPH_NONE) {
            add_place(building, intern_name(&graph->other_files, (uint32_t)(f - inside)),
                      (struct file_id){(uint32_t)f});
        }
    }
    add_names_in_workspace(building);
}

struct file_id building_add_alias(struct building *building, struct slice path,
                                  struct file_id product)
{
    struct tracing *tracing = building->tracing;
    uint32_t known = tracing->aliases.count;
    uint32_t number = intern_add(&tracing->aliases, path);
    if (number < known) {
        return tracing->linked.at[number];
    }
    vec_push(&tracing->linked, product);
    add_place(building, path, product);
    return (struct file_id){GRAPH_NONE};
}

size_t building_alias_count(const struct building *building)
{
    return building->tracing->aliases.count;
}

struct slice building_alias(const struct building *building, size_t number, struct file_id *product)
{
    *product = building->tracing->linked.at[number];
    return intern_name(&building->tracing->aliases, (uint32_t)number);
}

void building_sort_places(struct building *building)
{
    struct tracing *tracing = building->tracing;
    if (tracing->places.count > 1) {
        qsort(tracing->places.at, tracing->places.count, sizeof *tracing->places.at,
              compare_places);
    }
}

void building_end_origins(struct building *building)
{
    struct tracing *tracing = building->tracing;
    for (size_t c = 0; c < building->graph->column_count; c++) {
        vec_release(&tracing->kin[c].above);
        vec_release(&tracing->kin[c].below);
    }
    free(tracing->kin);
    intern_release(&tracing->aliases);
    vec_release(&tracing->linked);
    vec_release(&tracing->places);
    free(tracing->is_known);
    arena_release(&tracing->bytes);
    free(tracing);
}

/* ---- Looking up ---- */

static void add_origin(struct graph *graph, struct file_id product, enum origin_kind kind)
{
    vec_push(
        &graph->origins,
        (struct origin){.task = {graph->producers[product.at]}, .product = product, .kind = kind});
}

struct file_id building_product_at(const struct building *building, struct slice path)
{
    const struct graph *graph = building->graph;
    const struct tracing *tracing = building->tracing;
    struct file_id file = graph_find_file(graph, path);
    if (file.at != GRAPH_NONE && file.at < graph->file_count &&
        graph->producers[file.at] != GRAPH_NONE) {
        return file;
    }
    uint32_t alias = intern_find(&tracing->aliases, path);
    return alias != INTERN_NONE ? tracing->linked.at[alias] : (struct file_id){GRAPH_NONE};
}

struct file_id building_product_above(const struct building *building, struct slice path)
{
    struct file_id found = {GRAPH_NONE};
    for (size_t end = path.len; end-- > 1 && found.at == GRAPH_NONE;) {
        if (path.at[end] == '/') {
            found = building_product_at(building, slice_make(path.at, end));
        }
    }
    return found;
}

enum path_problem building_own_problem(const struct building *building, struct file_id file,
                                       struct slice path)
{
    const struct graph *graph = building->graph;
    struct buf real = BUF_EMPTY;
    (void)path_resolve(building->workspace, path, &real);
    bool is_product = (file.at < graph->file_count && graph->producers[file.at] != GRAPH_NONE) ||
                      building_product_at(building, path).at != GRAPH_NONE ||
                      building_product_at(building, buf_slice(&real)).at != GRAPH_NONE;
    buf_release(&real);
    return is_product ? PROBLEM_OWN_PRODUCT : PROBLEM_IN_OWN_PRODUCT;
}

static void add_places_below(struct building *building, struct slice folder)
{
    const struct tracing *tracing = building->tracing;
    bool is_all = slice_is(folder, ".");
    size_t low = 0;
    size_t high = tracing->places.count;
    while (low < high && !is_all) { /* the first path that isn't before "folder/" */
        size_t middle = low + (high - low) / 2;
        struct slice path = tracing->places.at[middle].path;
        size_t shorter = path.len < folder.len ? path.len : folder.len;
        int order = memcmp(path.at, folder.at, shorter);
        if (order == 0) {
            order = path.len <= folder.len ? -1 : (unsigned char)path.at[folder.len] - '/';
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i < tracing->places.count; i++) {
        struct slice path = tracing->places.at[i].path;
        if (is_all ? path.at[0] != '/' && !slice_starts_with(path, "../")
                   : is_below(path, folder)) {
            add_origin(building->graph, tracing->places.at[i].file, ORIGIN_INSIDE);
        } else if (!is_all) {
            break;
        }
    }
}

static void add_column(struct building *building, size_t directory, uint32_t column,
                       enum origin_kind kind)
{
    struct graph *graph = building->graph;
    struct file_id file = {(uint32_t)(directory * graph->column_count + column)};
    if (graph->producers[file.at] != GRAPH_NONE) {
        add_origin(graph, file, kind);
    }
}

/* Products in directories that lie in a folder, which is given from the workspace ("": that). */
static void add_directories_below(struct building *building, struct slice folder)
{
    const struct graph *graph = building->graph;
    const struct workspace *workspace = building->workspace;
    for (size_t d = 0; d < workspace->count; d++) {
        struct slice name = workspace->names[d];
        bool holds = folder.len == 0 || slice_equal(name, folder) || is_below(name, folder);
        bool is_in = !holds && is_below(folder, name);
        if (!holds && !is_in) {
            continue;
        }
        struct slice rest = is_in ? path_below(folder, name) : (struct slice){0};
        for (uint32_t c = 0; c < graph->column_count; c++) {
            if (holds || is_below(graph->columns[c], rest)) {
                add_column(building, d, c, ORIGIN_INSIDE);
            }
        }
    }
}

/* The same where the folder lies in one member, which is found without going through all. */
static bool add_in_member(struct building *building, struct slice folder)
{
    const struct graph *graph = building->graph;
    bool is_in = false;
    for (size_t end = 1; end <= folder.len && !is_in; end++) {
        if (end < folder.len && folder.at[end] != '/') {
            continue;
        }
        int64_t d = workspace_find(building->workspace, slice_make(folder.at, end), NULL);
        if (d < 0 || building->has_nested_members) {
            continue;
        }
        is_in = true;
        for (uint32_t c = 0; c < graph->column_count; c++) {
            if (end == folder.len ||
                is_below(graph->columns[c],
                         slice_make(folder.at + end + 1, folder.len - end - 1))) {
                add_column(building, (size_t)d, c, ORIGIN_INSIDE);
            }
        }
    }
    return is_in;
}

static void add_below(struct building *building, struct slice folder)
{
    struct slice top = building->workspace->path;
    struct slice below = path_below(folder, top);
    add_places_below(building, folder);
    if (slice_is(top, ".") && !slice_is(folder, ".")) {
        below = folder;
    }
    if (below.at != NULL) {
        if (!add_in_member(building, below)) {
            add_directories_below(building, below);
        }
    } else if (slice_equal(folder, top) || slice_is(folder, ".") || is_below(top, folder)) {
        if (!slice_is(folder, ".") || top.at[0] != '/') {
            add_directories_below(building, SLICE_LITERAL(""));
        }
    }
}

static void look_up(struct building *building, struct slice path)
{
    struct file_id found = building_product_at(building, path);
    if (found.at == GRAPH_NONE) {
        found = building_product_above(building, path);
    }
    if (found.at != GRAPH_NONE) {
        add_origin(building->graph, found, ORIGIN_AROUND);
    } else {
        add_below(building, path);
    }
}

static bool look_up_column(struct building *building, uint32_t directory, uint32_t column)
{
    const struct kin *kin = &building->tracing->kin[column];
    size_t before = building->graph->origins.count;
    for (size_t i = 0; i < kin->above.count; i++) {
        add_column(building, directory, kin->above.at[i], ORIGIN_AROUND);
    }
    for (size_t i = 0; i < kin->below.count; i++) {
        add_column(building, directory, kin->below.at[i], ORIGIN_INSIDE);
    }
    return building->graph->origins.count > before;
}

static void look_up_file(struct building *building, struct file_id file, bool leads_elsewhere)
{
    struct graph *graph = building->graph;
    size_t before = graph->origins.count;
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    if (directory != GRAPH_NONE && look_up_column(building, directory, column)) {
        return;
    }
    if (directory != GRAPH_NONE && !leads_elsewhere && !building->tracing->in_workspace) {
        return;
    }
    struct buf path = BUF_EMPTY;
    struct buf real = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    look_up(building, buf_slice(&path));
    if (leads_elsewhere) {
        size_t link = path_resolve(building->workspace, buf_slice(&path), &real);
        building_add_way(building, file, buf_slice(&path), link, buf_slice(&real));
        if (graph->origins.count == before) {
            look_up(building, buf_slice(&real));
        }
    }
    buf_release(&path);
    buf_release(&real);
}

/* ---- Origins of files ---- */

static void cover(struct building *building, size_t files)
{
    struct tracing *tracing = building->tracing;
    if (files > tracing->known_count) {
        tracing->is_known = mem_grow(tracing->is_known, files, 1);
        memset(tracing->is_known + tracing->known_count, 0, files - tracing->known_count);
        tracing->known_count = files;
    }
}

static void note_origins(struct building *building, struct file_id file, size_t before)
{
    struct graph *graph = building->graph;
    if (graph->origins.count == before) {
        return;
    }
    graph_reserve_ranges(graph, (size_t)file.at + 1);
    graph->origin_ranges[file.at] = (struct origin_range){
        .first = (uint32_t)before, .count = (uint32_t)(graph->origins.count - before)};
}

/* Value files and products have none. */
static bool is_to_look_up(const struct building *building, struct file_id file)
{
    const struct graph *graph = building->graph;
    uint32_t column;
    return !(file.at < graph->file_count && graph->producers[file.at] != GRAPH_NONE) &&
           !(graph_file_directory(graph, file, &column) != GRAPH_NONE &&
             column == graph->value_column) &&
           graph_view(graph, file) == NULL;
}

void building_find_origins(struct building *building, const struct file_id *files, size_t count)
{
    struct graph *graph = building->graph;
    struct tracing *tracing = building->tracing;
    VEC(uint32_t) list = {0};
    cover(building, graph->workspace->count * graph->column_count + graph->other_files.count);
    for (size_t i = 0; i < count; i++) {
        if (tracing->is_known[files[i].at] == 0) {
            tracing->is_known[files[i].at] = 1;
            if (is_to_look_up(building, files[i])) {
                vec_push(&list, files[i].at);
            }
        }
    }
    uint8_t *elsewhere = mem_alloc(list.count + 1);
    building_find_links(building, list.at, list.count, elsewhere);
    for (size_t i = 0; i < list.count; i++) {
        size_t before = graph->origins.count;
        look_up_file(building, (struct file_id){list.at[i]}, elsewhere[i] != 0);
        note_origins(building, (struct file_id){list.at[i]}, before);
    }
    free(elsewhere);
    vec_release(&list);
}
