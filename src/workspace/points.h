/* Makes the points that a Rowfile declares: names of directories, and values.
 *
 * Knows: the combinations of axes, tables (points_table.h), equal and clashing points. Doesn't
 * know: which directories exist. Points are numbered in bytewise order of their names, as
 * directories are. Of each only its name and where it comes from is kept; its value is spelled when
 * it is asked for, so that a million points fit. */
#ifndef ROWBUILD_POINTS_H
#define ROWBUILD_POINTS_H

#include "digest.h"
#include "json.h"
#include "rowfile.h"
#include "slice.h"

struct points;

/* Reads the tables and makes all points. `project` is a descriptor; the rowfile is borrowed. NULL
 * after errors, whose places live as long as `diag`. */
struct points *points_new(const struct rowfile *rowfile, int project, struct diag *diag);

/* The same with tables that aren't in the project's folder: `read` appends the text of one, whose
 * path is relative to the project. -1 with errno. */
typedef int points_read_fn(void *context, const char *path, size_t limit, struct buf *text);
struct points *points_new_from(const struct rowfile *rowfile, points_read_fn *read, void *context,
                               struct diag *diag);

void points_free(struct points *points); /* NULL is allowed */

size_t points_count(const struct points *points);
struct slice points_name(const struct points *points, size_t point); /* NUL-terminated */
size_t points_depth(const struct points *points); /* of the directories; 1: right below */

/* The digest of the value's canonical text, as rows of value files have it. */
struct digest points_digest(const struct points *points, size_t point);

/* The point of that name, or -1. */
int64_t points_find(const struct points *points, struct slice name);

/* The same for many names, most of which are in the order of the points: `next` is where the search
 * begins, 0 at first. */
int64_t points_find_next(const struct points *points, struct slice name, size_t *next);

/* Appends the value as it is written into the value file, without a newline. */
void points_add_value(const struct points *points, size_t point, struct buf *out);

/* The value, for the caller to free with json_free. */
struct json *points_value(const struct points *points, size_t point, struct json_parser *parser);

#endif
