/* Reads clusters.toml, identifies the current cluster, and chooses the partition for a job.
 *
 * Knows: row's format and its extensions, the built-in clusters, identification by the environment,
 * the conditions of partitions. Doesn't know: jobs, scripts, whether a scheduler answers. */
#ifndef ROWBUILD_CLUSTERS_H
#define ROWBUILD_CLUSTERS_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scheduler { SCHEDULER_BASH, SCHEDULER_SLURM };

#define CLUSTER_NO_LIMIT UINT64_MAX
#define CLUSTER_BUILT_IN "built in" /* origin of clusters that aren't from a file */

struct partition {
    struct slice name;
    uint64_t maximum_cpus_per_job;     /* CLUSTER_NO_LIMIT where not given */
    uint64_t require_cpus_multiple_of; /* 0 where not given; likewise below */
    uint64_t warn_cpus_not_multiple_of;
    struct slice memory_per_cpu; /* as sbatch takes it, "1970M"; at == NULL where not given */
    uint64_t cpus_per_node;
    uint64_t minimum_gpus_per_job;
    uint64_t maximum_gpus_per_job; /* CLUSTER_NO_LIMIT where not given */
    uint64_t require_gpus_multiple_of;
    uint64_t warn_gpus_not_multiple_of;
    struct slice memory_per_gpu;
    uint64_t gpus_per_node;
    bool prevent_auto_select;
    struct slice account_suffix; /* at == NULL where not given */
};

struct cluster {
    struct slice name;
    enum scheduler scheduler;
    bool identify_always;
    bool no_arrays;                 /* the site forbids arrays; not in row's format, as the fields
                                       below */
    struct slice identify_variable; /* at == NULL: identified by `identify_always` */
    struct slice identify_value;
    const struct slice *submit_options; /* "--constraint=nvme": lines for every script */
    size_t submit_option_count;
    struct slice gpus_per_task; /* slurm_gpus_per_task: the number of GPUs is appended to it */
    const struct partition *partitions;
    size_t partition_count;
    /* Not in row's format, and not set for built-in clusters: */
    /* The most jobs of the user in the queue at once; each element of an array counts.
     * CLUSTER_NO_LIMIT if not given. */
    uint64_t maximum_jobs;
    uint64_t array_throttle; /* most elements of one array that run at once; 0: no limit */
    /* Short tasks are put together into jobs of about this long; 0: no, a job is a group. */
    uint64_t target_job_minutes;
    uint64_t signal_s;  /* how long before its time limit a job gets TERM; default 120; 0: never */
    const char *origin; /* path of the file it is from, or CLUSTER_BUILT_IN */
};

struct clusters {
    struct arena arena;
    struct cluster *items; /* in matching order */
    size_t count;
};

/* rowbuild's file ($ROWBUILD_HOME or $HOME)/.config/rowbuild/clusters.toml first, then row's
 * ($ROW_HOME or $HOME)/.config/row/clusters.toml, then the built-in ones. Missing files are fine;
 * errors in them are reported with their place and return -1. */
int clusters_load(struct clusters *clusters, struct diag *diag);
/* Those of a text that cluster_add_text has made, and no others. */
int clusters_load_text(struct clusters *clusters, struct slice text, const char *name,
                       struct diag *diag);
void clusters_release(struct clusters *clusters);

/* The first cluster of that name, or with NULL the first that `environment` (NAME=value,
 * NULL-terminated) identifies. NULL after an error (no such name; the nearest one is named). */
const struct cluster *clusters_identify(const struct clusters *clusters, const char *name,
                                        char *const *environment, struct diag *diag);

/* The parts of a request that decide the choice of a partition. */
struct job_size {
    uint64_t cpus;
    uint64_t gpus;
};

/* The partition for a job: the one called `named` (if it fits), or (at == NULL) the first that fits
 * and may be chosen automatically. NULL if none fits: then `reasons` gets a line for each partition
 * that was considered, "shared: too many CPUs (128 > 127)\n". Warnings about the chosen partition
 * are added to `warnings` in the same form. */
const struct partition *cluster_choose_partition(const struct cluster *cluster, struct slice named,
                                                 struct job_size size, struct buf *reasons,
                                                 struct buf *warnings);

/* Whether the cluster has a partition of this name. If not, `nearest` gets the most similar name,
 * or at == NULL. */
bool cluster_has_partition(const struct cluster *cluster, struct slice name, struct slice *nearest);

/* The first cluster of that name. If there is none, NULL, and `nearest` gets the most similar
 * name. */
const struct cluster *clusters_find(const struct clusters *clusters, struct slice name,
                                    struct slice *nearest);

/* A key that clusters.toml may have for a partition, and its value in this one. */
enum partition_field_kind { PARTITION_TEXT, PARTITION_MEMORY, PARTITION_COUNT, PARTITION_FLAG };

struct partition_field {
    const char *key;
    enum partition_field_kind kind;
    bool is_given;     /* the value differs from the default */
    struct slice text; /* PARTITION_TEXT, PARTITION_MEMORY */
    uint64_t count;
    bool flag;
};
typedef void partition_field_fn(void *context, const struct partition_field *field);

/* Each field, in the order of the manual. */
void partition_each_field(const struct partition *partition, partition_field_fn *each,
                          void *context);

/* Appends one cluster in the format of clusters.toml, with the newer keys for memory where
 * possible. */
void cluster_add_text(const struct cluster *cluster, struct buf *out);

#endif
