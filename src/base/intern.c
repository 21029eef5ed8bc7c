#include "intern.h"

#include "memory.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

static uint64_t hash_bytes(struct slice name)
{
    /* wyhash-style mixing of eight bytes at a time: names are short, quality matters more than a
     * published constant. */
    uint64_t hash = 0x9e3779b97f4a7c15U ^ name.len;
    size_t i = 0;
    while (i < name.len) {
        uint64_t word = 0;
        size_t take = name.len - i < 8 ? name.len - i : 8;
        memcpy(&word, name.at + i, take);
        hash = (hash ^ word) * 0xff51afd7ed558ccdU;
        hash ^= hash >> 32;
        i += take;
    }
    hash *= 0xc4ceb9fe1a85ec53U;
    return hash ^ (hash >> 29);
}

void intern_init(struct intern *intern)
{
    *intern = (struct intern){0};
    arena_init(&intern->bytes);
}

void intern_release(struct intern *intern)
{
    arena_release(&intern->bytes);
    free(intern->names);
    free(intern->hashes);
    free(intern->slots);
    *intern = (struct intern){0};
}

static void rehash(struct intern *intern, uint32_t slot_count)
{
    free(intern->slots);
    intern->slots = mem_alloc((size_t)slot_count * sizeof *intern->slots);
    intern->slot_count = slot_count;
    for (uint32_t number = 0; number < intern->count; number++) {
        uint32_t slot = (uint32_t)intern->hashes[number] & (slot_count - 1);
        while (intern->slots[slot] != 0) {
            slot = (slot + 1) & (slot_count - 1);
        }
        intern->slots[slot] = number + 1;
    }
}

/* The slot that holds `name`, or the free one where it belongs. */
static uint32_t find_slot(const struct intern *intern, struct slice name, uint64_t hash)
{
    uint32_t slot = (uint32_t)hash & (intern->slot_count - 1);
    while (intern->slots[slot] != 0) {
        uint32_t number = intern->slots[slot] - 1;
        if (intern->hashes[number] == hash && slice_equal(intern->names[number], name)) {
            break;
        }
        slot = (slot + 1) & (intern->slot_count - 1);
    }
    return slot;
}

uint32_t intern_find(const struct intern *intern, struct slice name)
{
    if (intern->slot_count == 0) {
        return INTERN_NONE;
    }
    uint32_t held = intern->slots[find_slot(intern, name, hash_bytes(name))];
    return held != 0 ? held - 1 : INTERN_NONE;
}

uint32_t intern_add(struct intern *intern, struct slice name)
{
    if ((uint64_t)intern->count * 2 >= intern->slot_count) {
        rehash(intern, intern->slot_count > 0 ? intern->slot_count * 2 : FIRST_SLOTS);
    }
    uint64_t hash = hash_bytes(name);
    uint32_t slot = find_slot(intern, name, hash);
    if (intern->slots[slot] != 0) {
        return intern->slots[slot] - 1;
    }
    if (intern->count == intern->capacity) {
        intern->capacity = intern->capacity > 0 ? intern->capacity * 2 : FIRST_SLOTS;
        intern->names = mem_grow(intern->names, intern->capacity, sizeof *intern->names);
        intern->hashes = mem_grow(intern->hashes, intern->capacity, sizeof *intern->hashes);
    }
    uint32_t number = intern->count++;
    intern->names[number] = arena_slice(&intern->bytes, name);
    intern->hashes[number] = hash;
    intern->slots[slot] = number + 1;
    return number;
}

struct slice intern_name(const struct intern *intern, uint32_t number)
{
    return intern->names[number];
}
