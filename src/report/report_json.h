/* Writes JSON piece by piece. Commas are added automatically, before anything that follows a value.
 *
 *     report_json_begin(out, '{');
 *     report_json_key(out, "action");
 *     text_add_json(out, name);
 *     report_json_end(out, '}');
 *
 * Knows: punctuation. Doesn't know: what the values mean. */
#ifndef ROWBUILD_REPORT_JSON_H
#define ROWBUILD_REPORT_JSON_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

void report_json_begin(struct buf *out, char bracket);
/* Begins an object on a line of its own: one record of an array. */
void report_json_begin_record(struct buf *out);
void report_json_end(struct buf *out, char bracket);
/* Ends an array of records; the line isn't ended. */
void report_json_end_records(struct buf *out);

void report_json_key(struct buf *out, const char *key);
void report_json_item(struct buf *out, struct slice text); /* a string in an array */
void report_json_string(struct buf *out, const char *key, struct slice text);
void report_json_count(struct buf *out, const char *key, uint64_t number);
void report_json_add_number(struct buf *out, double number); /* without a comma */
void report_json_number(struct buf *out, const char *key, double number);
void report_json_bool(struct buf *out, const char *key, bool value);
/* null if the text is empty. */
void report_json_optional(struct buf *out, const char *key, struct slice text);
void report_json_null(struct buf *out, const char *key);

#endif
