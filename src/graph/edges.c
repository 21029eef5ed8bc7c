/* Which task depends on which: edges from inputs and previous actions.
 *
 * What inputs name without globs is collected first, then it is found out who makes it. That and
 * `previous_actions` say which actions come after which; globs come last, since they leave out what
 * later actions make. */
#include "building.h"

#include "memory.h"

#include <stdlib.h>

/* Stamps say in O(1) whether a file or a task was already met for the task at hand. */
struct connecting {
    struct building *building;
    struct task_id task;
    uint32_t *file_stamp; /* task + 1 for which the file was added last */
    size_t file_stamps;
    uint32_t *task_stamp;          /* task + 1 for which the edge was added last */
    uint32_t *task_edge;           /* its index in graph->before */
    uint32_t *named_stamp;         /* task + 1 whose explicit inputs name a product of this task */
    struct matched_inputs *shared; /* by element: what project globs without templates match */
    uint32_t *named_start;         /* by task: the first of those that its inputs name */
    VEC(struct dependency) named;
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

static void add_edge(struct connecting *connecting, struct task_id before, uint32_t kinds)
{
    struct graph *graph = connecting->building->graph;
    uint32_t stamp = connecting->task.at + 1;
    if (connecting->task_stamp[before.at] == stamp) {
        graph->before.at[connecting->task_edge[before.at]].kinds |= kinds;
        return;
    }
    connecting->task_stamp[before.at] = stamp;
    connecting->task_edge[before.at] = (uint32_t)graph->before.count;
    vec_push(&graph->before, (struct edge){before, kinds});
}

/* Whether the task makes the file, or what it lies in. */
static bool makes(const struct connecting *connecting, struct file_id file)
{
    return graph_maker(connecting->building->graph, file).task.at == connecting->task.at;
}

static void add_dependency(struct connecting *connecting, struct file_id file, uint32_t input)
{
    struct graph *graph = connecting->building->graph;
    uint32_t stamp = connecting->task.at + 1;
    grow_file_stamps(connecting, (size_t)file.at + 1);
    if (connecting->file_stamp[file.at] == stamp || makes(connecting, file)) {
        return;
    }
    connecting->file_stamp[file.at] = stamp;
    vec_push(&graph->dependencies, (struct dependency){file, input});
    size_t origins = graph_origin_count(graph, file);
    for (size_t i = 0; i < origins; i++) {
        struct task_id before = graph_origin(graph, file, i).task;
        connecting->named_stamp[before.at] = input == DEPENDENCY_UPSTREAM ? 0 : stamp;
        add_edge(connecting, before, EDGE_FILES);
    }
}

/* ---- Inputs without globs ---- */

static void name_input(struct connecting *connecting, struct file_id file, uint32_t input)
{
    vec_push(&connecting->named, (struct dependency){file, input});
}

static int name_inputs(struct connecting *connecting)
{
    struct building *building = connecting->building;
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, connecting->task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, connecting->task, &directories);
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
                name_input(connecting, building_file(building, buf_slice(&path)), (uint32_t)i);
            }
        } else {
            for (size_t d = 0; d < count; d++) {
                if (building_accepts_below(building, action, spec, GRAPH_INPUT, directories[d])) {
                    name_input(connecting,
                               building_file_below(building, directories[d], spec->path),
                               (uint32_t)i);
                }
            }
        }
    }
    buf_release(&path);
    return result;
}

static int name_all_inputs(struct connecting *connecting)
{
    struct graph *graph = connecting->building->graph;
    int result = 0;
    for (uint32_t n = 0; n < graph->task_count && result == 0; n++) {
        connecting->task = (struct task_id){n};
        connecting->named_start[n] = (uint32_t)connecting->named.count;
        if (graph_is_present(graph, connecting->task)) {
            result = name_inputs(connecting);
        }
    }
    connecting->named_start[graph->task_count] = (uint32_t)connecting->named.count;
    return result;
}

static void find_origins(struct connecting *connecting)
{
    struct file_id *files = mem_grow(NULL, connecting->named.count, sizeof *files);
    for (size_t i = 0; i < connecting->named.count; i++) {
        files[i] = connecting->named.at[i].file;
    }
    building_find_origins(connecting->building, files, connecting->named.count);
    free(files);
}

/* A folder as an input leaves out what the task makes itself. */
static struct file_id without_own(struct connecting *connecting, struct file_id file)
{
    const struct graph *graph = connecting->building->graph;
    size_t origins = graph_origin_count(graph, file);
    for (size_t i = 0; i < origins; i++) {
        struct origin origin = graph_origin(graph, file, i);
        if (origin.kind == ORIGIN_INSIDE && origin.task.at == connecting->task.at) {
            return building_view_without(connecting->building, file, connecting->task);
        }
    }
    return file;
}

/* What the loader couldn't see: one of the two has another name. */
static void refuse_own(struct connecting *connecting, struct dependency named)
{
    struct building *building = connecting->building;
    if (!makes(connecting, named.file)) {
        return;
    }
    const struct action *action = graph_action(building->graph, connecting->task);
    const uint32_t *directories;
    size_t count = graph_directories(building->graph, connecting->task, &directories);
    struct buf path = BUF_EMPTY;
    graph_add_path(building->graph, named.file, &path);
    building_refuse(building, action, &action->inputs[named.input], GRAPH_INPUT,
                    count > 0 ? directories[0] : GRAPH_NONE, buf_slice(&path),
                    building_own_problem(building, named.file, buf_slice(&path)));
    buf_release(&path);
}

