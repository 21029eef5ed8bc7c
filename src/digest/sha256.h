/* SHA-256 (FIPS 180-4), for files that are handed to others: archives and their readers check it.
 *
 * Knows: the hash of a stream, by nettle. Doesn't know: where the bytes come from. Changes are
 * detected with digest.h, which is many times faster. */
#ifndef ROWBUILD_SHA256_H
#define ROWBUILD_SHA256_H

#include "buf.h"

#include <stddef.h>

struct sha256;

/* A stream without bytes so far; sha256_end frees it. */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha, const void *bytes, size_t len);
/* Ends the stream, appends 64 hexadecimal digits, and frees it. */
void sha256_end(struct sha256 *sha, struct buf *out);

#endif
