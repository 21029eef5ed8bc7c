/* From a plan to jobs: which tasks are in which job, what it requests, and which jobs it waits for.
 *
 * Knows: groups, requests and partitions, arrays and their limits, dependencies between jobs.
 * Doesn't know: scripts, tokens, whether a scheduler answers. Changes nothing.
 *
 * A job takes the tasks of one group (groups.h) of one action element. Jobs of an element with
 * equal requests become one submission, an array, as far as they wait for the same or, index by
 * index, for the jobs of one earlier array. */
#ifndef ROWBUILD_JOB_PLAN_H
#define ROWBUILD_JOB_PLAN_H

#include "arena.h"
#include "buf.h"
#include "clusters.h"
#include "diag.h"
#include "launchers.h"
#include "plan.h"
#include "script.h"
#include "site.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job_plan_options {
    const struct cluster *cluster;
    const struct launchers *launchers;
    const struct site *site; /* NULL: nothing is known of it */
    bool follow;             /* also tasks that wait for what is submitted now, or was before */
    bool no_arrays;
    size_t limit;            /* so many jobs; 0: no limit */
    uint64_t queued;         /* the user's jobs in the queue: count for maximum_jobs */
    uint64_t max_array_size; /* the greatest index is one less */
};

struct planned_job {
    const struct task_id *tasks; /* in the order of their group */
    size_t task_count;
    const struct slice *directories; /* names: of the tasks, or of their members */
    size_t directory_count;
    uint32_t index; /* in its submission's array; 0 where it is none */
};

#define JOB_PLAN_EARLIER SIZE_MAX

struct planned_dependency {
    size_t submission;       /* of this plan, before this one; or JOB_PLAN_EARLIER */
    uint64_t job_id;         /* JOB_PLAN_EARLIER: of the job, which is in the queue */
    bool corresponding;      /* each job waits for the one with its own index */
    const uint32_t *indices; /* which of the array's jobs; none: all, or it is no array */
    size_t index_count;
};

struct planned_submission {
    uint32_t element; /* of the rowfile's actions */
    struct job_request request;
    bool is_array;
    size_t first_job; /* in the plan's jobs; ascending by index */
    size_t job_count;
    const struct planned_dependency *dependencies;
    size_t dependency_count;
};

struct job_plan {
    struct arena arena;
    VEC(struct planned_job) jobs;
    VEC(struct planned_submission) submissions; /* in the order in which they are to be made */
    size_t partial_groups;                      /* groups that wait until they are whole */
    size_t over_limit;                          /* jobs beyond `limit` */
    size_t over_maximum;                        /* jobs beyond the cluster's maximum_jobs */
    size_t in_circles;                          /* jobs in a dependency cycle */
};

/* `plan` must be complete. -1 after errors: no partition fits (with each one's reason), or a value
 * can't be read. The caller calls job_plan_release in any case. */
int job_plan_make(struct plan *plan, const struct job_plan_options *options, struct job_plan *made,
                  struct diag *diag);
void job_plan_release(struct job_plan *made);

/* Appends what --dependency takes, "aftercorr:12,afterok:13:14_2", nothing without any; `ids` are
 * those of the submissions before. */
void job_plan_add_dependencies(const struct planned_submission *submission, const uint64_t *ids,
                               struct buf *out);

/* row's cost of one job, in CPU-hours or, where the action says how many GPUs it takes,
 * GPU-hours. */
struct job_cost {
    double cpu_hours;
    double gpu_hours;
};
struct job_cost job_plan_cost(const struct job_request *request, const struct action *action);

#endif
