/* Builds the declared points from `workspace.points`. */
#include "declaring.h"

#include "point_range.h"
#include "text.h"
#include "where.h"

#include <math.h>

enum { DEEPEST_KEY = 32, DEEPEST_VALUE = 100 };

struct building {
    struct loader *loader;
    struct json_parser *parser;
    struct point_set *set;
    const char *from;                /* "grid", "zip", "set" */
    struct slice parts[DEEPEST_KEY]; /* of the key whose table is read */
    size_t depth;
    VEC(struct point_axis) axes;
    VEC(struct point_column) columns;        /* of the axis that is built: zip, set */
    VEC(struct point_value) values;          /* of one column */
    VEC(struct point_value *) column_values; /* of all columns of zip and set */
    VEC(size_t) counts;
};

/* ---- Values ---- */

/* Appends JSON text. -1 after an error. */
static int spell(struct loader *loader, const struct toml_value *value, int depth, struct buf *out)
{
    if (depth > DEEPEST_VALUE) {
        error_at(loader, FINDING_WRONG_POINTS, value, "values are nested too deeply here");
        return -1;
    }
    switch (value->type) {
    case TOML_STRING:
        text_add_json(out, value->string);
        return 0;
    case TOML_FLOAT:
        if (!isfinite(value->number)) {
            error_at(loader, FINDING_WRONG_POINTS, value,
                     "JSON has no such number: infinity and NaN can't be values");
            return -1;
        }
        point_number_spell(loader->source, value, out);
        return 0;
    case TOML_INTEGER:
        point_number_spell(loader->source, value, out);
        return 0;
    case TOML_BOOLEAN:
        buf_add_string(out, value->boolean ? "true" : "false");
        return 0;
    case TOML_ARRAY:
        buf_add_char(out, '[');
        for (size_t i = 0; i < value->array.count; i++) {
            buf_add_string(out, i > 0 ? ", " : "");
            if (spell(loader, value->array.items[i], depth + 1, out) != 0) {
                return -1;
            }
        }
        buf_add_char(out, ']');
        return 0;
    case TOML_TABLE:
        buf_add_char(out, '{');
        for (size_t i = 0; i < value->table->count; i++) {
            buf_add_string(out, i > 0 ? ", " : "");
            text_add_json(out, value->table->entries[i].key);
            buf_add_string(out, ": ");
            if (spell(loader, value->table->entries[i].value, depth + 1, out) != 0) {
                return -1;
            }
        }
        buf_add_char(out, '}');
        return 0;
    default:
        error_at(loader, FINDING_WRONG_POINTS, value, "JSON has no %s; write it as a string",
                 toml_type_name(value->type));
        return -1;
    }
}

static int add_text(struct building *building, struct slice text)
{
    struct point_value value;
    struct diag unseen;
    diag_init(&unseen);
    int result = point_value_parse(&value, text, SLICE_LITERAL(""), building->parser,
                                   building->loader->arena, &unseen);
    diag_release(&unseen);
    if (result == 0) {
        vec_push(&building->values, value);
    }
    return result;
}

static int add_value(struct building *building, const struct toml_value *value)
{
    struct buf text = BUF_EMPTY;
    int result = spell(building->loader, value, 0, &text);
    if (result == 0 && add_text(building, buf_slice(&text)) != 0) {
        error_at(building->loader, FINDING_WRONG_POINTS, value, "this can't be written as JSON");
        result = -1;
    }
    buf_release(&text);
    return result;
}

static void take_number(void *context, struct slice text)
{
    (void)add_text(context, text); /* a number always is JSON */
}

/* The values that a key of grid or zip goes through, into building->values. */
static int read_list(struct building *building, const struct toml_entry *entry)
{
    const struct toml_value *value = entry->value;
    building->values.count = 0;
    if (value->type == TOML_TABLE) {
        return point_range_each(building->loader, value, take_number, building);
    }
    if (value->type != TOML_ARRAY) {
        struct buf key = BUF_EMPTY;
        text_add_name(&key, entry->key);
        error_at(building->loader, FINDING_WRONG_POINTS, value,
                 "`%s` in `%s` must be an array or a range; a single value belongs below `set`, or "
                 "into brackets",
                 buf_string(&key), building->from);
        buf_release(&key);
        return -1;
    }
    if (value->array.count == 0) {
        error_at(building->loader, FINDING_WRONG_POINTS, value,
                 "this array has no values, so that there are no points");
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < value->array.count; i++) {
        result |= add_value(building, value->array.items[i]);
    }
    return result;
}

/* ---- Keys ---- */

