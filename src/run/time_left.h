/* The end of the time that a run may use: what is still started, and how long processes get.
 *
 * Knows: how long executions are likely to take (recorded, or seen in this run). Doesn't know: who
 * set the end (time_limit.h). */
#ifndef ROWBUILD_TIME_LEFT_H
#define ROWBUILD_TIME_LEFT_H

#include "buf.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run;
struct execution;
struct slot;

/* Tasks that were not started for lack of time. */
struct passed_over {
    size_t tasks;
    double shortest_s;     /* what the shortest of their executions takes */
    VEC(uint32_t) put_off; /* executions for which the known time is too short */
    bool has_started;      /* something was started in this run */
    bool tries_one;        /* one is started though its time is too short */
    size_t cut;            /* executions that the job's time limit ended; the first: */
    struct buf cut_label;
    struct buf cut_action;
    double cut_s;
};

/* Whether an execution is likely to end in time; what nobody knows a duration of, is. */
bool time_left_suffices(const struct run *run, const struct execution *execution);
/* It isn't started for now; who grants the time is asked. */
void time_left_put_off(struct run *run, uint32_t execution);
/* Whether the run must wait for the answer to that; what was put off is tried with it. */
bool time_left_waits(const struct run *run);
void time_left_try_again(struct run *run);
/* Once nothing runs: decides what was put off. Whether something may be ready now. */
bool time_left_settle(struct run *run);
/* The time is up, and a slot's execution was ended after that long. */
void time_left_note_cut(struct run *run, const struct slot *slot, double seconds);
/* Tells what the time was too short for. */
void time_left_tell_passed_over(struct run *run);
int64_t time_left_grace_ns(const struct run *run); /* between TERM and KILL */
void time_left_release(struct run *run);

#endif
