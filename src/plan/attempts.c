/* What is recorded of an attempt that is no success: in which run it was made, when, and on how many
 * cores. */
#include "plan_inner.h"
#include "run_facts.h"

void plan_put_attempt(struct plan *plan, struct task_id task, struct slice facts,
                      struct task_row *row)
{
    struct component_list all = {0};
    struct digest origin = plan_origin_with(plan, facts);
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        if (component.kind != COMPONENT_ATTEMPT) {
            vec_push(&all, component);
        }
    }
    if (!digest_is_unknown(origin)) {
        vec_push(&all, (struct component){
                           .kind = COMPONENT_ATTEMPT, .name = SLICE_LITERAL(""), .digest = origin});
    }
    plan_put_list(plan, task, &all, row);
    vec_release(&all);
}

bool plan_attempt_facts(const struct plan *plan, struct task_id task, struct run_facts *facts)
{
    const struct task_row *row = state_task(plan->state, task.at);
    bool has_ended = row->attempt == ATTEMPT_FAILED || row->attempt == ATTEMPT_UNFINISHED ||
                     row->attempt == ATTEMPT_INTERRUPTED;
    *facts = (struct run_facts){.begun_at_s = 0};
    for (size_t i = row->good.count; has_ended && i-- > 0;) {
        struct component component = components_at(&row->good, i);
        if (component.kind == COMPONENT_ATTEMPT) {
            *facts = run_facts_of(state_text(plan->state, component.digest));
            return true;
        }
    }
    return false;
}
