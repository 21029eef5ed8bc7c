/* What check finds in single actions: that they can never run, or have nothing to work on. */
#include "check_inner.h"

#include "resources.h"
#include "text.h"

#include <stdlib.h>

/* The task before it that can never run; GRAPH_NONE: there is none. */
static uint32_t find_stuck_before(const struct graph *graph, uint32_t n, const bool *stuck)
{
    for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
        if (stuck[graph->before.at[e].task.at]) {
            return graph->before.at[e].task.at;
        }
    }
    return GRAPH_NONE;
}

/* Whether a task that can never run is to be named rather than `other` - 1 (0: none): one that is
 * excluded itself rather than one that depends on another, else the first. */
static bool tells_more(const struct graph *graph, uint32_t n, uint32_t other)
{
    bool is_excluded = graph->blocked_by[n] != GRAPH_NONE;
    if (other == 0) {
        return true;
    }
    bool is_other_excluded = graph->blocked_by[other - 1] != GRAPH_NONE;
    return is_excluded != is_other_excluded ? is_excluded : n + 1 < other;
}

static void warn_of_stuck(const struct graph *graph, uint32_t n, uint32_t before, struct diag *diag)
{
    const struct rowfile *rowfile = graph->rowfile;
    const struct action *action = graph_action(graph, (struct task_id){n});
    struct buf message = BUF_EMPTY;
    buf_add_char(&message, '`');
    graph_add_label(graph, (struct task_id){n}, &message);
    buf_add_string(&message, "` can never run: ");
    if (graph->blocked_by[n] != GRAPH_NONE) {
        buf_addf(&message, "the previous action `%.*s` doesn't include its directory",
                 SLICE_ARGS(rowfile->names[graph->blocked_by[n]]));
    } else {
        buf_add_string(&message, "it depends on `");
        graph_add_label(graph, (struct task_id){before}, &message);
        buf_add_string(&message, "`, which can never run");
    }
    diag_warning_at(diag, FINDING_UNREACHABLE_ACTION, &rowfile->source, action->name_offset,
                    action->name.len + 2, "%s", buf_string(&message));
    buf_release(&message);
}

/* A previous action that excludes a directory makes the directory wait indefinitely, and so do all
 * tasks that depend on it. One of each element is named, in the order of the description. */
static void warn_of_excluded(const struct check *check, struct diag *diag)
{
    const struct graph *graph = check->graph;
    bool *stuck = mem_alloc((graph->task_count + 1) * sizeof *stuck);
    uint32_t *first = mem_alloc((graph->rowfile->action_count + 1) * sizeof *first);
    uint32_t *before = mem_alloc((graph->rowfile->action_count + 1) * sizeof *before);
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        uint32_t element = graph->tasks[n].action;
        uint32_t cause = find_stuck_before(graph, n, stuck);
        stuck[n] = graph->blocked_by[n] != GRAPH_NONE || cause != GRAPH_NONE;
        if (stuck[n] && graph_is_present(graph, (struct task_id){n}) &&
            tells_more(graph, n, first[element])) {
            first[element] = n + 1; /* 0: none */
            before[element] = cause;
        }
    }
    for (size_t a = 0; a < graph->rowfile->action_count; a++) {
        if (first[a] > 0) {
            warn_of_stuck(graph, first[a] - 1, before[a], diag);
        }
    }
    free(stuck);
    free(first);
    free(before);
}

/* An element that nothing is to be done for, though there are directories. */
static void warn_of_idle_actions(const struct check *check, struct diag *diag)
{
    const struct graph *graph = check->graph;
    const struct rowfile *rowfile = graph->rowfile;
    size_t directories = graph->workspace->count;
    size_t *tasks = mem_alloc((rowfile->action_count + 1) * sizeof *tasks);
    size_t idle = 0;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (graph_is_present(graph, (struct task_id){n})) {
            tasks[graph->tasks[n].action]++;
        }
    }
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        const struct group_spec *group = &action->group;
        idle += tasks[a] == 0;
        if (tasks[a] > 0 || directories == 0) {
            continue;
        }
        size_t offset = group->where != NULL ? group->where_offset : action->name_offset;
        size_t length = group->where != NULL ? 1 : action->name.len + 2;
        diag_warning_at(diag, FINDING_IDLE_ACTION, &rowfile->source, offset, length,
                        "action `%.*s`: `group.%s` includes none of the %zu %s; nothing will run",
                        SLICE_ARGS(action->name), group->where != NULL ? "where" : "include",
                        directories, directories == 1 ? "directory" : "directories");
    }
    if (directories == 0 && idle > 0) {
        struct buf path = BUF_EMPTY;
        text_add_name(&path, graph->workspace->path);
        diag_warning(diag, FINDING_NO_DIRECTORIES,
                     "the workspace `%s` has no directory that `workspace.directories` matches: "
                     "%zu %s nothing to work on",
                     buf_string(&path), idle, idle == 1 ? "action has" : "actions have");
        buf_release(&path);
    }
    free(tasks);
}

static void warn_of_growth(const struct check *check, struct diag *diag)
{
    const struct rowfile *rowfile = check->graph->rowfile;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        if (action->grow.memory_offset > 0 && resources_memory(&action->resources, 1) == 0) {
            diag_warning_at(diag, FINDING_NO_EFFECT, &rowfile->source, action->grow.memory_offset,
                            1,
                            "action `%.*s`: `grow.memory` has nothing to grow, since the action "
                            "requests no memory; add `resources.memory`",
                            SLICE_ARGS(action->name));
        }
        if (action->grow.walltime_offset > 0 && !action->resources.walltime_given) {
            diag_warning_at(diag, FINDING_NO_EFFECT, &rowfile->source, action->grow.walltime_offset,
                            1,
                            "action `%.*s`: `grow.walltime` has only the default to grow, an hour "
                            "for each directory; add `resources.walltime`",
                            SLICE_ARGS(action->name));
        }
    }
}

void check_actions(const struct check *check, struct diag *diag)
{
    warn_of_excluded(check, diag);
    warn_of_growth(check, diag);
    if (check->graph->workspace->fd >= 0) {
        warn_of_idle_actions(check, diag);
    }
}
