#include "md5.h"

#include "hex.h"

#include <nettle/md5.h>
#include <stdint.h>

void md5_add(struct slice bytes, struct buf *out)
{
    struct md5_ctx context;
    uint8_t digest[MD5_DIGEST_SIZE];
    md5_init(&context);
    md5_update(&context, bytes.len, (const uint8_t *)bytes.at);
    md5_digest(&context, sizeof digest, digest);
    hex_add(out, digest, sizeof digest);
}
