/* A compiled PCRE2 expression that several threads may use at once.
 *
 * Knows: compiling, and when just-in-time compilation pays (it costs as much as a few thousand
 * matches). Doesn't know: globs. */
#ifndef ROWBUILD_MATCH_ENGINE_H
#define ROWBUILD_MATCH_ENGINE_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct engine;

enum engine_result {
    ENGINE_NO = 0,
    ENGINE_YES = 1,
    ENGINE_PREFIX = 2,   /* the subject may be the beginning of a match */
    ENGINE_GAVE_UP = -1, /* too much backtracking */
};

enum { ENGINE_MESSAGE_BYTES = 256 };

/* NULL after an error: `message` says what is wrong and `offset` where in the expression. The
 * caller frees the engine with engine_free. */
struct engine *engine_new(struct slice expression, bool dot_is_any_byte,
                          char message[ENGINE_MESSAGE_BYTES], size_t *offset);
void engine_free(struct engine *engine); /* NULL is allowed */

/* Whether the expression is found in the subject. Thread-safe. */
enum engine_result engine_search(struct engine *engine, struct slice subject);

/* As engine_search, but ENGINE_PREFIX when the result depends on what follows the subject.
 * Thread-safe. */
enum engine_result engine_search_prefix(struct engine *engine, struct slice subject);

#endif
