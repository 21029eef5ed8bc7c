/* Texts by digest: texts of the snapshot are looked up where they lie, newer ones are stored here.
 *
 * Knows: digests and bytes. Doesn't know: who refers to them. */
#ifndef ROWBUILD_TEXTSTORE_H
#define ROWBUILD_TEXTSTORE_H

#include "digest.h"
#include "intern.h"
#include "vec.h"

enum { TEXT_LIMIT = 64 * 1024 }; /* longer ones aren't kept */

struct textstore {
    const struct digest *loaded; /* sorted by low, then high; borrowed from the snapshot */
    const uint64_t *loaded_ends; /* end of each text, counted from loaded_bytes */
    const char *loaded_bytes;
    uint64_t loaded_start; /* of the first */
    size_t loaded_count;
    struct intern keys; /* the 16 bytes of the digests of what came since */
    VEC(struct slice) added;
    struct arena memory;
};

void textstore_init(struct textstore *store);
void textstore_release(struct textstore *store);

/* The number among those added, or -1 when the text is there already or too long. */
int64_t textstore_put(struct textstore *store, struct digest digest, struct slice text);
struct slice textstore_find(const struct textstore *store, struct digest digest);

struct digest textstore_added_digest(const struct textstore *store, size_t number);
int textstore_order(const void *a, const void *b); /* of two digests, for qsort */

#endif
