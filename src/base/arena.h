/* Memory that is released all at once.
 *
 * Knows: blocks. Doesn't know: what is stored. A loaded project lives in one arena until it is
 * closed. Expansions live in a scratch arena that is cleared between tasks. Under AddressSanitizer
 * every piece is a separate allocation, so that overruns and late uses are detected. */
#ifndef ROWBUILD_ARENA_H
#define ROWBUILD_ARENA_H

#include "slice.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    char *free_at;
    size_t free_bytes;
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena); /* frees everything; the arena may be used again */

/* Zeroed memory, aligned for any object; lives until arena_release. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` zeroed elements of `size` bytes; the product is checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy with a NUL after it (which the length doesn't count). */
struct slice arena_slice(struct arena *arena, struct slice bytes);
char *arena_string(struct arena *arena, struct slice bytes);

#endif
