/* Values and keys of points: their spellings, and whether two keys clash. */
#include "declaration.h"

#include "text.h"

static struct slice keep(struct arena *arena, const struct buf *text,
                         const struct point_value *value)
{
    struct slice spelled = buf_slice(text);
    const struct slice known[] = {value->text, value->canonical, value->python};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].at != NULL && slice_equal(known[i], spelled)) {
            return known[i];
        }
    }
    return arena_slice(arena, spelled);
}

/* An empty slice at NULL where the value can't stand in a name. */
static struct slice spell_in_name(const struct json *json, const struct point_value *value,
                                  struct arena *arena)
{
    switch (json_type_of(json)) {
    case JSON_STRING:
        return arena_slice(arena, json_string(json));
    case JSON_NUMBER:
    case JSON_BOOLEAN:
        return value->text;
    default:
        return (struct slice){0};
    }
}

/* Most values are short whole numbers, which have one spelling. */
static bool is_plain_integer(struct slice text)
{
    size_t at = text.len > 0 && text.at[0] == '-' ? 1 : 0;
    if (text.len <= at || text.len - at > 15 || text.at[at] == '0') {
        return text.len == 1 && text.at[0] == '0';
    }
    for (; at < text.len; at++) {
        if (text.at[at] < '0' || text.at[at] > '9') {
            return false;
        }
    }
    return true;
}

int point_value_parse(struct point_value *value, struct slice text, struct slice shown,
                      struct json_parser *parser, struct arena *arena, struct diag *diag)
{
    struct buf spelled = BUF_EMPTY;
    if (is_plain_integer(text)) {
        struct slice kept = arena_slice(arena, text);
        *value = (struct point_value){kept, kept, kept, kept};
        return 0;
    }
    struct json *json = json_parse(parser, text, shown, diag);
    *value = (struct point_value){0};
    if (json == NULL) {
        return -1;
    }
    value->text = arena_slice(arena, text);
    json_add_canonical(json, &spelled);
    value->canonical = keep(arena, &spelled, value);
    buf_clear(&spelled);
    json_add_python(json, &spelled);
    value->python = keep(arena, &spelled, value);
    value->in_name = spell_in_name(json, value, arena);
    buf_release(&spelled);
    json_free(json);
    return 0;
}

void point_column_add_name(const struct point_column *column, struct buf *out)
{
    for (size_t i = 0; i < column->part_count; i++) {
        buf_add_string(out, i > 0 ? "." : "");
        text_add_name(out, column->parts[i]);
    }
}

bool point_columns_clash(const struct point_column *a, const struct point_column *b)
{
    size_t shorter = a->part_count < b->part_count ? a->part_count : b->part_count;
    for (size_t i = 0; i < shorter; i++) {
        if (!slice_equal(a->parts[i], b->parts[i])) {
            return false;
        }
    }
    return true;
}

void point_column_make(struct point_column *column, const struct slice *parts, size_t count,
                       struct arena *arena)
{
    struct buf pointer = BUF_EMPTY;
    column->parts = arena_array(arena, count, sizeof *column->parts);
    column->part_count = count;
    for (size_t i = 0; i < count; i++) {
        column->parts[i] = arena_slice(arena, parts[i]);
        buf_add_char(&pointer, '/');
        for (size_t c = 0; c < parts[i].len; c++) {
            if (parts[i].at[c] == '~' || parts[i].at[c] == '/') {
                buf_add_string(&pointer, parts[i].at[c] == '~' ? "~0" : "~1");
            } else {
                buf_add_char(&pointer, parts[i].at[c]);
            }
        }
    }
    column->pointer = arena_slice(arena, buf_slice(&pointer));
    buf_release(&pointer);
}
