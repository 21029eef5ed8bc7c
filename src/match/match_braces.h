/* Expands the alternatives `{a,b}` of a glob.
 *
 * Knows: braces, and the parts of a glob in which they are literal (after `\`, in brackets).
 * Doesn't know: the rest of a glob's syntax. */
#ifndef ROWBUILD_MATCH_BRACES_H
#define ROWBUILD_MATCH_BRACES_H

#include "arena.h"
#include "slice.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum { BRACES_MOST = 1024 };

struct braces_result {
    VEC(struct slice) patterns; /* released by the caller; their bytes are in the arena */
};

/* Whether the pattern contains an alternative. */
bool braces_there(struct slice pattern);

/* Appends the patterns without alternatives that together are equivalent to the pattern. Returns
 * NULL, or the error as a sentence without full stop. */
const char *braces_expand(struct slice pattern, struct arena *arena, struct braces_result *result);

/* The offset after a bracket expression that starts at `at` ("[a-z]", "[]x]", "[[:alpha:]]"), or 0
 * if it isn't closed. */
size_t bracket_end(struct slice pattern, size_t at);

#endif
