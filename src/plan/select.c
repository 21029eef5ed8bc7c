/* What is wanted: the tasks that a selection names, and all that comes before them. */
#include "plan_inner.h"
#include "target_paths.h"

#include "match.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_COMPARED = 100000 }; /* names, for a similar one */

/* What the selection names, besides actions. */
struct targets {
    uint8_t *directories; /* by directory: named */
    size_t directory_count;
    VEC(struct task_id) tasks; /* named by a product or a key */
    struct slice action;       /* named last: names after it are of its tasks; NULL: none */
    bool is_narrowed;          /* a task of it was named since: the others aren't meant */
    struct diag *diag;
    bool lenient;
};

bool plan_selects_action(const struct plan_selection *selection, struct slice name)
{
    if (selection == NULL || selection->asked.action_count == 0) {
        return true;
    }
    for (size_t i = 0; i < selection->asked.action_count; i++) {
        struct slice pattern = slice_of(selection->asked.actions[i]);
        if (selection->asked.exact_actions ? slice_equal(pattern, name)
                                           : match_wildcard(pattern, name)) {
            return true;
        }
    }
    return false;
}

static int check_actions(const struct plan *plan, const struct plan_selection *selection,
                         struct diag *diag)
{
    const struct rowfile *rowfile = plan->graph->rowfile;
    int result = 0;
    for (size_t i = 0; i < selection->asked.action_count; i++) {
        struct slice pattern = slice_of(selection->asked.actions[i]);
        struct plan_selection one = *selection;
        one.asked.actions = &selection->asked.actions[i];
        one.asked.action_count = 1;
        bool any = false;
        for (size_t id = 0; id < rowfile->name_count && !any; id++) {
            any = plan_selects_action(&one, rowfile->names[id]);
        }
        if (any) {
            continue;
        }
        struct buf shown = BUF_EMPTY;
        int nearest = text_nearest(pattern, rowfile->names, rowfile->name_count);
        text_add_name(&shown, pattern);
        if (selection->asked.unknown_targets_warn && !selection->asked.exact_actions) {
            diag_warning(diag, FINDING_UNKNOWN_ACTION, "no action matches `%s`",
                         buf_string(&shown));
        } else if (nearest >= 0) {
            result = diag_error(diag, FINDING_UNKNOWN_ACTION,
                                "there is no action `%s`; did you mean `%.*s`?", buf_string(&shown),
                                SLICE_ARGS(rowfile->names[nearest]));
        } else {
            result = diag_error(diag, FINDING_UNKNOWN_ACTION, "there is no action `%s`",
                                buf_string(&shown));
        }
        buf_release(&shown);
    }
    return result;
}

/* Whether it is an action's name, and the action has tasks. */
static bool is_action(const struct plan *plan, struct slice target)
{
    const struct graph *graph = plan->graph;
    bool is_name = false;
    for (size_t id = 0; id < graph->rowfile->name_count && !is_name; id++) {
        is_name = slice_equal(graph->rowfile->names[id], target);
    }
    for (uint32_t n = 0; n < graph->task_count && is_name; n++) {
        struct task_id task = {n};
        if (graph_is_present(graph, task) && slice_equal(graph_action(graph, task)->name, target)) {
            return true;
        }
    }
    return false;
}

/* No name came after the action's: all of its tasks are meant. */
static void end_action(const struct plan *plan, struct targets *targets)
{
    const struct graph *graph = plan->graph;
    for (uint32_t n = 0; n < graph->task_count && targets->action.at != NULL; n++) {
        struct task_id task = {n};
        if (!targets->is_narrowed && graph_is_present(graph, task) &&
            slice_equal(graph_action(graph, task)->name, targets->action)) {
            vec_push(&targets->tasks, task);
        }
    }
    targets->action = (struct slice){0};
    targets->is_narrowed = false;
}

/* In "ACTION NAME", the task of the action. */
static struct task_id task_of_action(const struct plan *plan, const struct targets *targets,
                                     const struct found *found, struct slice target)
{
    const struct graph *graph = plan->graph;
    if (found->maker.at != GRAPH_NONE &&
        slice_equal(graph_action(graph, found->maker)->name, targets->action)) {
        return found->maker;
    }
    struct slice name =
        found->directory != GRAPH_NONE ? graph->workspace->names[found->directory] : target;
    return graph_find_named(graph, targets->action, name);
}

/* A group or project task of a selected action by its name, such as "#2". */
static bool name_group(const struct plan *plan, const struct plan_selection *selection,
                       struct slice target, struct targets *targets)
{
    const struct graph *graph = plan->graph;
    bool known = false;
    for (size_t id = 0; id < graph->rowfile->name_count; id++) {
        struct slice action = graph->rowfile->names[id];
        if (plan_selects_action(selection, action)) {
            struct task_id task = graph_find_named(graph, action, target);
            if (task.at != GRAPH_NONE && graph->tasks[task.at].directory == GRAPH_NONE) {
                vec_push(&targets->tasks, task);
                known = true;
            }
        }
    }
    return known;
}

