#include "backups.h"

#include "backup.h"
#include "file.h"
#include "run.h"

void moves_release(struct moves *moves)
{
    vec_release(&moves->good);
    vec_release(&moves->kept);
}

static bool sibling_exists(struct plan *plan, const char *path, struct buf *sibling)
{
    struct file_stat found;
    buf_clear(sibling);
    backup_good_path(path, sibling);
    return file_lstat(plan_project(plan), buf_string(sibling), &found) == 0 &&
           found.kind != FILE_MISSING;
}

static bool matches_record(struct plan *plan, struct task_id task, const struct task_row *row,
                           struct file_id file)
{
    bool in_directory;
    struct slice name = plan_component_name(plan, task, file, &in_directory);
    bool matches = false;
    for (size_t i = 0; i < row->good.count && row->success != SUCCESS_NONE && !matches; i++) {
        struct component component = components_at(&row->good, i);
        matches = component.kind == COMPONENT_PRODUCT && component.in_directory == in_directory &&
                  slice_equal(component.name, name) && !digest_is_unknown(component.digest) &&
                  observed_equal(component.digest, state_file(plan_state(plan), file.at));
    }
    return matches;
}

static void plan_product_move(struct plan *plan, struct task_id task, const struct task_row *row,
                              struct file_id file, bool keeps_strangers, struct moves *moves)
{
    struct buf sibling = BUF_EMPTY;
    if (plan_status(plan, file) == FILE_GONE) {
        return;
    }
    bool is_good = plan_status(plan, file) == FILE_CURRENT && matches_record(plan, task, row, file);
    char *path = arena_string(moves->arena, slice_of(plan_path(plan, file)));
    bool has_sibling = sibling_exists(plan, path, &sibling);
    if (is_good && (!has_sibling || !row->is_backed_up)) {
        if (has_sibling) { /* left by a run that was killed after its success */
            vec_push(&moves->kept, arena_string(moves->arena, buf_slice(&sibling)));
        }
        vec_push(&moves->good, path);
    } else if (!is_good && keeps_strangers) {
        vec_push(&moves->kept, path);
    }
    buf_release(&sibling);
}

static void plan_resumable_moves(struct plan *plan, struct task_id task, struct moves *moves)
{
    const struct graph *graph = plan_graph(plan);
    const struct action *action = graph_action(graph, task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < action->resumable_count; i++) {
        const struct path_spec *spec = &action->resumable_files[i];
        size_t places = spec->from_project ? 1 : count;
        for (size_t d = 0; d < places; d++) {
            struct file_stat found;
            buf_clear(&path);
            if (!spec->from_project) {
                buf_addf(&path, "%s/%s/", graph->workspace->path.at,
                         graph->workspace->names[directories[d]].at);
            }
            buf_add_slice(&path, spec->path);
            if (file_lstat(plan_project(plan), buf_string(&path), &found) == 0 &&
                found.kind != FILE_MISSING) {
                vec_push(&moves->kept, arena_string(moves->arena, buf_slice(&path)));
            }
        }
    }
    buf_release(&path);
}

void backups_plan(struct plan *plan, struct task_id task, const struct launched *launched,
                  struct moves *moves)
{
    const struct graph *graph = plan_graph(plan);
    const struct task_row *row = state_task(plan_state(plan), task.at);
    bool was_attempted = row->attempt != ATTEMPT_NONE && row->attempt != ATTEMPT_CHANGED;
    bool same_attempt =
        was_attempted && digest_equal(row->attempt_fingerprint, launched->fingerprint);
    bool has_past = row->success != SUCCESS_NONE || was_attempted;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        plan_product_move(plan, task, row, graph->products.at[p], has_past && !same_attempt, moves);
    }
    bool same_work = same_attempt || (row->success != SUCCESS_NONE &&
                                      digest_equal(row->fingerprint, launched->fingerprint));
    if (has_past && (!same_work || plan_reruns(plan))) {
        plan_resumable_moves(plan, task, moves);
    }
}

int backups_move(const struct plan *plan, const struct moves *moves, struct diag *diag)
{
    const struct folders *folders = &plan_graph(plan)->folders;
    int result = backup_move(folders, (const char *const *)moves->kept.at, moves->kept.count,
                             BACKUP_KEPT, diag);
    return result != 0 ? result
                       : backup_move(folders, (const char *const *)moves->good.at,
                                     moves->good.count, BACKUP_GOOD, diag);
}

/* ---- Afterwards ---- */

static void add_product_paths(struct plan *plan, struct task_id task, struct arena *arena,
                              const char ***paths, size_t *count)
{
    const struct graph *graph = plan_graph(plan);
    uint32_t first = graph->product_start[task.at];
    *count = graph->product_start[task.at + 1] - first;
    *paths = arena_array(arena, *count, sizeof **paths);
    for (size_t i = 0; i < *count; i++) {
        const char *path = plan_path(plan, graph->products.at[first + i]);
        (*paths)[i] = arena_string(arena, slice_of(path));
    }
}

int backups_restore(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct arena arena;
    const char **paths;
    size_t count;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    int result = backup_restore(&plan_graph(plan)->folders, paths, count, diag);
    if (result == 0) {
        const struct graph *graph = plan_graph(plan);
        struct task_row row = *state_task(plan_state(plan), task.at);
        for (size_t i = 0; i < count; i++) {
            plan_refresh(plan, graph->products.at[graph->product_start[task.at] + i], diag);
        }
        row.attempt = ATTEMPT_NONE;
        row.attempt_status = 0;
        row.is_backed_up = false;
        state_put_task(plan_state(plan), task.at, &row);
    }
    arena_release(&arena);
    return result;
}

void backups_discard(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct arena arena;
    const char **paths;
    size_t count;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    if (backup_discard_good(&plan_graph(plan)->folders, paths, count, diag)) {
        struct task_row row = *state_task(plan_state(plan), task.at);
        row.has_old_backup = false;
        state_put_task(plan_state(plan), task.at, &row);
    }
    arena_release(&arena);
}

void run_discard_all_backups(struct plan *plan, struct diag *diag)
{
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        const struct task_row *row = state_task(plan_state(plan), n);
        if (row->has_old_backup && !row->is_backed_up &&
            graph_is_present(plan_graph(plan), (struct task_id){n})) {
            backups_discard(plan, (struct task_id){n}, diag);
        }
    }
}
