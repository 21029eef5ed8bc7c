#include "arena.h"

#include "memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define PIECE_BY_PIECE 1
#else
#define PIECE_BY_PIECE 0
#endif

enum { BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena_init(arena);
}

static struct arena_block *add_block(struct arena *arena, size_t bytes)
{
    struct arena_block *block = mem_alloc(sizeof *block + bytes);
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t alignment = alignof(max_align_t);
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (PIECE_BY_PIECE || rounded > BLOCK_BYTES / 4) {
        return add_block(arena, size)->bytes;
    }
    if (arena->free_at == NULL || rounded > arena->free_bytes) {
        arena->free_at = add_block(arena, BLOCK_BYTES)->bytes;
        arena->free_bytes = BLOCK_BYTES;
    }
    void *piece = arena->free_at;
    arena->free_at += rounded;
    arena->free_bytes -= rounded;
    return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return mem_grow(NULL, count, size); /* reports that no memory is left */
    }
    return arena_alloc(arena, count * size);
}

char *arena_string(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (bytes.len > 0) {
        memcpy(copy, bytes.at, bytes.len);
    }
    return copy;
}

struct slice arena_slice(struct arena *arena, struct slice bytes)
{
    return slice_make(arena_string(arena, bytes), bytes.len);
}
