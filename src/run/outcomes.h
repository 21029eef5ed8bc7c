/* What became of the tasks of this run.
 *
 * Knows: outcomes and their numbers, and that a task which has its outcome no longer holds up the
 * executions that come after it. Doesn't know: what these do then (ready.h). */
#ifndef ROWBUILD_OUTCOMES_H
#define ROWBUILD_OUTCOMES_H

#include "plan.h"

struct run;

enum task_outcome {
    TASK_IDLE, /* none yet */
    TASK_OK,
    TASK_FAILED,      /* itself */
    TASK_NOT_STARTED, /* because of another */
};

struct outcomes {
    uint8_t *of;   /* by task: enum task_outcome */
    bool *is_told; /* by task: the observer knows; NULL: nobody asks (run_options.tells_rest) */
    size_t total;  /* tasks that may have to run */
    size_t done;
    size_t failures; /* executions */
};

/* Gives tasks their outcome, and counts them. */
void outcome_set(struct run *run, const struct task_id *tasks, size_t count,
                 enum task_outcome outcome);
/* Records how an attempt ended that is no success; `facts`: what is known of it beside the run
 * (run_facts.h). */
void outcome_record_attempt(const struct run *run, struct task_id task, enum task_attempt attempt,
                            int status, struct slice facts);
/* Of a task that isn't tried again: where its attempt failed, groups may run without its directory. */
void outcome_doom(const struct run *run, struct task_id task);
/* Records and tells a failure of tasks that did not get as far as running; `blocked`: they lack
 * something. */
void outcome_fail_unstarted(struct run *run, const struct task_id *tasks, size_t count,
                            const char *how, bool blocked);
/* Fails a task that can't be run: an input is missing. */
void outcome_fail_blocked(struct run *run, struct task_id task);

#endif
