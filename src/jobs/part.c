/* Which part of the study an element has to do with. */
#include "part.h"

#include "hex.h"
#include "intern.h"
#include "memory.h"
#include "text.h"
#include "vec.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(uint32_t) number_list;

struct part_maker {
    const struct graph *graph;
    size_t directory_tasks; /* group and project tasks have numbers from here on */
    uint32_t *others_start; /* by directory: the first of the group tasks that work on it */
    number_list others;
    number_list projects;      /* project tasks, which every element has to do with */
    uint32_t *task_stamp;      /* by task: the element for which it was met last */
    uint32_t *directory_stamp; /* by directory, likewise */
    uint32_t *place;           /* by directory: its number in the part */
    uint32_t stamp;
    number_list tasks;
    number_list directories;
    struct intern keys; /* of tasks that registrations hold */
    VEC(struct part_source) holders;
    struct arena arena;
};

/* ---- Looking up ---- */

static bool is_group(const struct graph *graph, uint32_t n)
{
    return graph_action(graph, (struct task_id){n})->scope == SCOPE_GROUP;
}

/* Which group tasks work on each directory. */
static void find_others(struct part_maker *maker)
{
    const struct graph *graph = maker->graph;
    size_t count = graph->workspace->count;
    maker->others_start = mem_alloc((count + 2) * sizeof *maker->others_start);
    for (int round = 0; round < 2; round++) { /* counts, then fills in */
        for (uint32_t n = (uint32_t)maker->directory_tasks; n < graph->task_count; n++) {
            const struct graph_task *task = &graph->tasks[n];
            for (uint32_t i = 0; i < task->member_count && is_group(graph, n); i++) {
                uint32_t *place = &maker->others_start[graph->members.at[task->members + i] + 1U];
                if (round == 1) {
                    maker->others.at[*place] = n;
                }
                ++*place;
            }
        }
        if (round == 0) {
            uint32_t sum = 0;
            for (size_t d = 0; d <= count; d++) { /* where each begins, one place later */
                uint32_t own = maker->others_start[d + 1];
                maker->others_start[d + 1] = sum;
                sum += own;
            }
            for (uint32_t i = 0; i < sum; i++) {
                vec_push(&maker->others, 0);
            }
        }
    }
}

struct part_maker *part_maker_new(const struct graph *graph)
{
    struct part_maker *maker = mem_alloc(sizeof *maker);
    size_t directories = graph->workspace->count;
    maker->graph = graph;
    maker->directory_tasks = directories * graph->directory_action_count;
    maker->task_stamp = mem_alloc((graph->task_count + 1) * sizeof *maker->task_stamp);
    maker->directory_stamp = mem_alloc((directories + 1) * sizeof *maker->directory_stamp);
    maker->place = mem_alloc((directories + 1) * sizeof *maker->place);
    intern_init(&maker->keys);
    arena_init(&maker->arena);
    find_others(maker);
    for (uint32_t n = (uint32_t)maker->directory_tasks; n < graph->task_count; n++) {
        if (!is_group(graph, n)) {
            vec_push(&maker->projects, n);
        }
    }
    return maker;
}

void part_maker_free(struct part_maker *maker)
{
    if (maker == NULL) {
        return;
    }
    free(maker->others_start);
    free(maker->task_stamp);
    free(maker->directory_stamp);
    free(maker->place);
    vec_release(&maker->others);
    vec_release(&maker->projects);
    vec_release(&maker->tasks);
    vec_release(&maker->directories);
    vec_release(&maker->holders);
    intern_release(&maker->keys);
    arena_release(&maker->arena);
    free(maker);
}

void part_maker_note(struct part_maker *maker, const struct submission *submission)
{
    struct slice token = arena_slice(&maker->arena, submission->token);
    for (size_t e = 0; e < submission->element_count; e++) {
        const struct submission_element *element = &submission->elements[e];
        for (size_t i = 0; i < element->task_count && element->state != ELEMENT_RELEASED; i++) {
            uint32_t number = intern_add(&maker->keys, element->tasks[i]);
            if (number == maker->holders.count) {
                vec_push(&maker->holders, (struct part_source){token, e});
            } else { /* the later registration counts */
                maker->holders.at[number] = (struct part_source){token, e};
            }
        }
    }
}

