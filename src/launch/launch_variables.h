/* The variables of an environment while it is put together.
 *
 * Knows: names and values. Doesn't know: which variables there are, nor who sets them. */
#ifndef ROWBUILD_LAUNCH_VARIABLES_H
#define ROWBUILD_LAUNCH_VARIABLES_H

#include "arena.h"
#include "slice.h"
#include "vec.h"

/* Begins with `arena` set, in which entries are made; release `entries` with vec_release. */
struct variables {
    struct arena *arena;
    VEC(char *) entries; /* NAME=value */
};

/* Sets one variable; what was there under the name is replaced. */
void variables_set(struct variables *variables, struct slice name, struct slice value);

#endif
