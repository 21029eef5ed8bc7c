/* Collects the variables of an environment.
 *
 * Knows: names and values. Doesn't know: the meaning of any variable. */
#ifndef ROWBUILD_LAUNCH_VARIABLES_H
#define ROWBUILD_LAUNCH_VARIABLES_H

#include "arena.h"
#include "slice.h"
#include "vec.h"

/* The caller sets `arena`, in which entries are allocated, and releases `entries` with
 * vec_release. */
struct variables {
    struct arena *arena;
    VEC(char *) entries; /* NAME=value */
};

/* Sets one variable, replacing an existing one of that name. */
void variables_set(struct variables *variables, struct slice name, struct slice value);

void variables_unset(struct variables *variables, struct slice name);

#endif
