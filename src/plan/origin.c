/* What successes name as their origin: the run in which they are recorded; and what is recorded of an
 * attempt that is no success. */
#include "plan_inner.h"
#include "run_facts.h"

void plan_set_origin(struct plan *plan, plan_origin_fn *find, void *context)
{
    plan->origin = DIGEST_UNKNOWN;
    plan->ran_origin = DIGEST_UNKNOWN;
    plan->origin_text = SLICE_LITERAL("");
    plan->find_origin = find;
    plan->origin_context = context;
}

struct digest plan_origin(struct plan *plan)
{
    struct slice text = {0};
    if (plan->find_origin != NULL) {
        text = plan->find_origin(plan->origin_context);
        plan->find_origin = NULL;
    }
    if (text.len > 0) {
        plan->origin_text = arena_slice(&plan->arena, text);
        plan->origin = digest_of(text);
        state_put_text(plan->state, plan->origin, text);
    }
    return plan->origin;
}

/* The key of the text of the run with what is added; that of the run alone where nothing is added, or the
 * text is too long to be kept. */
static struct digest put_origin_with(struct plan *plan, struct slice text)
{
    struct buf whole = BUF_EMPTY;
    struct digest origin = plan_origin(plan);
    buf_add_slice(&whole, plan->origin_text);
    buf_add_slice(&whole, text);
    if (plan->origin_text.len > 0 && text.len > 0) {
        struct digest digest = digest_of(buf_slice(&whole));
        if (state_text(plan->state, digest).at == NULL) {
            state_put_text(plan->state, digest, buf_slice(&whole));
        }
        if (state_text(plan->state, digest).at != NULL) {
            origin = digest;
        }
    }
    buf_release(&whole);
    return origin;
}

void plan_add_to_origin(struct plan *plan, struct slice text)
{
    plan->ran_origin = put_origin_with(plan, text);
}

void plan_put_attempt(struct plan *plan, struct task_id task, struct slice facts,
                      struct task_row *row)
{
    struct component_list all = {0};
    struct digest origin = put_origin_with(plan, facts);
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
