/* SHA-256 (FIPS 180-4), for files that are handed to others: archives and their readers check it.
 *
 * Knows: the hash of a stream. Doesn't know: where the bytes come from. Changes are detected with
 * digest.h, which is many times faster. */
#ifndef ROWBUILD_SHA256_H
#define ROWBUILD_SHA256_H

#include "buf.h"

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_BYTES = 32, SHA256_WORDS = 8 };

struct sha256 {
    uint32_t words[SHA256_WORDS];
    uint64_t length; /* bytes so far */
    uint8_t block[SHA256_BLOCK];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t len);
/* Ends the stream and appends 64 hexadecimal digits. */
void sha256_end(struct sha256 *sha, struct buf *out);

#endif