static void add_named(struct connecting *connecting)
{
    uint32_t n = connecting->task.at;
    for (uint32_t i = connecting->named_start[n]; i < connecting->named_start[n + 1]; i++) {
        struct dependency named = connecting->named.at[i];
        refuse_own(connecting, named);
        add_dependency(connecting, without_own(connecting, named.file), named.input);
    }
}

/* ---- Globs ---- */

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

/* Whether the element's globs match the same files for each of its tasks. */
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
    const struct graph_task *task = &building->graph->tasks[connecting->task.at];
    struct matched_inputs *matched = &connecting->shared[task->action];
    if (!globs_are_shared(&building->rowfile->actions[task->action])) {
        return building_match_globs(building, connecting->task, false, add_matched, connecting);
    }
    if (matched->is_done) {
        for (size_t i = 0; i < matched->files.count; i++) {
            add_dependency(connecting, matched->files.at[i].file, matched->files.at[i].input);
        }
        return 0;
    }
    matched->is_done = true;
    struct remembering remembering = {connecting, matched};
    return building_match_globs(building, connecting->task, true, remember_matched, &remembering);
}

/* ---- Previous actions ---- */

static void add_previous_task(struct connecting *connecting, struct task_id before)
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
    if (connecting->named_stamp[before.at] == connecting->task.at + 1) {
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
    const struct name_tasks *tasks = &connecting->building->by_name[name];
    struct task_id before = {GRAPH_NONE};
    if (tasks->column != GRAPH_NONE) {
        before.at = (uint32_t)(directory * graph->directory_action_count + tasks->column);
        if (!graph_is_present(graph, before)) {
            before.at = GRAPH_NONE;
        }
    } else if (tasks->task_of != NULL) {
        before.at = tasks->task_of[directory];
    }
    if (before.at != GRAPH_NONE) {
        add_previous_task(connecting, before);
    } else if (must_include) {
        graph->blocked_by[connecting->task.at] = name;
    }
}

static void add_previous(struct connecting *connecting)
{
    struct building *building = connecting->building;
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, connecting->task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, connecting->task, &directories);
    for (size_t i = 0; i < action->previous_count; i++) {
        const struct name_tasks *tasks = &building->by_name[action->previous[i]];
        bool is_project = tasks->column == GRAPH_NONE && tasks->task_of == NULL;
        if (is_project || (action->scope == SCOPE_PROJECT && tasks->task_of != NULL)) {
            for (size_t n = 0; n < tasks->others.count; n++) {
                add_previous_task(connecting, tasks->others.at[n]);
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

static int compare_ways(const void *a, const void *b)
{
    uint32_t first = ((const struct way *)a)->file.at;
    uint32_t second = ((const struct way *)b)->file.at;
    return first < second ? -1 : first > second;
}

static void sort_ways(struct graph *graph)
{
    if (graph->ways.count > 1) {
        qsort(graph->ways.at, graph->ways.count, sizeof *graph->ways.at, compare_ways);
    }
}

int building_connect(struct building *building)
{
    struct graph *graph = building->graph;
    size_t count = graph->task_count;
    struct connecting connecting = {
        .building = building,
        .task_stamp = mem_alloc(count * sizeof(uint32_t)),
        .task_edge = mem_alloc(count * sizeof(uint32_t)),
        .named_stamp = mem_alloc(count * sizeof(uint32_t)),
        .shared = mem_alloc(building->rowfile->action_count * sizeof(struct matched_inputs)),
        .named_start = mem_alloc((count + 1) * sizeof(uint32_t)),
    };
    int result = name_all_inputs(&connecting);
    if (result == 0) {
        find_origins(&connecting);
        building_relate_actions(building, connecting.named.at, connecting.named_start);
    }
    graph->dependency_start = mem_alloc((count + 1) * sizeof(uint32_t));
    graph->before_start = mem_alloc((count + 1) * sizeof(uint32_t));
    graph->blocked_by = mem_grow(NULL, count, sizeof(uint32_t));
    for (uint32_t n = 0; n < count; n++) {
        connecting.task = (struct task_id){n};
        graph->blocked_by[n] = GRAPH_NONE;
        graph->dependency_start[n] = (uint32_t)graph->dependencies.count;
        graph->before_start[n] = (uint32_t)graph->before.count;
        if (graph_is_present(graph, connecting.task) && result == 0) {
            add_named(&connecting);
            result = add_globbed(&connecting);
            add_previous(&connecting);
        }
    }
    graph->dependency_start[count] = (uint32_t)graph->dependencies.count;
    graph->before_start[count] = (uint32_t)graph->before.count;
    cover_new_files(graph);
    sort_ways(graph);
    if (result == 0) {
        result = building_order(building);
    }
    for (size_t i = 0; i < building->rowfile->action_count; i++) {
        vec_release(&connecting.shared[i].files);
    }
    free(connecting.shared);
    free(connecting.named_start);
    vec_release(&connecting.named);
    free(building->depends);
    building->depends = NULL;
    free(connecting.file_stamp);
    free(connecting.task_stamp);
    free(connecting.task_edge);
    free(connecting.named_stamp);
    return result;
}
