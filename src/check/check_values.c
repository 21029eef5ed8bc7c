/* What makes a run impossible because of the values of single directories. */
#include "check.h"

#include "launch.h"

enum { MOST_ERRORS_SHOWN = 20 };

/* Values that can't be put where the templates of their commands stand. */
static int check_templates(const struct check *check, bool all, struct diag *diag)
{
    const struct graph *graph = check->graph;
    const struct launch_context context = {.graph = check->graph,
                                           .project_path = check->project_path};
    size_t most = diag->errors + MOST_ERRORS_SHOWN;
    int result = 0;
    for (size_t i = 0; i < graph->order_count && diag->errors < most; i++) {
        struct task_id task = {graph->order[i]};
        uint8_t verdict = plan_verdict(check->plan, task);
        if ((all || verdict == VERDICT_STALE || verdict == VERDICT_MAYBE) &&
            launch_check_values(&context, task, diag) != 0) {
            result = -1;
        }
    }
    return result;
}

int check_values(const struct check *check, bool all, struct diag *diag)
{
    return plan_check_pointers(check->plan, all, diag) != 0 ? -1
                                                            : check_templates(check, all, diag);
}
