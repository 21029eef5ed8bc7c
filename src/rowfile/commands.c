/* Builds an action's command, environment and value inputs. */
#include "load.h"

#include "filling.h"

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static int compare_variables(const void *a, const void *b)
{
    const struct environment_variable *left = a;
    const struct environment_variable *right = b;
    return slice_compare(left->name, right->name);
}

/* The place of an action's template, for messages. */
struct place {
    struct loader *loader;
    const struct action *action;
    const struct toml_value *value;
};

static void refuse(const struct place *place, const char *message)
{
    action_error_at(place->loader, FINDING_WRONG_TEMPLATE, place->action, place->value->offset,
                    place->value->length, "%s", message);
}

/* Checks that pointers and values have one directory, or a group whose directories agree. */
static void judge_values(const struct place *place, const struct template *template,
                         bool one_directory)
{
    const struct action *action = place->action;
    if (action->scope == SCOPE_PROJECT) {
        if (template->uses_pointers || template->uses_value) {
            refuse(place, "an action for the whole project has no value to use here; remove the "
                          "template or set another scope");
        }
        return;
    }
    bool may_agree =
        action->scope == SCOPE_GROUP && place->loader->rowfile->contract == CONTRACT_ROWFILE;
    if (template->uses_pointers && !one_directory && !may_agree) {
        refuse(place, "{/pointer} needs the value of a single directory; use it with {directory}, "
                      "not with {directories}");
    }
    if (template->uses_value && !one_directory) {
        refuse(place, "the whole value needs a single directory; use it with {directory}, not with "
                      "{directories}");
    }
}

static void judge_command(const struct place *place)
{
    const struct action *action = place->action;
    const struct template *command = &action->command;
    if (action->scope == SCOPE_PROJECT) {
        if (command->uses_directory) {
            refuse(place,
                   "an action for the whole project runs once; use {directories}, or remove `scope "
                   "= \"project\"`");
        }
    } else if (command->uses_directory && command->uses_directories) {
        refuse(place, "the command must use exactly one of {directory} and {directories}");
    } else if (!command->uses_directory && !command->uses_directories) {
        refuse(place, "the command must use {directory} or {directories}; if it works on the whole "
                      "project, set `scope = \"project\"`");
        return;
    }
    judge_values(place, command, command->uses_directory);
}

static void judge_variable(const struct place *place, const struct template *value)
{
    const struct action *action = place->action;
    bool one_directory = action->command.uses_directory;
    if (value->uses_directories) {
        refuse(place, "{directories} can't be put into a variable; use it in the command");
    }
    if (value->uses_directory && (!one_directory || action->scope == SCOPE_PROJECT)) {
        refuse(place,
               "{directory} can be put into a variable only if the command has {directory}, too");
    }
    judge_values(place, value, one_directory);
}

static const struct toml_value *variable_in(const struct toml_table *layer, struct slice name)
{
    const struct toml_value *table =
        toml_get(layer, slice_of(rowfile_keys[ID_ACTION_ENVIRONMENT].name));
    bool usable = table != NULL && table->type == TOML_TABLE;
    return usable ? toml_get(table->table, name) : NULL;
}

static size_t count_variables(const struct layers *layers)
{
    size_t count = 0;
    for (size_t i = 0; i < layers->written; i++) {
        const struct toml_value *table =
            toml_get(layers->tables[i], slice_of(rowfile_keys[ID_ACTION_ENVIRONMENT].name));
        count += table != NULL && table->type == TOML_TABLE ? table->table->count : 0;
    }
    return count;
}

