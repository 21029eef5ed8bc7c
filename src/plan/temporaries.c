/* Which temporary products may be deleted now, and why the others are kept. */
#include "deleted.h"

#include "file.h"
#include "named.h"
#include "names.h"
#include "text.h"

static const struct temporary_reader *readers_of(const struct plan *plan,
                                                 const struct temporary_product *temporary)
{
    return vec_from(&plan->graph->readers, temporary->first);
}

/* Whether the task ran by itself, and the file was temporary then. */
static bool ran_with_mark(struct plan *plan, struct task_id task, struct file_id file)
{
    const struct task_row *row = state_task(plan->state, task.at);
    return row->success == SUCCESS_RAN &&
           plan_recorded_place(plan, task, COMPONENT_TEMPORARY, file) < row->good.count;
}

/* ---- What may be deleted ---- */

/* Whether the depfile of a task that comes after the maker names the product. */
static bool is_named_by(struct plan *plan, struct task_id task, struct file_id file)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (component.kind == COMPONENT_NAMED &&
            named_product(plan, task, &component).at == file.at) {
            return true;
        }
    }
    return false;
}

/* What is only found in a depfile can't be waited for, as the file would be missing at the next run. */
static bool is_named(struct plan *plan, const struct temporary_product *temporary,
                     struct diag *diag)
{
    const struct graph *graph = plan->graph;
    uint32_t end = graph->after_start[temporary->maker.at + 1];
    for (uint32_t a = graph->after_start[temporary->maker.at]; a < end; a++) {
        struct task_id after = graph->after[a];
        if (graph_action(graph, after)->depfile != NULL &&
            (is_named_by(plan, after, temporary->file) ||
             plan_examine(plan, after, NULL, NULL, diag) != VERDICT_FRESH)) {
            return true;
        }
    }
    return false;
}

static bool is_up_to_date(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct task_row *row = state_task(plan->state, task.at);
    return row->success != SUCCESS_NONE && row->attempt == ATTEMPT_NONE && !row->is_forgotten &&
           plan_job(plan, task) == NULL &&
           plan_examine(plan, task, NULL, NULL, diag) == VERDICT_FRESH;
}

/* What the records say: the maker's, and those of all readers. */
static enum temporary_state recorded_state(struct plan *plan,
                                           const struct temporary_product *temporary,
                                           bool older_too, struct task_id *reader,
                                           struct diag *diag)
{
    const struct temporary_reader *readers = readers_of(plan, temporary);
    struct digest made =
        plan_recorded_digest(plan, temporary->maker, COMPONENT_PRODUCT, temporary->file);
    bool is_older = !ran_with_mark(plan, temporary->maker, temporary->file);
    if (temporary->count == 0) {
        return TEMPORARY_UNREAD;
    }
    if (state_task(plan->state, temporary->maker.at)->success != SUCCESS_RAN ||
        !digest_is_content(made)) {
        return TEMPORARY_OLDER;
    }
    for (uint32_t i = 0; i < temporary->count; i++) {
        struct task_id task = readers[i].task;
        struct digest read = plan_recorded_digest(plan, task, COMPONENT_FILE, readers[i].file);
        if (readers[i].kind == ORIGIN_INSIDE ||
            graph_origin_count(plan->graph, readers[i].file) > 1) {
            return TEMPORARY_HELD;
        }
        if (reader != NULL) {
            *reader = task;
        }
        if (!is_up_to_date(plan, task, diag)) {
            return TEMPORARY_AWAITED;
        }
        is_older |= !ran_with_mark(plan, task, readers[i].file);
        if (state_task(plan->state, task.at)->success != SUCCESS_RAN || !digest_is_content(read)) {
            return TEMPORARY_OLDER;
        }
        if (readers[i].file.at == temporary->file.at && !digest_equal(read, made) &&
            !observed_is_empty(state_file(plan->state, temporary->file.at))) {
            return TEMPORARY_AWAITED;
        }
    }
    if (is_named(plan, temporary, diag)) {
        return TEMPORARY_HELD;
    }
    return is_older && !older_too ? TEMPORARY_OLDER : TEMPORARY_READY;
}

/* Whether a product of the task is a link that leads to the file. Where links lead into a folder isn't
 * followed: any link counts. */
static bool has_link_to(struct plan *plan, struct task_id task, const struct file_stat *found)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        const char *path = plan_path(plan, graph->products.at[p]);
        struct file_stat own;
        struct file_stat end;
        bool is_link = file_lstat(plan->project, path, &own) == 0 && own.kind == FILE_OTHER &&
                       file_stat(plan->project, path, &end) == 0 && end.kind != FILE_MISSING;
        if (is_link && (found->kind == FILE_DIRECTORY ||
                        (end.inode == found->inode && end.device == found->device))) {
            return true;
        }
    }
    return false;
}

