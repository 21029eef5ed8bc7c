/* The system refuses one more process or descriptor: fewer commands run at a time.
 *
 * Knows: which errors say so, and how long an idle run has patience with them. Doesn't know: how
 * executions are started and ended. That the system has no more of something is never a task's
 * failure, unless nothing of this run is running and it still hasn't after some seconds: then the
 * run ends with the task that couldn't be started. */
#ifndef ROWBUILD_REFUSALS_H
#define ROWBUILD_REFUSALS_H

#include "graph.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct slot;

/* The error where all that keeps a task from being started is that the system has too little to look
 * at its files; 0: it lacks nothing, or something else, too. */
int refusals_of_look(struct run *run, struct task_id task);

/* After a start that failed: whether it is to be tried later. Tells it, once. */
bool refusals_postpone(struct run *run, const struct slot *slot);
/* Whether anything may be started now. */
bool refusals_allow(const struct run *run);
/* Once something was refused, after each start: what runs beside others may lack something too. */
void refusals_mark(struct run *run);
/* Whether a command that failed is to be attempted again, because what it started itself may have
 * been refused: fewer run at a time then, at last one. */
bool refusals_excuse(struct run *run, const struct slot *slot);
/* An execution has ended: what it used is free. */
void refusals_ease(struct run *run);
/* With time: an idle run tries again. refusals_next: when; 0: never. */
void refusals_keep_time(struct run *run);
int64_t refusals_next(const struct run *run);
/* Whether the run has to wait although nothing runs. */
bool refusals_wait(const struct run *run);

#endif
