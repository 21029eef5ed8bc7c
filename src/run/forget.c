#include "forget.h"

#include "backups.h"
#include "file.h"
#include "run.h"
#include "text.h"

#include <stdlib.h>

/* Whether something is there that an attempt left which failed or was killed. Marked so that it can
 * be told from what somebody puts in its place. */
static bool has_left(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan_graph(plan);
    const struct task_row *row = state_task(plan_state(plan), task.at);
    bool is_left = false;
    if (row->attempt != ATTEMPT_FAILED && row->attempt != ATTEMPT_STARTED &&
        row->attempt != ATTEMPT_INTERRUPTED) {
        return false;
    }
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_stat found;
        struct file_id file = graph->products.at[p];
        const char *path = plan_path(plan, file);
        bool is_there =
            file_lstat(plan_project(plan), path, &found) == 0 && found.kind != FILE_MISSING;
        bool is_good = observe_stat(plan_observer(plan), path,
                                    state_file(plan_state(plan), file.at), NULL) == FILE_CURRENT &&
                       backups_are_spare(plan, task, file);
        is_left = is_left || (is_there && !is_good);
    }
    return is_left;
}

/* By task, to be freed. */
static bool *find_left(struct plan *plan)
{
    bool *left = mem_alloc((plan_graph(plan)->task_count + 1) * sizeof *left);
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        struct task_id task = {n};
        left[n] = graph_is_present(plan_graph(plan), task) && has_left(plan, task);
    }
    return left;
}

/* Good backups are put back where nothing stands in their place: forgetting must not lose them.
 * Those of a failed attempt's task stay beside what it left. */
static void put_back(struct plan *plan, const bool *left)
{
    const struct graph *graph = plan_graph(plan);
    struct diag unseen;
    struct arena arena;
    arena_init(&arena);
    diag_init(&unseen);
    for (size_t p = 0; p < graph->products.count; p++) {
        struct file_id file = graph->products.at[p];
        uint32_t maker = graph->producers[file.at];
        if (!state_task(plan_state(plan), maker)->is_backed_up || left[maker]) {
            continue;
        }
        struct file_stat found;
        char *path = arena_string(&arena, slice_of(plan_path(plan, file)));
        if (file_lstat(plan_project(plan), path, &found) == 0 && found.kind == FILE_MISSING) {
            struct backup_item item = {path, BACKUP_KEPT, false};
            (void)backup_restore(&graph->folders, &item, 1, &unseen);
        }
    }
    diag_release(&unseen);
    arena_release(&arena);
}

static struct run_forgotten forget_tasks(struct plan *plan, const bool *left, bool dry_run)
{
    struct run_forgotten forgotten = {0};
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        struct task_id task = {n};
        const struct task_row *row = state_task(plan_state(plan), n);
        if (!graph_is_present(plan_graph(plan), task) || !row->is_known) {
            continue;
        }
        forgotten.failed += left[n];
        forgotten.tasks += !left[n];
        if (!dry_run && left[n]) {
            struct task_row failed = {.is_known = true,
                                      .is_forgotten = true,
                                      .attempt = row->attempt,
                                      .attempt_status = row->attempt_status,
                                      .attempt_fingerprint = row->attempt_fingerprint};
            plan_mark_left(plan, task, true);
            state_put_task(plan_state(plan), n, &failed);
        } else if (!dry_run) {
            state_forget_task(plan_state(plan), n);
        }
    }
    return forgotten;
}

struct run_forgotten run_forget_all(struct plan *plan, bool dry_run, struct diag *diag)
{
    bool *left = find_left(plan);
    if (!dry_run) {
        run_discard_all_backups(plan, diag);
        put_back(plan, left);
    }
    struct run_forgotten forgotten = forget_tasks(plan, left, dry_run);
    free(left);
    return forgotten;
}

static void tell_tasks(const struct run_forgotten *forgotten, const char *would, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "%s the records of ", would);
    text_add_count(&text, forgotten->tasks);
    buf_add_string(&text, forgotten->tasks == 1 ? " task" : " tasks");
    buf_add_string(&text, ": the next run adopts existing products as they are");
    diag_note(diag, FINDING_FORGOTTEN, "%s", buf_string(&text));
    buf_release(&text);
}

void run_tell_forgotten(bool dry_run, const struct run_forgotten *forgotten, size_t vanished,
                        struct diag *diag)
{
    const char *would = dry_run ? "would forget" : "forgot";
    if (forgotten != NULL) {
        tell_tasks(forgotten, would, diag);
    }
    if (vanished > 0) {
        diag_note(diag, FINDING_FORGOTTEN, "%s %zu vanished %s", would, vanished,
                  vanished == 1 ? "directory" : "directories");
    }
    if (forgotten != NULL && forgotten->failed > 0) {
        diag_note(
            diag, FINDING_FORGOTTEN,
            "%zu %s last attempt failed or was killed %s known as such while the products that "
            "it left exist",
            forgotten->failed, forgotten->failed == 1 ? "task whose" : "tasks whose",
            forgotten->failed == 1 ? "stays" : "stay");
    }
}
