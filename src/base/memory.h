/* Allocation that can't fail for its caller.
 *
 * Knows: malloc. Doesn't know: lifetimes (see arena.h).
 * If no memory is left, one line goes to standard error and the process exits with status 3: no
 * caller could do better, and the journal already contains the results. */
#ifndef ROWBUILD_MEMORY_H
#define ROWBUILD_MEMORY_H

#include <stddef.h>

/* Zeroed memory of `size` bytes. The caller frees it with free(). */
void *mem_alloc(size_t size);

/* Grows `old` (may be NULL) to `count` elements of `size` bytes; the added elements are not zeroed.
 * The product is checked for overflow. The caller frees the result with free(). */
void *mem_grow(void *old, size_t count, size_t size);

/* A copy of `len` bytes with a NUL after it. The caller frees it with free(). */
char *mem_copy(const void *bytes, size_t len);

#endif
