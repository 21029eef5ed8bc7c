/* show cluster: in the format of clusters.toml, so that it can be pasted there. */
#include "report.h"

#include "report_json.h"
#include "text.h"

#include <string.h>

static void add_count(struct buf *out, const char *key, uint64_t count, uint64_t unless)
{
    if (count != unless) {
        report_json_count(out, key, count);
    }
}

static void add_text(struct buf *out, const char *key, struct slice text)
{
    if (text.at != NULL) {
        report_json_string(out, key, text);
    }
}

static void add_field(void *context, const struct partition_field *field)
{
    struct buf *out = context;
    switch (field->kind) {
    case PARTITION_TEXT:
    case PARTITION_MEMORY:
        add_text(out, field->key, field->text);
        break;
    case PARTITION_COUNT:
        if (field->is_given) {
            report_json_count(out, field->key, field->count);
        }
        break;
    case PARTITION_FLAG:
        report_json_bool(out, field->key, field->flag);
        break;
    }
}

static void add_partition_json(struct buf *out, const struct partition *partition)
{
    report_json_begin(out, '{');
    partition_each_field(partition, add_field, out);
    report_json_end(out, '}');
}

static void add_identify_json(struct buf *out, const struct cluster *cluster)
{
    report_json_key(out, "identify");
    report_json_begin(out, '{');
    if (cluster->identify_variable.at == NULL) {
        report_json_bool(out, "always", cluster->identify_always);
    } else {
        report_json_key(out, "by_environment");
        report_json_begin(out, '[');
        report_json_item(out, cluster->identify_variable);
        report_json_item(out, cluster->identify_value);
        report_json_end(out, ']');
    }
    report_json_end(out, '}');
}

/* Adds the members after the opening brace. */
static void add_members(struct buf *out, const struct cluster *cluster)
{
    add_text(out, "name", cluster->name);
    report_json_string(out, "origin", slice_of(cluster->origin));
    add_identify_json(out, cluster);
    report_json_string(out, "scheduler",
                       slice_of(cluster->scheduler == SCHEDULER_SLURM ? "slurm" : "bash"));
    report_json_key(out, "submit_options");
    report_json_begin(out, '[');
    for (size_t i = 0; i < cluster->submit_option_count; i++) {
        report_json_item(out, cluster->submit_options[i]);
    }
    report_json_end(out, ']');
    add_text(out, "slurm_gpus_per_task", cluster->gpus_per_task);
    add_count(out, "maximum_jobs", cluster->maximum_jobs, CLUSTER_NO_LIMIT);
    report_json_count(out, "array_throttle", cluster->array_throttle);
    report_json_count(out, "target_job_minutes", cluster->target_job_minutes);
    report_json_bool(out, "no_arrays", cluster->no_arrays);
    report_json_count(out, "signal_s", cluster->signal_s);
    report_json_key(out, "partition");
    report_json_begin(out, '[');
    for (size_t i = 0; i < cluster->partition_count; i++) {
        add_partition_json(out, &cluster->partitions[i]);
    }
    report_json_end(out, ']');
}

static void add_json(struct buf *out, const struct cluster *clusters, size_t count, bool all)
{
    report_json_begin(out, all ? '[' : '{');
    for (size_t i = 0; i < count; i++) {
        if (all) {
            report_json_begin_record(out);
        }
        add_members(out, &clusters[i]);
        if (all) {
            report_json_end(out, '}');
        }
    }
    if (all) {
        report_json_end_records(out);
    } else {
        report_json_end(out, '}');
    }
    buf_add_char(out, '\n');
}

static void add_toml(struct buf *out, const struct cluster *cluster)
{
    if (out->len > 0) {
        buf_add_char(out, '\n');
    }
    if (strcmp(cluster->origin, CLUSTER_BUILT_IN) != 0) {
        buf_add_string(out, "# ");
        text_add_name(out, slice_of(cluster->origin));
        buf_add_char(out, '\n');
    }
    cluster_add_text(cluster, out);
}

void report_clusters(const struct clusters *clusters, const struct cluster *current,
                     const struct rowbuild_show_options *options, struct buf *out)
{
    const struct cluster *first = options->all ? clusters->items : current;
    size_t count = options->all ? clusters->count : 1;
    if (options->json) {
        add_json(out, first, count, options->all);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (options->short_output) {
            text_add_name(out, first[i].name);
            buf_add_char(out, '\n');
        } else {
            add_toml(out, &first[i]);
        }
    }
}
