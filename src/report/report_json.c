#include "report_json.h"

#include "text.h"

#include <inttypes.h>

/* Unfinished JSON ends in an opening bracket, a colon or a complete value; only the last needs a
 * comma. */
static void add_comma(struct buf *out)
{
    if (out->len > 0 && strchr("{[:,\n", out->at[out->len - 1]) == NULL) {
        buf_add_char(out, ',');
    }
}

void report_json_begin(struct buf *out, char bracket)
{
    add_comma(out);
    buf_add_char(out, bracket);
}

void report_json_begin_record(struct buf *out)
{
    add_comma(out);
    buf_add_string(out, "\n{");
}

void report_json_end(struct buf *out, char bracket)
{
    buf_add_char(out, bracket);
}

void report_json_end_records(struct buf *out)
{
    bool is_empty = out->len > 0 && out->at[out->len - 1] == '[';
    buf_add_string(out, is_empty ? "]" : "\n]");
}

void report_json_key(struct buf *out, const char *key)
{
    add_comma(out);
    text_add_json(out, slice_of(key));
    buf_add_char(out, ':');
}

void report_json_item(struct buf *out, struct slice text)
{
    add_comma(out);
    text_add_json(out, text);
}

void report_json_string(struct buf *out, const char *key, struct slice text)
{
    report_json_key(out, key);
    text_add_json(out, text);
}

void report_json_count(struct buf *out, const char *key, uint64_t number)
{
    report_json_key(out, key);
    buf_addf(out, "%" PRIu64, number);
}

void report_json_add_number(struct buf *out, double number)
{
    size_t start = out->len;
    buf_addf(out, "%.6g", number);
    /* A program that uses this library may have set a locale with a decimal comma. */
    for (size_t i = start; i < out->len; i++) {
        if (out->at[i] == ',') {
            out->at[i] = '.';
        }
    }
}

void report_json_number(struct buf *out, const char *key, double number)
{
    report_json_key(out, key);
    report_json_add_number(out, number);
}

void report_json_bool(struct buf *out, const char *key, bool value)
{
    report_json_key(out, key);
    buf_add_string(out, value ? "true" : "false");
}

void report_json_null(struct buf *out, const char *key)
{
    report_json_key(out, key);
    buf_add_string(out, "null");
}

void report_json_optional(struct buf *out, const char *key, struct slice text)
{
    if (text.len > 0) {
        report_json_string(out, key, text);
    } else {
        report_json_null(out, key);
    }
}
