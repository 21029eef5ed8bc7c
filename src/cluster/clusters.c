#include "clusters.h"

#include "built_in.h"
#include "text.h"
#include "user_file.h"
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Fields ---- */

static const struct user_field partition_fields[] = {
    USER_FIELD("name", USER_FIELD_LINE, struct partition, name, NULL),
    USER_FIELD("maximum_cpus_per_job", USER_FIELD_COUNT, struct partition, maximum_cpus_per_job,
               NULL),
    USER_FIELD("require_cpus_multiple_of", USER_FIELD_POSITIVE, struct partition,
               require_cpus_multiple_of, NULL),
    USER_FIELD("warn_cpus_not_multiple_of", USER_FIELD_POSITIVE, struct partition,
               warn_cpus_not_multiple_of, NULL),
    USER_FIELD("memory_per_cpu", USER_FIELD_MEMORY, struct partition, memory_per_cpu, NULL),
    USER_FIELD("memory_per_cpu_mb", USER_FIELD_MEGABYTES, struct partition, memory_per_cpu, NULL),
    USER_FIELD("cpus_per_node", USER_FIELD_POSITIVE, struct partition, cpus_per_node, NULL),
    USER_FIELD("minimum_gpus_per_job", USER_FIELD_COUNT, struct partition, minimum_gpus_per_job,
               NULL),
    USER_FIELD("maximum_gpus_per_job", USER_FIELD_COUNT, struct partition, maximum_gpus_per_job,
               NULL),
    USER_FIELD("require_gpus_multiple_of", USER_FIELD_POSITIVE, struct partition,
               require_gpus_multiple_of, NULL),
    USER_FIELD("warn_gpus_not_multiple_of", USER_FIELD_POSITIVE, struct partition,
               warn_gpus_not_multiple_of, NULL),
    USER_FIELD("memory_per_gpu", USER_FIELD_MEMORY, struct partition, memory_per_gpu, NULL),
    USER_FIELD("memory_per_gpu_mb", USER_FIELD_MEGABYTES, struct partition, memory_per_gpu, NULL),
    USER_FIELD("gpus_per_node", USER_FIELD_POSITIVE, struct partition, gpus_per_node, NULL),
    USER_FIELD("prevent_auto_select", USER_FIELD_FLAG, struct partition, prevent_auto_select, NULL),
    USER_FIELD("account_suffix", USER_FIELD_LINE, struct partition, account_suffix, NULL),
};

static struct partition_field field_of(const struct user_field *from,
                                       const struct partition *partition)
{
    struct partition usual = partition_defaults();
    const char *at = (const char *)partition + from->offset;
    const char *usual_at = (const char *)&usual + from->offset;
    struct partition_field field = {.key = from->name.at};
    if (from->type == USER_FIELD_FLAG) {
        field.kind = PARTITION_FLAG;
        memcpy(&field.flag, at, sizeof field.flag);
        field.is_given = field.flag;
    } else if (from->type == USER_FIELD_COUNT || from->type == USER_FIELD_POSITIVE) {
        uint64_t usual_count;
        field.kind = PARTITION_COUNT;
        memcpy(&field.count, at, sizeof field.count);
        memcpy(&usual_count, usual_at, sizeof usual_count);
        field.is_given = field.count != usual_count;
    } else {
        field.kind = from->type == USER_FIELD_MEMORY ? PARTITION_MEMORY : PARTITION_TEXT;
        memcpy(&field.text, at, sizeof field.text);
        field.is_given = field.text.at != NULL;
    }
    return field;
}

void partition_each_field(const struct partition *partition, partition_field_fn *each,
                          void *context)
{
    for (size_t i = 0; i < COUNT(partition_fields); i++) {
        if (partition_fields[i].type != USER_FIELD_MEGABYTES) { /* another key of the same field */
            struct partition_field field = field_of(&partition_fields[i], partition);
            each(context, &field);
        }
    }
}

struct element { /* of [[cluster]], while it is being read */
    struct cluster cluster;
    struct user_lines options;
};

static const struct user_field cluster_fields[] = {
    USER_FIELD("name", USER_FIELD_LINE, struct element, cluster.name, NULL),
    USER_FIELD("identify", USER_FIELD_OTHER, struct element, cluster, NULL),
    USER_FIELD("scheduler", USER_FIELD_OTHER, struct element, cluster, NULL),
    USER_FIELD("partition", USER_FIELD_OTHER, struct element, cluster, NULL),
    USER_FIELD("submit_options", USER_FIELD_LINES, struct element, options, NULL),
    USER_FIELD("slurm_gpus_per_task", USER_FIELD_LINE, struct element, cluster.gpus_per_task,
               "the option that the number is appended to"),
    USER_FIELD("maximum_jobs", USER_FIELD_POSITIVE, struct element, cluster.maximum_jobs, NULL),
    USER_FIELD("array_throttle", USER_FIELD_COUNT, struct element, cluster.array_throttle, NULL),
    USER_FIELD("target_job_minutes", USER_FIELD_COUNT, struct element, cluster.target_job_minutes,
               "minutes"),
    USER_FIELD("no_arrays", USER_FIELD_FLAG, struct element, cluster.no_arrays, NULL),
    USER_FIELD("signal_s", USER_FIELD_COUNT, struct element, cluster.signal_s, "seconds"),
};

