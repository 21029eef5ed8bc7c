/* The end of the time that a run may use: what is still started, and how long processes get.
 *
 * Knows: how long executions are likely to take (recorded, or seen in this run). Doesn't know: who
 * set the end (time_limit.h). */
#ifndef ROWBUILD_TIME_LEFT_H
#define ROWBUILD_TIME_LEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run;
struct execution;

/* Tasks that were not started for lack of time. */
struct passed_over {
    size_t tasks;
    double shortest_s; /* what the shortest of their executions takes */
};

/* Whether an execution is likely to end in time; what nobody knows a duration of, is. */
bool time_left_suffices(const struct run *run, const struct execution *execution);
/* Its tasks are not started in this run. */
void time_left_pass_over(struct run *run, struct execution *execution);
void time_left_tell_passed_over(struct run *run);
int64_t time_left_grace_ns(const struct run *run); /* between TERM and KILL */

#endif
