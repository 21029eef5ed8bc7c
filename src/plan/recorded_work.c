/* What the results in directories cost that the study doesn't have now, by their records. */
#include "plan_inner.h"

#include <stdlib.h>

/* Tasks that ran together have the same record. */
struct execution {
    int64_t started_at_ns;
    double seconds;
    size_t action; /* among those on record */
    uint32_t tasks;
};

struct executions {
    const struct plan *plan;
    const struct slice *actions; /* on record */
    size_t action_count;
    VEC(struct execution) all; /* sorted; of actions whose commands work on several directories */
};

/* Of an action that the Rowfile doesn't have any more it isn't known. Elements of one name may have
 * different commands. */
static bool may_share(const struct executions *executions, size_t action)
{
    const struct rowfile *rowfile = executions->plan->graph->rowfile;
    bool is_known = false;
    for (size_t i = 0; i < rowfile->action_count; i++) {
        if (slice_equal(rowfile->actions[i].name, executions->actions[action])) {
            is_known = true;
            if (rowfile->actions[i].command.uses_directories) {
                return true;
            }
        }
    }
    return !is_known;
}

static int compare(const void *left, const void *right)
{
    const struct execution *a = left;
    const struct execution *b = right;
    if (a->action != b->action) {
        return a->action < b->action ? -1 : 1;
    }
    if (a->started_at_ns != b->started_at_ns) {
        return a->started_at_ns < b->started_at_ns ? -1 : 1;
    }
    return a->seconds < b->seconds ? -1 : a->seconds > b->seconds;
}

static const struct task_row *find_success(const struct executions *executions,
                                           struct slice directory, size_t action)
{
    const struct task_row *row =
        state_recorded_task(executions->plan->state, directory, executions->actions[action]);
    return row != NULL && row->success != SUCCESS_NONE ? row : NULL;
}

static void find_executions(struct executions *executions, const struct plan *plan)
{
    const struct slice *directories;
    size_t count = state_recorded_directories(plan->state, &directories);
    *executions = (struct executions){.plan = plan};
    executions->action_count = state_recorded_actions(plan->state, &executions->actions);
    for (size_t a = 0; a < executions->action_count; a++) {
        for (size_t d = 0; d < count && may_share(executions, a); d++) {
            const struct task_row *row = find_success(executions, directories[d], a);
            if (row != NULL && row->duration_s > 0) {
                struct execution one = {row->started_at_ns, row->duration_s, a, 1};
                vec_push(&executions->all, one);
            }
        }
    }
    size_t kept = 0;
    if (executions->all.count > 1) {
        qsort(executions->all.at, executions->all.count, sizeof *executions->all.at, compare);
    }
    for (size_t i = 0; i < executions->all.count; i++) {
        if (kept > 0 && compare(&executions->all.at[kept - 1], &executions->all.at[i]) == 0) {
            executions->all.at[kept - 1].tasks++;
        } else {
            executions->all.at[kept++] = executions->all.at[i];
        }
    }
    executions->all.count = kept;
}

static double share_of(const struct executions *executions, size_t action,
                       const struct task_row *row)
{
    struct execution wanted = {row->started_at_ns, row->duration_s, action, 1};
    const struct execution *found =
        executions->all.count > 0
            ? bsearch(&wanted, executions->all.at, executions->all.count, sizeof wanted, compare)
            : NULL;
    return 1.0 / (found != NULL ? found->tasks : 1);
}

void plan_find_recorded_work(const struct plan *plan, const struct slice *directories, size_t count,
                             struct recorded_work *works)
{
    struct executions executions;
    find_executions(&executions, plan);
    for (size_t d = 0; d < count; d++) {
        works[d] = (struct recorded_work){0};
        for (size_t a = 0; a < executions.action_count; a++) {
            const struct task_row *row = find_success(&executions, directories[d], a);
            if (row == NULL) {
                continue;
            }
            works[d].has_results = true;
            works[d].core_seconds += (row->duration_s > 0 ? row->duration_s : 0) *
                                     (row->cores > 0 ? row->cores : 1) *
                                     share_of(&executions, a, row);
        }
    }
    vec_release(&executions.all);
}
