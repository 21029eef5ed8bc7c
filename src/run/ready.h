/* Which executions may start now.
 *
 * Knows: early cutoff. An execution whose tasks before it have all got their outcomes is examined:
 * tasks that turn out up to date, lack something or come after a failure get their outcome without
 * a start, the others are added to the schedule. Doesn't know: free cores (schedule.h). */
#ifndef ROWBUILD_READY_H
#define ROWBUILD_READY_H

#include "schedule.h"
#include "vec.h"

struct run;

struct ready {
    struct schedule *schedule; /* of the ready executions */
    VEC(uint32_t) unblocked;   /* executions that are to be examined */
};

/* Tells the schedule how much work there is. */
void ready_expect_all(struct run *run);
void ready_examine(struct run *run);
void ready_add_again(struct run *run, uint32_t execution); /* after an attempt */
/* Keeps the first `kept` tasks of an execution that isn't in the schedule: it is ready, or has
 * ended if none are kept. */
void ready_keep_tasks(struct run *run, uint32_t execution, uint32_t kept);

#endif
