#include "building.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

/* Stamps say in O(1) whether a file or a node was already met for the node at hand. */
struct connecting {
    struct building *building;
    struct node_id node;
    uint32_t *file_stamp; /* node + 1 for which the file was added last */
    size_t file_stamps;
    uint32_t *node_stamp;          /* node + 1 for which the edge was added last */
    uint32_t *node_edge;           /* its index in graph->before */
    uint32_t *named_stamp;         /* node + 1 whose explicit inputs name a product of this node */
    struct matched_inputs *shared; /* by element: what project globs without templates match */
};

struct matched_inputs {
    VEC(struct dependency) files;
    bool is_done;
};

static void grow_file_stamps(struct connecting *connecting, size_t wanted)
{
    if (wanted > connecting->file_stamps) {
        size_t count = wanted * 2;
        connecting->file_stamp =
            mem_grow(connecting->file_stamp, count, sizeof *connecting->file_stamp);
        memset(connecting->file_stamp + connecting->file_stamps, 0,
               (count - connecting->file_stamps) * sizeof *connecting->file_stamp);
        connecting->file_stamps = count;
    }
}

static uint32_t producer_of(const struct graph *graph, struct file_id file)
{
    return file.at < graph->file_count ? graph->producers[file.at] : GRAPH_NONE;
}

static void add_edge(struct connecting *connecting, struct node_id before, uint32_t kinds)
{
    struct graph *graph = connecting->building->graph;
    uint32_t stamp = connecting->node.at + 1;
    if (connecting->node_stamp[before.at] == stamp) {
        graph->before.at[connecting->node_edge[before.at]].kinds |= kinds;
        return;
    }
    connecting->node_stamp[before.at] = stamp;
    connecting->node_edge[before.at] = (uint32_t)graph->before.count;
    vec_push(&graph->before, (struct edge){before, kinds});
}

static void add_dependency(struct connecting *connecting, struct file_id file, uint32_t input)
{
    struct graph *graph = connecting->building->graph;
    uint32_t stamp = connecting->node.at + 1;
    uint32_t producer = producer_of(graph, file);
    grow_file_stamps(connecting, (size_t)file.at + 1);
    if (connecting->file_stamp[file.at] == stamp || producer == connecting->node.at) {
        return;
    }
    connecting->file_stamp[file.at] = stamp;
    vec_push(&graph->dependencies, (struct dependency){file, input});
    if (producer != GRAPH_NONE) {
        connecting->named_stamp[producer] = input == DEPENDENCY_UPSTREAM ? 0 : stamp;
        add_edge(connecting, (struct node_id){producer}, EDGE_FILES);
    }
}

static void add_matched(void *context, struct file_id file, uint32_t input)
{
    add_dependency(context, file, input);
}

struct remembering {
    struct connecting *connecting;
    struct matched_inputs *matched;
};

static void remember_matched(void *context, struct file_id file, uint32_t input)
{
    struct remembering *remembering = context;
    vec_push(&remembering->matched->files, (struct dependency){file, input});
    add_dependency(remembering->connecting, file, input);
}

/* Whether the element's globs match the same files for each of its nodes. */
static bool globs_are_shared(const struct action *action)
{
    for (size_t i = 0; i < action->input_count; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (spec->is_glob && (!spec->from_project || spec->has_template)) {
            return false;
        }
    }
    return true;
}

static int add_globbed(struct connecting *connecting)
{
    struct building *building = connecting->building;
    const struct graph_node *node = &building->graph->nodes[connecting->node.at];
    struct matched_inputs *matched = &connecting->shared[node->action];
    if (!globs_are_shared(&building->rowfile->actions[node->action])) {
        return building_match_globs(building, connecting->node, add_matched, connecting);
    }
    if (matched->is_done) {
        for (size_t i = 0; i < matched->files.count; i++) {
            add_dependency(connecting, matched->files.at[i].file, matched->files.at[i].input);
        }
        return 0;
    }
    matched->is_done = true;
    struct remembering remembering = {connecting, matched};
    return building_match_globs(building, connecting->node, remember_matched, &remembering);
}

