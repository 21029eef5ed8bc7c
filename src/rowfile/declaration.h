/* The points of a study as the Rowfile declares them: `workspace.points` and `workspace.name`.
 *
 * Knows: axes (what is combined), their values in every spelling that is needed, the expression
 * that filters, and the template of names. Doesn't know: combinations, which workspace/points.h
 * makes; tables, which are read there; files. Everything lives in the rowfile's arena.
 *
 * declaration.c reads the keys, point_range.c computes ranges, point_name.c reads the template,
 * point_value.c spells values. */
#ifndef ROWBUILD_DECLARATION_H
#define ROWBUILD_DECLARATION_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "json.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One JSON value in its spellings. They share bytes where they are equal. */
struct point_value {
    struct slice text;      /* as in value files; at == NULL: the key is left out */
    struct slice canonical; /* json_add_canonical: equal values have equal text */
    struct slice python;    /* json_add_python, what signac's ids are made of */
    struct slice in_name;   /* as in a directory's name; at == NULL: it can't stand there */
};

/* Fills `value` from JSON text; at `text` the spelling that is kept. -1 after an error of
 * json_parse, whose messages begin with `shown`. */
int point_value_parse(struct point_value *value, struct slice text, struct slice shown,
                      struct json_parser *parser, struct arena *arena, struct diag *diag);

/* A key of the value. */
struct point_column {
    struct slice pointer; /* "/box/x" */
    struct slice *parts;  /* "box", "x" */
    size_t part_count;
    const char *from; /* "grid", "zip", "set", "table" */
    size_t offset;    /* of the key in the source: the Rowfile, or the table */
    size_t length;
};

/* Keys that advance together, with `count` rows. */
struct point_axis {
    struct point_column *columns;
    size_t column_count;
    size_t count;
    struct point_value *values; /* row × column_count + column */
};

struct where;

/* One [[workspace.points]]: every combination of the rows of its axes. */
struct point_set {
    struct point_axis *axes; /* the last one advances fastest */
    size_t axis_count;
    struct slice table; /* path from the project; at == NULL: none */
    size_t table_axis;  /* where the table's axis belongs among the others */
    size_t table_offset;
    size_t table_length;
    const struct where *where; /* NULL: all */
    size_t where_offset;
    size_t where_length;
    size_t offset; /* of the header */
    size_t length;
};

enum point_name_kind { POINT_NAME_TEXT, POINT_NAME_POINTER, POINT_NAME_SIGNAC_ID };
struct point_name_part {
    enum point_name_kind kind;
    struct slice text; /* the bytes, or the pointer */
    size_t offset;     /* in the source */
    size_t length;
};

struct declaration {
    struct point_set *sets;
    size_t set_count;
    struct point_name_part *name;
    size_t name_count;
    size_t name_offset;
    size_t name_length;
    size_t depth; /* of the directories below the workspace: 1, more with '/' in the name */
    bool uses_signac_id;
};

/* "box.x", as a message names a key. */
void point_column_add_name(const struct point_column *column, struct buf *out);

/* Whether two keys can't stand in one value: they are equal, or one is inside the other. */
bool point_columns_clash(const struct point_column *a, const struct point_column *b);

/* Makes a column of a dotted key. */
void point_column_make(struct point_column *column, const struct slice *parts, size_t count,
                       struct arena *arena);

#endif
