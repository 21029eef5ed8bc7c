/* Stores byte strings, each once, and numbers them in order of arrival.
 *
 * Knows: hashing and equality of bytes. Numbers are dense from 0 and never change; slices stay
 * valid until release. Serves as a map: keep an array beside it, indexed by the number. */
#ifndef ROWBUILD_INTERN_H
#define ROWBUILD_INTERN_H

#include "arena.h"
#include "slice.h"

#include <stdint.h>

#define INTERN_NONE UINT32_MAX

struct intern {
    struct arena bytes;
    struct slice *names;
    uint64_t *hashes;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* open addressing; number + 1, 0 is free */
    uint32_t slot_count;
};

void intern_init(struct intern *intern);
void intern_release(struct intern *intern);

/* The number of `name`, which is copied (NUL-terminated) when it is new. */
uint32_t intern_add(struct intern *intern, struct slice name);

/* The number of `name`, or INTERN_NONE. */
uint32_t intern_find(const struct intern *intern, struct slice name);

/* Owned by `intern`; NUL-terminated. */
struct slice intern_name(const struct intern *intern, uint32_t number);

#endif
