#include "shape.h"

enum { PART_HEAD = 6 };

void shapes_init(struct shapes *shapes)
{
    *shapes = (struct shapes){0};
    intern_init(&shapes->keys);
    arena_init(&shapes->memory);
}

void shapes_release(struct shapes *shapes)
{
    vec_release(&shapes->all);
    arena_release(&shapes->memory);
    intern_release(&shapes->keys);
    buf_release(&shapes->scratch);
}

static bool is_kind(char kind)
{
    return kind != '\0' && strchr("rvmfnpgwbsdltkoicexauh", kind) != NULL;
}

/* Reads one part at *at and moves *at past it. */
static bool read_part(struct slice key, size_t *at, struct shape_part *part)
{
    if (key.len - *at < PART_HEAD) {
        return false;
    }
    const char *head = key.at + *at;
    uint32_t len;
    memcpy(&len, head + 2, sizeof len);
    if (!is_kind(head[0]) || (unsigned char)head[1] > 1 || key.len - *at - PART_HEAD < len) {
        return false;
    }
    part->kind = (enum component_kind)head[0];
    part->in_directory = head[1] != 0;
    part->name = slice_make(head + PART_HEAD, len);
    *at += PART_HEAD + len;
    return true;
}

static struct shape *make_shape(struct shapes *shapes, uint32_t number)
{
    struct slice key = intern_name(&shapes->keys, number);
    struct shape_part part;
    size_t count = 0;
    for (size_t at = 0; at < key.len; count++) {
        if (!read_part(key, &at, &part)) {
            return NULL;
        }
    }
    struct shape *shape =
        arena_alloc(&shapes->memory, sizeof *shape + count * sizeof shape->parts[0]);
    shape->number = number;
    shape->count = count;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        read_part(key, &at, &shape->parts[i]);
    }
    return shape;
}

const struct shape *shapes_add_key(struct shapes *shapes, struct slice key)
{
    uint32_t number = intern_add(&shapes->keys, key);
    if (number == shapes->all.count) {
        vec_push(&shapes->all, make_shape(shapes, number)); // NOLINT(bugprone-sizeof-expression)
    }
    return shapes->all.at[number];
}

const struct shape *shapes_add(struct shapes *shapes, const struct component *list, size_t count)
{
    struct buf *key = &shapes->scratch;
    buf_clear(key);
    for (size_t i = 0; i < count; i++) {
        uint32_t len = (uint32_t)list[i].name.len;
        char head[PART_HEAD] = {(char)list[i].kind, (char)list[i].in_directory};
        memcpy(head + 2, &len, sizeof len);
        buf_add(key, head, sizeof head);
        buf_add_slice(key, list[i].name);
    }
    return shapes_add_key(shapes, buf_slice(key));
}

struct slice shapes_key(const struct shapes *shapes, const struct shape *shape)
{
    return intern_name(&shapes->keys, shape->number);
}

struct component components_at(const struct components *components, size_t index)
{
    const struct shape_part *part = &components->shape->parts[index];
    return (struct component){.kind = part->kind,
                              .in_directory = part->in_directory,
                              .name = part->name,
                              .digest = components->digests[index]};
}
