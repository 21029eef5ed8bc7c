/* Shapes: the kinds and names of lists of components, each stored once.
 *
 * Knows: how a shape is spelt as one byte string (its key), which is also its form on disk: for
 * each component the kind (1 byte), whether the name lies in the task's directory (1 byte), the
 * length of the name (4 bytes) and the name. Doesn't know: digests, tasks. */
#ifndef ROWBUILD_SHAPE_H
#define ROWBUILD_SHAPE_H

#include "intern.h"
#include "state.h"
#include "vec.h"

struct shape_part {
    enum component_kind kind;
    bool in_directory;
    struct slice name; /* points into the key */
};

struct shape {
    uint32_t number;
    size_t count;
    struct shape_part parts[];
};

struct shapes {
    struct intern keys;
    struct arena memory;
    VEC(struct shape *) all; /* by the number of their key; NULL: a key that is malformed */
    struct buf scratch;
};

void shapes_init(struct shapes *shapes);
void shapes_release(struct shapes *shapes);

const struct shape *shapes_add(struct shapes *shapes, const struct component *list, size_t count);

/* NULL when the key is malformed. */
const struct shape *shapes_add_key(struct shapes *shapes, struct slice key);

struct slice shapes_key(const struct shapes *shapes, const struct shape *shape);

#endif
