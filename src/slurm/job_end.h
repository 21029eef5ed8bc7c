/* How Slurm is asked when a job ends, and what its answer means.
 *
 * Knows: squeue(1)'s words for the end and the time left of one job. Doesn't know: who runs squeue,
 * what follows from the answer. Pure.
 *
 * Only the queue knows of `scontrol update TimeLimit`, and of the limit of a job that Slurm before
 * 23.02 started: SLURM_JOB_END_TIME is as old as the job, or isn't there. */
#ifndef ROWBUILD_JOB_END_H
#define ROWBUILD_JOB_END_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

struct job_end_question {
    char **argv;
    char **environment;
};

/* The command that asks about a job, as squeue lists it ("12", "12_3"); in `arena`, but for what it
 * takes from `environment`. */
void job_end_ask(struct job_end_question *question, struct slice job, char *const *environment,
                 struct arena *arena);

/* Reads what the command printed at `now_s`; false: no answer. *end_at_s is CLOCK_REALTIME; 0: the
 * job has no limit. */
bool job_end_read(struct slice answer, int64_t now_s, int64_t *end_at_s);

#endif
