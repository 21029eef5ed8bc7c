/* Spells the value of a combination: the object that its keys make.
 *
 * Knows: nested keys, three spellings, keys that a row leaves out. Doesn't know: how combinations
 * are chosen. */
#ifndef ROWBUILD_POINTS_SHAPE_H
#define ROWBUILD_POINTS_SHAPE_H

#include "declaration.h"

enum points_spelling {
    POINTS_TEXT,      /* as in value files: keys in the order of the Rowfile */
    POINTS_CANONICAL, /* json_add_canonical */
    POINTS_PYTHON,    /* json_add_python */
};

struct points_shape;

/* Lives in the arena, and borrows the axes. */
struct points_shape *points_shape_new(const struct point_axis *axes, size_t count,
                                      struct arena *arena);

/* Appends the value; `rows` has the row of each axis. */
void points_shape_add(const struct points_shape *shape, const size_t *rows,
                      enum points_spelling spelling, struct buf *out);

#endif
