#include "rowfile.h"

#include "declaring.h"
#include "load.h"
#include "text.h"

/* The tree is needed only while loading. */
static const struct toml_table *parse_defaults(struct arena *arena, struct diag *diag)
{
    struct source *source = arena_alloc(arena, sizeof *source);
    *source = (struct source){.name = "defaults", .text = slice_of(rowfile_defaults)};
    return toml_parse(source, arena, diag);
}

static enum contract contract_of(const char *shown_name)
{
    const char *slash = strrchr(shown_name, '/');
    const char *last = slash != NULL ? slash + 1 : shown_name;
    return strcmp(last, "workflow.toml") == 0 ? CONTRACT_ROW : CONTRACT_ROWFILE;
}

static void build_workspace_path(struct loader *loader, const struct layers *layers)
{
    struct rowfile *rowfile = loader->rowfile;
    size_t layer = 0;
    const struct toml_value *path = layers_value(layers, ID_WORKSPACE_PATH, &layer);
    rowfile->workspace_path = SLICE_LITERAL(".");
    if (path == NULL || path->type != TOML_STRING) {
        return;
    }
    struct slice normal = normalise_path(loader->arena, path->string);
    rowfile->workspace_path = normal.len > 0 ? normal : SLICE_LITERAL(".");
    rowfile->workspace_offset = layer < layers->written ? path->offset : 0;
}

static void build_value_file(struct loader *loader, const struct layers *layers)
{
    const struct toml_value *value = layers_typed(layers, ID_WORKSPACE_VALUE_FILE, TOML_STRING);
    if (value == NULL || value->string.len == 0) {
        return;
    }
    loader->rowfile->value_file = normalise_path(loader->arena, value->string);
    struct slice path = loader->rowfile->value_file;
    bool climbs = slice_starts_with(path, "/") || slice_is(path, "..") ||
                  slice_starts_with(path, "../") ||
                  memmem(path.at, path.len, "/../", strlen("/../")) != NULL;
    if (path.len == 0) {
        error_at(loader, FINDING_WRONG_VALUE, value, "the value file has no name");
    } else if (climbs && loader->rowfile->contract == CONTRACT_ROWFILE) {
        error_at(loader, FINDING_WRONG_VALUE, value,
                 "the value file must lie in the directory itself");
    }
}

/* Names of entries: they hold no '/', and each is a glob that includes. */
static void build_ignored(struct loader *loader, const struct layers *layers)
{
    const struct toml_value *list = layers_typed(layers, ID_WORKSPACE_IGNORE, TOML_ARRAY);
    loader->rowfile->ignore =
        layers_strings(layers, ID_WORKSPACE_IGNORE, loader->arena, &loader->rowfile->ignore_count);
    for (size_t i = 0; list != NULL && i < list->array.count; i++) {
        const struct toml_value *item = list->array.items[i];
        if (item->type == TOML_STRING) {
            check_name_glob(loader, item, rowfile_keys[ID_WORKSPACE_IGNORE].path);
        }
    }
}

static void build_workspace(struct loader *loader)
{
    struct rowfile *rowfile = loader->rowfile;
    struct layers layers = {.tables = {loader->root, loader->defaults}, .count = 2, .written = 1};
    build_workspace_path(loader, &layers);
    build_value_file(loader, &layers);
    rowfile->digest_limit = layers_size(&layers, ID_WORKSPACE_DIGEST_LIMIT);
    build_ignored(loader, &layers);
    rowfile->confirm_above = layers_number(&layers, ID_WORKSPACE_CONFIRM_ABOVE);
    rowfile->directories = layers_strings(&layers, ID_WORKSPACE_DIRECTORIES, loader->arena,
                                          &rowfile->directories_count);
    size_t layer = 0;
    rowfile->directories_given =
        layers_value(&layers, ID_WORKSPACE_DIRECTORIES, &layer) != NULL && layer < layers.written;
    build_points(loader, &layers);
    const struct toml_value *globs = layers_typed(&layers, ID_WORKSPACE_DIRECTORIES, TOML_ARRAY);
    if (globs != NULL) {
        check_globs(loader, globs, rowfile_keys[ID_WORKSPACE_DIRECTORIES].path);
    }
}