/* One word that names a task: "ACTION/NAME" or "ACTION NAME". */
static bool name_task(const struct plan *plan, struct slice target, struct targets *targets)
{
    struct task_id task = graph_find_task(plan->graph, target);
    for (size_t i = 1; i + 1 < target.len && task.at == GRAPH_NONE; i++) {
        if (target.at[i] == ' ' || target.at[i] == '/') {
            task = graph_find_named(plan->graph, slice_make(target.at, i),
                                    slice_make(target.at + i + 1, target.len - i - 1));
        }
    }
    if (task.at != GRAPH_NONE) {
        vec_push(&targets->tasks, task);
    }
    return task.at != GRAPH_NONE;
}

/* An action, or a product of a group or of the project, of a similar name. In `arena`. */
static struct slice nearest_other(const struct plan *plan, struct slice target, struct arena *arena)
{
    const struct graph *graph = plan->graph;
    VEC(struct slice) known = {0};
    struct buf product = BUF_EMPTY;
    struct slice path = target.len > 2 && memcmp(target.at, "//", 2) == 0
                            ? slice_make(target.at + 2, target.len - 2)
                            : target;
    for (size_t id = 0; id < graph->rowfile->name_count; id++) {
        vec_push(&known, graph->rowfile->names[id]);
    }
    uint32_t first = (uint32_t)(graph->workspace->count * graph->directory_action_count);
    for (uint32_t n = first; n < graph->task_count && known.count < MOST_COMPARED; n++) {
        for (uint32_t i = graph->product_start[n]; i < graph->product_start[n + 1]; i++) {
            buf_clear(&product);
            graph_add_path(graph, graph->products.at[i], &product);
            vec_push(&known, arena_slice(arena, buf_slice(&product)));
        }
    }
    int nearest = text_nearest(path, known.at, known.count);
    struct slice name = nearest >= 0 && known.at != NULL ? known.at[nearest] : (struct slice){0};
    vec_release(&known);
    buf_release(&product);
    return name;
}

/* Whether the workspace has a directory of this name that no point declares. */
static bool is_undeclared(const struct plan *plan, struct slice target)
{
    const struct workspace *workspace = plan->graph->workspace;
    struct slice below = path_below(target, workspace->path);
    struct slice name = below.at != NULL ? below : target;
    for (size_t i = 0; i < workspace->points.undeclared_count; i++) {
        if (slice_equal(workspace->points.undeclared[i], name)) {
            return true;
        }
    }
    return false;
}

static int report_unknown(const struct plan *plan, struct slice target,
                          const struct targets *targets)
{
    struct buf shown = BUF_EMPTY;
    struct slice nearest = {0};
    struct arena arena;
    int result = 0;
    arena_init(&arena);
    (void)workspace_find(plan->graph->workspace, target, &nearest);
    text_add_name(&shown, target);
    buf_add_string(&shown, "` is neither a directory of the workspace nor a product");
    if (is_undeclared(plan, target)) {
        buf_add_string(&shown, "; add it to the points or to `workspace.directories`");
        nearest = (struct slice){0};
    } else if (nearest.at == NULL) {
        nearest = nearest_other(plan, target, &arena);
    }
    if (nearest.at != NULL) {
        buf_add_string(&shown, "; did you mean `");
        text_add_name(&shown, nearest);
        buf_add_string(&shown, "`?");
    }
    if (targets->lenient) {
        diag_warning(targets->diag, FINDING_UNKNOWN_TARGET, "`%s", buf_string(&shown));
    } else {
        result = diag_error(targets->diag, FINDING_UNKNOWN_TARGET, "`%s", buf_string(&shown));
    }
    arena_release(&arena);
    buf_release(&shown);
    return result;
}

static int name_target(const struct plan *plan, const struct plan_selection *selection,
                       const char *text, struct targets *targets)
{
    struct slice target = slice_of(text);
    struct found found = found_at_path(plan, selection, target);
    bool known = found.directory != GRAPH_NONE || found.maker.at != GRAPH_NONE;
    if (!known && is_action(plan, target)) {
        end_action(plan, targets);
        targets->action = target;
        return 0;
    }
    struct task_id task = targets->action.at != NULL ? task_of_action(plan, targets, &found, target)
                                                     : (struct task_id){GRAPH_NONE};
    if (task.at != GRAPH_NONE) {
        vec_push(&targets->tasks, task);
        targets->is_narrowed = true;
        return 0;
    }
    if (found.directory != GRAPH_NONE) {
        targets->directory_count += targets->directories[found.directory] == 0;
        targets->directories[found.directory] = 1;
    } else if (found.maker.at != GRAPH_NONE) {
        vec_push(&targets->tasks, found.maker);
    }
    /* Of groups that are named by what they sort by, one may have the name of a directory. */
    if (selection->asked.action_count > 0 && !(known && selection->asked.by_member)) {
        known = name_group(plan, selection, target, targets) || known;
    }
    known = known || (target.len > 0 && name_task(plan, target, targets));
    return known ? 0 : report_unknown(plan, target, targets);
}

