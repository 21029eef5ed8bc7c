#include "deleted.h"

#include "exam.h"
#include "file.h"
#include "named.h"
#include "names.h"
#include "recorded.h"
#include "text.h"

#include <stdlib.h>

static bool has_temporaries(const struct plan *plan)
{
    return plan->graph->temporary_of != NULL;
}

static const struct temporary_reader *readers_of(const struct plan *plan,
                                                 const struct temporary_product *temporary)
{
    return vec_from(&plan->graph->readers, temporary->first);
}

/* ---- What is deleted ---- */

bool plan_is_deleted(const struct plan *plan, struct file_id file)
{
    return has_temporaries(plan) && plan->files[file.at] == FILE_CURRENT &&
           (state_file(plan->state, file.at)->flags & FILE_ROW_DELETED) != 0;
}

static bool is_marked(const struct plan *plan, struct file_id file)
{
    return (state_file(plan->state, file.at)->flags & FILE_ROW_DELETED) != 0;
}

static void mark(struct plan *plan, struct file_id file, bool is_deleted)
{
    struct file_row row = *state_file(plan->state, file.at);
    row.flags = is_deleted ? row.flags | FILE_ROW_DELETED | FILE_ROW_KNOWN
                           : row.flags & ~(uint32_t)FILE_ROW_DELETED;
    state_put_file(plan->state, file.at, &row);
}

/* Whether the file is a temporary product, or belongs to one, that is marked. */
static bool belongs_to_deleted(const struct plan *plan, struct file_id file)
{
    if (graph_temporary(plan->graph, file) != NULL) {
        return is_marked(plan, file);
    }
    struct origin maker = graph_maker(plan->graph, file);
    return maker.task.at != GRAPH_NONE && graph_temporary(plan->graph, maker.product) != NULL &&
           is_marked(plan, maker.product);
}

void deleted_count(struct plan *plan, struct file_id file)
{
    if (!has_temporaries(plan) || plan->options.recorded) {
        return;
    }
    bool was_marked = is_marked(plan, file);
    bool is_deleted = plan->files[file.at] == FILE_GONE && belongs_to_deleted(plan, file);
    if (is_deleted) {
        plan->files[file.at] = FILE_CURRENT;
    }
    if (is_deleted != was_marked && plan->files[file.at] != FILE_TROUBLE) {
        mark(plan, file, is_deleted);
    }
}

/* Temporary products first: what belongs to them follows. */
void deleted_count_all(struct plan *plan, const uint32_t *files, size_t count)
{
    for (int round = 0; round < 2 && has_temporaries(plan); round++) {
        for (size_t i = 0; i < count; i++) {
            struct file_id file = {files[i]};
            if ((graph_temporary(plan->graph, file) != NULL) == (round == 0)) {
                deleted_count(plan, file);
            }
        }
    }
}

void plan_put_deleted(struct plan *plan, struct file_id file)
{
    mark(plan, file, true);
}

/* ---- On record ---- */

static bool is_read_temporary(const struct graph *graph, struct file_id file)
{
    size_t origins = graph_origin_count(graph, file);
    for (size_t i = 0; i < origins; i++) {
        if (graph_temporary(graph, graph_origin(graph, file, i).product) != NULL) {
            return true;
        }
    }
    return false;
}

static void push_mark(struct plan *plan, struct task_id task, struct file_id file,
                      struct component_list *list)
{
    struct component component = {.kind = COMPONENT_TEMPORARY, .digest = DIGEST_UNKNOWN};
    component.name = plan_component_name(plan, task, file, &component.in_directory);
    vec_push(list, component);
}

