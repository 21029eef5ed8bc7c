/* Chooses the partition for a job. */
#include "clusters.h"

#include "text.h"
#include "vec.h"

#include <inttypes.h>
#include <stdlib.h>

struct resource { /* CPUs or GPUs: a job's request and a partition's limits */
    const char *name;
    uint64_t asked;
    uint64_t minimum;
    uint64_t maximum;
    uint64_t required;
    uint64_t preferred;
    bool zero_counts; /* whether 0 is accepted as a multiple, as it isn't for GPUs */
};

static void begin_line(struct buf *out, const struct partition *partition)
{
    text_add_name(out, partition->name);
    buf_add_string(out, ": ");
}

static bool is_multiple(const struct resource *resource, uint64_t of)
{
    return of == 0 || (resource->asked % of == 0 && (resource->asked > 0 || resource->zero_counts));
}

static bool suits(const struct partition *partition, const struct resource *resource,
                  struct buf *reasons)
{
    if (resource->asked > resource->maximum) {
        begin_line(reasons, partition);
        buf_addf(reasons, "too many %s (%" PRIu64 " > %" PRIu64 ")\n", resource->name,
                 resource->asked, resource->maximum);
        return false;
    }
    if (resource->asked < resource->minimum) {
        begin_line(reasons, partition);
        buf_addf(reasons, "too few %s (%" PRIu64 " < %" PRIu64 ")\n", resource->name,
                 resource->asked, resource->minimum);
        return false;
    }
    if (!is_multiple(resource, resource->required)) {
        begin_line(reasons, partition);
        buf_addf(reasons, "%" PRIu64 " %s, but it accepts only multiples of %" PRIu64 "\n",
                 resource->asked, resource->name, resource->required);
        return false;
    }
    return true;
}

static void add_wish(const struct partition *partition, const struct resource *resource,
                     struct buf *warnings)
{
    if (!is_multiple(resource, resource->preferred)) {
        begin_line(warnings, partition);
        buf_addf(warnings,
                 "%" PRIu64 " %s, but only multiples of %" PRIu64 " use its nodes fully\n",
                 resource->asked, resource->name, resource->preferred);
    }
}

static bool takes(const struct partition *partition, struct job_size size, struct buf *reasons,
                  struct buf *warnings)
{
    const struct resource resources[] = {
        {"CPUs", size.cpus, 0, partition->maximum_cpus_per_job, partition->require_cpus_multiple_of,
         partition->warn_cpus_not_multiple_of, true},
        {"GPUs", size.gpus, partition->minimum_gpus_per_job, partition->maximum_gpus_per_job,
         partition->require_gpus_multiple_of, partition->warn_gpus_not_multiple_of, false},
    };
    if (!suits(partition, &resources[0], reasons) || !suits(partition, &resources[1], reasons)) {
        return false;
    }
    add_wish(partition, &resources[0], warnings);
    add_wish(partition, &resources[1], warnings);
    return true;
}

static const struct partition *find(const struct cluster *cluster, struct slice name)
{
    for (size_t i = 0; i < cluster->partition_count; i++) {
        if (slice_equal(cluster->partitions[i].name, name)) {
            return &cluster->partitions[i];
        }
    }
    return NULL;
}

bool cluster_has_partition(const struct cluster *cluster, struct slice name, struct slice *nearest)
{
    *nearest = (struct slice){0};
    if (find(cluster, name) != NULL) {
        return true;
    }
    VEC(struct slice) names = {0};
    for (size_t i = 0; i < cluster->partition_count; i++) {
        vec_push(&names, cluster->partitions[i].name);
    }
    int index = text_nearest(name, names.at, names.count);
    if (index >= 0) {
        *nearest = cluster->partitions[index].name;
    }
    vec_release(&names);
    return false;
}

static void add_no_such(const struct cluster *cluster, struct slice name, struct buf *reasons)
{
    struct slice nearest;
    cluster_has_partition(cluster, name, &nearest);
    text_add_name(reasons, name);
    buf_add_string(reasons, ": the cluster `");
    text_add_name(reasons, cluster->name);
    buf_add_string(reasons, "` doesn't have this partition");
    if (nearest.at != NULL) {
        buf_add_string(reasons, "; did you mean `");
        text_add_name(reasons, nearest);
        buf_add_string(reasons, "`?");
    }
    buf_add_char(reasons, '\n');
}

const struct partition *cluster_choose_partition(const struct cluster *cluster, struct slice named,
                                                 struct job_size size, struct buf *reasons,
                                                 struct buf *warnings)
{
    if (named.at != NULL) {
        const struct partition *partition = find(cluster, named);
        if (partition == NULL) {
            add_no_such(cluster, named, reasons);
            return NULL;
        }
        return takes(partition, size, reasons, warnings) ? partition : NULL;
    }
    for (size_t i = 0; i < cluster->partition_count; i++) {
        const struct partition *partition = &cluster->partitions[i];
        if (partition->prevent_auto_select) {
            begin_line(reasons, partition);
            buf_add_string(reasons, "is used only when it is named\n");
        } else if (takes(partition, size, reasons, warnings)) {
            return partition;
        }
    }
    if (cluster->partition_count == 0) {
        buf_add_string(reasons, "the cluster `");
        text_add_name(reasons, cluster->name);
        buf_add_string(reasons, "` has no partitions\n");
    }
    return NULL;
}