static void pull_in_upstream(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    for (size_t i = graph->order_count; i-- > 0;) {
        uint32_t n = graph->order[i];
        if (plan->wanted[n] == 0) {
            continue;
        }
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            plan->wanted[graph->before.at[e].task.at] |= WANTED_UPSTREAM;
        }
    }
}

/* Whether the task stands for one of the named directories, or (by member) for a group with one. */
static bool is_named(const struct plan *plan, struct task_id task,
                     const struct plan_selection *selection, const struct targets *targets)
{
    const struct graph *graph = plan->graph;
    uint32_t directory = graph->tasks[task.at].directory;
    if (directory != GRAPH_NONE) {
        return targets->directories[directory] != 0;
    }
    const uint32_t *members;
    size_t count = graph_directories(graph, task, &members);
    if (!selection->asked.by_member || graph_action(graph, task)->scope != SCOPE_GROUP) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (targets->directories[members[i]] != 0) {
            return true;
        }
    }
    return false;
}

/* Whether the last attempt failed, or a job ended it. */
static bool has_failed(const struct plan *plan, struct task_id task)
{
    switch ((enum task_attempt)state_task(plan->state, task.at)->attempt) {
    case ATTEMPT_FAILED:
        return true;
    case ATTEMPT_STARTED:
    case ATTEMPT_INTERRUPTED:
        return plan_ending(plan, task) != NULL;
    case ATTEMPT_NONE:
    case ATTEMPT_UNFINISHED:
    case ATTEMPT_CHANGED:
        break;
    }
    return false;
}

static void keep_failed(struct plan *plan)
{
    for (uint32_t n = 0; n < plan->graph->task_count; n++) {
        bool kept =
            (plan->wanted[n] & WANTED_SELECTED) != 0 && has_failed(plan, (struct task_id){n});
        plan->wanted[n] = kept ? WANTED_SELECTED : 0;
    }
}

void plan_keep_failed(struct plan *plan, bool only)
{
    keep_failed(plan);
    if (!only) {
        pull_in_upstream(plan);
    }
}

int plan_select(struct plan *plan, const struct plan_selection *selection, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct targets targets = {.directories = mem_alloc(graph->workspace->count),
                              .diag = diag,
                              .lenient = selection->asked.unknown_targets_warn};
    int result = check_actions(plan, selection, diag);
    memset(plan->wanted, 0, graph->task_count);
    for (size_t i = 0; i < selection->asked.target_count; i++) {
        if (name_target(plan, selection, selection->asked.targets[i], &targets) != 0) {
            result = -1;
        }
    }
    end_action(plan, &targets);
    for (uint32_t n = 0; n < graph->task_count && result == 0; n++) {
        const struct graph_task *task = &graph->tasks[n];
        if (task->action == GRAPH_NONE ||
            !plan_selects_action(selection, graph_action(graph, (struct task_id){n})->name)) {
            continue;
        }
        if (selection->asked.target_count == 0 ||
            is_named(plan, (struct task_id){n}, selection, &targets)) {
            plan->wanted[n] = WANTED_SELECTED;
        }
    }
    for (size_t i = 0; i < targets.tasks.count && result == 0; i++) {
        uint32_t n = targets.tasks.at[i].at;
        if (plan_selects_action(selection, graph_action(graph, (struct task_id){n})->name)) {
            plan->wanted[n] = WANTED_SELECTED;
        }
    }
    if (selection->asked.failed && plan->state != NULL) {
        keep_failed(plan);
    }
    for (uint32_t n = 0; n < graph->task_count && selection->among != NULL; n++) {
        plan->wanted[n] = selection->among[n] != 0 ? plan->wanted[n] : 0;
    }
    if (!selection->asked.only && !selection->within && result == 0) {
        pull_in_upstream(plan);
    }
    for (uint32_t n = 0; n < graph->task_count && selection->within; n++) {
        plan->wanted[n] |= graph_is_present(graph, (struct task_id){n}) ? WANTED_UPSTREAM : 0;
    }
    free(plan->members);
    plan->members = NULL;
    if (selection->asked.by_member && selection->asked.target_count > 0 &&
        targets.tasks.count == 0) {
        plan->members = targets.directories;
        targets.directories = NULL;
    }
    vec_release(&targets.tasks);
    free(targets.directories);
    return result;
}

size_t plan_select_keys(struct plan *plan, const struct slice *keys, size_t count)
{
    size_t unknown = 0;
    memset(plan->wanted, 0, plan->graph->task_count);
    for (size_t i = 0; i < count; i++) {
        struct task_id task = graph_find_task(plan->graph, keys[i]);
        if (task.at != GRAPH_NONE) {
            plan->wanted[task.at] = WANTED_SELECTED;
        } else {
            unknown++;
        }
    }
    return unknown;
}
