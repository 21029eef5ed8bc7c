/* How files are named: by path, and as a record names them. */
#ifndef ROWBUILD_NAMES_H
#define ROWBUILD_NAMES_H

#include "plan_inner.h"

/* A path from the project, relative to a directory if it lies below it, else as it is. */
struct slice plan_name_below(const struct plan *plan, uint32_t directory, struct slice path,
                             bool *is_below);

/* Appends the path of a directory from the project, with a '/' at its end. */
void plan_add_directory(const struct graph *graph, uint32_t directory, struct buf *out);

#endif
