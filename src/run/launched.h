/* What was seen of a task when it was started, and whether it still is so when it has ended. */
#ifndef ROWBUILD_LAUNCHED_H
#define ROWBUILD_LAUNCHED_H

#include "buf.h"
#include "plan.h"

struct launched {
    struct digest fingerprint;
    struct component *components; /* owned */
    size_t count;
};

/* Looks again at everything that the tasks depend on, and at their products. -1 when something
 * can't be used. */
int launched_look(struct plan *plan, const struct task_id *tasks, size_t count,
                  struct launched *launched, struct diag *diag);

/* Why a result isn't to be trusted although its command ended well: the task runs again. */
struct doubt {
    struct buf words; /* empty: there is no doubt */
    int error;        /* errno of the look that failed, or 0 */
};

/* Compares what was seen of the task's inputs with what is seen now. A made input that the task
 * changed counts as it is now. */
void launched_compare(struct plan *plan, struct task_id task, struct launched *launched,
                      struct doubt *doubt, struct diag *diag);

#endif
