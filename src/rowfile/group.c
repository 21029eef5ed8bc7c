/* Builds `action.group`: which directories, and how they are sorted and split. */
#include "load.h"
#include "where.h"

void release_owned(struct owned *owned)
{
    vec_each (struct owned_operand, operand, &owned->operands) {
        json_free(operand->json);
    }
    vec_each (struct owned_expression, expression, &owned->expressions) {
        where_free(expression->where);
    }
    vec_release(&owned->operands);
    vec_release(&owned->expressions);
}

/* Values that JSON lacks have already been reported and become null here. */
static struct json *operand_of(const struct toml_value *value)
{
    switch (value->type) {
    case TOML_BOOLEAN:
        return json_new_boolean(value->boolean);
    case TOML_INTEGER:
        return json_new_integer(value->integer);
    case TOML_FLOAT:
        return json_new_number(value->number);
    case TOML_STRING:
        return json_new_string(value->string);
    case TOML_ARRAY: {
        struct json *array = json_new_array();
        for (size_t i = 0; i < value->array.count; i++) {
            json_array_add(array, operand_of(value->array.items[i]));
        }
        return array;
    }
    default:
        return json_new_null();
    }
}

static enum comparison comparison_of(struct slice operator)
{
    static const char *const names[] = {"<", "<=", "==", "!=", ">=", ">"};
    static const enum comparison comparisons[] = {COMPARE_LT, COMPARE_LE, COMPARE_EQ,
                                                  COMPARE_NE, COMPARE_GE, COMPARE_GT};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(operator, names[i])) {
            return comparisons[i];
        }
    }
    return COMPARE_EQ;
}

static bool is_condition(const struct toml_value *value)
{
    return value->type == TOML_ARRAY && value->array.count == 3 &&
           value->array.items[0]->type == TOML_STRING && value->array.items[1]->type == TOML_STRING;
}

/* The recursion is bounded, since the TOML parser limits the nesting of arrays. */
static void add_condition(struct loader *loader, struct selector *selector,
                          const struct toml_value *value)
{
    if (!is_condition(value)) {
        return;
    }
    struct json *operand = operand_of(value->array.items[2]);
    vec_push(&loader->owned->operands, (struct owned_operand){operand});
    selector->conditions[selector->count++] = (struct condition){
        .pointer = arena_slice(loader->arena, value->array.items[0]->string),
        .comparison = comparison_of(value->array.items[1]->string),
        .operand = operand,
        .offset = value->offset,
    };
}

static struct selector build_selector(struct loader *loader, const struct toml_table *table)
{
    struct selector selector = {0};
    const struct toml_value *condition =
        toml_get(table, slice_of(rowfile_keys[ID_ACTION_GROUP_INCLUDE_CONDITION].name));
    const struct toml_value *all =
        toml_get(table, slice_of(rowfile_keys[ID_ACTION_GROUP_INCLUDE_ALL].name));
    size_t most = 1 + (all != NULL && all->type == TOML_ARRAY ? all->array.count : 0);
    selector.conditions = arena_array(loader->arena, most, sizeof *selector.conditions);
    if (condition != NULL) {
        add_condition(loader, &selector, condition);
    }
    for (size_t i = 0; i + 1 < most; i++) {
        add_condition(loader, &selector, all->array.items[i]);
    }
    return selector;
}

static void build_include(struct loader *loader, struct group_spec *group,
                          const struct toml_value *include)
{
    if (include->type != TOML_ARRAY) {
        return;
    }
    group->include = arena_array(loader->arena, include->array.count, sizeof *group->include);
    for (size_t i = 0; i < include->array.count; i++) {
        if (include->array.items[i]->type == TOML_TABLE) {
            group->include[group->include_count++] =
                build_selector(loader, include->array.items[i]->table);
        }
    }
}

static void build_where(struct loader *loader, struct group_spec *group,
                        const struct toml_value *where)
{
    if (where->type != TOML_STRING) {
        return;
    }
    group->where_offset = string_begin(loader->source, where);
    struct where *parsed =
        where_parse(where->string, loader->source, group->where_offset, loader->diag);
    if (parsed != NULL) {
        vec_push(&loader->owned->expressions, (struct owned_expression){parsed});
        group->where = parsed;
    }
}

/* `include` and `where` are alternatives: the nearest layer that has either one decides. */
static void build_members(struct loader *loader, struct group_spec *group,
                          const struct layers *layers)
{
    size_t include_layer = layers->count;
    size_t where_layer = layers->count;
    const struct toml_value *include =
        layers_value(layers, ID_ACTION_GROUP_INCLUDE, &include_layer);
    const struct toml_value *where = layers_value(layers, ID_ACTION_GROUP_WHERE, &where_layer);
    if (include != NULL && where != NULL && include_layer == where_layer) {
        error_at(loader, FINDING_CONFLICTING_KEYS, where,
                 "use either `include` or `where`, not both");
    }
    if (where != NULL && where_layer <= include_layer) {
        build_where(loader, group, where);
    } else if (include != NULL) {
        build_include(loader, group, include);
    }
}

void build_group(struct loader *loader, struct action *action, const struct layers *layers)
{
    struct group_spec *group = &action->group;
    build_members(loader, group, layers);
    group->sort_by =
        layers_strings(layers, ID_ACTION_GROUP_SORT_BY, loader->arena, &group->sort_by_count);
    group->reverse_sort = layers_boolean(layers, ID_ACTION_GROUP_REVERSE_SORT);
    group->split_by_sort_key = layers_boolean(layers, ID_ACTION_GROUP_SPLIT_BY_SORT_KEY);
    group->submit_whole = layers_boolean(layers, ID_ACTION_GROUP_SUBMIT_WHOLE);
    group->skip_failed = layers_boolean(layers, ID_ACTION_GROUP_SKIP_FAILED);
    group->maximum_size = layers_count(layers, ID_ACTION_GROUP_MAXIMUM_SIZE, NULL);
    const struct toml_value *split = layers_value(layers, ID_ACTION_GROUP_SPLIT_BY_SORT_KEY, NULL);
    if (group->split_by_sort_key && group->sort_by_count == 0) {
        warning_at(loader, FINDING_NO_EFFECT, split,
                   "`split_by_sort_key` does nothing without `sort_by`");
    }
}
