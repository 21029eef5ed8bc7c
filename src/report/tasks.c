/* The order, status and cost of tasks, for all reports. */
#include "report.h"

#include "memory.h"

#include <stdlib.h>

const char *report_status_name(enum rowbuild_status word)
{
    static const char *const names[REPORT_STATUS_WORDS] = {"completed", "submitted", "eligible",
                                                           "waiting"};
    return names[word];
}

bool report_is_member(const struct plan *plan, uint32_t directory)
{
    return directory == GRAPH_NONE || plan_is_member(plan, directory);
}

size_t report_count_members(const struct plan *plan, const uint32_t *directories, size_t count)
{
    size_t members = 0;
    for (size_t i = 0; i < count; i++) {
        members += report_is_member(plan, directories[i]);
    }
    return members;
}

static bool is_complete(const struct plan *plan, struct task_id task)
{
    uint8_t verdict = plan_verdict(plan, task);
    return verdict == VERDICT_FRESH || verdict == VERDICT_MAYBE || verdict == VERDICT_HELD;
}

enum rowbuild_status report_task_status(const struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan_graph(plan);
    uint8_t verdict = plan_verdict(plan, task);
    if (is_complete(plan, task)) {
        return ROWBUILD_COMPLETED;
    }
    if (verdict == VERDICT_SUBMITTED) {
        return ROWBUILD_SUBMITTED;
    }
    if (verdict != VERDICT_STALE && verdict != VERDICT_RESTORE) {
        return ROWBUILD_WAITING;
    }
    for (uint32_t i = graph->before_start[task.at]; i < graph->before_start[task.at + 1]; i++) {
        struct task_id before = graph->before.at[i].task;
        if (plan_wanted(plan, before) != 0 && !is_complete(plan, before)) {
            return ROWBUILD_WAITING;
        }
    }
    return ROWBUILD_ELIGIBLE;
}

static bool is_listed(const struct plan *plan, size_t number, unsigned wanted)
{
    struct task_id task = {(uint32_t)number};
    return (plan_wanted(plan, task) & wanted) != 0 && graph_is_present(plan_graph(plan), task);
}

size_t report_list_tasks(const struct plan *plan, unsigned wanted, struct task_id **tasks)
{
    const struct graph *graph = plan_graph(plan);
    size_t *starts = mem_alloc((graph->rowfile->action_count + 1) * sizeof *starts);
    size_t count = 0;
    for (size_t i = 0; i < graph->task_count; i++) {
        if (is_listed(plan, i, wanted)) {
            starts[graph->tasks[i].action + 1]++;
            count++;
        }
    }
    for (size_t i = 0; i < graph->rowfile->action_count; i++) {
        starts[i + 1] += starts[i];
    }
    *tasks = mem_alloc((count + 1) * sizeof **tasks);
    for (size_t i = 0; i < graph->task_count; i++) {
        if (is_listed(plan, i, wanted)) {
            (*tasks)[starts[graph->tasks[i].action]++] = (struct task_id){(uint32_t)i};
        }
    }
    free(starts);
    return count;
}

static void note_lack(void *context, const struct reason *reason)
{
    bool *lacks = context;
    *lacks = *lacks || reason_is_lack(reason->kind);
}

bool report_lacks(struct plan *plan, struct task_id task, struct diag *diag)
{
    bool lacks = false;
    if (plan_verdict(plan, task) == VERDICT_BLOCKED) {
        (void)plan_examine(plan, task, note_lack, &lacks, diag);
    }
    return lacks;
}

bool report_any_lacks(struct plan *plan, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (graph_is_present(graph, task) && plan_wanted(plan, task) != 0 &&
            report_lacks(plan, task, diag)) {
            return true;
        }
    }
    return false;
}

bool report_is_redone(const struct plan *plan, struct task_id task)
{
    const struct action *action = graph_action(plan_graph(plan), task);
    bool is_each_time = action->always || (action->product_count == 0 &&
                                           plan_graph(plan)->rowfile->contract == CONTRACT_ROW);
    return plan_verdict(plan, task) == VERDICT_STALE && !is_each_time &&
           state_task(plan_state(plan), task.at)->success != SUCCESS_NONE;
}

double report_task_hours(const struct plan *plan, struct task_id task)
{
    return plan_core_seconds(plan, task) / 3600;
}

void report_add_job(const struct plan *plan, struct task_id task, struct buf *out)
{
    if (plan_job(plan, task) != NULL) {
        job_ref_add(plan_job(plan, task), out);
    }
}
