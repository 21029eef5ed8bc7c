/* Checks a text against the exact grammar of RFC 8259.
 *
 * Knows: whether a text is JSON, and where it isn't. Doesn't know: values. json-c accepts more than
 * JSON and silently drops parts of it (duplicate keys, text after a NUL, digits of large integers).
 * So every text is checked here first, and json-c gets only texts that it reads correctly. */
#ifndef ROWBUILD_JSON_SYNTAX_H
#define ROWBUILD_JSON_SYNTAX_H

#include "slice.h"
#include "vec.h"

#include <stddef.h>

/* Called for each key and each number, in the order of the text. `object` numbers the object that a
 * key belongs to and is 0 for numbers. A message stops the check with an error at that token. */
typedef const char *syntax_token_fn(void *context, struct slice token, size_t object);

struct syntax {
    size_t members;            /* keys of all objects */
    VEC(size_t) long_integers; /* offsets after integers that 64 bits can't hold */
    size_t error_offset;
    const char *error; /* a sentence without full stop; static, or from the token function */
};

/* Fills `syntax`, which starts zeroed and is released by the caller. 0, or -1 with error set.
 * `token` may be NULL. */
int syntax_check(struct slice text, struct syntax *syntax, syntax_token_fn *token, void *context);
void syntax_release(struct syntax *syntax);

#endif
