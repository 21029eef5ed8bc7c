#include "workspace_moved.h"

#include "names.h"
#include "records.h"

#include "file.h"
#include "memory.h"

#include <stdlib.h>

struct moving {
    struct plan *plan;
    struct intern prefixes; /* that were asked for */
    VEC(bool) is_gone;      /* by number: nothing is there */
};

static bool is_gone(struct moving *moving, struct slice prefix)
{
    uint32_t known = moving->prefixes.count;
    uint32_t number = intern_add(&moving->prefixes, prefix);
    if (number == known) {
        struct file_stat found;
        const char *path = intern_name(&moving->prefixes, number).at;
        vec_push(&moving->is_gone, file_lstat(moving->plan->project, path, &found) == 0 &&
                                       found.kind == FILE_MISSING);
    }
    return moving->is_gone.at[number];
}

static int compare_formers(const void *a, const void *b)
{
    return slice_compare(((const struct point_former *)a)->former,
                         ((const struct point_former *)b)->former);
}

/* The name that a directory of the workspace has now; at == NULL: it wasn't renamed. */
static struct slice renamed(const struct workspace *workspace, struct slice name)
{
    const struct points_view *view = &workspace->points.view;
    struct point_former key = {.former = name};
    const struct point_former *found =
        view->former_count > 0
            ? bsearch(&key, view->formers, view->former_count, sizeof key, compare_formers)
            : NULL;
    bool is_moved = found != NULL && workspace_find(workspace, found->name, NULL) >= 0 &&
                    workspace_find(workspace, name, NULL) < 0;
    return is_moved ? found->name : (struct slice){0};
}

static bool is_path(const struct component *component)
{
    return component->kind == COMPONENT_FILE || component->kind == COMPONENT_PRODUCT ||
           component->kind == COMPONENT_STAMP || component->kind == COMPONENT_STAYS ||
           component->kind == COMPONENT_ENTRIES || component->kind == COMPONENT_NAMED ||
           component->kind == COMPONENT_FORMER;
}

/* The name of a component, if it names a directory that was renamed, as it is now; at == NULL: it
 * names none. */
static struct slice after_renaming(struct moving *moving, const struct component *component)
{
    const struct workspace *workspace = moving->plan->graph->workspace;
    struct slice name = component->name;
    if (workspace->points.view.former_count == 0 || component->in_directory) {
        return (struct slice){0};
    }
    if (component->kind == COMPONENT_MEMBER || component->kind == COMPONENT_VALUE ||
        component->kind == COMPONENT_WHOLE) {
        return renamed(workspace, name);
    }
    bool is_project = slice_is(workspace->path, ".");
    struct slice below = is_project ? name : path_below(name, workspace->path);
    for (size_t i = 1; is_path(component) && below.at != NULL && i < below.len; i++) {
        struct slice now = {0};
        if (below.at[i] == '/') {
            now = renamed(workspace, slice_make(below.at, i));
        }
        if (now.at != NULL) {
            struct buf path = BUF_EMPTY;
            buf_add(&path, name.at, (size_t)(below.at - name.at));
            buf_add_slice(&path, now);
            buf_add(&path, below.at + i, below.len - i);
            struct slice kept = arena_slice(&moving->plan->arena, buf_slice(&path));
            buf_release(&path);
            return kept;
        }
    }
    return (struct slice){0};
}

/* Whether a path begins with the name of a member. */
static bool begins_with_member(const struct workspace *workspace, struct slice path)
{
    bool found = false;
    for (size_t end = 1; end <= path.len && !found; end++) {
        found = (end == path.len || path.at[end] == '/') &&
                workspace_find(workspace, slice_make(path.at, end), NULL) >= 0;
    }
    return found;
}

