/* Names the directories that groups left out (group.skip_failed), in the summary of the run. */
#include "running.h"

#include "text.h"

enum { MOST_NAMED = 10 };

static void tell_one(struct run *run, struct task_id task, const uint32_t *skipped, size_t count)
{
    const struct graph *graph = plan_graph(run->plan);
    const uint32_t *directories;
    size_t members = graph_directories(graph, task, &directories);
    struct buf label = BUF_EMPTY;
    struct buf names = BUF_EMPTY;
    graph_add_label(graph, task, &label);
    for (size_t i = 0; i < count && i < MOST_NAMED; i++) {
        text_add_listed(&names, graph->workspace->names[skipped[i]], i);
    }
    buf_add_string(&names, count > MOST_NAMED ? ", …" : "");
    if (count == members) {
        run_notice(run, "`%s` didn't run, since a task failed for %s %s: %s", buf_string(&label),
                   members == 1 ? "its only" : "each of its",
                   members == 1 ? "directory" : "directories", buf_string(&names));
    } else {
        run_notice(run, "`%s` left out %zu of %zu directories, for which a task failed: %s",
                   buf_string(&label), count, members, buf_string(&names));
    }
    buf_release(&names);
    buf_release(&label);
}

static bool is_due(const struct run *run, struct task_id task)
{
    uint8_t outcome = run->outcomes.of[task.at];
    bool stands = outcome == TASK_OK ||
                  (outcome == TASK_IDLE && plan_verdict(run->plan, task) == VERDICT_FRESH);
    bool is_told =
        plan_is_further_round(run->plan) && run->executions.of[task.at] == EXECUTION_NONE;
    return plan_wanted(run->plan, task) != 0 && !is_told &&
           (stands || plan_skips_all(run->plan, task));
}

void run_tell_skipped(struct run *run)
{
    const struct graph *graph = plan_graph(run->plan);
    size_t first = graph->workspace->count * graph->directory_action_count;
    for (size_t n = first; n < graph->task_count; n++) {
        struct task_id task = {(uint32_t)n};
        const uint32_t *skipped;
        size_t count = plan_skipped(run->plan, task, &skipped);
        if (count > 0 && is_due(run, task)) {
            tell_one(run, task, skipped, count);
        }
    }
}
