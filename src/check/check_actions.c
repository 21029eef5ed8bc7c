/* What check finds in single actions: that they can never run, or have nothing to work on. */
#include "check_inner.h"

#include "text.h"

#include <stdlib.h>

/* A previous action that excludes a directory makes the directory wait indefinitely. */
static void warn_of_excluded(const struct check *check, struct diag *diag)
{
    const struct graph *graph = check->graph;
    const struct rowfile *rowfile = graph->rowfile;
    bool *told = mem_alloc(rowfile->action_count * sizeof *told);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task) || graph->blocked_by[n] == GRAPH_NONE ||
            told[graph->tasks[n].action]) {
            continue;
        }
        const struct action *action = graph_action(graph, task);
        struct buf label = BUF_EMPTY;
        told[graph->tasks[n].action] = true;
        graph_add_label(graph, task, &label);
        diag_warning_at(
            diag, FINDING_UNREACHABLE_ACTION, &rowfile->source, action->name_offset,
            action->name.len + 2,
            "`%s` can never run: the previous action `%.*s` doesn't include its directory",
            buf_string(&label), SLICE_ARGS(rowfile->names[graph->blocked_by[n]]));
        buf_release(&label);
    }
    free(told);
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

void check_actions(const struct check *check, struct diag *diag)
{
    warn_of_excluded(check, diag);
    if (check->graph->workspace->fd >= 0) {
        warn_of_idle_actions(check, diag);
    }
}