/* What follows the former path of the workspace in a recorded name; at == NULL: it has none. */
static struct slice below_former(struct moving *moving, const struct component *component)
{
    const struct workspace *workspace = moving->plan->graph->workspace;
    struct slice name = component->name;
    if (component->in_directory ||
        (component->kind != COMPONENT_FILE && component->kind != COMPONENT_PRODUCT &&
         component->kind != COMPONENT_STAMP && component->kind != COMPONENT_STAYS &&
         component->kind != COMPONENT_ENTRIES && component->kind != COMPONENT_FORMER) ||
        path_below(name, workspace->path).at != NULL) {
        return (struct slice){0};
    }
    for (size_t i = 1; i + 1 < name.len; i++) {
        struct slice rest = slice_make(name.at + i + 1, name.len - i - 1);
        if (name.at[i] == '/' && begins_with_member(workspace, rest) &&
            is_gone(moving, slice_make(name.at, i))) {
            return rest;
        }
    }
    return (struct slice){0};
}

static void follow(struct moving *moving, struct task_id task)
{
    struct plan *plan = moving->plan;
    const struct task_row *recorded = state_task(plan->state, task.at);
    struct component_list list = {0};
    struct buf path = BUF_EMPTY;
    bool moved = false;
    for (size_t i = 0; i < recorded->good.count; i++) {
        struct component component = components_at(&recorded->good, i);
        struct slice now = after_renaming(moving, &component);
        struct slice rest = now.at != NULL ? (struct slice){0} : below_former(moving, &component);
        if (now.at != NULL) {
            moved = true;
            component.name = now;
        } else if (rest.at != NULL) {
            moved = true;
            buf_clear(&path);
            if (!slice_is(plan->graph->workspace->path, ".")) {
                buf_addf(&path, "%s/", plan->graph->workspace->path.at);
            }
            buf_add_slice(&path, rest);
            component.name = plan_name_below(plan, plan->graph->tasks[task.at].directory,
                                             arena_slice(&plan->arena, buf_slice(&path)),
                                             &component.in_directory);
        }
        vec_push(&list, component);
    }
    if (moved) {
        struct task_row row = *recorded;
        struct digest before = row.fingerprint;
        bool is_same_attempt = digest_equal(row.attempt_fingerprint, before);
        plan_put_terms(plan, task, &list, &row);
        if (is_same_attempt) {
            row = *state_task(plan->state, task.at);
            row.attempt_fingerprint = row.fingerprint;
            state_put_task(plan->state, task.at, &row);
        }
        plan_follow_fingerprint(plan, task, before);
    }
    vec_release(&list);
    buf_release(&path);
}

void plan_follow_workspace(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    struct moving moving = {.plan = plan};
    /* By element: the last shape without such names, which thousands share. */
    const struct shape **plain = mem_alloc(graph->rowfile->action_count * sizeof *plain + 1);
    intern_init(&moving.prefixes);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        const struct components *good = &state_task(plan->state, n)->good;
        bool has_any = false;
        if (!graph_is_present(graph, (struct task_id){n}) || good->count == 0) {
            continue;
        }
        const struct shape **last = &plain[graph->tasks[n].action];
        if (good->shape == *last) {
            continue;
        }
        for (size_t i = 0; i < good->count && !has_any; i++) {
            struct component component = components_at(good, i);
            has_any = after_renaming(&moving, &component).at != NULL ||
                      below_former(&moving, &component).at != NULL;
        }
        if (has_any) {
            follow(&moving, (struct task_id){n});
        } else {
            *last = good->shape;
        }
    }
    free(plain);
    intern_release(&moving.prefixes);
    vec_release(&moving.is_gone);
}

int plan_refuse_empty_workspace(const struct workspace *workspace, const struct state *state,
                                struct diag *diag)
{
    size_t known = state_known_directories(state);
    size_t there =
        workspace->points.view.points != NULL ? workspace->points.listed : workspace->count;
    return there > 0 || known == 0
               ? 0
               : diag_state_error(diag, FINDING_WORKSPACE_EMPTY,
                                  "the workspace `%s` is empty, but %zu directories are on record; "
                                  "is it mounted? `rowbuild clean --directory` forgets them",
                                  workspace->path.at, known);
}
