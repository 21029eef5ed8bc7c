/* Shared by the files of this folder: a value is a node. A document is one piece of memory that holds
 * its nodes, names and texts, since values are kept by the hundred thousand: json-c, whose tree of a
 * small object takes ten times as much, only parses. */
#ifndef ROWBUILD_JSON_INSIDE_H
#define ROWBUILD_JSON_INSIDE_H

#include "json.h"
#include "vec.h"

enum json_number_kind { JSON_SIGNED, JSON_UNSIGNED, JSON_FLOAT };

struct json_member;

struct json {
    uint8_t type;   /* enum json_type */
    uint8_t kind;   /* of a number: enum json_number_kind, which says what of it is set */
    uint32_t count; /* items of an array, members of an object, bytes of a string */
    union {
        bool boolean;
        int64_t signed_integer;
        uint64_t unsigned_integer; /* above INT64_MAX */
        double number;
    };
    union {
        const char
            *text; /* a string, or a float as it was written, NULL if it was made; a NUL follows */
        const struct json *items;
        const struct json_member *members; /* as in the text; json_sorted_members follows them */
    };
};

struct json_member {
    const char *name; /* without a NUL inside */
    struct json value;
};

/* What a made array consists of. */
struct json_parts {
    VEC(struct json) items; /* nodes of `all` */
    VEC(struct json *) all; /* documents */
};

/* What stands before the root of each document, in the same piece of memory. */
struct json_document {
    uint32_t references;
    struct json_parts *parts; /* NULL for others */
    struct json root;
};

/* A document with `bytes` of zeroed memory after its root, which is null. */
struct json_document *json_document_new(size_t bytes);

/* The numbers of an object's members, in the order of the bytes of their names. */
const uint32_t *json_sorted_members(const struct json *object);

/* The value of the object's member, or NULL. */
const struct json *json_member_value(const struct json *object, struct slice name);

/* The digits, with the sign, of an integer beyond 64 bits; else an empty slice. */
struct slice json_long_integer(const struct json *number);

#endif
