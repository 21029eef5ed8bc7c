/* Stopping: before the end of the work, and at the deadline of an execution. */
#ifndef ROWBUILD_STOP_H
#define ROWBUILD_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct run;

struct stopping {
    bool is_stopping; /* nothing is started any more */
    bool interrupted; /* what runs was told to end, too */
    bool is_ending;   /* interrupted since the time is up */
    bool broken;      /* records can't be written: stop */
};

void stop_begin(struct run *run, bool interrupted);
void stop_check_deadlines(struct run *run);
int64_t stop_next_deadline(const struct run *run); /* 0: none */
/* After an interruption: ends all that this run started, daemons included. */
void stop_kill_leftovers(struct run *run);

#endif
