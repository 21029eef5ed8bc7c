/* Writes a cluster in the format of clusters.toml. */
#include "clusters.h"

#include "built_in.h"
#include "text.h"

#include <ctype.h>
#include <inttypes.h>

static void add_text(struct buf *out, const char *key, struct slice text)
{
    if (text.at != NULL) {
        buf_addf(out, "%s = ", key);
        text_add_json(out, text); /* JSON strings are valid basic strings in TOML */
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

static void add_field(void *context, const struct partition_field *field)
{
    struct buf *out = context;
    switch (field->kind) {
    case PARTITION_TEXT:
        add_text(out, field->key, field->text);
        break;
    case PARTITION_MEMORY:
        add_memory(out, field->key, field->text);
        break;
    case PARTITION_COUNT:
        if (field->is_given) {
            buf_addf(out, "%s = %" PRIu64 "\n", field->key, field->count);
        }
        break;
    case PARTITION_FLAG:
        if (field->is_given) {
            buf_addf(out, "%s = true\n", field->key);
        }
        break;
    }
}

static void add_partition(struct buf *out, const struct partition *partition)
{
    buf_add_string(out, "\n[[cluster.partition]]\n");
    partition_each_field(partition, add_field, out);
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
    add_count(out, "target_job_minutes", cluster->target_job_minutes, usual.target_job_minutes);
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
