/* Writes JSON values as Python's json.dumps(value, sort_keys=True) does, byte by byte. */
#include "json_inside.h"

#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The code point at `at`, and its length: the text is UTF-8. */
static uint32_t decode(struct slice text, size_t at, size_t *len)
{
    const unsigned char *byte = (const unsigned char *)text.at + at;
    size_t left = text.len - at;
    if (byte[0] >= 0xf0 && left >= 4) {
        *len = 4;
        return (uint32_t)(byte[0] & 0x07) << 18 | (uint32_t)(byte[1] & 0x3f) << 12 |
               (uint32_t)(byte[2] & 0x3f) << 6 | (uint32_t)(byte[3] & 0x3f);
    }
    if (byte[0] >= 0xe0 && left >= 3) {
        *len = 3;
        return (uint32_t)(byte[0] & 0x0f) << 12 | (uint32_t)(byte[1] & 0x3f) << 6 |
               (uint32_t)(byte[2] & 0x3f);
    }
    if (byte[0] >= 0xc0 && left >= 2) {
        *len = 2;
        return (uint32_t)(byte[0] & 0x1f) << 6 | (uint32_t)(byte[1] & 0x3f);
    }
    *len = 1;
    return byte[0];
}

static void add_code(uint32_t code, struct buf *out)
{
    static const char plain[] = "\"\\\n\r\t\f\b";
    static const char letters[] = "\"\\nrtfb";
    const char *found = code < 128 && code != 0 ? strchr(plain, (int)code) : NULL;
    if (found != NULL) {
        buf_add_char(out, '\\');
        buf_add_char(out, letters[found - plain]);
    } else if (code >= ' ' && code <= '~') {
        buf_add_char(out, (char)code);
    } else if (code > 0xffff) {
        code -= 0x10000;
        buf_addf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
    } else {
        buf_addf(out, "\\u%04x", code);
    }
}

static void add_string(struct slice text, struct buf *out)
{
    size_t len;
    buf_add_char(out, '"');
    for (size_t at = 0; at < text.len; at += len) {
        add_code(decode(text, at, &len), out);
    }
    buf_add_char(out, '"');
}

/* The shortest digits that read back the same, as repr() arranges them: an exponent below 1e-4 and
 * from 1e16 on. */
static void add_float(double number, struct buf *out)
{
    char text[40];
    char digits[24];
    int count = 0;
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    const char *mark = strchr(text, 'e');
    int exponent = (int)strtol(mark + 1, NULL, 10);
    for (const char *c = text; c < mark; c++) {
        if (*c >= '0' && *c <= '9') {
            digits[count++] = *c;
        }
    }
    buf_add_string(out, signbit(number) ? "-" : "");
    if (exponent < -4 || exponent >= 16) {
        buf_add(out, digits, 1);
        if (count > 1) {
            buf_add_char(out, '.');
            buf_add(out, digits + 1, (size_t)count - 1);
        }
        buf_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    if (exponent < 0) {
        buf_add_string(out, "0.");
    }
    for (int i = exponent + 1; i < 0; i++) {
        buf_add_char(out, '0');
    }
    for (int i = 0; i < count || i <= exponent + 1; i++) {
        if (i == exponent + 1 && exponent >= 0) {
            buf_add_char(out, '.');
        }
        if (i < count || i <= exponent + 1) {
            buf_add(out, i < count ? &digits[i] : "0", 1);
        }
    }
}

static void add_number(const struct json *value, struct buf *out)
{
    struct slice digits = json_long_integer(value);
    if (value->kind == JSON_SIGNED) {
        buf_addf(out, "%" PRId64, value->signed_integer);
    } else if (value->kind == JSON_UNSIGNED) {
        buf_addf(out, "%" PRIu64, value->unsigned_integer);
    } else if (digits.len > 0) {
        buf_add_slice(out, digits);
    } else {
        add_float(value->number, out);
    }
}

static void add_value(const struct json *value, struct buf *out);

static void add_object(const struct json *object, struct buf *out)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < object->count; i++) {
        const struct json_member *member = &object->members[json_sorted_members(object)[i]];
        buf_add_string(out, i > 0 ? ", " : "");
        add_string(slice_of(member->name), out);
        buf_add_string(out, ": ");
        add_value(&member->value, out);
    }
    buf_add_char(out, '}');
}

static void add_value(const struct json *value, struct buf *out)
{
    switch (json_type_of(value)) {
    case JSON_NULL:
        buf_add_string(out, "null");
        break;
    case JSON_BOOLEAN:
        buf_add_string(out, json_boolean(value) ? "true" : "false");
        break;
    case JSON_NUMBER:
        add_number(value, out);
        break;
    case JSON_STRING:
        add_string(json_string(value), out);
        break;
    case JSON_ARRAY:
        buf_add_char(out, '[');
        for (size_t i = 0; i < json_array_count(value); i++) {
            buf_add_string(out, i > 0 ? ", " : "");
            add_value(json_array_item(value, i), out);
        }
        buf_add_char(out, ']');
        break;
    case JSON_OBJECT:
        add_object(value, out);
        break;
    }
}

void json_add_python(const struct json *value, struct buf *out)
{
    add_value(value, out);
}

void json_add_python_string(struct slice text, struct buf *out)
{
    add_string(text, out);
}
