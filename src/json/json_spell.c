/* Writes JSON values: the canonical text, and text that keeps the spelling of the document. */
#include "json_inside.h"

#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
    struct slice digits = json_long_integer(value);
    if (value->kind == JSON_SIGNED) {
        buf_addf(out, "%" PRId64, value->signed_integer);
    } else if (value->kind == JSON_UNSIGNED) {
        buf_addf(out, "%" PRIu64, value->unsigned_integer);
    } else if (digits.len > 0) {
        buf_add_slice(out, digits);
    } else if (canonical) {
        add_canonical_float(value->number, out);
    } else if (value->text != NULL) {
        buf_add_string(out, value->text);
    } else {
        add_made_float(value->number, out);
    }
}

static void add_value(const struct json *value, bool canonical, struct buf *out);

static void add_object(const struct json *object, bool canonical, struct buf *out)
{
    const uint32_t *sorted = json_sorted_members(object);
    buf_add_char(out, '{');
    for (size_t i = 0; i < object->count; i++) {
        const struct json_member *member = &object->members[canonical ? sorted[i] : i];
        buf_add_string(out, i > 0 ? "," : "");
        text_add_json(out, slice_of(member->name));
        buf_add_char(out, ':');
        add_value(&member->value, canonical, out);
    }
    buf_add_char(out, '}');
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
        add_object(value, canonical, out);
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
