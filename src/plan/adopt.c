#include "adopt.h"

#include "deleted.h"
#include "names.h"
#include "records.h"
#include "sight.h"
#include "texts.h"

#include "file.h"

#include <stdlib.h>

/* Nothing was recorded before this run. */
static bool is_first_look(const struct plan *plan)
{
    return state_was_empty(plan->state) && plan->earlier == NULL;
}

bool plan_looks_at(const struct plan *plan, struct task_id task)
{
    bool adopts_all = is_first_look(plan) && !plan->options.no_adopt;
    return plan->wanted[task.at] != 0 || (adopts_all && graph_is_present(plan->graph, task));
}

/* Products are there, or may be: seen by stat. `takes_traces`: also where temporary ones are missing
 * and what was made from them exists. */
static bool products_are_there(struct plan *plan, struct task_id task, bool takes_traces)
{
    const struct graph *graph = plan->graph;
    uint32_t first = graph->product_start[task.at];
    uint32_t end = graph->product_start[task.at + 1];
    for (uint32_t p = first; p < end; p++) {
        struct file_id file = graph->products.at[p];
        enum file_status status = (enum file_status)plan->files[file.at];
        int64_t oldest_ns = INT64_MAX;
        bool is_there = status == FILE_CURRENT || status == FILE_MOVED;
        if (takes_traces
                ? !is_there && !(status == FILE_GONE && deleted_has_traces(plan, file, &oldest_ns))
                : !is_there || plan_is_deleted(plan, file)) {
            return false;
        }
    }
    return end > first;
}

/* What is missing of the products counts as deleted from now on. */
static void take_traces(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        if (plan->files[graph->products.at[p].at] == FILE_GONE) {
            deleted_adopt(plan, graph->products.at[p]);
        }
    }
}

static bool stat_file(struct plan *plan, struct file_id file, struct file_stat *found)
{
    return file_stat(plan->project, plan_path(plan, file), found) == 0 &&
           found->kind != FILE_MISSING;
}

/* Whether something couldn't be read: then nobody knows what would be adopted. */
static bool has_unread(const struct plan *plan, struct task_id task,
                       const struct component_list *list)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        if (plan->files[graph->products.at[p].at] != FILE_CURRENT) {
            return true;
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        if (digest_is_unread(list->at[i].digest)) {
            return true;
        }
    }
    return false;
}

static int64_t oldest_product(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    int64_t oldest = INT64_MAX;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_stat found;
        if (!stat_file(plan, graph->products.at[p], &found)) {
            (void)deleted_has_traces(plan, graph->products.at[p], &oldest);
        } else if (found.mtime_ns < oldest) {
            oldest = found.mtime_ns;
        }
    }
    return oldest;
}

/* Whether no value or input is newer than the oldest product. */
static bool is_newer_than_inputs(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    int64_t oldest = oldest_product(plan, task);
    struct file_stat found;
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    for (size_t i = 0; graph->value_column != GRAPH_NONE && i < count; i++) {
        if (stat_file(plan, graph_value_file(graph, directories[i]), &found) &&
            found.mtime_ns > oldest) {
            return false;
        }
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        if (stat_file(plan, graph->dependencies.at[d].file, &found) && found.mtime_ns > oldest) {
            return false;
        }
    }
    return true;
}

/* Puts what the depfile of the task names into the components. False: it can't tell what the
 * products were made from. `newest_ns`: what is younger than that wasn't read. */
static bool take_depfile(struct plan *plan, struct task_id task, int64_t newest_ns,
                         struct component_list *list, struct diag *diag)
{
    struct named_list named = {0};
    if (graph_action(plan->graph, task)->depfile == NULL) {
        return true;
    }
    bool is_known = plan_read_depfiles(plan, task, false, &named) == 0;
    if (is_known) {
        plan_add_named(plan, task, &named, list, diag);
    }
    for (size_t i = 0; i < list->count && is_known; i++) {
        enum file_status status;
        int trouble;
        if (list->at[i].kind == COMPONENT_NAMED) {
            const struct file_row *row =
                plan_named_row(plan, task, &list->at[i], &status, &trouble);
            is_known = status != FILE_CURRENT || row->mtime_ns <= newest_ns;
        }
    }
    named_list_release(&named);
    return is_known;
}

static int adopt_task(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct component_list *list = &plan->scratch;
    int64_t newest_ns = is_first_look(plan) ? INT64_MAX : oldest_product(plan, task);
    if (plan_components(plan, task, true, list, diag) != 0) {
        return -1;
    }
    if (!take_depfile(plan, task, newest_ns, list, diag) || has_unread(plan, task, list)) {
        return 0; /* told when the task is examined */
    }
    plan_take_as_it_stands(list);
    struct task_row row = {.success = SUCCESS_ADOPTED,
                           .finished_at_ns = oldest_product(plan, task)};
    plan_put_success(plan, task, list, &row);
    plan_keep_texts(plan, task);
    plan->adopted++;
    return 0;
}

/* Whether nothing is there any more of what a failed attempt left. */
static bool left_is_gone(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        (void)plan_refresh(plan, file, diag);
        if ((state_file(plan->state, file.at)->flags & FILE_ROW_LEFT) != 0) {
            return false;
        }
    }
    return true;
}

