/* Builds the graph: tasks for the included directories and groups, then products and inputs. */
#include "building.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

static const size_t MOST_TASKS = UINT32_MAX / 2;

static void report_shared_directory(struct building *building, const struct action *action,
                                    uint32_t directory)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, building->workspace->names[directory]);
    building->diag->action = action->name.at;
    diag_error_at(
        building->diag, FINDING_OVERLAPPING_GROUPS, &building->rowfile->source, action->name_offset,
        action->name.len + 2,
        "two elements called `%.*s` include the directory `%s`; their groups must not overlap",
        SLICE_ARGS(action->name), buf_string(&name));
    building->diag->action = NULL;
    buf_release(&name);
}

static void number_directory_actions(struct building *building)
{
    struct graph *graph = building->graph;
    const struct rowfile *rowfile = building->rowfile;
    graph->directory_actions =
        arena_array(&graph->arena, rowfile->name_count, sizeof(struct slice));
    for (size_t id = 0; id < rowfile->name_count; id++) {
        building->by_name[id].column = GRAPH_NONE;
    }
    for (size_t i = 0; i < rowfile->action_count; i++) {
        const struct action *action = &rowfile->actions[i];
        struct name_tasks *tasks = &building->by_name[action->name_id];
        if (action->scope == SCOPE_DIRECTORY && tasks->column == GRAPH_NONE) {
            tasks->column = (uint32_t)graph->directory_action_count;
            graph->directory_actions[graph->directory_action_count++] = action->name;
        }
    }
}

static struct task_id add_task(struct graph *graph, struct graph_task task, size_t *capacity)
{
    if (graph->task_count == *capacity) {
        *capacity = *capacity * 2 + 64;
        graph->tasks = mem_grow(graph->tasks, *capacity, sizeof *graph->tasks);
    }
    graph->tasks[graph->task_count] = task;
    return (struct task_id){(uint32_t)graph->task_count++};
}

static void place_directory_tasks(struct building *building, uint32_t element,
                                  const uint32_t *directories, size_t count)
{
    struct graph *graph = building->graph;
    const struct action *action = &building->rowfile->actions[element];
    uint32_t column = building->by_name[action->name_id].column;
    for (size_t i = 0; i < count; i++) {
        struct graph_task *task =
            &graph->tasks[directories[i] * graph->directory_action_count + column];
        if (task->action != GRAPH_NONE) {
            report_shared_directory(building, action, directories[i]);
            return;
        }
        *task = (struct graph_task){.action = element, .directory = directories[i]};
    }
}

/* The key of a group task: the action's name, NUL, its `//` product or its sort key. */
static int add_group_key(struct building *building, const struct action *action,
                         const uint32_t *directories, size_t count, size_t part, struct buf *key)
{
    buf_add_slice(key, action->name);
    for (size_t i = 0; i < action->product_count; i++) {
        if (action->products[i].from_project) {
            buf_add_char(key, '\0');
            buf_add_string(key, "//");
            return building_expand(building, action, &action->products[i], directories, count, key);
        }
    }
    if (action->group.split_by_sort_key && action->group.sort_by_count > 0) {
        buf_add_char(key, '\0');
        if (groups_add_sort_key(action, building->workspace, directories[0], key, building->diag) !=
            0) {
            return -1;
        }
    } else if (part > 0) {
        buf_add_char(key, '\0');
    }
    if (part > 0) {
        buf_addf(key, "#%zu", part + 1);
    }
    return 0;
}

/* Two elements of one name may have groups of one sort key: then the later one's has a number, too. */
static void add_key(struct intern *keys, struct buf *key)
{
    size_t len = key->len;
    for (size_t n = 2; intern_find(keys, buf_slice(key)) != INTERN_NONE; n++) {
        key->len = len;
        if (memchr(key->at, '\0', len) == NULL) {
            buf_add_char(key, '\0');
        }
        buf_addf(key, "#%zu", n);
    }
    intern_add(keys, buf_slice(key));
}

struct other_tasks {     /* group and project tasks while they are collected */
    struct intern *keys; /* the graph's */
    size_t capacity;
};

