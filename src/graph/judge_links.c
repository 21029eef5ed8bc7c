/* Folders of products that lead through symbolic links: where they lead is judged, and kept for
 * those who rename and delete. */
#include "building.h"

#include "memory.h"
#include "parallel.h"

#include <stdlib.h>

enum { LINK_GRAIN = 256 };

struct visited {
    const struct action *action;
    const struct path_spec *spec;
    enum graph_path_role role;
    uint32_t directory;
    struct file_id product; /* GRAPH_NONE: a resumable file */
    struct slice path;
};
typedef void path_fn(void *context, const struct visited *visited);

struct visit {
    path_fn *each;
    void *context;
    struct buf path;
};

static void visit_product(struct building *building, struct task_id task, uint32_t product,
                          struct visit *visit)
{
    const struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, task);
    const struct path_spec *spec = &action->products[building->product_specs.at[product]];
    const uint32_t *directories;
    uint32_t column;
    if (!spec->from_project && memchr(spec->path.at, '/', spec->path.len) == NULL) {
        return;
    }
    size_t count = graph_directories(graph, task, &directories);
    uint32_t directory = graph_file_directory(graph, graph->products.at[product], &column);
    buf_clear(&visit->path);
    graph_add_path(graph, graph->products.at[product], &visit->path);
    visit->each(visit->context,
                &(struct visited){.action = action,
                                  .spec = spec,
                                  .role = GRAPH_PRODUCT,
                                  .directory = directory == GRAPH_NONE && count > 0 ? directories[0]
                                                                                    : directory,
                                  .product = graph->products.at[product],
                                  .path = buf_slice(&visit->path)});
}

static void visit_resumable(struct building *building, const struct action *action,
                            const struct path_spec *spec, uint32_t directory, void *context)
{
    const struct graph *graph = building->graph;
    struct visit *visit = context;
    if (memchr(spec->path.at, '/', spec->path.len) == NULL) {
        return;
    }
    buf_clear(&visit->path);
    if (directory != GRAPH_NONE) {
        buf_addf(&visit->path, "%s/%s/", graph->workspace->path.at,
                 graph->workspace->names[directory].at);
    }
    buf_add_slice(&visit->path, spec->path);
    visit->each(visit->context, &(struct visited){.action = action,
                                                  .spec = spec,
                                                  .role = GRAPH_RESUMABLE,
                                                  .directory = directory,
                                                  .product = {GRAPH_NONE},
                                                  .path = buf_slice(&visit->path)});
}

/* Calls `each` for what may be moved or deleted and doesn't lie in a member itself. */
static void visit_paths(struct building *building, path_fn *each, void *context)
{
    const struct graph *graph = building->graph;
    struct visit visit = {.each = each, .context = context};
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            visit_product(building, task, p, &visit);
        }
        building_each_resumable(building, task, visit_resumable, &visit);
    }
    buf_release(&visit.path);
}

static struct slice folder_of(struct slice path)
{
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/') {
        end--;
    }
    return slice_make(path.at, end > 1 ? end - 1 : end);
}

struct link_search {
    struct building *building;
    struct intern folders;
    bool *has_link; /* by number of the folder */
    bool any;
};

static void collect_folder(void *context, const struct visited *visited)
{
    struct link_search *search = context;
    struct slice folder = folder_of(visited->path);
    if (folder.len > 0) {
        intern_add(&search->folders, folder);
    }
}

static void look_for_links(void *context, unsigned worker, size_t first, size_t end)
{
    struct link_search *search = context;
    const struct workspace *workspace = search->building->workspace;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        struct slice folder = intern_name(&search->folders, (uint32_t)i);
        struct slice below = path_below(folder, workspace->path);
        if (below.at != NULL) { /* the workspace itself may be a link */
            search->has_link[i] = folder_has_link(workspace->fd, below);
        } else if (!slice_equal(folder, workspace->path)) {
            search->has_link[i] = folder_has_link(search->building->project, folder);
        }
    }
}

/* Where the folder leads, with the last part of the path appended. */
static void judge_linked(void *context, const struct visited *visited)
{
    struct link_search *search = context;
    struct building *building = search->building;
    struct slice path = visited->path;
    struct slice folder = folder_of(path);
    uint32_t number = folder.len > 0 ? intern_find(&search->folders, folder) : INTERN_NONE;
    if (number == INTERN_NONE || !search->has_link[number]) {
        return;
    }
    struct arena scratch;
    struct buf absolute = BUF_EMPTY;
    arena_init(&scratch);
    struct slice real = real_path_of_name(building->project, folder, &scratch);
    if (real.at != NULL) {
        buf_add_slice(&absolute, real);
        buf_add_slice(&absolute, slice_make(path.at + folder.len, path.len - folder.len));
        enum path_problem problem = path_judge_place(building, buf_slice(&absolute), visited->role);
        if (problem != PROBLEM_NONE) {
            building_refuse(building, visited->action, visited->spec, visited->role,
                            visited->directory, path, problem);
        }
    }
    if (visited->product.at != GRAPH_NONE) {
        struct buf end = BUF_EMPTY;
        path_resolve_folder(building->workspace, path, &end);
        struct file_id other = building_add_alias(building, buf_slice(&end), visited->product);
        if (other.at != GRAPH_NONE && other.at != visited->product.at) {
            const uint32_t *producers = building->graph->producers;
            building_report_claim(building, (struct task_id){producers[other.at]},
                                  (struct task_id){producers[visited->product.at]},
                                  visited->product);
        }
        buf_release(&end);
    }
    folders_learn(&building->graph->folders, folder);
    buf_release(&absolute);
    arena_release(&scratch);
}

void building_judge_links(struct building *building)
{
    struct link_search search = {.building = building};
    folders_learn(&building->graph->folders, building->workspace->path);
    intern_init(&search.folders);
    visit_paths(building, collect_folder, &search);
    search.has_link = mem_alloc(search.folders.count * sizeof *search.has_link + 1);
    parallel_for(0, search.folders.count, LINK_GRAIN, look_for_links, &search);
    for (uint32_t i = 0; i < search.folders.count; i++) {
        search.any |= search.has_link[i];
    }
    if (search.any) {
        visit_paths(building, judge_linked, &search);
    }
    free(search.has_link);
    intern_release(&search.folders);
}
