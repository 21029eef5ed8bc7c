#include "textstore.h"

void textstore_init(struct textstore *store)
{
    *store = (struct textstore){0};
    intern_init(&store->keys);
    arena_init(&store->memory);
}

void textstore_release(struct textstore *store)
{
    vec_release(&store->added);
    intern_release(&store->keys);
    arena_release(&store->memory);
}

int textstore_order(const void *a, const void *b)
{
    const struct digest *left = a;
    const struct digest *right = b;
    if (left->low != right->low) {
        return left->low < right->low ? -1 : 1;
    }
    return left->high < right->high ? -1 : left->high > right->high;
}

static struct slice key_of(const struct digest *digest)
{
    return slice_make((const char *)digest, sizeof *digest);
}

static struct slice loaded_text(const struct textstore *store, size_t number)
{
    uint64_t start = number > 0 ? store->loaded_ends[number - 1] : store->loaded_start;
    return slice_make(store->loaded_bytes + start, store->loaded_ends[number] - start);
}

struct slice textstore_find(const struct textstore *store, struct digest digest)
{
    uint32_t number = intern_find(&store->keys, key_of(&digest));
    if (number != INTERN_NONE) {
        return store->added.at[number];
    }
    const struct digest *found = NULL;
    if (store->loaded_count > 0) {
        found =
            bsearch(&digest, store->loaded, store->loaded_count, sizeof digest, textstore_order);
    }
    if (found == NULL) {
        return (struct slice){0};
    }
    return loaded_text(store, (size_t)(found - store->loaded));
}

int64_t textstore_put(struct textstore *store, struct digest digest, struct slice text)
{
    if (text.len > TEXT_LIMIT || textstore_find(store, digest).at != NULL) {
        return -1;
    }
    uint32_t number = intern_add(&store->keys, key_of(&digest));
    vec_push(&store->added, arena_slice(&store->memory, text));
    return number;
}

struct digest textstore_added_digest(const struct textstore *store, size_t number)
{
    struct digest digest;
    memcpy(&digest, intern_name(&store->keys, (uint32_t)number).at, sizeof digest);
    return digest;
}
