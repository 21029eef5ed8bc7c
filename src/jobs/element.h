/* One element of a submission, carried out inside its job: the steps before and after its run.
 *
 * Knows: which element this process has, whether another job has claimed it, when it counts as
 * over. Doesn't know: how tasks are run. */
#ifndef ROWBUILD_ELEMENT_H
#define ROWBUILD_ELEMENT_H

#include "allocation.h"
#include "arena.h"
#include "clusters.h"
#include "diag.h"
#include "inbox.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job_element {
    struct inbox_attempt attempt;
    const struct slice *tasks; /* keys */
    size_t task_count;
    const struct slice *products; /* paths that it claims, from the project */
    size_t product_count;
    uint64_t minutes;       /* time limit that was asked for */
    struct slice claim;     /* what this start of the job has claimed it by */
    const char *state_path; /* borrowed */
    bool is_scheduled;      /* it may be a job of the scheduler that the variables tell of */
};

/* Names the submission whose script is run here and now, by its token: a scheduler's job that this process
 * may be in isn't its own. */
#define ELEMENT_UNSCHEDULED "ROWBUILD_UNSCHEDULED"

/* Finds the element of the submission `token` that this process is to carry out, and claims it. 0;
 * 1: there is nothing to do, which a note says; -1 after an error. What it refers to is in the
 * arena. */
int element_begin(struct job_element *element, const char *state_path, const char *token,
                  struct arena *arena, struct diag *diag);

/* Whether the element is still this start's: `element` is a struct job_element. The scheduler may start a
 * job again while it believes that the host of the earlier start is dead, whose commands may live. */
bool element_stands(const void *element);

/* The time limit of a run of the element. */
struct element_time {
    int64_t end_ns;  /* see time_limit.h */
    double notice_s; /* TERM is expected so long before */
    bool is_short;   /* after the run: too short for some task */
};
struct element_time element_time(const struct job_element *element, const struct cluster *cluster,
                                 const struct allocation *allocation);

/* After the run: says that the element is over, unless it was interrupted so early that its job may
 * have been preempted and begin again. Then the queue decides. -1 after an error. */
int element_end(const struct job_element *element, const char *state_path,
                const struct element_time *time, bool has_failed, bool is_interrupted,
                struct diag *diag);

#endif
