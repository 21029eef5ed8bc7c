/* Ranges of numbers in `workspace.points`: { from = 0.1, to = 0.5, step = 0.1 } and the like.
 *
 * Knows: decimal arithmetic, and how each number is spelled. Doesn't know: what it is a value of. */
#ifndef ROWBUILD_POINT_RANGE_H
#define ROWBUILD_POINT_RANGE_H

#include "load.h"

enum { POINT_MOST_VALUES = 10000000 }; /* of one key, and points of a study */

/* Whether a table is meant as a range: it has one of a range's keys, with a single value. */
bool point_range_is_one(const struct toml_value *value);

/* Calls `each` with every number of the range, spelled as JSON, in order. -1 after errors. */
typedef void point_number_fn(void *context, struct slice text);
int point_range_each(struct loader *loader, const struct toml_value *value, point_number_fn *each,
                     void *context);

/* Appends a number of the Rowfile as JSON, in its own spelling where JSON has that. */
void point_number_spell(const struct source *source, const struct toml_value *value,
                        struct buf *out);

#endif