/* ---- Reading ---- */

/* The value of a required key; NULL after an error. */
static const struct toml_value *need(const struct user_file *file, const struct toml_value *table,
                                     const char *key, const char *example)
{
    const struct toml_value *value = toml_get(table->table, slice_of(key));
    if (value == NULL) {
        user_file_complain(file, FINDING_MISSING_KEY, table, "`%s` is missing; write `%s`", key,
                           example);
    }
    return value;
}

static void read_scheduler(const struct user_file *file, const struct toml_value *element,
                           struct cluster *cluster)
{
    const struct toml_value *value = need(file, element, "scheduler", "scheduler = \"slurm\"");
    if (value == NULL) {
        return;
    }
    if (value->type == TOML_STRING && slice_is(value->string, "slurm")) {
        cluster->scheduler = SCHEDULER_SLURM;
    } else if (value->type == TOML_STRING && slice_is(value->string, "bash")) {
        cluster->scheduler = SCHEDULER_BASH;
    } else {
        user_file_complain(file, FINDING_WRONG_TYPE, value,
                           "`scheduler` must be \"slurm\" or \"bash\"");
    }
}

static bool read_variable(const struct user_file *file, const struct toml_value *value,
                          struct cluster *cluster)
{
    if (value->type != TOML_ARRAY || value->array.count != 2 ||
        value->array.items[0]->type != TOML_STRING || value->array.items[1]->type != TOML_STRING ||
        value->array.items[0]->string.len == 0) {
        return false;
    }
    cluster->identify_variable = arena_slice(file->arena, value->array.items[0]->string);
    cluster->identify_value = arena_slice(file->arena, value->array.items[1]->string);
    return true;
}

static void read_identify(const struct user_file *file, const struct toml_value *element,
                          struct cluster *cluster)
{
    const struct toml_value *value =
        need(file, element, "identify", "identify.by_environment = [\"VARIABLE\", \"value\"]");
    if (value == NULL) {
        return;
    }
    const struct toml_entry *only =
        value->type == TOML_TABLE && value->table->count == 1 ? &value->table->entries[0] : NULL;
    bool usable = false;
    if (only != NULL && slice_is(only->key, "always") && only->value->type == TOML_BOOLEAN) {
        cluster->identify_always = only->value->boolean;
        usable = true;
    } else if (only != NULL && slice_is(only->key, "by_environment")) {
        usable = read_variable(file, only->value, cluster);
    }
    if (!usable) {
        user_file_complain(file, FINDING_WRONG_TYPE, value,
                           "`identify` must be one of `by_environment = [\"VARIABLE\", "
                           "\"value\"]` and `always = true` or `false`");
    }
}

static bool is_table_array(const struct toml_value *value)
{
    bool result = value->type == TOML_ARRAY;
    for (size_t i = 0; result && i < value->array.count; i++) {
        result = value->array.items[i]->type == TOML_TABLE;
    }
    return result;
}

static void read_partitions(const struct user_file *file, const struct toml_value *element,
                            struct cluster *cluster)
{
    const struct toml_value *list =
        need(file, element, "partition", "[[cluster.partition]]` with a `name");
    if (list == NULL) {
        return;
    }
    if (!is_table_array(list)) {
        user_file_complain(file, FINDING_WRONG_TYPE, list,
                           "`partition` must be an array of tables; write "
                           "`[[cluster.partition]]` for each");
        return;
    }
    size_t count = list->array.count;
    struct partition *partitions = arena_array(file->arena, count, sizeof *partitions);
    for (size_t i = 0; i < count; i++) {
        const struct toml_value *item = list->array.items[i];
        partitions[i] = partition_defaults();
        need(file, item, "name", "name = \"…\"");
        user_file_read_fields(file, item->table, partition_fields, COUNT(partition_fields),
                              &partitions[i], "`show cluster --all` shows the keys of partitions");
    }
    cluster->partitions = partitions;
    cluster->partition_count = count;
}

static struct cluster read_cluster(const struct user_file *file, const struct toml_value *value)
{
    struct element element = {.cluster = cluster_defaults()};
    need(file, value, "name", "name = \"…\"");
    user_file_read_fields(
        file, value->table, cluster_fields, COUNT(cluster_fields), &element,
        "a cluster has the keys name, identify, scheduler, partition and submit_options");
    read_identify(file, value, &element.cluster);
    read_scheduler(file, value, &element.cluster);
    read_partitions(file, value, &element.cluster);
    element.cluster.submit_options = element.options.at;
    element.cluster.submit_option_count = element.options.count;
    element.cluster.origin = arena_string(file->arena, slice_of(file->source->name));
    return element.cluster;
}

