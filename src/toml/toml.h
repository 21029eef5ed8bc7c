/* Parses TOML 1.0.0 (https://toml.io/en/v1.0.0) into a syntax tree with byte offsets.
 *
 * Knows: TOML's syntax, its types and its rules of redefinition. Doesn't know: what any key means.
 * The tree lives in the caller's arena; its strings are decoded and may contain NUL bytes. */
#ifndef ROWBUILD_TOML_H
#define ROWBUILD_TOML_H

#include "arena.h"
#include "diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum toml_type {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_OFFSET_DATE_TIME,
    TOML_LOCAL_DATE_TIME,
    TOML_LOCAL_DATE,
    TOML_LOCAL_TIME,
    TOML_ARRAY,
    TOML_TABLE,
};

/* Fields that the type lacks are 0. */
struct toml_time {
    int year, month, day;
    int hour, minute, second;
    int nanosecond;
    int offset_minutes; /* east of UTC; TOML_OFFSET_DATE_TIME only */
    bool zulu;          /* written as Z: offset_minutes is 0 */
};

struct toml_value {
    enum toml_type type;
    size_t offset; /* of the value's first byte, or of a table's [header] */
    size_t length; /* of the value's text in bytes, at least 1 */
    union {
        struct slice string;
        int64_t integer;
        double number;
        bool boolean;
        struct toml_time time;
        struct {
            struct toml_value **items;
            size_t count;
        } array;
        struct toml_table *table;
    };
};

struct toml_entry {
    struct slice key; /* one part of a dotted key, decoded */
    size_t key_offset;
    size_t key_length;
    struct toml_value *value;
};

/* Entries in the order in which they arrive. */
struct toml_table {
    struct toml_entry *entries;
    size_t count;
    void *internal; /* private to the parser */
};

/* Parses `source->text`. Returns the root table, or NULL after one diag_error_at: a syntax error
 * stops the reading. Everything is allocated in `arena`; `source` must outlive the tree only if
 * errors are reported with its offsets. */
const struct toml_table *toml_parse(const struct source *source, struct arena *arena,
                                    struct diag *diag);

/* The value of `key`, or NULL. */
const struct toml_value *toml_get(const struct toml_table *table, struct slice key);

/* "string", "integer", "float", "boolean", "offset date-time", … for messages */
const char *toml_type_name(enum toml_type type);

#endif
