/* 128-bit digests of bytes and of streams (XXH3). The only place that includes xxHash.
 *
 * Knows: digests. Doesn't know: where bytes come from (observe.h reads files). Not cryptographic:
 * it detects edits, not attacks. */
#ifndef ROWBUILD_DIGEST_H
#define ROWBUILD_DIGEST_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    uint64_t low;
    uint64_t high;
};

/* Values that stand for a missing digest; no content has one of them.
 * - unknown: the file wasn't looked at yet
 * - absent: there was no file
 * - unread: there was a file, but its content couldn't be read, or changed during each attempt */
#define DIGEST_UNKNOWN ((struct digest){0, 0})
#define DIGEST_ABSENT ((struct digest){0, 1})
#define DIGEST_UNREAD ((struct digest){0, 2})
#define DIGEST_LAST_RESERVED 2

static inline bool digest_is_unknown(struct digest d)
{
    return d.low == 0 && d.high == 0;
}

static inline bool digest_is_absent(struct digest d)
{
    return d.low == 0 && d.high == 1;
}

static inline bool digest_is_unread(struct digest d)
{
    return d.low == 0 && d.high == 2;
}

/* Whether it is the digest of a content. */
static inline bool digest_is_content(struct digest d)
{
    return d.low != 0 || d.high > DIGEST_LAST_RESERVED;
}

/* Whether two digests stand for the same content. Unread content equals nothing, not even
 * itself. */
static inline bool digest_equal(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high && !digest_is_unread(a);
}

struct digest digest_of(struct slice bytes);

/* A digest over several fields: each is preceded by its length, so that ("a","bc") differs from
 * ("ab","c"). */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_free(struct digest_stream *stream);
void digest_stream_reset(struct digest_stream *stream);
void digest_stream_bytes(struct digest_stream *stream, const void *bytes,
                         size_t len); /* raw, no length */
void digest_stream_field(struct digest_stream *stream, struct slice field);
void digest_stream_u64(struct digest_stream *stream, uint64_t number);
void digest_stream_digest(struct digest_stream *stream, struct digest digest);
struct digest digest_stream_end(const struct digest_stream *stream);

/* 32 hexadecimal digits, high half first. */
void digest_format(struct digest digest, struct buf *out);

#endif
