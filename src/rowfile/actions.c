/* Builds the [[action]] elements: the layers of each, and the fields that have no file of their
 * own. */
#include "load.h"

#include "text.h"

static const struct toml_value *own_key(const struct toml_value *element, enum rowfile_key_id id)
{
    return toml_get(element->table, slice_of(rowfile_keys[id].name));
}

/* The first element other than `self` that itself gives this name. */
static const struct toml_value *find_source(const struct toml_value *list, struct slice name,
                                            const struct toml_value *self)
{
    for (size_t i = 0; i < list->array.count; i++) {
        const struct toml_value *element = list->array.items[i];
        const struct toml_value *own =
            element->type == TOML_TABLE ? own_key(element, ID_ACTION_NAME) : NULL;
        if (element != self && own != NULL && own->type == TOML_STRING &&
            slice_equal(own->string, name)) {
            return element;
        }
    }
    return NULL;
}

static void unknown_source(struct loader *loader, const struct toml_value *list,
                           const struct toml_value *from)
{
    VEC(struct slice) names = {0};
    for (size_t i = 0; i < list->array.count; i++) {
        const struct toml_value *element = list->array.items[i];
        const struct toml_value *own =
            element->type == TOML_TABLE ? own_key(element, ID_ACTION_NAME) : NULL;
        if (own != NULL && own->type == TOML_STRING) {
            vec_push(&names, own->string);
        }
    }
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "there is no other action `");
    text_add_name(&message, from->string);
    buf_add_string(&message, "` to copy from");
    add_suggestion(&message, from->string, names.at, names.count);
    error_at(loader, FINDING_UNKNOWN_ACTION, from, "%s", buf_string(&message));
    buf_release(&message);
    vec_release(&names);
}

/* The table that the element's `from` names, or NULL. */
static const struct toml_table *source_of(struct loader *loader, const struct toml_value *list,
                                          const struct toml_value *element)
{
    const struct toml_value *from = own_key(element, ID_ACTION_FROM);
    if (from == NULL || from->type != TOML_STRING || from->string.len == 0) {
        return NULL;
    }
    const struct toml_value *source = find_source(list, from->string, element);
    if (source == NULL) {
        unknown_source(loader, list, from);
        return NULL;
    }
    const struct toml_value *further = own_key(source, ID_ACTION_FROM);
    if (further != NULL) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, from->string);
        error_at(
            loader, FINDING_WRONG_FROM, from,
            "`%s` uses `from` itself, which can't be chained; name the action that it copies from",
            buf_string(&name));
        buf_release(&name);
    }
    return source->table;
}

static const struct toml_table *default_action(const struct loader *loader)
{
    const struct toml_value *defaults =
        toml_get(loader->root, slice_of(rowfile_keys[ID_DEFAULT].name));
    if (defaults == NULL || defaults->type != TOML_TABLE) {
        return NULL;
    }
    const struct toml_value *action =
        toml_get(defaults->table, slice_of(rowfile_keys[ID_DEFAULT_ACTION].name));
    return action != NULL && action->type == TOML_TABLE ? action->table : NULL;
}

static struct layers layers_of(struct loader *loader, const struct toml_value *list,
                               const struct toml_value *element)
{
    struct layers layers = {0};
    const struct toml_table *source = source_of(loader, list, element);
    const struct toml_table *defaults = default_action(loader);
    layers.tables[layers.count++] = element->table;
    if (source != NULL) {
        layers.tables[layers.count++] = source;
    }
    if (defaults != NULL) {
        layers.tables[layers.count++] = defaults;
    }
    layers.written = layers.count;
    layers.tables[layers.count++] = loader->action_defaults;
    return layers;
}