static void begin_groups(struct building *building, struct name_tasks *tasks)
{
    if (tasks->task_of == NULL) {
        tasks->task_of = mem_grow(NULL, building->workspace->count + 1, sizeof(uint32_t));
        memset(tasks->task_of, 0xff, building->workspace->count * sizeof(uint32_t));
    }
}

static int add_group_tasks(struct building *building, uint32_t element, const uint32_t *directories,
                           size_t count, struct other_tasks *others)
{
    struct graph *graph = building->graph;
    const struct action *action = &building->rowfile->actions[element];
    struct name_tasks *tasks = &building->by_name[action->name_id];
    struct groups groups = {0};
    int result =
        groups_form(action, building->workspace, directories, count, &groups, building->diag);
    begin_groups(building, tasks);
    size_t start = 0;
    size_t part = 0;
    for (size_t g = 0; result == 0 && g < groups.ends.count; g++) {
        const uint32_t *members = vec_from(&groups.members, start);
        size_t member_count = groups.ends.at[g] - start;
        struct buf key = BUF_EMPTY;
        part = g > 0 && action->group.maximum_size > 0 ? part + 1 : 0;
        result = add_group_key(building, action, members, member_count, 0, &key);
        if (result == 0 && intern_find(others->keys, buf_slice(&key)) == INTERN_NONE) {
            part = 0;
        } else if (result == 0) { /* a group that was cut by maximum_size */
            buf_clear(&key);
            result = add_group_key(building, action, members, member_count, part, &key);
        }
        if (result == 0) {
            add_key(others->keys, &key);
            uint32_t first = (uint32_t)graph->members.count;
            for (size_t i = 0; i < member_count; i++) {
                vec_push(&graph->members, members[i]);
            }
            struct task_id task =
                add_task(graph,
                         (struct graph_task){.action = element,
                                             .directory = GRAPH_NONE,
                                             .members = first,
                                             .member_count = (uint32_t)member_count},
                         &others->capacity);
            vec_push(&tasks->others, task);
            for (size_t i = 0; i < member_count; i++) {
                if (tasks->task_of[members[i]] != GRAPH_NONE) {
                    report_shared_directory(building, action, members[i]);
                    break;
                }
                tasks->task_of[members[i]] = task.at;
            }
        }
        start = groups.ends.at[g];
        buf_release(&key);
    }
    groups_release(&groups);
    return result;
}

static void add_project_task(struct building *building, uint32_t element,
                             const uint32_t *directories, size_t count, struct other_tasks *others)
{
    struct graph *graph = building->graph;
    const struct action *action = &building->rowfile->actions[element];
    uint32_t first = (uint32_t)graph->members.count;
    size_t member_count = action->command.uses_directories ? count : 0;
    for (size_t i = 0; i < member_count; i++) {
        vec_push(&graph->members, directories[i]);
    }
    struct task_id task = add_task(graph,
                                   (struct graph_task){.action = element,
                                                       .directory = GRAPH_NONE,
                                                       .members = first,
                                                       .member_count = (uint32_t)member_count},
                                   &others->capacity);
    vec_push(&building->by_name[action->name_id].others, task);
    struct buf key = BUF_EMPTY;
    buf_add_slice(&key, action->name);
    add_key(others->keys, &key);
    buf_release(&key);
}

/* Every included directory needs what its action sorts by, whether or not batches are cut now. */
static int check_sort_keys(struct building *building, const struct action *action,
                           const uint32_t *directories, size_t count)
{
    struct groups groups = {0};
    int result = 0;
    if (action->group.sort_by_count > 0) {
        result =
            groups_form(action, building->workspace, directories, count, &groups, building->diag);
    }
    groups_release(&groups);
    return result;
}

