#include "built_in.h"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A partition without limits, to which fields can be added. */
#define PARTITION(partition_name)                                                                  \
    .name = TEXT(partition_name), .maximum_cpus_per_job = CLUSTER_NO_LIMIT
#define ANY_GPUS .maximum_gpus_per_job = CLUSTER_NO_LIMIT
#define NO_GPUS .maximum_gpus_per_job = 0
#define SOME_GPUS .minimum_gpus_per_job = 1, .maximum_gpus_per_job = CLUSTER_NO_LIMIT
#define BY_NAME .prevent_auto_select = true

static const struct partition andes[] = {
    {PARTITION("batch"), NO_GPUS, .warn_cpus_not_multiple_of = 32, .cpus_per_node = 32},
};

static const struct partition anvil[] = {
    {.name = TEXT("shared"), .maximum_cpus_per_job = 127, NO_GPUS, .memory_per_cpu = TEXT("1800M")},
    {PARTITION("wholenode"), NO_GPUS, .require_cpus_multiple_of = 128},
    {PARTITION("gpu"), SOME_GPUS, .gpus_per_node = 4},
    {PARTITION("wide"), NO_GPUS, BY_NAME, .require_cpus_multiple_of = 128},
    {PARTITION("highmem"), NO_GPUS, BY_NAME, .memory_per_cpu = TEXT("7900M")},
    {PARTITION("debug"), NO_GPUS, BY_NAME},
    {PARTITION("gpu-debug"), SOME_GPUS, BY_NAME},
};

#define DELTA_GPUS(memory, count)                                                                  \
    SOME_GPUS, .memory_per_gpu = TEXT(memory), .gpus_per_node = (count),                           \
               .account_suffix = TEXT("-gpu")
static const struct partition delta[] = {
    {PARTITION("cpu"), NO_GPUS, .memory_per_cpu = TEXT("1970M"), .cpus_per_node = 128,
     .account_suffix = TEXT("-cpu")},
    {PARTITION("gpuA100x4"), DELTA_GPUS("62200M", 4)},
    {PARTITION("gpuA100x8"), DELTA_GPUS("256000M", 8), BY_NAME},
    {PARTITION("gpuA40x4"), DELTA_GPUS("62200M", 4), BY_NAME},
    {PARTITION("gpuMI100x8"), DELTA_GPUS("256000M", 8), BY_NAME},
};

static const struct partition frontier[] = {
    {PARTITION("batch"), ANY_GPUS, .warn_gpus_not_multiple_of = 8, .gpus_per_node = 8},
};

static const struct partition greatlakes[] = {
    {PARTITION("standard"), NO_GPUS, .memory_per_cpu = TEXT("5120M")},
    {PARTITION("gpu_mig40,gpu"), .minimum_gpus_per_job = 1, .maximum_gpus_per_job = 1,
     .memory_per_gpu = TEXT("61440M")},
    {PARTITION("gpu"), SOME_GPUS, .memory_per_gpu = TEXT("61440M")},
    {PARTITION("gpu_mig40"), SOME_GPUS, BY_NAME, .memory_per_gpu = TEXT("128000M")},
    {PARTITION("spgpu"), SOME_GPUS, BY_NAME, .memory_per_gpu = TEXT("47000M")},
    {PARTITION("largemem"), NO_GPUS, BY_NAME},
    {PARTITION("standard-oc"), NO_GPUS, BY_NAME, .memory_per_cpu = TEXT("5120M")},
    {PARTITION("debug"), NO_GPUS, BY_NAME, .memory_per_cpu = TEXT("5120M")},
};

static const struct partition none[] = {
    {PARTITION("none"), ANY_GPUS},
};

static const struct slice delta_options[] = {TEXT("--constraint=\"scratch\"")};
static const struct slice frontier_options[] = {TEXT("--constraint=\"nvme\"")};

#define DEFAULTS                                                                                   \
    .gpus_per_task = TEXT("--gpus-per-task="), .maximum_jobs = CLUSTER_NO_LIMIT, .signal_s = 120
#define SITE(site, variable, value)                                                                \
    .name = TEXT(#site), .scheduler = SCHEDULER_SLURM, .identify_variable = TEXT(variable),        \
    .identify_value = TEXT(value), .partitions = (site), .partition_count = COUNT(site),           \
    .origin = CLUSTER_BUILT_IN, DEFAULTS

static const struct cluster clusters[] = {
    {SITE(andes, "LMOD_SYSTEM_NAME", "andes")},
    {SITE(anvil, "RCAC_CLUSTER", "anvil")},
    {SITE(delta, "LMOD_SYSTEM_NAME", "Delta"), .submit_options = delta_options,
     .submit_option_count = COUNT(delta_options)},
    {SITE(frontier, "LMOD_SYSTEM_NAME", "frontier"), .submit_options = frontier_options,
     .submit_option_count = COUNT(frontier_options)},
    {SITE(greatlakes, "CLUSTER_NAME", "greatlakes")},
    {.name = TEXT("none"),
     .scheduler = SCHEDULER_BASH,
     .identify_always = true,
     .partitions = none,
     .partition_count = COUNT(none),
     .origin = CLUSTER_BUILT_IN,
     DEFAULTS},
};

const struct cluster *built_in_clusters(size_t *count)
{
    *count = COUNT(clusters);
    return clusters;
}

struct cluster cluster_defaults(void)
{
    return (struct cluster){DEFAULTS};
}

struct partition partition_defaults(void)
{
    return (struct partition){.maximum_cpus_per_job = CLUSTER_NO_LIMIT, ANY_GPUS};
}
