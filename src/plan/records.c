#include "records.h"

#include "backup.h"
#include "deleted.h"
#include "file.h"
#include "former_products.h"
#include "names.h"
#include "own_names.h"
#include "stamps.h"

#include <stdlib.h>

static bool is_link(const struct component *component)
{
    return component->kind == COMPONENT_LINK || component->kind == COMPONENT_TARGET;
}

/* What successes don't say anew: it stays on record until it is replaced. */
static bool is_carried(const struct component *component)
{
    return is_link(component) || component->kind == COMPONENT_STAYS ||
           component->kind == COMPONENT_OLD;
}

/* Puts a row whose `good` is `list`. */
static void put_row(struct plan *plan, struct task_id task, const struct component_list *list,
                    struct task_row *row)
{
    struct digest *digests = mem_grow(NULL, list->count, sizeof *digests);
    for (size_t i = 0; i < list->count; i++) {
        digests[i] = list->at[i].digest;
    }
    row->good = (struct components){.shape = state_shape(plan->state, list->at, list->count),
                                    .digests = digests,
                                    .count = list->count};
    state_put_task(plan->state, task.at, row);
    free(digests);
}

void plan_put_terms(struct plan *plan, struct task_id task, const struct component_list *list,
                    struct task_row *row)
{
    row->fingerprint = plan_fingerprint(list);
    put_row(plan, task, list, row);
}

/* `is_same`: the success is the one on record, and so is what was temporary then. */
static void put_known(struct plan *plan, struct task_id task, const struct component_list *list,
                      struct task_row *row, bool is_same)
{
    const struct components *before = &state_task(plan->state, task.at)->good;
    struct component_list all = {0};
    row->is_known = true;
    row->is_forgotten = false;
    if (row->attempt != ATTEMPT_CHANGED) {
        row->attempt = ATTEMPT_NONE;
        row->attempt_status = 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        vec_push(&all, list->at[i]);
    }
    for (size_t i = 0; i < before->count; i++) {
        struct component component = components_at(before, i);
        if (is_carried(&component) || (is_same && component.kind == COMPONENT_TEMPORARY)) {
            vec_push(&all, component);
        }
    }
    if (!is_same) {
        deleted_push_marks(plan, task, &all);
    }
    plan_push_own_names(plan, task, &all);
    plan_push_former(plan, task, list, &all);
    plan_put_terms(plan, task, &all, row);
    vec_release(&all);
}

void plan_put_known(struct plan *plan, struct task_id task, const struct component_list *list,
                    struct task_row *row)
{
    put_known(plan, task, list, row, true);
}

void plan_put_list(struct plan *plan, struct task_id task, const struct component_list *list,
                   struct task_row *row)
{
    put_row(plan, task, list, row);
}

void plan_add_old(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    /* Nobody saw which of the files in an adopted folder the command has made. */
    bool is_adopted = state_task(plan->state, task.at)->success == SUCCESS_ADOPTED;
    struct buf place = BUF_EMPTY;
    struct buf sibling = BUF_EMPTY;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct file_stat found;
        buf_clear(&place);
        buf_clear(&sibling);
        plan_add_place(plan, task, file, &place);
        backup_good_path(buf_string(&place), &sibling);
        if (file_lstat(plan->project, buf_string(&sibling), &found) != 0 ||
            found.kind != FILE_DIRECTORY) {
            continue;
        }
        struct component old = {.kind = COMPONENT_OLD, .digest = DIGEST_UNKNOWN};
        if (!is_adopted) {
            old.digest = plan_recorded_digest(plan, task, COMPONENT_PRODUCT, file);
        }
        old.name = plan_component_name(plan, task, file, &old.in_directory);
        vec_push(list, old);
    }
    buf_release(&place);
    buf_release(&sibling);
}

void plan_end_old(struct plan *plan, struct task_id task)
{
    struct task_row row = *state_task(plan->state, task.at);
    struct component_list all = {0};
    for (size_t i = 0; i < row.good.count; i++) {
        struct component component = components_at(&row.good, i);
        if (component.kind != COMPONENT_OLD) {
            vec_push(&all, component);
        }
    }
    row.has_old_backup = false;
    if (all.count < row.good.count) {
        plan_put_list(plan, task, &all, &row);
    } else {
        state_put_task(plan->state, task.at, &row);
    }
    vec_release(&all);
}

