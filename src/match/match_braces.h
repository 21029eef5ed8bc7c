/* The alternatives `{a,b}` of a glob, written out.
 *
 * Knows: braces, and what of a glob hides them (`\`, brackets). Doesn't know: what else a glob
 * means. */
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

/* Whether an alternative is in the pattern at all. */
bool braces_there(struct slice pattern);

/* Appends the patterns without alternatives that together mean the same. NULL, or what is wrong: a
 * sentence without full stop. */
const char *braces_expand(struct slice pattern, struct arena *arena, struct braces_result *result);

/* The offset after a bracket expression that starts at `at` ("[a-z]", "[]x]", "[[:alpha:]]"), or 0
 * if it isn't closed. */
size_t bracket_end(struct slice pattern, size_t at);

#endif