/* ---- Collecting ---- */

static void meet_task(struct part_maker *maker, struct task_id task)
{
    if (maker->task_stamp[task.at] != maker->stamp) {
        maker->task_stamp[task.at] = maker->stamp;
        vec_push(&maker->tasks, task.at);
    }
}

static void meet_directory(struct part_maker *maker, uint32_t directory)
{
    if (maker->directory_stamp[directory] != maker->stamp) {
        maker->directory_stamp[directory] = maker->stamp;
        vec_push(&maker->directories, directory);
    }
}

/* The directories of files that a task reads, and who makes them. */
static void meet_dependencies(struct part_maker *maker, struct task_id task)
{
    const struct graph *graph = maker->graph;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        meet_task(maker, graph->before.at[e].task);
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        uint32_t column;
        uint32_t directory = graph_file_directory(graph, graph->dependencies.at[d].file, &column);
        if (directory != GRAPH_NONE) {
            meet_directory(maker, directory);
        }
    }
}

/* All tasks that work on a directory. */
static void meet_neighbours(struct part_maker *maker, uint32_t directory)
{
    const struct graph *graph = maker->graph;
    size_t actions = graph->directory_action_count;
    for (size_t c = 0; c < actions; c++) {
        struct task_id task = {(uint32_t)(directory * actions + c)};
        if (graph_is_present(graph, task)) {
            meet_task(maker, task);
        }
    }
    for (uint32_t i = maker->others_start[directory]; i < maker->others_start[directory + 1]; i++) {
        meet_task(maker, (struct task_id){maker->others.at[i]});
    }
}

static void collect(struct part_maker *maker, const struct task_id *tasks, size_t count)
{
    const struct graph *graph = maker->graph;
    maker->stamp++;
    maker->tasks.count = 0;
    maker->directories.count = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *directories;
        size_t directory_count = graph_directories(graph, tasks[i], &directories);
        meet_task(maker, tasks[i]);
        for (size_t d = 0; d < directory_count; d++) {
            meet_directory(maker, directories[d]);
        }
    }
    size_t own = maker->directories.count;
    for (size_t d = 0; d < own; d++) {
        meet_neighbours(maker, maker->directories.at[d]);
    }
    vec_each (const uint32_t, n, &maker->projects) {
        meet_task(maker, (struct task_id){*n});
    }
    for (size_t i = 0; i < count; i++) {
        meet_dependencies(maker, tasks[i]);
    }
    for (size_t i = 0; i < maker->tasks.count; i++) {
        const uint32_t *directories;
        size_t directory_count =
            graph_directories(graph, (struct task_id){maker->tasks.at[i]}, &directories);
        bool any = directory_count == 0;
        for (size_t d = 0; d < directory_count && !any; d++) {
            any = maker->directory_stamp[directories[d]] == maker->stamp;
        }
        if (!any) {
            meet_directory(maker, directories[0]);
        }
    }
}

/* Whether what the task reads, by a glob or a depfile, may lie anywhere in the project. */
static bool may_read_anything(const struct graph *graph, struct task_id task)
{
    const struct action *action = graph_action(graph, task);
    if (action->depfile != NULL) {
        return true; /* it may name anything */
    }
    for (size_t i = 0; i < action->input_count; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (spec->is_glob &&
            (spec->from_project || action->scope == SCOPE_PROJECT || spec->path.at[0] == '/')) {
            return true;
        }
    }
    return false;
}

/* ---- Writing ---- */