void deleted_push_marks(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    if (!has_temporaries(plan)) {
        return;
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        if (is_read_temporary(graph, graph->dependencies.at[d].file)) {
            push_mark(plan, task, graph->dependencies.at[d].file, list);
        }
    }
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        if (graph_temporary(graph, graph->products.at[p]) != NULL) {
            push_mark(plan, task, graph->products.at[p], list);
        }
    }
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
        return is_marked(plan, file) ? TEMPORARY_DELETED : TEMPORARY_GONE;
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
    mark(plan, file, true);
    plan->files[file.at] = FILE_CURRENT;
    look_at_readers(plan, temporary, diag);
    bool is_used_up = recorded_state(plan, temporary, false, NULL, diag) == TEMPORARY_READY;
    if (!is_used_up) {
        mark(plan, file, false);
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

/* ---- Results without records ---- */

static void note_oldest(const struct file_stat *found, int64_t *oldest_ns)
{
    *oldest_ns = found->mtime_ns < *oldest_ns ? found->mtime_ns : *oldest_ns;
}

/* Whether all that the task makes exists, or has left traces. */
static bool has_results(struct plan *plan, struct task_id task, int64_t *oldest_ns)
{
    const struct graph *graph = plan->graph;
    uint32_t first = graph->product_start[task.at];
    uint32_t end = graph->product_start[task.at + 1];
    for (uint32_t p = first; p < end; p++) {
        struct file_id file = graph->products.at[p];
        struct file_stat found;
        if (file_stat(plan->project, plan_path(plan, file), &found) != 0) {
            return false;
        }
        if (found.kind != FILE_MISSING) {
            note_oldest(&found, oldest_ns);
        } else if (!deleted_has_traces(plan, file, oldest_ns)) {
            return false;
        }
    }
    return end > first;
}

bool deleted_has_traces(struct plan *plan, struct file_id file, int64_t *oldest_ns)
{
    const struct temporary_product *temporary = graph_temporary(plan->graph, file);
    if (temporary == NULL || temporary->count == 0) {
        return false;
    }
    const struct temporary_reader *readers = readers_of(plan, temporary);
    for (uint32_t i = 0; i < temporary->count; i++) {
        if (readers[i].kind == ORIGIN_INSIDE || !has_results(plan, readers[i].task, oldest_ns)) {
            return false;
        }
    }
    return true;
}

void deleted_adopt(struct plan *plan, struct file_id file)
{
    const struct temporary_product *temporary = graph_temporary(plan->graph, file);
    const struct temporary_reader *readers = readers_of(plan, temporary);
    struct file_row row = {.flags = FILE_ROW_KNOWN | FILE_ROW_DELETED, .digest = DIGEST_UNKNOWN};
    state_put_file(plan->state, file.at, &row);
    plan->files[file.at] = FILE_CURRENT;
    for (uint32_t i = 0; i < temporary->count; i++) {
        struct file_id read = readers[i].file;
        if (plan->files[read.at] == FILE_GONE) {
            state_put_file(plan->state, read.at, &row);
            plan->files[read.at] = FILE_CURRENT;
        }
    }
}

/* ---- What is needed again ---- */

void deleted_begin(struct plan *plan)
{
    free(plan->needed);
    free(plan->may_be_needed);
    plan->needed = NULL;
    plan->may_be_needed = NULL;
}

/* Tells each file of the task that was deleted, with the one that makes it, as long as `each` says
 * so. */
typedef bool deleted_fn(void *context, struct file_id file, struct origin maker);

static void each_deleted(const struct plan *plan, struct task_id task, deleted_fn *each,
                         void *context)
{
    const struct graph *graph = plan->graph;
    if (!has_temporaries(plan)) {
        return;
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        struct file_id file = graph->dependencies.at[d].file;
        if (plan_is_deleted(plan, file) && !each(context, file, graph_maker(graph, file))) {
            return;
        }
    }
}

struct makers {
    const struct plan *plan;
    struct task_list *list;
};

static bool add_maker(void *context, struct file_id file, struct origin maker)
{
    struct makers *makers = context;
    (void)file;
    for (size_t i = 0; i < makers->list->count; i++) {
        if (makers->list->at[i].at == maker.task.at) {
            return true;
        }
    }
    if (makers->plan->wanted[maker.task.at] != 0) {
        vec_push(makers->list, maker.task);
    }
    return true;
}

void plan_add_deleted_makers(const struct plan *plan, struct task_id task, struct task_list *makers)
{
    struct makers context = {plan, makers};
    each_deleted(plan, task, add_maker, &context);
}

static void note_need(const struct plan *plan, uint32_t **needed, struct task_id maker,
                      struct task_id reader)
{
    if (*needed == NULL) {
        *needed = mem_alloc(plan->graph->task_count * sizeof **needed);
    }
    (*needed)[maker.at] = reader.at + 1;
}

void plan_need(struct plan *plan, struct task_id maker, struct task_id reader, struct diag *diag)
{
    note_need(plan, &plan->needed, maker, reader);
    plan->resolved[maker.at] = false;
    (void)plan_decide(plan, maker, diag);
}

/* A maker that is going to run, or may, is asked by what comes before it; if it doesn't run, the reader
 * asks for it when it is decided. */
static bool is_idle(const struct plan *plan, struct task_id maker)
{
    uint8_t verdict = plan->verdicts[maker.at];
    return verdict == VERDICT_FRESH || verdict == VERDICT_MAYBE || verdict == VERDICT_RESTORE;
}

bool deleted_find_needed(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct task_list makers = {0};
    bool found = false;
    if (!has_temporaries(plan)) {
        return false;
    }
    for (size_t i = graph->order_count; i-- > 0;) {
        struct task_id task = {graph->order[i]};
        uint8_t verdict = plan->verdicts[task.at];
        if (plan->wanted[task.at] == 0 || (verdict != VERDICT_STALE && verdict != VERDICT_MAYBE)) {
            continue;
        }
        makers.count = 0;
        plan_add_deleted_makers(plan, task, &makers);
        for (size_t k = 0; k < makers.count; k++) {
            struct task_id maker = makers.at[k];
            if (verdict == VERDICT_STALE && is_idle(plan, maker)) {
                plan_need(plan, maker, task, diag);
                found = true;
            } else if (verdict == VERDICT_MAYBE && plan->verdicts[maker.at] == VERDICT_FRESH) {
                note_need(plan, &plan->may_be_needed, maker, task);
                plan->verdicts[maker.at] = VERDICT_MAYBE;
                found = true;
            }
        }
    }
    vec_release(&makers);
    return found;
}

struct needed {
    struct exam *exam;
    struct task_id maker;
    struct task_id reader;
};

static bool tell_product(void *context, struct file_id file, struct origin maker)
{
    struct needed *needed = context;
    struct reason reason = {.kind = REASON_NEEDED_AGAIN, .task = needed->reader};
    (void)file;
    if (maker.task.at == needed->maker.at) {
        reason.name = plan_component_name(needed->exam->plan, needed->maker, maker.product,
                                          &reason.in_directory);
        exam_tell(needed->exam, reason);
    }
    return true;
}

bool deleted_tell_needed(struct exam *exam, bool may_be)
{
    const struct plan *plan = exam->plan;
    const uint32_t *readers = may_be ? plan->may_be_needed : plan->needed;
    size_t told = exam->told;
    if (readers == NULL || readers[exam->task.at] == 0 || plan->resolved[exam->task.at]) {
        return false;
    }
    struct needed needed = {exam, exam->task, {readers[exam->task.at] - 1}};
    each_deleted(plan, needed.reader, tell_product, &needed);
    return exam->told > told;
}

void deleted_forget_maybe(struct plan *plan, struct task_id task)
{
    if (plan->may_be_needed != NULL) {
        plan->may_be_needed[task.at] = 0;
    }
}

static bool find_without_maker(void *context, struct file_id file, struct origin maker)
{
    struct makers *makers = context;
    if (makers->plan->wanted[maker.task.at] == 0) {
        vec_push(makers->list, (struct task_id){file.at});
        return false;
    }
    return true;
}

struct file_id deleted_without_maker(const struct plan *plan, struct task_id task)
{
    struct task_list found = {0};
    struct makers context = {plan, &found};
    each_deleted(plan, task, find_without_maker, &context);
    struct file_id file = {found.count > 0 ? found.at[0].at : GRAPH_NONE};
    vec_release(&found);
    return file;
}