static bool is_occupied(struct plan *plan, const struct temporary_product *temporary,
                        const struct file_stat *found)
{
    const struct temporary_reader *readers = readers_of(plan, temporary);
    const struct slice *entries;
    bool is_occupied = plan_stays(plan, temporary->file, &entries) > 0 ||
                       has_link_to(plan, temporary->maker, found);
    for (uint32_t i = 0; i < temporary->count && !is_occupied; i++) {
        is_occupied = has_link_to(plan, readers[i].task, found);
    }
    return is_occupied;
}

enum temporary_state plan_temporary_state(struct plan *plan,
                                          const struct temporary_product *temporary, bool older_too,
                                          struct task_id *reader, struct diag *diag)
{
    struct file_id file = temporary->file;
    const struct task_row *maker = state_task(plan->state, temporary->maker.at);
    struct file_stat found;
    if (plan_is_deleted(plan, file)) {
        return TEMPORARY_DELETED;
    }
    if (file_lstat(plan->project, plan_path(plan, file), &found) != 0) {
        return TEMPORARY_CHANGED;
    }
    if (found.kind == FILE_MISSING) {
        return TEMPORARY_GONE;
    }
    enum temporary_state state = recorded_state(plan, temporary, older_too, reader, diag);
    if (state != TEMPORARY_READY) {
        return state;
    }
    if (found.kind == FILE_OTHER || maker->is_backed_up || maker->has_old_backup) {
        return TEMPORARY_OCCUPIED;
    }
    if (!is_up_to_date(plan, temporary->maker, diag) ||
        plan_refresh_whole(plan, file, diag) != FILE_CURRENT ||
        !observed_equal(plan_recorded_digest(plan, temporary->maker, COMPONENT_PRODUCT, file),
                        state_file(plan->state, file.at))) {
        return TEMPORARY_CHANGED;
    }
    return is_occupied(plan, temporary, &found) ? TEMPORARY_OCCUPIED : TEMPORARY_READY;
}

/* Parts of a folder follow it. */
static void look_at_readers(struct plan *plan, const struct temporary_product *temporary,
                            struct diag *diag)
{
    const struct temporary_reader *readers = readers_of(plan, temporary);
    for (uint32_t i = 0; i < temporary->count; i++) {
        if (readers[i].file.at != temporary->file.at) {
            plan_refresh(plan, readers[i].file, diag);
        }
    }
}

bool plan_is_used_up(struct plan *plan, const struct temporary_product *temporary,
                     struct diag *diag)
{
    struct file_id file = temporary->file;
    plan_put_deleted(plan, file);
    plan->files[file.at] = FILE_CURRENT;
    look_at_readers(plan, temporary, diag);
    bool is_used_up = recorded_state(plan, temporary, false, NULL, diag) == TEMPORARY_READY;
    if (!is_used_up) {
        deleted_put_missing(plan, file);
        plan->files[file.at] = FILE_GONE;
        look_at_readers(plan, temporary, diag);
    }
    return is_used_up;
}

void plan_describe_temporary(struct plan *plan, const struct temporary_product *temporary,
                             struct buf *out, struct diag *diag)
{
    struct task_id reader = {GRAPH_NONE};
    bool in_directory;
    enum temporary_state state = plan_temporary_state(plan, temporary, false, &reader, diag);
    struct slice name = plan_component_name(plan, temporary->maker, temporary->file, &in_directory);
    buf_add_string(out, in_directory ? "" : "//");
    text_add_name(out, name);
    buf_add_string(out, ": temporary, ");
    switch (state) {
    case TEMPORARY_DELETED:
        buf_add_string(out, "deleted after it was read");
        break;
    case TEMPORARY_READY:
        buf_add_string(out, "a run deletes it");
        break;
    case TEMPORARY_GONE:
        buf_add_string(out, "missing");
        break;
    case TEMPORARY_UNREAD:
        buf_add_string(out, "kept, since no action reads it");
        break;
    case TEMPORARY_HELD:
        buf_add_string(out, "kept, since it is read as a part of something else");
        break;
    case TEMPORARY_CHANGED:
        buf_add_string(out, "kept, since it isn't what was recorded");
        break;
    case TEMPORARY_OLDER:
        buf_add_string(out, "kept, since it was made or read before it was declared "
                            "temporary; `rowbuild clean --temporary` deletes what rowbuild made");
        break;
    case TEMPORARY_AWAITED:
        buf_add_string(out, "kept until ");
        graph_add_label(plan->graph, reader, out);
        buf_add_string(out, " is up to date");
        break;
    case TEMPORARY_OCCUPIED:
        buf_add_string(out, "kept, since it holds other files, or a link leads to it");
        break;
    }
}
