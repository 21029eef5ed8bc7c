/* Reads the table of `workspace.points.table`: comma-separated values (RFC 4180).
 *
 * Knows: quotes, line ends, a byte order mark, the header, and which type a column has. Doesn't
 * know: other keys. */
#ifndef ROWBUILD_POINTS_TABLE_H
#define ROWBUILD_POINTS_TABLE_H

#include "declaration.h"
#include "points.h"

/* The rows of the file as an axis in `arena`. Errors point into the table, of which a copy lives in
 * the diag; `rowfile` and the set say who names it. -1 after errors. */
int points_table_read(struct point_axis *axis, points_read_fn *read, void *context,
                      const struct source *rowfile, const struct point_set *set,
                      struct arena *arena, struct diag *diag);

#endif
