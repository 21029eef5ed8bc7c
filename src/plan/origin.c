/* What successes name as their origin: the run in which they are recorded. */
#include "plan_inner.h"

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

struct digest plan_origin_with(struct plan *plan, struct slice text)
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
    plan->ran_origin = plan_origin_with(plan, text);
}
