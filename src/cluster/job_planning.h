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
    uint32_t queued; /* with JOB_NONE: among the queued ones */
    bool any_end;    /* only that it has ended: a group may run without its directories */
    uint32_t ends;   /* its last tasks that are waited for */
};

struct job_draft {
    uint32_t element;
    const struct task_id *tasks;
    size_t task_count;
    const struct slice *directories;
    size_t directory_count;
    bool is_bundle;       /* its tasks take turns, so it requests what one of them does */
    double bundle_s;      /* what these take by their records */
    double walltime_s;    /* of a bundle */
    size_t end_count;     /* of a bundle: its tasks that no other one of it waits for */
    struct growth growth; /* by which it should grow */
    struct job_request request;
    struct job_need *needs; /* sorted, no duplicates */
    size_t need_count;
    bool is_placed;
    size_t submission; /* set once it is placed */
    uint32_t index;
};

typedef VEC(struct job_draft) job_draft_list;

/* A job of an earlier submission, or an element of its array. */
struct job_queued {
    uint64_t job_id;
    uint32_t index;
    uint32_t element; /* of its first task */
    bool is_mixed;    /* it has tasks of several elements */
    size_t task_count;
    size_t end_count; /* see struct job_draft */
};

struct job_planning {
    struct plan *plan;
    const struct job_plan_options *options;
    struct job_plan *made;
    struct diag *diag;
    uint8_t *standing;             /* by task: enum job_standing */
    uint32_t *job_of;              /* by task: its draft, or JOB_NONE */
    uint32_t *queued_of;           /* by task: its job among `queued`, or JOB_NONE */
    VEC(struct job_queued) queued; /* by id and index */
    uint64_t *named_in;            /* by directory: the last draft that names it */
    uint64_t naming;               /* drafts that were made so far */
    uint32_t *counted;             /* by task: for find_needs */
    bool is_anew;                  /* warnings were given already */
    job_draft_list drafts;         /* in the order of the Rowfile's elements, then of groups */
};

/* Where all tasks stand. */
void job_standings_find(struct job_planning *planning);
/* Whether a job can wait until this task is done, or it is done already. */
bool job_can_wait(const struct job_planning *planning, struct task_id before);

/* ---- job_queued.c ---- */

/* The jobs of earlier submissions that can be waited for. */
void job_queued_find(struct job_planning *planning);
/* The queued job of a task; false if the job can't be waited for: it has no id yet, or is another
 * cluster's, where its id means another job. */
bool job_find_queued(const struct job_planning *planning, struct task_id task,
                     struct job_need *need);

/* Adds a draft that names each directory of its tasks once. */
void job_draft_add(struct job_planning *planning, uint32_t element, const struct task_id *tasks,
                   size_t count);

/* Makes a draft of each group of chosen tasks. A task whose group is incomplete, and what comes after it,
 * isn't chosen any more. -1 after an error (a value can't be read). */
int job_groups_form(struct job_planning *planning);

/* ---- job_terms.c ---- */

/* What Slurm is asked for a job of one directory of an element. */
struct job_terms {
    const struct action *action;
    const struct submit_options *options; /* NULL: none for the cluster */
    struct job_request request;
    bool starts_itself; /* the job's program starts all processes, so that they are on one host */
};
struct job_terms job_terms_of(const struct job_planning *planning, uint32_t element);
/* Whether one can take the place of the other, but for the walltime. */
bool job_terms_equal(const struct job_terms *a, const struct job_terms *b);

/* ---- job_bundles.c ---- */

/* How far jobs are bundled: while they are short, or along whole chains. */
enum bundling { BUNDLE_SHORT, BUNDLE_WHOLE_CHAINS };
/* Makes drafts of `groups`, the drafts of groups, for the cluster's target_job_minutes. */
void job_bundles_form(struct job_planning *planning, const job_draft_list *groups,
                      enum bundling bundling);

/* ---- growing.c ---- */

/* Reorders tasks: those that grow as the first one does come first, in their order. Returns how many. */
size_t growing_alike(const struct job_planning *planning, struct task_id *tasks, size_t count);
/* By which the request of a job of these tasks grows: as that of the task that grows most. */
struct growth growing_of(const struct job_planning *planning, const struct task_id *tasks,
                         size_t count);
/* The first partition that takes the job and allows as much, else `chosen`. */
const struct partition *growing_partition(const struct job_planning *planning,
                                          const struct job_request *request,
                                          const struct partition *chosen);
/* Limits what has grown to what the partition allows on that many nodes (0: not known). Never to less than
 * the description says. */
void growing_limit(const struct job_planning *planning, const struct partition *partition,
                   uint64_t nodes, struct job_request *request);

/* Puts the drafts into submissions, each after the submissions that it waits for. */
void job_arrays_form(struct job_planning *planning);

/* Makes submissions wait for others that take of the same pools, where no licence counts them. */
void job_pools_queue(struct job_planning *planning);

#endif
