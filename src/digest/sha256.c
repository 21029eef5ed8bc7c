#include "sha256.h"

#include "hex.h"
#include "memory.h"

#include <nettle/sha2.h>
#include <stdlib.h>

struct sha256 {
    struct sha256_ctx context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *sha = mem_alloc(sizeof *sha);
    sha256_init(&sha->context);
    return sha;
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t len)
{
    sha256_update(&sha->context, len, bytes);
}

void sha256_end(struct sha256 *sha, struct buf *out)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&sha->context, sizeof digest, digest);
    hex_add(out, digest, sizeof digest);
    free(sha);
}
