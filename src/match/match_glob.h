/* Translates one glob without alternatives into a regular expression.
 *
 * Knows: `*`, `?`, brackets, `**`, leading dots. Doesn't know: lists of globs, PCRE2's
 * functions. */
#ifndef ROWBUILD_MATCH_GLOB_H
#define ROWBUILD_MATCH_GLOB_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>

/* Appends the expression, not anchored. Returns NULL, or the error as a sentence without full
 * stop. */
const char *glob_translate(struct slice pattern, bool hidden, struct buf *expression);

#endif