static void refuse_clash(struct building *building, const struct point_column *column,
                         const struct point_column *other)
{
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "the key `");
    point_column_add_name(column, &message);
    buf_addf(&message, "` of `%s`", column->from);
    if (column->part_count == other->part_count) {
        buf_addf(&message, " is set by `%s`, too, in line %zu", other->from,
                 declared_line(building->loader, other->offset));
    } else {
        buf_add_string(&message, " and the key `");
        point_column_add_name(other, &message);
        buf_addf(&message, "` of `%s` in line %zu can't both be set: one is inside the other",
                 other->from, declared_line(building->loader, other->offset));
    }
    diag_error_at(building->loader->diag, FINDING_WRONG_POINTS, building->loader->source,
                  column->offset, column->length, "%s", buf_string(&message));
    buf_release(&message);
}

/* -1 after an error: the key is set twice. */
static int check_clash(struct building *building, const struct point_column *column)
{
    vec_each (struct point_axis, axis, &building->axes) {
        for (size_t c = 0; c < axis->column_count; c++) {
            if (point_columns_clash(column, &axis->columns[c])) {
                refuse_clash(building, column, &axis->columns[c]);
                return -1;
            }
        }
    }
    vec_each (struct point_column, other, &building->columns) {
        if (point_columns_clash(column, other)) {
            refuse_clash(building, column, other);
            return -1;
        }
    }
    return 0;
}

static int make_column(struct building *building, const struct toml_entry *entry,
                       struct point_column *column)
{
    building->parts[building->depth] = entry->key;
    *column = (struct point_column){
        .from = building->from, .offset = entry->key_offset, .length = entry->key_length};
    point_column_make(column, building->parts, building->depth + 1, building->loader->arena);
    if (memchr(entry->key.at, '\0', entry->key.len) != NULL) {
        diag_error_at(building->loader->diag, FINDING_WRONG_POINTS, building->loader->source,
                      entry->key_offset, entry->key_length, "a key can't contain a NUL byte");
        return -1;
    }
    return check_clash(building, column);
}

static struct point_value *keep_values(struct building *building)
{
    struct point_value *kept =
        arena_array(building->loader->arena, building->values.count, sizeof *kept);
    memcpy(kept, building->values.at, building->values.count * sizeof *kept);
    return kept;
}

static int take_grid(struct building *building, const struct toml_entry *entry)
{
    struct point_axis axis = {.column_count = 1};
    axis.columns = arena_alloc(building->loader->arena, sizeof *axis.columns);
    if (make_column(building, entry, axis.columns) != 0 || read_list(building, entry) != 0) {
        return -1;
    }
    axis.count = building->values.count;
    axis.values = keep_values(building);
    vec_push(&building->axes, axis);
    return 0;
}

static int take_parallel(struct building *building, const struct toml_entry *entry, bool is_single)
{
    struct point_column column;
    if (make_column(building, entry, &column) != 0) {
        return -1;
    }
    building->values.count = 0;
    if ((is_single ? add_value(building, entry->value) : read_list(building, entry)) != 0) {
        return -1;
    }
    vec_push(&building->columns, column);
    vec_push(&building->column_values, keep_values(building));
    vec_push(&building->counts, building->values.count);
    return 0;
}

static bool is_nested(const struct toml_value *value)
{
    return value->type == TOML_TABLE && value->table->count > 0;
}

static int take_table(struct building *building, const struct toml_table *table)
{
    bool is_grid = strcmp(building->from, "grid") == 0;
    bool is_set = strcmp(building->from, "set") == 0;
    int result = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        if (is_nested(entry->value) && (is_set || !point_range_is_one(entry->value))) {
            if (building->depth + 1 == DEEPEST_KEY) {
                error_at(building->loader, FINDING_WRONG_POINTS, entry->value,
                         "keys are nested too deeply here");
                return -1;
            }
            building->parts[building->depth++] = entry->key;
            result |= take_table(building, entry->value->table);
            building->depth--;
        } else if (is_grid) {
            result |= take_grid(building, entry);
        } else {
            result |= take_parallel(building, entry, is_set);
        }
    }
    return result;
}

/* zip and set: one axis of several columns. */
static int end_parallel(struct building *building)
{
    struct point_axis axis = {.column_count = building->columns.count};
    struct arena *arena = building->loader->arena;
    if (axis.column_count == 0) {
        return 0;
    }
    axis.count = building->counts.at[0];
    for (size_t c = 1; c < axis.column_count; c++) {
        if (building->counts.at[c] != axis.count) {
            const struct point_column *column = &building->columns.at[c];
            struct buf message = BUF_EMPTY;
            buf_add_string(&message, "`zip` needs lists of one length: `");
            point_column_add_name(column, &message);
            buf_addf(&message, "` has %zu and `", building->counts.at[c]);
            point_column_add_name(&building->columns.at[0], &message);
            buf_addf(&message, "` in line %zu has %zu",
                     declared_line(building->loader, building->columns.at[0].offset), axis.count);
            diag_error_at(building->loader->diag, FINDING_WRONG_POINTS, building->loader->source,
                          column->offset, column->length, "%s", buf_string(&message));
            buf_release(&message);
            return -1;
        }
    }
    axis.columns = arena_array(arena, axis.column_count, sizeof *axis.columns);
    memcpy(axis.columns, building->columns.at, axis.column_count * sizeof *axis.columns);
    axis.values = arena_array(arena, axis.count * axis.column_count, sizeof *axis.values);
    for (size_t row = 0; row < axis.count; row++) {
        for (size_t c = 0; c < axis.column_count; c++) {
            axis.values[row * axis.column_count + c] = building->column_values.at[c][row];
        }
    }
    vec_push(&building->axes, axis);
    return 0;
}

