/* A cluster as clusters.toml has it. */
#include "clusters.h"

#include "built_in.h"
#include "text.h"

#include <ctype.h>
#include <inttypes.h>

static void add_text(struct buf *out, const char *key, struct slice text)
{
    if (text.at != NULL) {
        buf_addf(out, "%s = ", key);
        text_add_json(out, text); /* JSON's strings are TOML's basic strings, too */
        buf_add_char(out, '\n');
    }
}

static void add_count(struct buf *out, const char *key, uint64_t count, uint64_t unless)
{
    if (count != unless) {
        buf_addf(out, "%s = %" PRIu64 "\n", key, count);
    }
}

static void add_memory(struct buf *out, const char *key, struct slice text)
{
    size_t digits = 0;
    while (digits < text.len && isdigit((unsigned char)text.at[digits])) {
        digits++;
    }
    if (digits > 0 && digits + 1 == text.len && text.at[digits] == 'M') {
        buf_addf(out, "%s_mb = %.*s\n", key, (int)digits, text.at);
    } else {
        add_text(out, key, text);
    }
}

static void add_partition(struct buf *out, const struct partition *partition)
{
    buf_add_string(out, "\n[[cluster.partition]]\n");
    add_text(out, "name", partition->name);
    add_count(out, "maximum_cpus_per_job", partition->maximum_cpus_per_job, CLUSTER_NO_LIMIT);
    add_count(out, "require_cpus_multiple_of", partition->require_cpus_multiple_of, 0);
    add_count(out, "warn_cpus_not_multiple_of", partition->warn_cpus_not_multiple_of, 0);
    add_memory(out, "memory_per_cpu", partition->memory_per_cpu);
    add_count(out, "cpus_per_node", partition->cpus_per_node, 0);
    add_count(out, "minimum_gpus_per_job", partition->minimum_gpus_per_job, 0);
    add_count(out, "maximum_gpus_per_job", partition->maximum_gpus_per_job, CLUSTER_NO_LIMIT);
    add_count(out, "require_gpus_multiple_of", partition->require_gpus_multiple_of, 0);
    add_count(out, "warn_gpus_not_multiple_of", partition->warn_gpus_not_multiple_of, 0);
    add_memory(out, "memory_per_gpu", partition->memory_per_gpu);
    add_count(out, "gpus_per_node", partition->gpus_per_node, 0);
    if (partition->prevent_auto_select) {
        buf_add_string(out, "prevent_auto_select = true\n");
    }
    add_text(out, "account_suffix", partition->account_suffix);
}

static void add_identify(struct buf *out, const struct cluster *cluster)
{
    if (cluster->identify_variable.at == NULL) {
        buf_addf(out, "identify.always = %s\n", cluster->identify_always ? "true" : "false");
        return;
    }
    buf_add_string(out, "identify.by_environment = [");
    text_add_json(out, cluster->identify_variable);
    buf_add_string(out, ", ");
    text_add_json(out, cluster->identify_value);
    buf_add_string(out, "]\n");
}

static void add_submit_options(struct buf *out, const struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->submit_option_count; i++) {
        buf_add_string(out, i == 0 ? "submit_options = [" : ", ");
        text_add_json(out, cluster->submit_options[i]);
    }
    if (cluster->submit_option_count > 0) {
        buf_add_string(out, "]\n");
    }
}

void cluster_add_text(const struct cluster *cluster, struct buf *out)
{
    struct cluster usual = cluster_defaults();
    buf_add_string(out, "[[cluster]]\n");
    add_text(out, "name", cluster->name);
    add_identify(out, cluster);
    buf_addf(out, "scheduler = \"%s\"\n", cluster->scheduler == SCHEDULER_SLURM ? "slurm" : "bash");
    add_submit_options(out, cluster);
    if (!slice_equal(cluster->gpus_per_task, usual.gpus_per_task)) {
        add_text(out, "slurm_gpus_per_task", cluster->gpus_per_task);
    }
    add_count(out, "maximum_jobs", cluster->maximum_jobs, usual.maximum_jobs);
    add_count(out, "array_throttle", cluster->array_throttle, usual.array_throttle);
    if (cluster->no_arrays) {
        buf_add_string(out, "no_arrays = true\n");
    }
    add_count(out, "signal_s", cluster->signal_s, usual.signal_s);
    if (cluster->partition_count == 0) {
        buf_add_string(out, "partition = []\n");
    }
    for (size_t i = 0; i < cluster->partition_count; i++) {
        add_partition(out, &cluster->partitions[i]);
    }
}
