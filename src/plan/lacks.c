/* What keeps a task from being started: inputs that are missing or unreadable, products that can't be
 * read, declared values that were edited by hand. */
#include "exam.h"

#include "named.h"
#include "names.h"

/* How a file was last seen; a look that failed is tried again. */
static enum file_status seen_status(struct plan *plan, struct file_id file, struct diag *diag)
{
    enum file_status status = (enum file_status)plan->files[file.at];
    return status == FILE_TROUBLE ? plan_refresh(plan, file, diag) : status;
}

/* An input that a glob matched may be gone by now; its absence is seen. */
static bool may_be_gone(const struct graph *graph, struct task_id task,
                        const struct dependency *dependency)
{
    return dependency->input != DEPENDENCY_UPSTREAM &&
           graph_action(graph, task)->inputs[dependency->input].is_glob &&
           (graph_origin_count(graph, dependency->file) == 0 ||
            graph_view(graph, dependency->file) != NULL);
}

/* Inputs that are missing and that nobody makes, or that can't be read. */
static void tell_lacking_inputs(struct exam *exam, struct diag *diag)
{
    struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    uint32_t n = exam->task.at;
    for (uint32_t d = graph->dependency_start[n];
         d < graph->dependency_start[n + 1] && !exam_is_over(exam); d++) {
        const struct dependency *dependency = &graph->dependencies.at[d];
        enum file_status status = (enum file_status)plan->files[dependency->file.at];
        if ((status != FILE_GONE && status != FILE_TROUBLE) ||
            exam_file_is_pending(plan, dependency->file) ||
            plan_skips_file(plan, exam->task, dependency->file)) {
            continue;
        }
        status = seen_status(plan, dependency->file, diag);
        if (status == FILE_TROUBLE) {
            exam_tell(exam, (struct reason){.kind = REASON_INPUT_UNREADABLE,
                                            .name = slice_of(plan_path(plan, dependency->file)),
                                            .status = plan_trouble(plan, dependency->file)});
        } else if (status == FILE_GONE && !may_be_gone(graph, exam->task, dependency)) {
            exam_tell(exam, (struct reason){.kind = REASON_INPUT_MISSING,
                                            .name = slice_of(plan_path(plan, dependency->file))});
        }
    }
}

/* What a depfile named may be gone: then the task runs. What can't be read may be as it was. */
static void tell_unreadable_named(struct exam *exam, struct diag *diag)
{
    struct reason reason = {.kind = REASON_INPUT_UNREADABLE};
    reason.status =
        exam_is_over(exam) ? 0 : named_trouble(exam->plan, exam->task, &reason.name, diag);
    if (reason.status != 0) {
        exam_tell(exam, reason);
    }
}

/* Products that are there but can't be read: they may be good ones. */
static void tell_unreadable_products(struct exam *exam, struct diag *diag)
{
    struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    uint32_t n = exam->task.at;
    for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct reason reason = {.kind = REASON_PRODUCT_MOVING};
        if (plan->files[file.at] != FILE_TROUBLE && plan->files[file.at] != FILE_MOVING) {
            continue;
        }
        enum file_status status = seen_status(plan, file, diag);
        if (exam_is_over(exam) || (status != FILE_TROUBLE && status != FILE_MOVING)) {
            continue;
        }
        if (status == FILE_TROUBLE) {
            reason.kind = REASON_PRODUCT_UNREADABLE;
            reason.status = plan_trouble(plan, file);
        }
        reason.name = plan_component_name(plan, exam->task, file, &reason.in_directory);
        exam_tell(exam, reason);
    }
}

/* Declared points whose value is somebody else's, or can't be used. */
static void tell_unusable_points(struct exam *exam)
{
    const struct graph *graph = exam->plan->graph;
    const struct workspace *workspace = graph->workspace;
    const uint32_t *directories;
    size_t count = workspace->points.standings != NULL
                       ? graph_directories(graph, exam->task, &directories)
                       : 0;
    for (size_t i = 0; i < count && !exam_is_over(exam); i++) {
        enum point_standing standing = workspace_standing(workspace, directories[i]);
        if (standing == POINT_EDITED || standing == POINT_REFUSED) {
            exam_tell(exam, (struct reason){.kind = standing == POINT_EDITED ? REASON_VALUE_EDITED
                                                                             : REASON_POINT_REFUSED,
                                            .name = workspace->names[directories[i]]});
        }
    }
}

bool exam_lacks(struct exam *exam, struct diag *diag)
{
    size_t told = exam->told;
    tell_unusable_points(exam);
    tell_lacking_inputs(exam, diag);
    tell_unreadable_named(exam, diag);
    tell_unreadable_products(exam, diag);
    return exam->told > told;
}

bool plan_lacks(struct plan *plan, struct task_id task, reason_fn *listener, void *context,
                struct diag *diag)
{
    struct exam exam = {.plan = plan, .task = task, .listener = listener, .context = context};
    return exam_lacks(&exam, diag);
}
