/* Finds the project: where its description lies, and where in it the caller stands.
 *
 * Knows: the names of descriptions, directories and their parents, the path by which a shell came.
 * Doesn't know: what a description says. */
#ifndef ROWBUILD_PROJECT_H
#define ROWBUILD_PROJECT_H

#include "buf.h"
#include "diag.h"

#include <stdbool.h>

/* Appends the path of the description: `file`, seen from `directory`, or with NULL the first Rowfile
 * or workflow.toml in `directory` or above it. `directory` NULL: the current one. -1 after an error. */
int project_locate(const char *directory, const char *file, struct buf *path, struct diag *diag);

/* What follows the project (absolute, without links) in the path of the directory, with a trailing
 * '/', or "" where it lies elsewhere. For the caller to free. */
char *project_below(const char *project, const char *directory);

/* The project (absolute, without links) by the path on which the caller came to it: that of the shell, or
 * the one that `directory` and `file` say, which may lead through links that other hosts resolve
 * differently. For the caller to free. */
char *project_spelled(const char *project, const char *directory, const char *file);

/* The current directory as the shell says it, else without links; for the caller to free. NULL: it is
 * gone. */
char *project_here(void);

/* Whether `directory`, which need not exist yet, is or lies in a project; *found becomes the path of
 * its description. */
bool project_is_above(const char *directory, struct buf *found);

#endif
