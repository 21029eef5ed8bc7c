/* What the files of points share: how a set was expanded, and where each point comes from.
 *
 * points.c makes combinations, points_name.c names. points_unite.c finds points that are equal or
 * have one name. points_inner.c spells values and finds places for all of them. */
#ifndef ROWBUILD_POINTS_INNER_H
#define ROWBUILD_POINTS_INNER_H

#include "arena.h"
#include "buf.h"
#include "declaration.h"
#include "diag.h"
#include "points.h"
#include "points_shape.h"
#include "vec.h"

struct point {
    struct slice name;
    struct digest digest; /* of the canonical text */
    uint32_t set;
    uint32_t number; /* of the combination, in the set */
};

/* A part of the name, found in one set. */
struct name_source {
    size_t axis;
    size_t column;
    struct slice rest; /* the pointer inside the value; empty: the value itself */
};

struct expanded_set {
    const struct point_set *declared;
    struct point_axis *axes; /* with the table's */
    size_t axis_count;
    struct points_shape *shape;
    struct name_source *sources; /* by part of the name */
    uint64_t combinations;
};

struct points {
    struct arena arena;
    const struct rowfile *rowfile;
    const struct declaration *declaration;
    struct expanded_set *sets;
    size_t set_count;
    VEC(struct point) all;
};

/* What the making needs, and the points don't. */
struct making {
    struct points *points;
    struct expanded_set *set;
    struct json_parser *parser;
    size_t *rows; /* of the combination, by axis */
    struct buf text;
    struct buf name;
    struct buf canonical;
    size_t most_errors;
    struct diag *diag;
};

/* The line of the Rowfile. */
size_t points_line(const struct points *points, size_t offset);

/* Appends a value, shortened. */
void points_add_shown(struct slice text, struct buf *out);

/* The row of each axis that a combination takes. */
void points_find_rows(const struct expanded_set *set, uint64_t number, size_t *rows);

/* Appends the value of a point. */
void points_add_as(const struct points *points, const struct point *point,
                   enum points_spelling spelling, struct buf *out);

/* Finds which keys of a set the parts of the name take. -1 after errors. */
int points_find_sources(struct points *points, struct expanded_set *set, struct diag *diag);

/* Makes the name of the combination in making->rows, in making->name. -1 after an error. */
int points_make_name(struct making *making);

/* Sorts the points by their names, drops those that are declared twice, and refuses others of one name. */
int points_unite(struct points *points, struct diag *diag);

/* 1 and 1.0 are one number to JSON, and two to whoever compares texts. */
void points_warn_of_equal(const struct points *points, struct diag *diag);

#endif
