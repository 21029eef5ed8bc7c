/* JSON documents (RFC 8259) and pointers into them (RFC 6901). The only place that includes json-c.
 *
 * Knows: parsing, looking up, comparing and one canonical spelling. Doesn't know: files,
 * directories. */
#ifndef ROWBUILD_JSON_H
#define ROWBUILD_JSON_H

#include "buf.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;        /* one value, owned by its document */
struct json_parser; /* reused between documents; one for each thread */

enum json_type {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *parser);

/* Parses one whole document, strictly: UTF-8 only, white space allowed around the document, no
 * comments, NaN, NUL bytes or lone surrogates, at most 200 levels of nesting. Duplicate keys in an
 * object are refused, and so are keys that contain \u0000. Integers of 64 bits, signed or not, are
 * exact; larger ones count as floats but keep their digits when they are written. Each message
 * begins with "NAME:LINE:COLUMN: ", because the text doesn't outlive the call. NULL after an error;
 * otherwise the caller frees the document with json_free. */
struct json *json_parse(struct json_parser *parser, struct slice text, struct slice name,
                        struct diag *diag);
void json_free(struct json *document); /* NULL is allowed */

/* Another reference to the document, for the caller to free; by one thread at a time. */
struct json *json_share(struct json *document);

/* Values that don't come from a document, such as operands in a Rowfile. The caller frees them with
 * json_free. */
struct json *json_new_null(void);
struct json *json_new_boolean(bool value);
struct json *json_new_integer(int64_t value);
struct json *json_new_number(double value);
struct json *json_new_string(struct slice text);
struct json *json_new_array(void);
void json_array_add(struct json *array, struct json *item); /* takes ownership of `item` */

enum json_type json_type_of(const struct json *value); /* NULL is JSON_NULL */
const char *json_type_name(enum json_type type);       /* "null", "boolean", "number", … */
bool json_boolean(const struct json *value);
double json_number(const struct json *value);
struct slice json_string(const struct json *value); /* decoded bytes, owned by the document */
size_t json_array_count(const struct json *array);
const struct json *json_array_item(const struct json *array, size_t index);
size_t json_object_count(const struct json *object); /* number of keys; 0 for other types */

/* Finds the value at an RFC 6901 pointer ("" is the whole document). false if there is none. For a
 * JSON null the result is true with *found == NULL. */
bool json_at(const struct json *document, struct slice pointer, const struct json **found);

/* Whether `pointer` is well formed: empty or starting with '/', '~' only as ~0 or ~1. */
bool json_pointer_is_valid(struct slice pointer);

/* Appends the canonical text: no white space, keys sorted by bytes, the shortest spelling of
 * numbers that reads back the same, integral floats as integers (1.0 is 1, -0.0 is 0, 1e3 is 1000),
 * so that equal values have equal text. Integers keep all their digits. */
void json_add_canonical(const struct json *value, struct buf *out);

/* Appends compact JSON text as `show directories --value` prints it: order of keys and spelling of
 * numbers as in the document (1.0 stays 1.0). */
void json_add_text(const struct json *value, struct buf *out);

/* Appends what Python's json.dumps(value, sort_keys=True) writes, byte by byte: signac's ids are
 * digests of it. The second appends a string alone, such as a key. */
void json_add_python(const struct json *value, struct buf *out);
void json_add_python_string(struct slice text, struct buf *out);

/* row's order (row.md): numbers (1 equals 1.0), strings by bytes, booleans, null equal to null,
 * arrays of equal length lexicographically; sets *order to <0, 0, >0. false when the two can't be
 * compared: different types, objects, arrays of different length. */
bool json_compare(const struct json *a, const struct json *b, int *order);

/* A total order for sorting directories: types first (null < boolean < number < string < array <
 * object), then as json_compare; arrays element by element then by length; objects by canonical
 * text. */
int json_order(const struct json *a, const struct json *b);

/* Finds the leaves in which two documents differ, for explanations. Calls `found` at most `limit`
 * times with the RFC 6901 pointer and both values; where one side lacks the value, its argument is
 * NULL and its *_there false. The order is that of `after`'s keys, followed by the keys that only
 * `before` has. Objects are always descended into, arrays only when of equal length. Returns the
 * number of differences, which may exceed `limit`. */
typedef void json_difference_fn(void *context, struct slice pointer, const struct json *before,
                                bool before_there, const struct json *after, bool after_there);
size_t json_differences(const struct json *before, const struct json *after, size_t limit,
                        json_difference_fn *found, void *context);

#endif