/* Whether the value of a directory of the task is yet to be written. */
static bool waits_for_value(const struct plan *plan, struct task_id task)
{
    const struct workspace *workspace = plan->graph->workspace;
    const uint32_t *directories;
    size_t count = workspace->points.standings != NULL
                       ? graph_directories(plan->graph, task, &directories)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        bool has_none = workspace_standing(workspace, directories[i]) == POINT_UNWRITTEN;
        if (workspace_value_is_declared(workspace, directories[i]) &&
            !(has_none && is_first_look(plan))) {
            return true;
        }
    }
    return false;
}

static bool is_adoptable(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct task_row *row = state_task(plan->state, task.at);
    if (plan->jobs != NULL && plan->jobs[task.at] != NULL) {
        return false; /* who knows what its job has written by now */
    }
    if (waits_for_value(plan, task)) {
        return false; /* its products are of another value */
    }
    bool never_ran = row->success == SUCCESS_NONE && row->attempt == ATTEMPT_NONE;
    return !row->is_known || (plan->options.scan && never_ran) ||
           (row->is_forgotten && left_is_gone(plan, task, diag));
}

int plan_adopt(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    bool first_look = is_first_look(plan);
    uint8_t *files = mem_alloc(graph->file_count);
    uint8_t *products = mem_alloc(graph->file_count);
    VEC(struct task_id) tasks = {0};
    int result = 0;
    plan->adopted = 0;
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        if (plan_looks_at(plan, task) && products_are_there(plan, task, true) &&
            is_adoptable(plan, task, diag) && (first_look || is_newer_than_inputs(plan, task))) {
            take_traces(plan, task);
            vec_push(&tasks, task);
            plan_mark_files(graph, task, files, products);
        }
    }
    if (tasks.count > 0) {
        result = plan_read_moved(plan, files, products, diag);
    }
    for (size_t i = 0; i < tasks.count && result == 0; i++) {
        result = adopt_task(plan, tasks.at[i], diag);
    }
    vec_release(&tasks);
    free(files);
    free(products);
    return result;
}

/* ---- Unfinished work that is finished by now ---- */

/* Its command ended well without all of its products. */
static bool may_be_finished(struct plan *plan, struct task_id task)
{
    bool is_in_job = plan->jobs != NULL && plan->jobs[task.at] != NULL;
    return plan->wanted[task.at] != 0 && !is_in_job &&
           state_task(plan->state, task.at)->attempt == ATTEMPT_UNFINISHED &&
           products_are_there(plan, task, false);
}

static void unmark_products(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        uint32_t file = graph->products.at[p].at;
        struct file_row row = *state_file(plan->state, file);
        row.flags &= ~(uint32_t)(FILE_ROW_LEFT | FILE_ROW_FAILED);
        state_put_file(plan->state, file, &row);
    }
}

/* Who finished it is unknown, and so is how long it took. */
static int complete_task(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct component_list *list = &plan->scratch;
    struct task_row row = *state_task(plan->state, task.at);
    if (plan_components(plan, task, true, list, diag) != 0) {
        return -1;
    }
    if (has_unread(plan, task, list) ||
        !digest_equal(plan_fingerprint(list), row.attempt_fingerprint) ||
        !take_depfile(plan, task, INT64_MAX, list, diag)) {
        return 0;
    }
    int64_t now = observer_now(plan->observer);
    row.success = SUCCESS_ADOPTED;
    row.finished_at_ns = now != 0 ? now : oldest_product(plan, task);
    row.duration_s = 0;
    if (row.is_backed_up) {
        plan_add_old(plan, task, list);
    }
    row.has_old_backup = row.has_old_backup || row.is_backed_up;
    row.is_backed_up = false;
    plan_put_success(plan, task, list, &row);
    plan_keep_texts(plan, task);
    unmark_products(plan, task);
    plan->completed++;
    return 0;
}

int plan_complete_unfinished(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    uint8_t *files = mem_alloc(graph->file_count);
    VEC(struct task_id) tasks = {0};
    int result = 0;
    plan->completed = 0;
    for (size_t i = 0; i < graph->order_count && graph->rowfile->contract == CONTRACT_ROW; i++) {
        struct task_id task = {graph->order[i]};
        if (may_be_finished(plan, task)) {
            vec_push(&tasks, task);
            plan_mark_files(graph, task, files, NULL);
        }
    }
    if (tasks.count > 0) {
        result = plan_read_moved(plan, files, NULL, diag);
    }
    for (size_t i = 0; i < tasks.count && result == 0; i++) {
        result = complete_task(plan, tasks.at[i], diag);
    }
    vec_release(&tasks);
    free(files);
    return result;
}

/* ---- What has become known ---- */

int plan_fill_in(struct plan *plan, struct task_id task, struct diag *diag)
{
    struct component_list list = {0};
    int result = plan_components(plan, task, true, &list, diag);
    if (result == 0) {
        struct task_row row = *state_task(plan->state, task.at);
        struct digest before = row.fingerprint;
        plan_put_known(plan, task, &list, &row);
        plan_keep_texts(plan, task);
        plan_follow_fingerprint(plan, task, before);
    }
    vec_release(&list);
    return result;
}
