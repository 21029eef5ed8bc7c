#include "digest.h"

#include "memory.h"

#include <endian.h>
#include <stdlib.h>

/* Most inputs are small; with XXH3 inlined, their digest takes a few instructions. */
#define XXH_INLINE_ALL
#include <xxhash.h>

struct digest_stream {
    XXH3_state_t state;
    void *allocation; /* the state needs a stricter alignment than malloc gives */
};

static struct digest known(XXH128_hash_t hash)
{
    struct digest digest = {.low = hash.low64, .high = hash.high64};
    if (!digest_is_content(digest)) {
        digest.low = 1;
    }
    return digest;
}

struct digest digest_of(struct slice bytes)
{
    return known(XXH3_128bits(bytes.len > 0 ? bytes.at : "", bytes.len));
}

struct digest_stream *digest_stream_new(void)
{
    size_t alignment = _Alignof(struct digest_stream);
    char *allocation = mem_alloc(sizeof(struct digest_stream) + alignment);
    size_t past = (size_t)((uintptr_t)allocation % alignment);
    struct digest_stream *stream = (void *)(allocation + (alignment - past) % alignment);
    stream->allocation = allocation;
    digest_stream_reset(stream);
    return stream;
}

void digest_stream_free(struct digest_stream *stream)
{
    if (stream != NULL) {
        free(stream->allocation);
    }
}

void digest_stream_reset(struct digest_stream *stream)
{
    XXH3_128bits_reset(&stream->state);
}

void digest_stream_bytes(struct digest_stream *stream, const void *bytes, size_t len)
{
    if (len > 0) {
        XXH3_128bits_update(&stream->state, bytes, len);
    }
}

void digest_stream_field(struct digest_stream *stream, struct slice field)
{
    digest_stream_u64(stream, field.len);
    digest_stream_bytes(stream, field.at, field.len);
}

void digest_stream_u64(struct digest_stream *stream, uint64_t number)
{
    uint64_t little_endian = htole64(number);
    XXH3_128bits_update(&stream->state, &little_endian, sizeof little_endian);
}

void digest_stream_digest(struct digest_stream *stream, struct digest digest)
{
    digest_stream_u64(stream, digest.low);
    digest_stream_u64(stream, digest.high);
}

struct digest digest_stream_end(const struct digest_stream *stream)
{
    return known(XXH3_128bits_digest(&stream->state));
}

void digest_format(struct digest digest, struct buf *out)
{
    buf_addf(out, "%016llx%016llx", (unsigned long long)digest.high,
             (unsigned long long)digest.low);
}
