/* Records of successes, and what changes in them when one of their digests does. */
#ifndef ROWBUILD_RECORDS_H
#define ROWBUILD_RECORDS_H

#include "plan_inner.h"

/* A task without products counts by its fingerprint for its dependents. When its record is written
 * in other terms though nothing changed, their records follow. `before` is the old fingerprint. */
void plan_follow_fingerprint(struct plan *plan, struct task_id task, struct digest before);

/* As plan_put_success, for a success that is written in other terms: its stamps stay (stamps.h). */
void plan_put_known(struct plan *plan, struct task_id task, const struct component_list *list,
                    struct task_row *row);

/* The same where what was tried since stays on record. */
void plan_put_terms(struct plan *plan, struct task_id task, const struct component_list *list,
                    struct task_row *row);

#endif
