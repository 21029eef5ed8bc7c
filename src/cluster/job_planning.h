/* Shared by the files that implement job_plan.h. Nothing here outlives job_plan_make. */
#ifndef ROWBUILD_JOB_PLANNING_H
#define ROWBUILD_JOB_PLANNING_H

#include "job_plan.h"
#include "job_ref.h"

#define JOB_NONE UINT32_MAX

enum job_standing {
    JOB_STANDS_OUT, /* neither done nor to be submitted */
    JOB_STANDS_DONE,
    JOB_STANDS_QUEUED, /* in a job that was submitted earlier */
    JOB_STANDS_CHOSEN,
};

/* A job that another one waits for: one of this plan, or one in the queue. */
struct job_need {
    uint32_t job;    /* among the drafts, or JOB_NONE */
    uint64_t job_id; /* with JOB_NONE: the scheduler's id */
    uint32_t index;  /* of an array in the queue, or JOB_NO_INDEX */
    bool any_end;    /* only that it has ended: a group may run without its directories */
};

struct job_draft {
    uint32_t element;
    const struct task_id *tasks;
    size_t task_count;
    const struct slice *directories;
    size_t directory_count;
    struct job_request request;
    struct job_need *needs; /* sorted, no duplicates */
    size_t need_count;
    bool is_placed;
    size_t submission; /* set once it is placed */
    uint32_t index;
};

struct job_planning {
    struct plan *plan;
    const struct job_plan_options *options;
    struct job_plan *made;
    struct diag *diag;
    uint8_t *standing;            /* by task: enum job_standing */
    uint32_t *job_of;             /* by task: its draft, or JOB_NONE */
    VEC(struct job_draft) drafts; /* in the order of the Rowfile's elements, then of groups */
};

/* Puts the drafts into submissions, each after the submissions that it waits for. */
void job_arrays_form(struct job_planning *planning);

#endif
