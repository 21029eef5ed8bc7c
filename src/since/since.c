#include "since_inner.h"

#include "declaration.h"

#include "memory.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>

enum { DIGITS_SHOWN = 8 };

/* A state that exists in memory only is one whose folder doesn't exist. */
static const char NO_STATE[] = "/nonexistent/rowbuild";

/* Whether an input or the workspace of today lies beside the project, so that the whole repository has
 * to be compared. */
static bool leads_out(const struct rowfile *rowfile)
{
    bool leads = slice_starts_with(rowfile->workspace_path, "..") ||
                 slice_starts_with(rowfile->workspace_path, "/");
    for (size_t a = 0; a < rowfile->action_count && !leads; a++) {
        const struct action *action = &rowfile->actions[a];
        for (size_t i = 0; i < action->input_count && !leads; i++) {
            leads = slice_starts_with(action->inputs[i].path, "..") ||
                    slice_starts_with(action->inputs[i].path, "/");
        }
    }
    for (size_t s = 0; rowfile->declaration != NULL && s < rowfile->declaration->set_count; s++) {
        leads |= slice_starts_with(rowfile->declaration->sets[s].table, "..");
    }
    return leads;
}

/* Takes what was asked ahead, or asks now; then compares all that today's study needs. */
static int compare(struct since *since, struct diag *diag)
{
    const struct since_request *request = &since->request;
    const struct graph *graph = request->graph;
    bool all =
        leads_out(graph->rowfile) || graph->ways.count > 0 ||
        path_below(graph->workspace->place.workspace, graph->workspace->place.project).at == NULL;
    int result = request->ahead != NULL ? since_take_ahead(request->ahead, &since->git, diag)
                                        : since_open_repository(&since->git, request->project_path,
                                                                request->revision, diag);
    if (result != 0) {
        return -1;
    }
    git_id_add(&since->git.commit, DIGITS_SHOWN, &since->commit_text);
    struct slice below = all ? SLICE_LITERAL("") : repository_prefix(since->git.repository);
    return since_compare(&since->git, below, diag);
}

static void tell_unknown(const struct since *since, struct diag *diag)
{
    const struct slice *unknown;
    size_t count = git_comparison_unknown(since->git.comparison, &unknown);
    for (size_t i = 0; i < count; i++) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, unknown[i]);
        diag_note(diag, FINDING_NOT_COMPARED,
                  "the submodule `%s` isn't checked out, so only its commit is compared: `git "
                  "submodule update --init %s`",
                  buf_string(&shown), buf_string(&shown));
        buf_release(&shown);
    }
}

static void tell_untracked_workspace(const struct since *since, struct diag *diag)
{
    if (!since->now.workspace_is_tracked) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, since->now.graph->workspace->path);
        diag_note(
            diag, FINDING_NOT_COMPARED,
            "the workspace `%s` isn't in the git repository: its directories and values count "
            "as unchanged",
            buf_string(&shown));
        buf_release(&shown);
    }
}

/* The task as the commit had it; GRAPH_NONE: it didn't. */
static struct task_id find_then(const struct since *since, struct task_id task)
{
    struct task_id then = {GRAPH_NONE};
    struct buf key = BUF_EMPTY;
    if (since->then.graph != NULL) {
        graph_add_key(since->now.graph, task, &key);
        then = graph_find_task(since->then.graph, buf_slice(&key));
    }
    buf_release(&key);
    return then;
}

/* Whether a task that can't run today couldn't at the commit either. */
static bool was_blocked(const struct since *since, struct task_id task)
{
    struct task_id then = find_then(since, task);
    return then.at != GRAPH_NONE && plan_verdict(since->then.plan, then) == VERDICT_BLOCKED;
}

static bool has_name(const struct rowfile *rowfile, struct slice name)
{
    return rowfile_name_id(rowfile, name, NULL) >= 0;
}

/* What the words of reasons quote: the recipe and the values that the commit had. An action that is new
 * may be one that was renamed, with the records of one that is gone. */
static void keep_texts(struct since *since)
{
    const struct graph *now = since->now.graph;
    const struct graph *then = since->then.graph;
    bool is_renamed = false;
    for (uint32_t n = 0; n < now->task_count && then != NULL; n++) {
        struct task_id task = {n};
        struct task_id before = {GRAPH_NONE};
        if (since->affected[n] != 0) {
            before = find_then(since, task);
            is_renamed |= !has_name(then->rowfile, graph_action(now, task)->name);
        }
        if (before.at != GRAPH_NONE) {
            plan_keep_texts(since->then.plan, before);
        }
    }
    for (uint32_t n = 0; is_renamed && n < then->task_count; n++) {
        struct task_id task = {n};
        if (graph_is_present(then, task) &&
            !has_name(now->rowfile, graph_action(then, task)->name)) {
            plan_keep_texts(since->then.plan, task);
        }
    }
}

static void find_affected(struct since *since)
{
    const struct graph *graph = since->now.graph;
    since->affected = mem_alloc(graph->task_count);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        uint8_t verdict = plan_verdict(since->now.plan, task);
        since->affected[n] = graph_is_present(graph, task) &&
                             (verdict_is_work(verdict) ||
                              (verdict == VERDICT_BLOCKED && graph->blocked_by[n] == GRAPH_NONE &&
                               !was_blocked(since, task)));
    }
}

int since_find(const struct since_request *request, struct since **since, struct diag *diag)
{
    struct since *made = mem_alloc(sizeof *made);
    *made = (struct since){.request = *request, .workspace_then = {.fd = -1}};
    made->now.graph = request->graph;
    made->then.is_then = true;
    arena_init(&made->arena);
    intern_init(&made->products_then);
    *since = made;
    if (compare(made, diag) != 0) {
        return -1;
    }
    made->state = state_open(AT_FDCWD, NO_STATE, STATE_READ, false, NULL, diag);
    if (made->state == NULL) {
        return -1;
    }
    tell_unknown(made, diag);
    since_place_workspace(made, &made->now, request->graph->workspace);
    tell_untracked_workspace(made, diag);
    if (since_build_then(made, diag) != 0 || since_make_plan(made, &made->now, diag) != 0) {
        return -1;
    }
    since_tell_what_does_not_count(made, diag);
    find_affected(made);
    keep_texts(made);
    return 0;
}

static void release_study(struct since_study *study)
{
    plan_free(study->plan);
    if (study->observer != NULL) {
        observer_free(study->observer);
    }
}

void since_free(struct since *since)
{
    struct diag unseen;
    if (since == NULL) {
        return;
    }
    diag_init(&unseen);
    release_study(&since->now);
    release_study(&since->then);
    if (since->state != NULL) {
        (void)state_close(since->state, &unseen);
    }
    graph_free(since->then.graph);
    workspace_release(&since->workspace_then);
    rowfile_free(since->rowfile_then);
    since_release_points(&since->points_then);
    since_close_repository(&since->git);
    intern_release(&since->products_then);
    buf_release(&since->commit_text);
    arena_release(&since->arena);
    diag_release(&unseen);
    free(since->affected);
    free(since);
}

const uint8_t *since_affected(const struct since *since)
{
    return since->affected;
}

struct plan *since_plan(const struct since *since)
{
    return since->now.plan;
}

const char *since_commit(const struct since *since)
{
    return buf_string(&since->commit_text);
}