static int add_inputs(struct connecting *connecting)
{
    struct building *building = connecting->building;
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, connecting->node);
    const uint32_t *directories;
    size_t count = graph_directories(graph, connecting->node, &directories);
    struct buf path = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < action->input_count && result == 0; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (spec->is_glob || spec->is_excluded || spec->is_refused) {
            continue;
        }
        if (spec->from_project || action->scope == SCOPE_PROJECT) {
            buf_clear(&path);
            result = building_expand(building, action, spec, directories, count, &path);
            if (result == 0 &&
                building_accepts(building, action, spec, GRAPH_INPUT,
                                 count > 0 ? directories[0] : GRAPH_NONE, buf_slice(&path))) {
                add_dependency(connecting, building_file(building, buf_slice(&path)), (uint32_t)i);
            }
        } else {
            for (size_t d = 0; d < count; d++) {
                if (building_accepts_below(building, action, spec, GRAPH_INPUT, directories[d])) {
                    add_dependency(connecting,
                                   building_file_below(building, directories[d], spec->path),
                                   (uint32_t)i);
                }
            }
        }
    }
    buf_release(&path);
    return result == 0 ? add_globbed(connecting) : result;
}

static void add_previous_node(struct connecting *connecting, struct node_id before)
{
    struct graph *graph = connecting->building->graph;
    const struct action *action = graph_action(graph, before);
    uint32_t first = graph->product_start[before.at];
    uint32_t end = graph->product_start[before.at + 1];
    if (first == end) {
        add_edge(connecting, before,
                 action->always ? EDGE_ORDER : EDGE_FINGERPRINT | EDGE_PREVIOUS);
        return;
    }
    add_edge(connecting, before, EDGE_FILES | EDGE_PREVIOUS);
    if (connecting->named_stamp[before.at] == connecting->node.at + 1) {
        return;
    }
    for (uint32_t p = first; p < end; p++) {
        add_dependency(connecting, graph->products.at[p], DEPENDENCY_UPSTREAM);
    }
}

static void add_previous_in_directory(struct connecting *connecting, uint32_t name,
                                      uint32_t directory, bool must_include)
{
    struct graph *graph = connecting->building->graph;
    const struct name_nodes *nodes = &connecting->building->by_name[name];
    struct node_id before = {GRAPH_NONE};
    if (nodes->column != GRAPH_NONE) {
        before.at = (uint32_t)(directory * graph->directory_action_count + nodes->column);
        if (!graph_is_present(graph, before)) {
            before.at = GRAPH_NONE;
        }
    } else if (nodes->node_of != NULL) {
        before.at = nodes->node_of[directory];
    }
    if (before.at != GRAPH_NONE) {
        add_previous_node(connecting, before);
    } else if (must_include) {
        graph->blocked_by[connecting->node.at] = name;
    }
}

static void add_previous(struct connecting *connecting)
{
    struct building *building = connecting->building;
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, connecting->node);
    const uint32_t *directories;
    size_t count = graph_directories(graph, connecting->node, &directories);
    for (size_t i = 0; i < action->previous_count; i++) {
        const struct name_nodes *nodes = &building->by_name[action->previous[i]];
        bool is_project = nodes->column == GRAPH_NONE && nodes->node_of == NULL;
        if (is_project || (action->scope == SCOPE_PROJECT && nodes->node_of != NULL)) {
            for (size_t n = 0; n < nodes->others.count; n++) {
                add_previous_node(connecting, nodes->others.at[n]);
            }
        } else if (action->scope == SCOPE_PROJECT) {
            for (size_t d = 0; d < building->workspace->count; d++) {
                add_previous_in_directory(connecting, action->previous[i], (uint32_t)d, false);
            }
        } else {
            for (size_t d = 0; d < count; d++) {
                add_previous_in_directory(connecting, action->previous[i], directories[d], true);
            }
        }
    }
}

/* Makes the list of successors from the lists of predecessors. */
static void invert(struct graph *graph)
{
    graph->after_start = mem_alloc((graph->node_count + 1) * sizeof(uint32_t));
    graph->after = mem_alloc(graph->before.count * sizeof(struct node_id));
    for (size_t e = 0; e < graph->before.count; e++) {
        graph->after_start[graph->before.at[e].node.at + 1]++;
    }
    for (size_t n = 0; n < graph->node_count; n++) {
        graph->after_start[n + 1] += graph->after_start[n];
    }
    uint32_t *next = mem_grow(NULL, graph->node_count, sizeof *next);
    if (graph->node_count > 0) {
        memcpy(next, graph->after_start, graph->node_count * sizeof *next);
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            graph->after[next[graph->before.at[e].node.at]++] = (struct node_id){n};
        }
    }
    free(next);
}

/* Follows predecessors that could not be ordered until a node comes again; its loop is the cycle.
 */
