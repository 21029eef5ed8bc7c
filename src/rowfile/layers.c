/* Looks up a key of an action: in the action, in the action of its `from`, in the defaults. */
#include "load.h"
#include "quantity.h"

/* The key's value in one layer, or NULL. A parent that isn't a table has already been reported. */
static const struct toml_value *value_in(const struct toml_table *table, int key)
{
    int parent = rowfile_keys[key].parent;
    struct slice name = slice_of(rowfile_keys[key].name);
    if (parent < 0 || parent == ID_ACTION) {
        return toml_get(table, name);
    }
    const struct toml_value *above = value_in(table, parent);
    return above != NULL && above->type == TOML_TABLE ? toml_get(above->table, name) : NULL;
}

const struct toml_value *layers_value(const struct layers *layers, enum rowfile_key_id id,
                                      size_t *layer)
{
    int parent = rowfile_keys[id].parent;
    bool in_choice = parent >= 0 && rowfile_keys[parent].type == KEY_CHOICE;
    int wanted = in_choice ? parent : (int)id;
    for (size_t i = 0; i < layers->count; i++) {
        if (value_in(layers->tables[i], wanted) != NULL) {
            if (layer != NULL) {
                *layer = i;
            }
            return value_in(layers->tables[i], (int)id);
        }
    }
    return NULL;
}

const struct toml_value *layers_typed(const struct layers *layers, enum rowfile_key_id id,
                                      enum toml_type type)
{
    const struct toml_value *value = layers_value(layers, id, NULL);
    return value != NULL && value->type == type ? value : NULL;
}

struct slice layers_string(const struct layers *layers, enum rowfile_key_id id)
{
    const struct toml_value *value = layers_typed(layers, id, TOML_STRING);
    return value != NULL ? value->string : (struct slice){0};
}

bool layers_boolean(const struct layers *layers, enum rowfile_key_id id)
{
    const struct toml_value *value = layers_typed(layers, id, TOML_BOOLEAN);
    return value != NULL && value->boolean;
}

static const struct toml_value *given_value(const struct layers *layers, enum rowfile_key_id id,
                                            bool *given)
{
    size_t layer = 0;
    const struct toml_value *value = layers_value(layers, id, &layer);
    if (given != NULL) {
        *given = value != NULL && layer < layers->written;
    }
    return value;
}

uint64_t layers_count(const struct layers *layers, enum rowfile_key_id id, bool *given)
{
    const struct toml_value *value = given_value(layers, id, given);
    bool usable = value != NULL && value->type == TOML_INTEGER && value->integer > 0;
    return usable ? (uint64_t)value->integer : 0;
}

uint64_t layers_size(const struct layers *layers, enum rowfile_key_id id)
{
    const struct toml_value *value = layers_value(layers, id, NULL);
    const char *why;
    uint64_t bytes = 0;
    if (value != NULL && value->type == TOML_STRING) {
        return size_parse(value->string, &bytes, &why) == 0 ? bytes : 0;
    }
    return layers_count(layers, id, NULL);
}

double layers_duration(const struct layers *layers, enum rowfile_key_id id, bool *given)
{
    const struct toml_value *value = given_value(layers, id, given);
    const char *why;
    double seconds = 0;
    if (value == NULL || value->type != TOML_STRING ||
        duration_parse(value->string, &seconds, &why) != 0) {
        return 0;
    }
    return seconds;
}

double layers_number(const struct layers *layers, enum rowfile_key_id id)
{
    const struct toml_value *value = layers_value(layers, id, NULL);
    if (value != NULL && value->type == TOML_FLOAT) {
        return value->number;
    }
    return value != NULL && value->type == TOML_INTEGER ? (double)value->integer : 0;
}

struct slice *layers_strings(const struct layers *layers, enum rowfile_key_id id,
                             struct arena *arena, size_t *count)
{
    const struct toml_value *value = layers_typed(layers, id, TOML_ARRAY);
    *count = 0;
    if (value == NULL) {
        return NULL;
    }
    struct slice *strings = arena_array(arena, value->array.count, sizeof *strings);
    for (size_t i = 0; i < value->array.count; i++) {
        if (value->array.items[i]->type == TOML_STRING) {
            strings[(*count)++] = arena_slice(arena, value->array.items[i]->string);
        }
    }
    return strings;
}
