/* Decides which of the chosen tasks go into one job: the groups of each action element. */
#include "groups.h"
#include "job_planning.h"

#include <string.h>

void job_draft_add(struct job_planning *planning, uint32_t element, const struct task_id *tasks,
                   size_t count)
{
    const struct graph *graph = plan_graph(planning->plan);
    struct arena *arena = &planning->made->arena;
    struct job_draft draft = {.element = element, .task_count = count};
    struct task_id *kept = arena_array(arena, count, sizeof *kept);
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *directories;
        kept[i] = tasks[i];
        most += graph_directories(graph, tasks[i], &directories);
        planning->job_of[tasks[i].at] = (uint32_t)planning->drafts.count;
    }
    struct slice *names = arena_array(arena, most, sizeof *names);
    planning->naming++;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *directories;
        size_t own = graph_directories(graph, tasks[i], &directories);
        for (size_t d = 0; d < own; d++) {
            if (planning->named_in[directories[d]] != planning->naming) {
                planning->named_in[directories[d]] = planning->naming;
                names[draft.directory_count++] = graph->workspace->names[directories[d]];
            }
        }
    }
    draft.tasks = kept;
    draft.growth = growing_of(planning, kept, count);
    draft.directories = names;
    vec_push(&planning->drafts, draft);
}

struct directory_list {
    VEC(uint32_t) at;
};

/* The column of a directory-scope element: its tasks by directory. */
static uint32_t column_of(const struct graph *graph, const struct action *action)
{
    uint32_t column = 0;
    while (!slice_equal(graph->directory_actions[column], action->name)) {
        column++;
    }
    return column;
}

static struct task_id task_at(const struct graph *graph, uint32_t directory, uint32_t column)
{
    return (struct task_id){(uint32_t)(directory * graph->directory_action_count + column)};
}

static int add_directory_jobs(struct job_planning *planning, uint32_t element)
{
    const struct graph *graph = plan_graph(planning->plan);
    const struct action *action = &graph->rowfile->actions[element];
    bool whole = action->group.submit_whole;
    uint32_t column = column_of(graph, action);
    struct directory_list directories = {0};
    struct groups groups = {0};
    VEC(struct task_id) tasks = {0};
    size_t start = 0;
    bool any = false;
    for (uint32_t d = 0; d < graph->workspace->count; d++) {
        struct task_id task = task_at(graph, d, column);
        bool chosen = graph->tasks[task.at].action == element &&
                      planning->standing[task.at] == JOB_STANDS_CHOSEN;
        any = any || chosen;
        if (chosen || (whole && graph->tasks[task.at].action == element)) {
            vec_push(&directories.at, d);
        }
    }
    int result = any ? groups_form(action, graph->workspace, directories.at.at,
                                   directories.at.count, &groups, planning->diag)
                     : 0;
    for (size_t g = 0; result == 0 && g < groups.ends.count; g++) {
        size_t chosen = 0;
        tasks.count = 0;
        for (size_t i = start; i < groups.ends.at[g]; i++) {
            struct task_id task = task_at(graph, groups.members.at[i], column);
            chosen += planning->standing[task.at] == JOB_STANDS_CHOSEN;
            vec_push(&tasks, task);
        }
        start = groups.ends.at[g];
        if (chosen == tasks.count) {
            for (size_t first = 0; first < tasks.count;) {
                size_t rest = tasks.count - first;
                size_t alike = whole ? rest : growing_alike(planning, tasks.at + first, rest);
                job_draft_add(planning, element, tasks.at + first, alike);
                first += alike;
            }
        } else if (chosen > 0) {
            planning->made->partial_groups++;
        }
    }
    groups_release(&groups);
    vec_release(&directories.at);
    vec_release(&tasks);
    return result;
}

static int add_jobs(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    const struct rowfile *rowfile = graph->rowfile;
    size_t slots = graph->workspace->count * graph->directory_action_count;
    for (uint32_t element = 0; element < rowfile->action_count; element++) {
        if (rowfile->actions[element].scope == SCOPE_DIRECTORY) {
            if (add_directory_jobs(planning, element) != 0) {
                return -1;
            }
            continue;
        }
        for (size_t n = slots; n < graph->task_count; n++) {
            struct task_id task = {(uint32_t)n};
            if (graph->tasks[n].action == element && planning->standing[n] == JOB_STANDS_CHOSEN) {
                job_draft_add(planning, element, &task, 1);
            }
        }
    }
    return 0;
}

/* Dependents of an incomplete group wait as well. */
static bool drop_orphans(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    bool any = false;
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        if (planning->standing[n] != JOB_STANDS_CHOSEN) {
            continue;
        }
        bool keeps = planning->job_of[n] != JOB_NONE;
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1] && keeps; e++) {
            keeps = job_can_wait(planning, graph->before.at[e].task);
        }
        if (!keeps) {
            planning->standing[n] = JOB_STANDS_OUT;
            any = true;
        }
    }
    return any;
}

int job_groups_form(struct job_planning *planning)
{
    size_t task_count = plan_graph(planning->plan)->task_count;
    size_t partial = 0;
    do {
        planning->drafts.count = 0;
        planning->made->partial_groups = 0;
        memset(planning->job_of, 0xff, task_count * sizeof *planning->job_of);
        if (add_jobs(planning) != 0) {
            return -1;
        }
        partial =
            planning->made->partial_groups > partial ? planning->made->partial_groups : partial;
    } while (drop_orphans(planning));
    planning->made->partial_groups = partial;
    return 0;
}