static void append(struct clusters *clusters, const struct cluster *more, size_t count)
{
    struct cluster *items =
        arena_array(&clusters->arena, clusters->count + count, sizeof *clusters->items);
    if (clusters->count > 0) {
        memcpy(items, clusters->items, clusters->count * sizeof *items);
    }
    if (count > 0) {
        memcpy(items + clusters->count, more, count * sizeof *items);
    }
    clusters->items = items;
    clusters->count += count;
}

static void read_clusters(struct clusters *clusters, const struct user_file *file)
{
    static const struct user_field fields[] = {
        {.name = {"cluster", 7}, .type = USER_FIELD_OTHER},
    };
    if (file->root == NULL) {
        return;
    }
    user_file_read_fields(file, file->root, fields, COUNT(fields), NULL,
                          "write each cluster as `[[cluster]]`");
    const struct toml_value *list = toml_get(file->root, fields[0].name);
    if (list == NULL) {
        return;
    }
    if (!is_table_array(list)) {
        user_file_complain(file, FINDING_WRONG_TYPE, list,
                           "`cluster` must be an array of tables; write `[[cluster]]` "
                           "for each");
        return;
    }
    for (size_t i = 0; i < list->array.count; i++) {
        struct cluster cluster = read_cluster(file, list->array.items[i]);
        append(clusters, &cluster, 1);
    }
}

int clusters_load(struct clusters *clusters, struct diag *diag)
{
    static const enum user_file_owner owners[] = {USER_FILE_ROWBUILD, USER_FILE_ROW};
    size_t errors = diag->errors;
    *clusters = (struct clusters){0};
    arena_init(&clusters->arena);
    for (size_t i = 0; i < COUNT(owners); i++) {
        struct user_file file;
        if (user_file_open(&file, owners[i], "clusters.toml", &clusters->arena, diag)) {
            read_clusters(clusters, &file);
            user_file_close(&file);
        }
    }
    size_t count;
    const struct cluster *built_in = built_in_clusters(&count);
    append(clusters, built_in, count);
    return diag->errors == errors ? 0 : -1;
}

int clusters_load_text(struct clusters *clusters, struct slice text, const char *name,
                       struct diag *diag)
{
    struct user_file file;
    size_t errors = diag->errors;
    *clusters = (struct clusters){0};
    arena_init(&clusters->arena);
    user_file_open_text(&file, name, text, &clusters->arena, diag);
    read_clusters(clusters, &file);
    user_file_close(&file);
    return diag->errors == errors ? 0 : -1;
}

void clusters_release(struct clusters *clusters)
{
    arena_release(&clusters->arena);
    *clusters = (struct clusters){0};
}

/* ---- Identifying ---- */

const struct cluster *clusters_find(const struct clusters *clusters, struct slice name,
                                    struct slice *nearest)
{
    VEC(struct slice) names = {0};
    const struct cluster *found = NULL;
    *nearest = (struct slice){0};
    for (size_t i = 0; i < clusters->count && found == NULL; i++) {
        found = slice_equal(clusters->items[i].name, name) ? &clusters->items[i] : NULL;
        vec_push(&names, clusters->items[i].name);
    }
    int index = found == NULL ? text_nearest(name, names.at, names.count) : -1;
    if (index >= 0) {
        *nearest = clusters->items[index].name;
    }
    vec_release(&names);
    return found;
}

static const struct cluster *find_named(const struct clusters *clusters, const char *name,
                                        struct diag *diag)
{
    struct slice nearest;
    const struct cluster *found = clusters_find(clusters, slice_of(name), &nearest);
    if (found == NULL) {
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, "there is no cluster `");
        text_add_name(&message, slice_of(name));
        if (nearest.at != NULL) {
            buf_add_string(&message, "`; did you mean `");
            text_add_name(&message, nearest);
            buf_add_string(&message, "`?");
        } else {
            buf_add_string(&message, "`; `rowbuild show cluster --all --short` lists them");
        }
        diag_error(diag, FINDING_UNKNOWN_CLUSTER, "%s", buf_string(&message));
        buf_release(&message);
    }
    return found;
}

static bool is_here(const struct cluster *cluster, char *const *environment)
{
    if (cluster->identify_variable.at == NULL) {
        return cluster->identify_always;
    }
    size_t len = cluster->identify_variable.len;
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], cluster->identify_variable.at, len) == 0 &&
            environment[i][len] == '=') {
            return slice_is(cluster->identify_value, environment[i] + len + 1);
        }
    }
    return false;
}

const struct cluster *clusters_identify(const struct clusters *clusters, const char *name,
                                        char *const *environment, struct diag *diag)
{
    if (name != NULL) {
        return find_named(clusters, name, diag);
    }
    for (size_t i = 0; i < clusters->count; i++) {
        if (is_here(&clusters->items[i], environment)) {
            return &clusters->items[i];
        }
    }
    diag_error(diag, FINDING_UNKNOWN_CLUSTER,
               "no cluster is identified here; name one with `--cluster`");
    return NULL;
}