void plan_put_success(struct plan *plan, struct task_id task, const struct component_list *list,
                      struct task_row *row)
{
    struct component_list stamped = {0};
    bool has_run = row->success == SUCCESS_RAN && !digest_is_unknown(plan->ran_origin);
    row->origin = has_run ? plan->ran_origin : plan_origin(plan);
    if (row->success != SUCCESS_RAN) {
        row->started_at_ns = 0;
        plan_put_known(plan, task, list, row);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->at[i].kind != COMPONENT_STAMP) {
            vec_push(&stamped, list->at[i]);
        }
    }
    plan_freeze_stamps(plan, task, &stamped);
    put_known(plan, task, &stamped, row, false);
    vec_release(&stamped);
}

/* Which recorded component gets another digest: a file, or (name.at == NULL) the fingerprint of a
 * task. */
struct replacement {
    struct slice name;
    bool in_directory;
    struct digest before;
    struct digest after;
};

static bool is_replaced(const struct component *component, const struct replacement *replacement)
{
    bool named =
        replacement->name.at == NULL
            ? component->kind == COMPONENT_TASK
            : (component->kind == COMPONENT_FILE || component->kind == COMPONENT_PRODUCT) &&
                  component->in_directory == replacement->in_directory &&
                  slice_equal(component->name, replacement->name);
    bool was_stamp = component->kind == COMPONENT_FILE && plan_is_stamp(component->digest) &&
                     plan_is_empty_content(replacement->before);
    return named && (was_stamp || digest_equal(component->digest, replacement->before));
}

/* What was tried since the success stays on record. */
static void replace_in_task(struct plan *plan, struct task_id task,
                            const struct replacement *replacement)
{
    const struct task_row *recorded = state_task(plan->state, task.at);
    struct component_list list = {0};
    bool replaced = false;
    for (size_t i = 0; i < recorded->good.count; i++) {
        struct component component = components_at(&recorded->good, i);
        if (is_replaced(&component, replacement)) {
            component.digest = replacement->after;
            replaced = true;
        }
        vec_push(&list, component);
    }
    if (replaced) {
        struct task_row row = *recorded;
        struct digest before = row.fingerprint;
        plan_put_terms(plan, task, &list, &row);
        plan_follow_fingerprint(plan, task, before);
    }
    vec_release(&list);
}

/* A task without products counts by its fingerprint for the tasks behind it. When its record is
 * written in other terms though nothing changed, their records follow. */
void plan_follow_fingerprint(struct plan *plan, struct task_id task, struct digest before)
{
    const struct graph *graph = plan->graph;
    struct replacement replacement = {.before = before,
                                      .after = state_task(plan->state, task.at)->fingerprint};
    if (graph->product_start[task.at] < graph->product_start[task.at + 1] ||
        digest_is_unknown(before) || digest_equal(before, replacement.after)) {
        return;
    }
    for (uint32_t a = graph->after_start[task.at]; a < graph->after_start[task.at + 1]; a++) {
        replace_in_task(plan, graph->after[a], &replacement);
    }
}

static void put_own_names(struct plan *plan, struct task_id maker, struct file_id file)
{
    struct task_row row = *state_task(plan->state, maker.at);
    struct component_list list = {0};
    for (size_t i = 0; i < row.good.count; i++) {
        vec_push(&list, components_at(&row.good, i));
    }
    if (plan_renew_own_names(plan, maker, file, &list)) {
        plan_put_list(plan, maker, &list, &row);
    }
    vec_release(&list);
}

void plan_replace_digest(struct plan *plan, struct task_id maker, struct file_id file,
                         struct digest before, struct digest after)
{
    const struct graph *graph = plan->graph;
    struct replacement replacement = {.before = before, .after = after};
    replacement.name = plan_component_name(plan, maker, file, &replacement.in_directory);
    replace_in_task(plan, maker, &replacement);
    put_own_names(plan, maker, file);
    for (uint32_t a = graph->after_start[maker.at]; a < graph->after_start[maker.at + 1]; a++) {
        struct task_id after_maker = graph->after[a];
        replacement.name = plan_component_name(plan, after_maker, file, &replacement.in_directory);
        replace_in_task(plan, after_maker, &replacement);
    }
}