static void build_notify(struct loader *loader)
{
    const struct toml_value *table = toml_get(loader->root, slice_of(rowfile_keys[ID_NOTIFY].name));
    const struct toml_value *command =
        table != NULL && table->type == TOML_TABLE
            ? toml_get(table->table, slice_of(rowfile_keys[ID_NOTIFY_COMMAND].name))
            : NULL;
    if (command != NULL && command->type == TOML_STRING && command->string.len > 0) {
        loader->rowfile->notify_command = arena_slice(loader->arena, command->string);
    }
}

static void build(struct loader *loader)
{
    document_check(loader);
    build_workspace(loader);
    build_notify(loader);
    build_pools(loader);
    build_actions(loader);
}

/* Whether an error concerns more than a single action. */
static bool is_unusable(const struct diag *diag, size_t first)
{
    for (size_t i = first; i < diag->entries.count; i++) {
        const struct diag_entry *entry = &diag->entries.at[i];
        if (entry->severity == DIAG_ERROR && entry->action == NULL) {
            return true;
        }
    }
    return false;
}

static struct rowfile *rowfile_new(struct slice text, const char *shown_name)
{
    struct rowfile *rowfile = mem_alloc(sizeof *rowfile);
    arena_init(&rowfile->arena);
    rowfile->internal = mem_alloc(sizeof(struct owned));
    rowfile->source.name = arena_string(&rowfile->arena, slice_of(shown_name));
    rowfile->source.text = arena_slice(&rowfile->arena, text);
    rowfile->contract = contract_of(shown_name);
    return rowfile;
}

struct rowfile *rowfile_load(struct slice text, const char *shown_name, struct diag *diag)
{
    size_t first = diag->entries.count;
    struct rowfile *rowfile = rowfile_new(text, shown_name);
    struct arena tree;
    arena_init(&tree);
    struct loader loader = {
        .rowfile = rowfile,
        .arena = &rowfile->arena,
        .source = &rowfile->source,
        .diag = diag,
        .owned = rowfile->internal,
        .root = toml_parse(&rowfile->source, &tree, diag),
    };
    const struct toml_value *action_defaults = NULL;
    if (loader.root != NULL) {
        loader.defaults = parse_defaults(&tree, diag);
    }
    if (loader.defaults != NULL) {
        action_defaults = toml_get(loader.defaults, slice_of(rowfile_keys[ID_ACTION].name));
    }
    if (action_defaults != NULL) {
        loader.action_defaults = action_defaults->table;
        build(&loader);
    }
    settle_reports(diag, first, &rowfile->source);
    arena_release(&tree);
    if (action_defaults == NULL || is_unusable(diag, first)) {
        rowfile_free(rowfile);
        return NULL;
    }
    return rowfile;
}

void rowfile_free(struct rowfile *rowfile)
{
    if (rowfile == NULL) {
        return;
    }
    release_owned(rowfile->internal);
    free(rowfile->internal);
    arena_release(&rowfile->arena);
    free(rowfile);
}

int rowfile_name_id(const struct rowfile *rowfile, struct slice name, struct slice *nearest)
{
    if (nearest != NULL) {
        *nearest = (struct slice){0};
    }
    for (size_t i = 0; i < rowfile->name_count; i++) {
        if (slice_equal(rowfile->names[i], name)) {
            return (int)i;
        }
    }
    int index = nearest != NULL ? text_nearest(name, rowfile->names, rowfile->name_count) : -1;
    if (index >= 0) {
        *nearest = rowfile->names[index];
    }
    return -1;
}

const struct submit_options *action_submit_options(const struct action *action, const char *cluster)
{
    for (size_t i = 0; i < action->submit_option_count; i++) {
        if (slice_is(action->submit_options[i].cluster, cluster)) {
            return &action->submit_options[i];
        }
    }
    return NULL;
}
