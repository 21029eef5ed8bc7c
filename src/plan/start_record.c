/* What the record of a start says beside the attempt itself: which products are links to be written
 * through, and what stays in folder products. Where the attempt before was made is forgotten. */
#include "links.h"
#include "plan_inner.h"
#include "stays.h"

static bool is_of_start(const struct component *component)
{
    return component->kind == COMPONENT_LINK || component->kind == COMPONENT_TARGET ||
           component->kind == COMPONENT_STAYS || component->kind == COMPONENT_ATTEMPT;
}

void plan_put_start(struct plan *plan, struct task_id task, struct task_row *row)
{
    struct component_list all = {0};
    bool differs = false;
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        if (is_of_start(&component)) {
            differs = true;
        } else {
            vec_push(&all, component);
        }
    }
    size_t before = all.count;
    plan_add_links(plan, task, &all);
    plan_add_stays(plan, task, &all);
    if (differs || all.count > before) {
        plan_put_list(plan, task, &all, row);
    } else {
        state_put_task(plan->state, task.at, row);
    }
    plan_reload_stays(plan, task);
    vec_release(&all);
}
