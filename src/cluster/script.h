/* Writes the text of a job script.
 *
 * Knows: the requests of one job, the lines for sbatch and their order, and how names are quoted in
 * them. Doesn't know: whether a scheduler answers, which tasks are in a job, what is recorded.
 * Pure: equal facts give equal text.
 *
 * A script requests the resources, describes its job in comments, and executes the program that
 * submitted it (`rowbuild job TOKEN`), which finds the job's tasks by the token. */
#ifndef ROWBUILD_SCRIPT_H
#define ROWBUILD_SCRIPT_H

#include "buf.h"
#include "clusters.h"
#include "growth.h"
#include "rowfile.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- The request of one job. Jobs with equal requests fit into one array. ---- */

enum job_memory { JOB_MEMORY_DEFAULT, JOB_MEMORY_PER_NODE, JOB_MEMORY_PER_CPU, JOB_MEMORY_PER_GPU };

struct job_request {
    uint64_t processes; /* in all */
    uint64_t threads_per_process;
    uint64_t gpus_per_process;
    double walltime_s;
    uint64_t nodes;                    /* 0: the scheduler decides */
    const struct partition *partition; /* NULL: the cluster names none */
    enum job_memory memory;            /* DEFAULT: the partition's setting, else the site's */
    uint64_t memory_mb;
    uint64_t commands;     /* that run at a time in the job, at most */
    struct slice licences; /* "licence:2,other:1"; at == NULL: none */
    uint64_t throttle;     /* most jobs of an array at a time, as pools require; 0: any number */
    struct job_growth grown;
};

/* Numbers that are too large become the largest number. */
struct job_size job_request_size(const struct job_request *request);

bool job_requests_equal(const struct job_request *a, const struct job_request *b);

/* The request of a job on this many directories (at least 1), without its partition and nodes. */
struct job_request job_request_of(const struct action *action, size_t directories);

/* Makes a request that isn't placed yet grow. */
void job_request_grow(struct job_request *request, struct growth growth);

/* Most jobs of an array at a time, if `asked` (0: any number) is what the user or the cluster wants. */
uint64_t job_request_throttle(const struct job_request *request, uint64_t asked);

/* Fills in the nodes and the unit of the memory once the partition is chosen. If the job's program
 * starts its processes itself, the job requests no more nodes than they need. Nodes have
 * `site_cpus` CPUs (0: not known) if the partition doesn't say how many. */
void job_request_place(struct job_request *request, const struct action *action,
                       const struct partition *partition, bool starts_itself, uint64_t site_cpus);

/* ---- The script ---- */

struct script_variable {
    struct slice name;
    struct slice value;
};

struct script_facts {
    const struct action *action;
    const struct cluster *cluster;
    struct job_request request;
    struct slice workspace_path;
    const struct slice *directories; /* of the job, or of all jobs of an array */
    size_t directory_count;
    const uint32_t *indices; /* of an array's jobs, ascending; NULL: a single job */
    size_t index_count;
    uint64_t throttle;    /* of the array; 0: none */
    struct slice program; /* absolute path of `rowbuild` */
    struct slice project; /* absolute path */
    struct slice file;    /* the description's path in the project; at == NULL: the default one */
    struct slice state;   /* absolute path of the state folder; at == NULL: the default one */
    struct slice token;
    const struct script_variable *environment; /* of the user, that the job needs as well */
    size_t variable_count;
};

void script_add(const struct script_facts *facts, struct buf *out);

/* Appends the path of a job's output file in sbatch's form: relative to the project, with
 * %-patterns. Only schedulers that write output to files have one. */
void script_add_output(const struct action *action, struct slice cluster, bool is_array,
                       struct buf *out);

/* Appends indices in the form of sbatch's --array: "0-3,7". */
void script_add_indices(const uint32_t *indices, size_t count, struct buf *out);

/* A time limit in whole minutes, rounded up. */
uint64_t script_minutes(double walltime_s);

#endif