static void report_cycle(struct building *building, const uint32_t *waiting)
{
    struct graph *graph = building->graph;
    uint32_t node = 0;
    while (waiting[node] == 0) {
        node++;
    }
    uint32_t *step = mem_alloc(graph->node_count * sizeof *step);
    VEC(uint32_t) path = {0};
    while (step[node] == 0) {
        vec_push(&path, node);
        step[node] = (uint32_t)path.count;
        for (uint32_t e = graph->before_start[node]; e < graph->before_start[node + 1]; e++) {
            if (waiting[graph->before.at[e].node.at] != 0) {
                node = graph->before.at[e].node.at;
                break;
            }
        }
    }
    struct buf names = BUF_EMPTY;
    const struct action *first = graph_action(graph, (struct node_id){node});
    text_add_name(&names, first->name);
    for (size_t i = path.count; i-- > step[node] - 1;) {
        buf_add_string(&names, " → ");
        text_add_name(&names, graph_action(graph, (struct node_id){path.at[i]})->name);
    }
    diag_error_at(building->diag, &building->rowfile->source, first->name_offset,
                  first->name.len + 2, "the actions wait for each other: %s", buf_string(&names));
    buf_release(&names);
    vec_release(&path);
    free(step);
}

static int sort_topologically(struct building *building)
{
    struct graph *graph = building->graph;
    uint32_t *waiting = mem_alloc(graph->node_count * sizeof *waiting);
    size_t present = 0;
    graph->order = mem_grow(NULL, graph->node_count, sizeof *graph->order);
    for (uint32_t n = 0; n < graph->node_count; n++) {
        waiting[n] = graph->before_start[n + 1] - graph->before_start[n];
        if (graph_is_present(graph, (struct node_id){n})) {
            present++;
            if (waiting[n] == 0) {
                graph->order[graph->order_count++] = n;
            }
        }
    }
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1]; a++) {
            if (--waiting[graph->after[a].at] == 0) {
                graph->order[graph->order_count++] = graph->after[a].at;
            }
        }
    }
    int result = 0;
    if (graph->order_count < present) {
        report_cycle(building, waiting);
        result = -1;
    }
    free(waiting);
    return result;
}

/* Files that were met while connecting have no producer. */
static void cover_new_files(struct graph *graph)
{
    size_t files = graph->workspace->count * graph->column_count + graph->other_files.count;
    graph->producers = mem_grow(graph->producers, files, sizeof(uint32_t));
    for (size_t f = graph->file_count; f < files; f++) {
        graph->producers[f] = GRAPH_NONE;
    }
    graph->file_count = files;
}

int building_connect(struct building *building)
{
    struct graph *graph = building->graph;
    size_t count = graph->node_count;
    struct connecting connecting = {
        .building = building,
        .node_stamp = mem_alloc(count * sizeof(uint32_t)),
        .node_edge = mem_alloc(count * sizeof(uint32_t)),
        .named_stamp = mem_alloc(count * sizeof(uint32_t)),
        .shared = mem_alloc(building->rowfile->action_count * sizeof(struct matched_inputs)),
    };
    int result = 0;
    graph->dependency_start = mem_alloc((count + 1) * sizeof(uint32_t));
    graph->before_start = mem_alloc((count + 1) * sizeof(uint32_t));
    graph->blocked_by = mem_grow(NULL, count, sizeof(uint32_t));
    for (uint32_t n = 0; n < count; n++) {
        connecting.node = (struct node_id){n};
        graph->blocked_by[n] = GRAPH_NONE;
        graph->dependency_start[n] = (uint32_t)graph->dependencies.count;
        graph->before_start[n] = (uint32_t)graph->before.count;
        if (graph_is_present(graph, connecting.node) && result == 0) {
            result = add_inputs(&connecting);
            add_previous(&connecting);
        }
    }
    graph->dependency_start[count] = (uint32_t)graph->dependencies.count;
    graph->before_start[count] = (uint32_t)graph->before.count;
    cover_new_files(graph);
    if (result == 0) {
        invert(graph);
        result = sort_topologically(building);
    }
    for (size_t i = 0; i < building->rowfile->action_count; i++) {
        vec_release(&connecting.shared[i].files);
    }
    free(connecting.shared);
    free(connecting.file_stamp);
    free(connecting.node_stamp);
    free(connecting.node_edge);
    free(connecting.named_stamp);
    return result;
}
