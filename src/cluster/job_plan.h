/* Turns a plan into jobs: the tasks in each job, its request, and the jobs that it waits for.
 *
 * Knows: groups, requests and partitions, arrays and their limits, dependencies between jobs.
 * Doesn't know: scripts, tokens, whether a scheduler answers. Changes nothing.
 *
 * A job takes the tasks of one group (groups.h) of one action element. On a cluster with
 * target_job_minutes it may be a bundle (job_bundles.c): then it is a job of the element that it begins
 * with. Jobs of an element with
 * equal requests become one submission, an array, if they wait for the same jobs or, index by
 * index, for the jobs of an earlier array. Tasks whose requests have grown (growth.h) are in jobs of
 * their own, unless their group is submitted as a whole: then all of its request grows.
 *
 * Implemented by job_standings.c (which tasks are submitted), job_queued.c (what can be waited for), job_groups.c, job_bundles.c, job_terms.c, growing.c, job_plan.c
 * (requests and needs), job_arrays.c (submissions) and job_pools.c (whose pools are used by others first). */
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
    const struct site *site;          /* NULL: nothing is known about it */
    const struct task_growth *growth; /* by task; NULL: no request has grown */
    struct slice target; /* clusters that sbatch is told; at == NULL: none, it takes its own */
    bool follow;         /* also tasks that wait for jobs of this or an earlier submission */
    bool no_arrays;
    uint64_t throttle;       /* most jobs of an array at a time, as asked for; 0: any number */
    size_t limit;            /* most jobs; 0: no limit */
    uint64_t queued;         /* the user's jobs in the queue: count for maximum_jobs */
    uint64_t max_array_size; /* the greatest index is one less */
};

struct planned_job {
    const struct task_id *tasks; /* in the order of their group */
    size_t task_count;
    const struct slice *directories; /* names: of the tasks, or of their members */
    size_t directory_count;
    uint32_t index;  /* in its submission's array; 0 outside of an array */
    bool is_bundle;  /* of several groups, or a part of one */
    double bundle_s; /* what a bundle's tasks take by their records */
};

#define JOB_PLAN_EARLIER SIZE_MAX

struct planned_dependency {
    size_t submission;       /* an earlier one of this plan, or JOB_PLAN_EARLIER */
    uint64_t job_id;         /* with JOB_PLAN_EARLIER: the job's id in the queue */
    bool corresponding;      /* each job waits for the one with its own index */
    bool any_end;            /* that it has ended, well or not */
    const uint32_t *indices; /* which of the array's jobs; none: all, or not an array */
    size_t index_count;
};

struct planned_submission {
    uint32_t element; /* of the rowfile's actions; the jobs of bundles begin with it */
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
    size_t partial_groups;                      /* groups that wait until they are complete */
    size_t over_limit;                          /* jobs beyond `limit` */
    size_t over_maximum;                        /* jobs beyond the cluster's maximum_jobs */
    size_t in_circles;                          /* jobs in a dependency cycle */
    size_t pool_waits; /* submissions that wait for others because of pools */
};

/* `plan` must be complete. -1 after errors: no partition fits (with the reason for each), or a
 * value can't be read. The caller calls job_plan_release in any case. */
int job_plan_make(struct plan *plan, const struct job_plan_options *options, struct job_plan *made,
                  struct diag *diag);
void job_plan_release(struct job_plan *made);

/* Appends the value of --dependency, "aftercorr:12,afterok:13:14_2"; nothing without dependencies.
 * `ids` are the ids of the earlier submissions. */
void job_plan_add_dependencies(const struct planned_submission *submission, const uint64_t *ids,
                               struct buf *out);

/* row's cost of one job, in CPU-hours or, if the action sets its number of GPUs, in GPU-hours. */
struct job_cost {
    double cpu_hours;
    double gpu_hours;
};
struct job_cost job_plan_cost(const struct job_request *request, const struct action *action);

#endif
