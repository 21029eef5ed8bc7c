/* Writes JSON values: the canonical text, and text that keeps the spelling of the document. */
#include "json_inside.h"

#include "memory.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct member {
    struct slice key;
    struct json_object *value;
};

/* Appends the shortest spelling that reads back the same. */
static void add_shortest(double number, struct buf *out)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    for (char *c = text; *c != '\0'; c++) {
        /* The decimal point of the locale, if a program that uses this library has set one. */
        if (strchr("0123456789+-einfa", *c) == NULL) {
            *c = '.';
        }
    }
    buf_add_string(out, text);
}

static void add_canonical_float(double number, struct buf *out)
{
    static const double limit = 9223372036854775808.0; /* 2^63 */
    if (number == floor(number) && fabs(number) < limit) {
        buf_addf(out, "%" PRId64, (int64_t)number);
    } else if (number == floor(number) && number >= limit && number < 2 * limit) {
        buf_addf(out, "%" PRIu64, (uint64_t)number);
    } else {
        add_shortest(number, out);
    }
}

static void add_made_float(double number, struct buf *out)
{
    size_t start = out->len;
    add_shortest(number, out);
    if (strpbrk(out->at + start, ".en") == NULL) {
        buf_add_string(out, ".0");
    }
}

static void add_number(const struct json *value, bool canonical, struct buf *out)
{
    struct json_any_number number = json_any_number(value);
    struct slice digits = json_long_integer(number);
    if (number.kind == JSON_SIGNED) {
        buf_addf(out, "%" PRId64, number.signed_integer);
    } else if (number.kind == JSON_UNSIGNED) {
        buf_addf(out, "%" PRIu64, number.unsigned_integer);
    } else if (digits.len > 0) {
        buf_add_slice(out, digits);
    } else if (canonical) {
        add_canonical_float(number.number, out);
    } else if (number.spelling != NULL) {
        buf_add_string(out, number.spelling);
    } else {
        add_made_float(number.number, out);
    }
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    return slice_compare(left->key, right->key);
}

static void add_value(const struct json *value, bool canonical, struct buf *out);

static void add_object(struct json_object *object, bool canonical, struct buf *out)
{
    size_t count = (size_t)json_object_object_length(object);
    struct member *members = mem_alloc(count * sizeof *members);
    struct json_object_iterator at = json_object_iter_begin(object);
    for (size_t i = 0; i < count; i++) {
        members[i].key = slice_of(json_object_iter_peek_name(&at));
        members[i].value = json_object_iter_peek_value(&at);
        json_object_iter_next(&at);
    }
    if (canonical) {
        qsort(members, count, sizeof *members, compare_members);
    }
    buf_add_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        buf_add_string(out, i > 0 ? "," : "");
        text_add_json(out, members[i].key);
        buf_add_char(out, ':');
        add_value(json_outside(members[i].value), canonical, out);
    }
    buf_add_char(out, '}');
    free(members);
}

static void add_array(const struct json *array, bool canonical, struct buf *out)
{
    size_t count = json_array_count(array);
    buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_add_string(out, i > 0 ? "," : "");
        add_value(json_array_item(array, i), canonical, out);
    }
    buf_add_char(out, ']');
}

static void add_value(const struct json *value, bool canonical, struct buf *out)
{
    switch (json_type_of(value)) {
    case JSON_NULL:
        buf_add_string(out, "null");
        break;
    case JSON_BOOLEAN:
        buf_add_string(out, json_boolean(value) ? "true" : "false");
        break;
    case JSON_NUMBER:
        add_number(value, canonical, out);
        break;
    case JSON_STRING:
        text_add_json(out, json_string(value));
        break;
    case JSON_ARRAY:
        add_array(value, canonical, out);
        break;
    case JSON_OBJECT:
        add_object(json_inside(value), canonical, out);
        break;
    }
}

void json_add_canonical(const struct json *value, struct buf *out)
{
    add_value(value, true, out);
}

void json_add_text(const struct json *value, struct buf *out)
{
    add_value(value, false, out);
}