static bool is_hidden(const struct layers *layers, size_t layer, struct slice name)
{
    for (size_t i = 0; i < layer; i++) {
        if (variable_in(layers->tables[i], name) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_variable(struct loader *loader, struct action *action,
                         const struct toml_entry *entry)
{
    if (entry->value->type != TOML_STRING) {
        return;
    }
    struct environment_variable *variable = &action->environment[action->environment_count++];
    variable->name = arena_slice(loader->arena, entry->key);
    (void)template_parse(&variable->value, entry->value->string, DIALECT_ROWFILE, true,
                         loader->arena, loader->source, string_begin(loader->source, entry->value),
                         loader->diag);
    struct place place = {loader, action, entry->value};
    judge_variable(&place, &variable->value);
}

static void build_environment(struct loader *loader, struct action *action,
                              const struct layers *layers)
{
    action->environment =
        arena_array(loader->arena, count_variables(layers), sizeof *action->environment);
    for (size_t i = 0; i < layers->written; i++) {
        const struct toml_value *table =
            toml_get(layers->tables[i], slice_of(rowfile_keys[ID_ACTION_ENVIRONMENT].name));
        for (size_t j = 0; table != NULL && table->type == TOML_TABLE && j < table->table->count;
             j++) {
            const struct toml_entry *entry = &table->table->entries[j];
            if (!is_hidden(layers, i, entry->key)) {
                add_variable(loader, action, entry);
            }
        }
    }
    if (action->environment_count > 0) {
        qsort(action->environment, action->environment_count, sizeof *action->environment,
              compare_variables);
    }
}

struct pointers {
    VEC(struct slice) list;
};

static void add_pointers(struct pointers *pointers, const struct template *template)
{
    for (size_t i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        if (part->kind == TEMPLATE_POINTER) {
            vec_push(&pointers->list, part->text);
        } else if (part->kind == TEMPLATE_VALUE) {
            vec_push(&pointers->list, SLICE_LITERAL(""));
        }
    }
}

static void add_path_pointers(struct pointers *pointers, const struct path_spec *specs,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_pointers(pointers, &specs[i].template);
    }
}

static void build_value_inputs(struct loader *loader, struct action *action,
                               const struct layers *layers)
{
    size_t count;
    struct pointers pointers = {0};
    struct slice *given = layers_strings(layers, ID_ACTION_VALUE_INPUTS, loader->arena, &count);
    action->value_inputs_given = layers_value(layers, ID_ACTION_VALUE_INPUTS, NULL) != NULL;
    for (size_t i = 0; i < count; i++) {
        vec_push(&pointers.list, given[i]);
    }
    add_pointers(&pointers, &action->command);
    for (size_t i = 0; i < action->environment_count; i++) {
        add_pointers(&pointers, &action->environment[i].value);
    }
    add_path_pointers(&pointers, action->products, action->product_count);
    add_path_pointers(&pointers, action->inputs, action->input_count);
    add_path_pointers(&pointers, action->depfile, action->depfile != NULL);
    add_path_pointers(&pointers, action->resumable_files, action->resumable_count);
    if (pointers.list.count > 0) {
        qsort(pointers.list.at, pointers.list.count, sizeof *pointers.list.at, compare_slices);
    }
    action->value_inputs =
        arena_array(loader->arena, pointers.list.count, sizeof *action->value_inputs);
    vec_each (struct slice, pointer, &pointers.list) {
        size_t last = action->value_input_count;
        if (last == 0 || !slice_equal(action->value_inputs[last - 1], *pointer)) {
            action->value_inputs[action->value_input_count++] = *pointer;
        }
    }
    vec_release(&pointers.list);
}

/* row runs commands with bash; a Rowfile's shell ends at the first command that fails. */
static struct slice *default_shell(const struct loader *loader, size_t *count)
{
    struct slice words =
        loader->rowfile->contract == CONTRACT_ROW ? SLICE_LITERAL("bash") : SLICE_LITERAL("sh -e");
    return interpreter_split(words, loader->arena, count);
}

static void build_shell(struct loader *loader, struct action *action, const struct layers *layers)
{
    size_t count = 0;
    struct slice text = layers_string(layers, ID_ACTION_SHELL);
    struct slice *words = text.at != NULL
                              ? interpreter_split(text, loader->arena, &count)
                              : layers_strings(layers, ID_ACTION_SHELL, loader->arena, &count);
    if (count == 0 || words[0].len == 0) { /* not given, or reported before */
        words = default_shell(loader, &count);
    }
    action->shell = interpreter_set(&action->interpreter, words, count, loader->arena);
}

/* Other interpreters have no here-documents. */
static void judge_here(struct loader *loader, const struct action *action, size_t begin)
{
    const struct template *command = &action->command;
    if (command->here_error == HERE_FINE || !filling_is_for_shell(action->shell)) {
        return;
    }
    action_error_at(loader, FINDING_WRONG_HERE_DOCUMENT, action, begin + command->here_offset,
                    command->here_length, "%s; write a plain word, such as `<<EOF`",
                    command->here_error == HERE_NAMED_BY_TEMPLATE
                        ? "a template can't be the delimiter of a here-document"
                        : "shells differ in how they read this here-document's delimiter");
}

void build_command(struct loader *loader, struct action *action, const struct layers *layers)
{
    const struct toml_value *value = layers_value(layers, ID_ACTION_COMMAND, NULL);
    bool usable = value != NULL && value->type == TOML_STRING;
    build_shell(loader, action, layers);
    if (usable) {
        action->command_offset = value->offset;
        size_t begin = string_begin(loader->source, value);
        action->command_text_offset = begin;
        enum template_dialect dialect =
            loader->rowfile->contract == CONTRACT_ROW ? DIALECT_ROW : DIALECT_ROWFILE;
        (void)template_parse(&action->command, value->string, dialect, false, loader->arena,
                             loader->source, begin, loader->diag);
        struct place place = {loader, action, value};
        judge_command(&place);
        judge_here(loader, action, begin);
        if (action->command.nested_shell) {
            diag_warning_at(loader->diag, FINDING_UNSAFE_TEMPLATE, loader->source,
                            begin + action->command.nested_offset, 1,
                            "a template can't be quoted safely for every name here; use "
                            "\"$ACTION_DIRECTORY\" instead");
        }
    } else if (value == NULL) {
        diag_error_at(loader->diag, FINDING_MISSING_KEY, loader->source, action->offset, 1,
                      "this action has no command; add `command = \"…\"`");
    }
    build_environment(loader, action, layers);
    build_value_inputs(loader, action, layers);
}