static void add_given_task(struct building *building, const struct given_task *given,
                           struct other_tasks *others)
{
    struct graph *graph = building->graph;
    const struct action *action = &building->rowfile->actions[given->action];
    struct name_tasks *tasks = &building->by_name[action->name_id];
    uint32_t first = (uint32_t)graph->members.count;
    for (size_t i = 0; i < given->member_count; i++) {
        vec_push(&graph->members, given->members[i]);
    }
    struct task_id task =
        add_task(graph,
                 (struct graph_task){.action = given->action,
                                     .directory = GRAPH_NONE,
                                     .members = first,
                                     .member_count = (uint32_t)given->member_count},
                 &others->capacity);
    vec_push(&tasks->others, task);
    intern_add(others->keys, given->key);
    for (size_t i = 0; i < given->member_count && action->scope == SCOPE_GROUP; i++) {
        tasks->task_of[given->members[i]] = task.at;
    }
}

static void add_given(struct building *building, struct other_tasks *others)
{
    const struct given *given = building->given;
    for (size_t i = 0; i < building->rowfile->action_count; i++) {
        const struct action *action = &building->rowfile->actions[i];
        if (action->scope == SCOPE_GROUP) {
            begin_groups(building, &building->by_name[action->name_id]);
        }
    }
    for (size_t i = 0; i < given->task_count; i++) {
        const struct given_task *task = &given->tasks[i];
        if (building->rowfile->actions[task->action].scope == SCOPE_DIRECTORY) {
            place_directory_tasks(building, task->action, task->members, task->member_count);
        } else {
            add_given_task(building, task, others);
        }
    }
}

static int build_tasks(struct building *building)
{
    struct graph *graph = building->graph;
    const struct rowfile *rowfile = building->rowfile;
    size_t directory_count = building->workspace->count;
    uint32_t *directories = mem_grow(NULL, directory_count, sizeof *directories);
    struct other_tasks others = {.keys = &graph->other_tasks};
    int result = -1;
    number_directory_actions(building);
    size_t slots = directory_count * graph->directory_action_count;
    if (slots > MOST_TASKS || directory_count * graph->column_count > MOST_TASKS) {
        diag_state_error(building->diag, FINDING_WORKSPACE_UNUSABLE,
                         "the workspace has %zu directories: too many", directory_count);
        goto out;
    }
    graph->tasks = mem_grow(NULL, slots, sizeof *graph->tasks);
    graph->task_count = slots;
    others.capacity = slots;
    for (size_t i = 0; i < slots; i++) {
        graph->tasks[i] = (struct graph_task){.action = GRAPH_NONE, .directory = GRAPH_NONE};
    }
    if (building->given != NULL) {
        add_given(building, &others);
    }
    for (uint32_t element = 0; element < rowfile->action_count && building->given == NULL;
         element++) {
        const struct action *action = &rowfile->actions[element];
        size_t count;
        if (groups_include_all(action, building->workspace, directories, &count, building->diag) !=
                0 ||
            building_check_pointers(building, action, directories, count) != 0) {
            goto out;
        }
        if (action->scope == SCOPE_DIRECTORY) {
            place_directory_tasks(building, element, directories, count);
            if (check_sort_keys(building, action, directories, count) != 0) {
                goto out;
            }
        } else if (action->scope == SCOPE_PROJECT) {
            add_project_task(building, element, directories, count, &others);
        } else if (add_group_tasks(building, element, directories, count, &others) != 0) {
            goto out;
        }
    }
    result = 0;
out:
    free(directories);
    return result;
}

static void push_product(struct building *building, size_t spec, struct file_id file)
{
    vec_push(&building->graph->products, file);
    vec_push(&building->product_specs, (uint32_t)spec);
}

static int add_products(struct building *building, struct task_id task)
{
    struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct buf path = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < action->product_count && result == 0; i++) {
        const struct path_spec *spec = &action->products[i];
        if (spec->is_refused) {
            continue;
        }
        if (!spec->from_project) {
            for (size_t d = 0; d < count; d++) {
                if (building_accepts_below(building, action, spec, GRAPH_PRODUCT, directories[d])) {
                    push_product(building, i,
                                 building_file_below(building, directories[d], spec->path));
                }
            }
            continue;
        }
        buf_clear(&path);
        result = building_expand(building, action, spec, directories, count, &path);
        if (result == 0 &&
            building_accepts(building, action, spec, GRAPH_PRODUCT,
                             count > 0 ? directories[0] : GRAPH_NONE, buf_slice(&path))) {
            push_product(building, i, building_file(building, buf_slice(&path)));
        }
    }
    buf_release(&path);
    return result;
}