static int take_axes(struct building *building, const struct toml_entry *entry)
{
    if (entry->value->type != TOML_TABLE) {
        return -1; /* told already */
    }
    building->from = slice_is(entry->key, "grid")  ? "grid"
                     : slice_is(entry->key, "zip") ? "zip"
                                                   : "set";
    building->columns.count = 0;
    building->column_values.count = 0;
    building->counts.count = 0;
    building->depth = 0;
    int result = take_table(building, entry->value->table);
    return result == 0 ? end_parallel(building) : -1;
}

/* ---- One element ---- */

static int take_file(struct building *building, const struct toml_value *value)
{
    struct point_set *set = building->set;
    if (value->type != TOML_STRING || value->string.len == 0) {
        return -1;
    }
    set->table = normalise_path(building->loader->arena, value->string);
    set->table_axis = building->axes.count;
    set->table_offset = value->offset;
    set->table_length = value->length;
    return 0;
}

static int take_where(struct building *building, const struct toml_value *value)
{
    struct loader *loader = building->loader;
    if (value->type != TOML_STRING) {
        return -1;
    }
    building->set->where_offset = string_begin(loader->source, value);
    building->set->where_length = value->length;
    struct where *parsed =
        where_parse(value->string, loader->source, building->set->where_offset, loader->diag);
    if (parsed == NULL) {
        return -1;
    }
    vec_push(&loader->owned->expressions, (struct owned_expression){parsed});
    building->set->where = parsed;
    return 0;
}

static int build_set(struct building *building, const struct toml_value *value)
{
    struct point_set *set = building->set;
    int result = 0;
    building->axes.count = 0;
    set->offset = value->offset;
    set->length = value->length;
    for (size_t i = 0; i < value->table->count; i++) {
        const struct toml_entry *entry = &value->table->entries[i];
        if (slice_is(entry->key, "table")) {
            result |= take_file(building, entry->value);
        } else if (slice_is(entry->key, "where")) {
            result |= take_where(building, entry->value);
        } else if (slice_is(entry->key, "grid") || slice_is(entry->key, "zip") ||
                   slice_is(entry->key, "set")) {
            result |= take_axes(building, entry);
        } else {
            result = -1; /* told already */
        }
    }
    if (result == 0 && building->axes.count == 0 && set->table.at == NULL) {
        error_at(building->loader, FINDING_WRONG_POINTS, value,
                 "these points have no keys; use `grid`, `zip`, `set` or `table`");
        result = -1;
    }
    set->axis_count = building->axes.count;
    set->axes = arena_array(building->loader->arena, set->axis_count, sizeof *set->axes);
    if (set->axis_count > 0) {
        memcpy(set->axes, building->axes.at, set->axis_count * sizeof *set->axes);
    }
    return result;
}

static void release_building(struct building *building)
{
    vec_release(&building->axes);
    vec_release(&building->columns);
    vec_release(&building->values);
    vec_release(&building->column_values);
    vec_release(&building->counts);
    json_parser_free(building->parser);
}

static int build_sets(struct loader *loader, struct declaration *declaration,
                      const struct toml_value *points)
{
    struct building building = {.loader = loader, .parser = json_parser_new()};
    int result = 0;
    declaration->sets = arena_array(loader->arena, points->array.count, sizeof *declaration->sets);
    for (size_t i = 0; i < points->array.count; i++) {
        if (points->array.items[i]->type != TOML_TABLE) {
            result = -1; /* told already */
            continue;
        }
        building.set = &declaration->sets[declaration->set_count++];
        result |= build_set(&building, points->array.items[i]);
    }
    release_building(&building);
    return result;
}

/* ---- The whole ---- */

void build_points(struct loader *loader, const struct layers *layers)
{
    const struct toml_value *points = layers_typed(layers, ID_WORKSPACE_POINTS, TOML_ARRAY);
    const struct toml_value *name = layers_typed(layers, ID_WORKSPACE_NAME, TOML_STRING);
    if (points == NULL) {
        if (name != NULL) {
            warning_at(loader, FINDING_NO_EFFECT, name,
                       "`workspace.name` does nothing without `workspace.points`");
        }
        return;
    }
    struct declaration *declaration = arena_alloc(loader->arena, sizeof *declaration);
    int result = build_sets(loader, declaration, points);
    if (name != NULL) {
        result |= build_point_name(loader, declaration, name);
    }
    if (result == 0) {
        check_declaration(loader, declaration, points, name);
    }
    loader->rowfile->declaration = declaration;
}