static void add_name(struct buf *out, struct slice name)
{
    if (text_is_utf8(name)) {
        text_add_json(out, name);
        return;
    }
    buf_add_string(out, "{\"hex\": \"");
    hex_add(out, name.at, name.len);
    buf_add_string(out, "\"}");
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void sort_numbers(number_list *list)
{
    if (list->count > 1) {
        qsort(list->at, list->count, sizeof *list->at, compare_numbers);
    }
}

static void add_directories(struct part_maker *maker, struct buf *out)
{
    sort_numbers(&maker->directories); /* the order of numbers is that of names */
    buf_add_string(out, "{\"directories\": [");
    for (size_t i = 0; i < maker->directories.count; i++) {
        uint32_t directory = maker->directories.at[i];
        maker->place[directory] = (uint32_t)i;
        buf_add_string(out, i > 0 ? ", " : "");
        add_name(out, maker->graph->workspace->names[directory]);
    }
    buf_add_char(out, ']');
}

static void add_members(const struct part_maker *maker, const uint32_t *directories, size_t count,
                        struct buf *out)
{
    bool any = false;
    buf_add_string(out, ", [");
    for (size_t d = 0; d < count; d++) {
        if (maker->directory_stamp[directories[d]] == maker->stamp) {
            buf_addf(out, "%s%u", any ? ", " : "", (unsigned)maker->place[directories[d]]);
            any = true;
        }
    }
    buf_add_char(out, ']');
}

static void add_tasks(struct part_maker *maker, struct buf *out)
{
    const struct graph *graph = maker->graph;
    sort_numbers(&maker->tasks);
    buf_add_string(out, ", \"tasks\": [");
    for (size_t i = 0; i < maker->tasks.count; i++) {
        struct task_id task = {maker->tasks.at[i]};
        const struct graph_task *entry = &graph->tasks[task.at];
        buf_addf(out, "%s[%u", i > 0 ? ", " : "", (unsigned)entry->action);
        if (entry->directory != GRAPH_NONE) {
            buf_addf(out, ", %u]", (unsigned)maker->place[entry->directory]);
            continue;
        }
        buf_add_string(out, ", ");
        add_name(out, graph->other_tasks.names[task.at - maker->directory_tasks]);
        add_members(maker, graph->members.at + entry->members, entry->member_count, out);
        buf_add_char(out, ']');
    }
    buf_add_char(out, ']');
}

static int compare_sources(const void *a, const void *b)
{
    const struct part_source *left = a;
    const struct part_source *right = b;
    int order = slice_compare(left->token, right->token);
    return order != 0                        ? order
           : left->element != right->element ? (left->element < right->element ? -1 : 1)
                                             : 0;
}

static void add_sources(struct part_maker *maker, struct buf *out)
{
    VEC(struct part_source) found = {0};
    struct buf key = BUF_EMPTY;
    size_t written = 0;
    vec_each (const uint32_t, n, &maker->tasks) {
        buf_clear(&key);
        graph_add_key(maker->graph, (struct task_id){*n}, &key);
        uint32_t number = intern_find(&maker->keys, buf_slice(&key));
        if (number != INTERN_NONE) {
            vec_push(&found, maker->holders.at[number]);
        }
    }
    if (found.count > 1) {
        qsort(found.at, found.count, sizeof *found.at, compare_sources);
    }
    for (size_t i = 0; i < found.count; i++) {
        if (i == 0 || compare_sources(&found.at[i - 1], &found.at[i]) != 0) {
            buf_addf(out, "%s[\"%.*s\", %llu]", written++ > 0 ? ", " : ", \"sources\": [",
                     SLICE_ARGS(found.at[i].token), (unsigned long long)found.at[i].element);
        }
    }
    buf_add_string(out, written > 0 ? "]" : "");
    vec_release(&found);
    buf_release(&key);
}

void part_maker_add(struct part_maker *maker, const struct task_id *tasks, size_t count,
                    struct buf *lines)
{
    /* Whether a temporary product may go depends on all who read it. */
    bool is_whole = count == 0 || maker->graph->temporaries.count > 0;
    for (size_t i = 0; i < count && !is_whole; i++) {
        is_whole = may_read_anything(maker->graph, tasks[i]);
    }
    if (is_whole) {
        buf_add_string(lines, "null\n");
        return;
    }
    collect(maker, tasks, count);
    add_directories(maker, lines);
    add_tasks(maker, lines);
    add_sources(maker, lines);
    buf_add_string(lines, "}\n");
}
