/* Shared by the files of this folder: a `struct json *` is in fact json-c's object.
 *
 * json-c's null is a NULL pointer, but a null document must differ from no document. So a document
 * or operand that is null is JSON_NULL_DOCUMENT, while a null inside an array or object is NULL. */
#ifndef ROWBUILD_JSON_INSIDE_H
#define ROWBUILD_JSON_INSIDE_H

#include "json.h"

/* json-c has an `enum json_type` too. */
#define json_type jsonc_type
#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#undef json_type

extern const char json_null_document;
#define JSON_NULL_DOCUMENT ((const struct json *)&json_null_document)

static inline struct json_object *json_inside(const struct json *value)
{
    return value == JSON_NULL_DOCUMENT ? NULL : (struct json_object *)value;
}

static inline const struct json *json_outside(const struct json_object *object)
{
    return (const struct json *)object;
}

/* A number as stored; `kind` says which member is set. */
enum json_number_kind { JSON_SIGNED, JSON_UNSIGNED, JSON_FLOAT };

struct json_any_number {
    enum json_number_kind kind;
    int64_t signed_integer;    /* JSON_SIGNED */
    uint64_t unsigned_integer; /* JSON_UNSIGNED: above INT64_MAX */
    double number;             /* JSON_FLOAT */
    const char *spelling;      /* JSON_FLOAT: as in the text; NULL if the number wasn't parsed */
};

struct json_any_number json_any_number(const struct json *value);

/* The digits, with the sign, of an integer beyond 64 bits; else an empty slice. */
struct slice json_long_integer(struct json_any_number number);

#endif
