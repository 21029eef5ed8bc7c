/* Whether a task's run changed products of tasks before it, which are then recorded anew for their
 * makers and for all that had recorded them (rules.md, rule 4). */
#ifndef ROWBUILD_ANCESTORS_H
#define ROWBUILD_ANCESTORS_H

#include "plan.h"
#include "vec.h"

struct run;

struct ancestors {
    uint32_t *met; /* by task: the last walk over ancestors that met it */
    uint32_t walks;
    VEC(struct task_id) far; /* tasks whose many ancestors are yet to be checked */
    size_t far_cost;         /* ancestors that the last check of such tasks met */
};

/* Checks the ancestors of a task that has ended. Where there are many, that waits until as many
 * tasks have ended as there are ancestors to be checked. */
void ancestors_check(struct run *run, struct task_id task, const char *label);
/* Checks what waited. */
void ancestors_check_far(struct run *run);

#endif
