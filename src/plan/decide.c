/* All that is wanted is looked at, adopted, and decided. */
#include "adopt.h"
#include "costs.h"
#include "deleted.h"
#include "named.h"
#include "renamed.h"
#include "sight.h"
#include "skips.h"
#include "stays.h"
#include "workspace_moved.h"

#include <stdlib.h>
#include <string.h>

/* The files of all wanted tasks, each once, in the order of their numbers. */
static void list_wanted_files(struct plan *plan, struct file_list *list)
{
    const struct graph *graph = plan->graph;
    uint8_t *is_wanted = mem_alloc(graph->file_count);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (plan_looks_at(plan, (struct task_id){n})) {
            plan_mark_files(graph, (struct task_id){n}, is_wanted, NULL);
            named_mark(plan, (struct task_id){n}, is_wanted);
        }
    }
    for (uint32_t f = 0; f < graph->file_count; f++) {
        if (is_wanted[f] != 0) {
            vec_push(list, f);
        }
    }
    free(is_wanted);
}

/* One value that can't be read ended the look: tells all of them instead of what was found since. */
static void tell_all_values(struct plan *plan, size_t entries, size_t errors, struct diag *diag)
{
    struct diag all;
    diag_init(&all);
    if (workspace_read_values(plan->graph->workspace, &all) != 0) {
        diag->entries.count = entries;
        diag->errors = errors;
        vec_each (const struct diag_entry, entry, &all.entries) {
            diag_take(diag, entry);
        }
    }
    diag_release(&all);
}

/* In topological order. -1 where there are more than `errors` then. */
static int decide_all(struct plan *plan, size_t errors, struct diag *diag)
{
    for (size_t i = 0; i < plan->graph->order_count && diag->errors <= errors; i++) {
        struct task_id task = {plan->graph->order[i]};
        skips_look(plan, task);
        plan->verdicts[task.at] = plan->wanted[task.at] != 0
                                      ? (uint8_t)plan_examine(plan, task, NULL, NULL, diag)
                                      : VERDICT_NONE;
    }
    return diag->errors > errors ? -1 : 0;
}

int plan_look(struct plan *plan, struct diag *diag)
{
    size_t entries = diag->entries.count;
    size_t errors_before = diag->errors;
    struct file_list list = {0};
    memset(plan->resolved, 0, plan->graph->task_count * sizeof *plan->resolved);
    memset(plan->fill_in, 0, plan->graph->task_count * sizeof *plan->fill_in);
    deleted_begin(plan);
    (void)plan_follow_renamed(plan);
    plan_follow_workspace(plan);
    plan_load_stays(plan);
    list_wanted_files(plan, &list);
    plan_stat_files(plan, &list, diag);
    named_stat(plan);
    int result = plan_require_values(plan, &list, diag);
    if (result == 0) {
        result = plan_read_known(plan, &list, diag);
        plan_leave_out_additions(plan, &list);
    }
    if (result == 0 && !plan->options.recorded) {
        result = plan_complete_unfinished(plan, diag);
    }
    if (result == 0 && !plan->options.no_adopt && !plan->options.recorded) {
        result = plan_adopt(plan, diag);
    }
    size_t errors = diag->errors;
    result = result == 0 ? decide_all(plan, errors, diag) : result;
    if (result == 0 && deleted_find_needed(plan, diag)) {
        result = decide_all(plan, errors, diag);
    }
    if (result != 0) {
        tell_all_values(plan, entries, errors_before, diag);
    }
    costs_forget(plan);
    vec_release(&list);
    return result;
}

/* What lies in products, or holds them, isn't looked at with them when their makers end. */
static void refresh_made(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        struct file_id file = graph->dependencies.at[d].file;
        if (graph->producers[file.at] == GRAPH_NONE && graph_origin_count(graph, file) > 0) {
            plan_refresh(plan, file, diag);
        }
    }
    named_refresh(plan, task, true, diag);
}

enum verdict plan_decide(struct plan *plan, struct task_id task, struct diag *diag)
{
    refresh_made(plan, task, diag);
    skips_look(plan, task);
    deleted_forget_maybe(plan, task);
    plan->verdicts[task.at] = (uint8_t)plan_examine(plan, task, NULL, NULL, diag);
    return (enum verdict)plan->verdicts[task.at];
}
