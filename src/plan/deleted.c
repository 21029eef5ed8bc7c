#include "deleted.h"

#include "exam.h"
#include "file.h"
#include "names.h"

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

void deleted_put_missing(struct plan *plan, struct file_id file)
{
    mark(plan, file, false);
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