static int build_products(struct building *building)
{
    struct graph *graph = building->graph;
    graph->product_start = mem_grow(NULL, graph->task_count + 1, sizeof(uint32_t));
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        graph->product_start[n] = (uint32_t)graph->products.count;
        if (graph_is_present(graph, task) && add_products(building, task) != 0) {
            return -1;
        }
    }
    graph->product_start[graph->task_count] = (uint32_t)graph->products.count;
    return 0;
}

/* Producers of files, and one error for each pair of actions that claim a file. */
static void build_producers(struct building *building)
{
    struct graph *graph = building->graph;
    size_t files = building->workspace->count * graph->column_count + graph->other_files.count;
    graph->producers = mem_grow(NULL, files, sizeof(uint32_t));
    memset(graph->producers, 0xff, files * sizeof(uint32_t));
    graph->file_count = files;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            uint32_t *producer = &graph->producers[graph->products.at[p].at];
            if (*producer == GRAPH_NONE) {
                *producer = n;
                continue;
            }
            building_report_claim(building, (struct task_id){*producer}, (struct task_id){n},
                                  graph->products.at[p]);
        }
    }
}

static bool paths_need_values(const struct path_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].has_template && specs[i].template.uses_pointers) {
            return true;
        }
    }
    return false;
}

struct graph *graph_build(const struct rowfile *rowfile, struct workspace *workspace, int project,
                          struct diag *diag)
{
    return graph_build_given(rowfile, workspace, NULL, project, diag);
}

struct graph *graph_build_given(const struct rowfile *rowfile, struct workspace *workspace,
                                const struct given *given, int project, struct diag *diag)
{
    struct graph *graph = mem_alloc(sizeof *graph);
    arena_init(&graph->arena);
    intern_init(&graph->other_files);
    intern_init(&graph->other_tasks);
    intern_init(&graph->glob_keys);
    folders_init(&graph->folders, project);
    graph->rowfile = rowfile;
    graph->workspace = workspace;
    graph_begin_ignoring(graph);
    struct building building = {
        .graph = graph,
        .rowfile = rowfile,
        .workspace = workspace,
        .given = given,
        .project = project,
        .diag = diag,
        .by_name = mem_alloc(rowfile->name_count * sizeof(struct name_tasks)),
        .reported = mem_alloc(rowfile->name_count * rowfile->name_count + 1),
    };
    building.judging = judging_new(&building);
    bool need_values = false;
    for (size_t i = 0; i < rowfile->action_count && given == NULL; i++) {
        const struct action *action = &rowfile->actions[i];
        need_values = need_values || groups_need_values(&action->group) ||
                      paths_need_values(action->products, action->product_count) ||
                      paths_need_values(action->inputs, action->input_count) ||
                      paths_need_values(action->depfile, action->depfile != NULL);
    }
    building_collect_columns(&building);
    bool built = (!need_values || workspace_read_values(workspace, diag) == 0) &&
                 build_tasks(&building) == 0 && build_products(&building) == 0 &&
                 building_add_depfiles(&building) == 0;
    if (built) {
        build_producers(&building);
        building_judge_resumable(&building);
        building_mark_temporaries(&building);
        building_begin_origins(&building);
        building_judge_links(&building);
        building_sort_places(&building);
        building_check_nesting(&building);
        building_claim_depfiles(&building);
        built = building_connect(&building) == 0;
        building_end_origins(&building);
        built = building_tell_findings(&building) == 0 && built;
        building_find_readers(&building);
    }
    judging_free(building.judging);
    vec_release(&building.product_specs);
    for (size_t id = 0; id < rowfile->name_count; id++) {
        free(building.by_name[id].task_of);
        vec_release(&building.by_name[id].others);
    }
    free(building.by_name);
    free(building.reported);
    if (!built) {
        graph_free(graph);
        return NULL;
    }
    return graph;
}