static bool has_control_characters(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static void build_name(struct loader *loader, struct action *action, const struct layers *layers)
{
    const struct toml_value *name = layers_value(layers, ID_ACTION_NAME, NULL);
    action->name = SLICE_LITERAL("");
    action->name_offset = action->offset;
    if (name == NULL) {
        diag_error_at(loader->diag, FINDING_MISSING_KEY, loader->source, action->offset, 1,
                      "this action has no name; add `name = \"…\"`");
    } else if (name->type == TOML_STRING) {
        if (has_control_characters(name->string)) {
            error_at(loader, FINDING_WRONG_NAME, name,
                     "the name of an action can't contain control characters");
        }
        action->name = arena_slice(loader->arena, name->string);
        action->name_offset = name->offset;
    }
}

static void build_launchers(struct loader *loader, struct action *action,
                            const struct layers *layers)
{
    const struct toml_value *list = layers_typed(layers, ID_ACTION_LAUNCHERS, TOML_ARRAY);
    size_t most = list != NULL ? list->array.count : 0;
    action->launchers = arena_array(loader->arena, most, sizeof *action->launchers);
    action->launcher_offsets = arena_array(loader->arena, most, sizeof *action->launcher_offsets);
    for (size_t i = 0; i < most; i++) {
        const struct toml_value *item = list->array.items[i];
        if (item->type == TOML_STRING && item->string.len > 0) {
            action->launcher_offsets[action->launcher_count] = item->offset;
            action->launchers[action->launcher_count++] = arena_slice(loader->arena, item->string);
        }
    }
}

static void build_resources(struct resource_spec *resources, const struct layers *layers)
{
    bool given;
    uint64_t per_directory =
        layers_count(layers, ID_ACTION_RESOURCES_PROCESSES_PER_DIRECTORY, &given);
    resources->processes = per_directory;
    resources->processes_given = per_directory > 0;
    resources->processes_per_directory = per_directory > 0;
    if (per_directory == 0) {
        resources->processes = layers_count(layers, ID_ACTION_RESOURCES_PROCESSES_PER_SUBMISSION,
                                            &resources->processes_given);
    }
    resources->processes = resources->processes > 0 ? resources->processes : 1;
    resources->threads_per_process =
        layers_count(layers, ID_ACTION_RESOURCES_THREADS_PER_PROCESS, &resources->threads_given);
    if (resources->threads_per_process == 0) {
        resources->threads_per_process = 1;
    }
    resources->gpus_per_process =
        layers_count(layers, ID_ACTION_RESOURCES_GPUS_PER_PROCESS, &resources->gpus_given);
    resources->walltime_s = layers_duration(layers, ID_ACTION_RESOURCES_WALLTIME_PER_SUBMISSION,
                                            &resources->walltime_given);
    if (!resources->walltime_given) {
        resources->walltime_s = layers_duration(layers, ID_ACTION_RESOURCES_WALLTIME_PER_DIRECTORY,
                                                &resources->walltime_given);
        resources->walltime_per_directory = true;
    }
    resources->memory_per_process = layers_size(layers, ID_ACTION_RESOURCES_MEMORY_PER_PROCESS);
    resources->memory_per_directory = layers_size(layers, ID_ACTION_RESOURCES_MEMORY_PER_DIRECTORY);
    resources->memory_per_submission =
        layers_size(layers, ID_ACTION_RESOURCES_MEMORY_PER_SUBMISSION);
    /* The first applies to actions on GPUs, the second to actions on cores alone. */
    if (resources->gpus_per_process > 0) {
        resources->memory_per_gpu_mb =
            layers_count(layers, ID_ACTION_RESOURCES_MEMORY_PER_GPU_MB, NULL);
    } else {
        resources->memory_per_cpu_mb =
            layers_count(layers, ID_ACTION_RESOURCES_MEMORY_PER_CPU_MB, NULL);
    }
}

/* The place of a key of `grow` in the action itself: among the defaults it is for others. */
static size_t own_offset(const struct toml_value *element, enum rowfile_key_id id)
{
    const struct toml_value *grow = own_key(element, ID_ACTION_GROW);
    const struct toml_value *own = grow != NULL && grow->type == TOML_TABLE
                                       ? toml_get(grow->table, slice_of(rowfile_keys[id].name))
                                       : NULL;
    return own != NULL ? own->offset : 0;
}

static void build_grow(struct grow_spec *grow, const struct toml_value *element,
                       const struct layers *layers)
{
    *grow = (struct grow_spec){
        .memory = layers_number(layers, ID_ACTION_GROW_MEMORY),
        .walltime = layers_number(layers, ID_ACTION_GROW_WALLTIME),
        .memory_offset = own_offset(element, ID_ACTION_GROW_MEMORY),
        .walltime_offset = own_offset(element, ID_ACTION_GROW_WALLTIME),
    };
}

static const struct toml_table *options_in(const struct toml_table *layer)
{
    const struct toml_value *options =
        toml_get(layer, slice_of(rowfile_keys[ID_ACTION_SUBMIT_OPTIONS].name));
    return options != NULL && options->type == TOML_TABLE ? options->table : NULL;
}

/* The key for one cluster in the nearest layer that has it. */
static const struct toml_value *option_of(const struct layers *layers, struct slice cluster,
                                          enum rowfile_key_id id)
{
    for (size_t i = 0; i < layers->written; i++) {
        const struct toml_table *options = options_in(layers->tables[i]);
        const struct toml_value *table = options != NULL ? toml_get(options, cluster) : NULL;
        const struct toml_value *value =
            table != NULL && table->type == TOML_TABLE
                ? toml_get(table->table, slice_of(rowfile_keys[id].name))
                : NULL;
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static struct slice option_text(struct loader *loader, const struct layers *layers,
                                struct slice cluster, enum rowfile_key_id id)
{
    const struct toml_value *value = option_of(layers, cluster, id);
    bool usable = value != NULL && value->type == TOML_STRING;
    return usable ? arena_slice(loader->arena, value->string) : (struct slice){0};
}

static struct submit_options build_options(struct loader *loader, const struct layers *layers,
                                           const struct toml_entry *first)
{
    struct slice cluster = first->key;
    const struct toml_value *partition =
        option_of(layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_PARTITION);
    struct submit_options options = {
        .cluster = arena_slice(loader->arena, cluster),
        .cluster_offset = first->key_offset,
        .cluster_length = first->key_length,
        .partition_offset = partition != NULL ? partition->offset : 0,
        .partition_length = partition != NULL ? partition->length : 0,
        .account = option_text(loader, layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_ACCOUNT),
        .setup = option_text(loader, layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_SETUP),
        .partition = option_text(loader, layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_PARTITION),
        .output_file_path =
            option_text(loader, layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_OUTPUT_FILE_PATH),
        .output_file_name =
            option_text(loader, layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_OUTPUT_FILE_NAME),
    };
    const struct toml_value *custom = option_of(layers, cluster, ID_ACTION_SUBMIT_OPTIONS_X_CUSTOM);
    size_t most = custom != NULL && custom->type == TOML_ARRAY ? custom->array.count : 0;
    options.custom = arena_array(loader->arena, most, sizeof *options.custom);
    for (size_t i = 0; i < most; i++) {
        if (custom->array.items[i]->type == TOML_STRING) {
            options.custom[options.custom_count++] =
                arena_slice(loader->arena, custom->array.items[i]->string);
        }
    }
    return options;
}

static bool has_cluster(const struct action *action, struct slice cluster)
{
    for (size_t i = 0; i < action->submit_option_count; i++) {
        if (slice_equal(action->submit_options[i].cluster, cluster)) {
            return true;
        }
    }
    return false;
}

static void build_submit_options(struct loader *loader, struct action *action,
                                 const struct layers *layers)
{
    size_t most = 0;
    for (size_t i = 0; i < layers->written; i++) {
        const struct toml_table *options = options_in(layers->tables[i]);
        most += options != NULL ? options->count : 0;
    }
    action->submit_options = arena_array(loader->arena, most, sizeof *action->submit_options);
    for (size_t i = 0; i < layers->written; i++) {
        const struct toml_table *options = options_in(layers->tables[i]);
        for (size_t j = 0; options != NULL && j < options->count; j++) {
            if (!has_cluster(action, options->entries[j].key)) {
                action->submit_options[action->submit_option_count++] =
                    build_options(loader, layers, &options->entries[j]);
            }
        }
    }
}

/* Said by the action itself: among the defaults it is for others. */
static void warn_of_skip_failed(struct loader *loader, const struct action *action,
                                const struct toml_value *element)
{
    const struct toml_value *group = own_key(element, ID_ACTION_GROUP);
    const struct toml_value *own =
        group != NULL && group->type == TOML_TABLE
            ? toml_get(group->table, slice_of(rowfile_keys[ID_ACTION_GROUP_SKIP_FAILED].name))
            : NULL;
    if (own != NULL && action->group.skip_failed && action->scope != SCOPE_GROUP) {
        warning_at(loader, FINDING_NO_EFFECT, own,
                   "`skip_failed` does nothing, since this action doesn't work on groups; add "
                   "`scope = \"group\"`");
    }
}

static void build_action(struct loader *loader, struct action *action,
                         const struct toml_value *element, const struct layers *layers)
{
    action->offset = element->offset;
    build_name(loader, action, layers);
    build_paths(loader, action, layers);
    build_command(loader, action, layers);
    build_launchers(loader, action, layers);
    build_group(loader, action, layers);
    warn_of_skip_failed(loader, action, element);
    build_resources(&action->resources, layers);
    build_pools_of_action(loader, action, layers);
    build_grow(&action->grow, element, layers);
    build_submit_options(loader, action, layers);
    action->retries = layers_count(layers, ID_ACTION_RETRIES, NULL);
    action->timeout_s = layers_duration(layers, ID_ACTION_TIMEOUT, NULL);
    action->always = layers_boolean(layers, ID_ACTION_ALWAYS);
    action->jobserver = layers_boolean(layers, ID_ACTION_JOBSERVER);
}

void build_actions(struct loader *loader)
{
    const struct toml_value *list = toml_get(loader->root, slice_of(rowfile_keys[ID_ACTION].name));
    if (list == NULL || list->type != TOML_ARRAY) {
        return;
    }
    struct rowfile *rowfile = loader->rowfile;
    rowfile->actions = arena_array(loader->arena, list->array.count, sizeof *rowfile->actions);
    struct layers *layers = arena_array(loader->arena, list->array.count, sizeof *layers);
    for (size_t i = 0; i < list->array.count; i++) {
        const struct toml_value *element = list->array.items[i];
        if (element->type == TOML_TABLE) {
            size_t index = rowfile->action_count++;
            layers[index] = layers_of(loader, list, element);
            build_action(loader, &rowfile->actions[index], element, &layers[index]);
        }
    }
    relate_actions(loader, layers);
}
