/* Until when a run may use what it uses, as the scheduler grants it, and asking about that.
 *
 * Knows: when the scheduler was asked last, the process that asks it, the file for its answer. Doesn't
 * know: what follows for tasks (time_left.h), the words of question and answer (job_end.h).
 *
 * A controller that is away lets its programs wait for 18 s. So the loop starts the question as a
 * process beside its tasks and never waits for it. Without an answer, what was known stays. */
#ifndef ROWBUILD_GRANTED_H
#define ROWBUILD_GRANTED_H

#include "spawn.h"

#include <stdbool.h>
#include <stdint.h>

#define GRANTED_TOKEN (UINT64_MAX - 1) /* a loop event's token: the question has ended */

struct run;

struct granted {
    int64_t end_ns; /* monotonic; what the run's pauses lost is added to it; 0: never */
    bool is_asking;
    int64_t asked_ns;   /* when it was asked last, in the run's time; 0: not yet */
    struct child child; /* that asks */
    int answer;         /* descriptor of the disk's */
};

/* Asks at the beginning of a run whose end is only assumed. */
void granted_begin(struct run *run);
/* Asks, unless that was done within the last minutes, or there is nobody to ask. Whether an answer is
 * awaited now. */
bool granted_ask(struct run *run);
/* The question has ended: takes its answer. */
void granted_take_answer(struct run *run);
/* Ends a question that takes too long; when that is to be looked at, 0: never. */
void granted_keep_time(struct run *run);
int64_t granted_next(const struct run *run);
/* Nobody waits for an answer any more. */
void granted_end(struct run *run);

#endif
