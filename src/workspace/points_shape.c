#include "points_shape.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* A key, with its value or the keys inside it. */
struct node {
    struct slice key;
    struct slice spelled[3]; /* "\"x\": ", by enum points_spelling */
    size_t axis;
    size_t column;
    struct node *first; /* inside; NULL: it has a value */
    struct node *last;
    struct node *next;   /* in the order of the Rowfile */
    struct node *sorted; /* the first inside, by bytes */
    struct node *after;  /* by bytes */
};

struct points_shape {
    const struct point_axis *axes;
    struct node root;
};

static struct node *find_or_add(struct node *parent, struct slice key, struct arena *arena)
{
    for (struct node *node = parent->first; node != NULL; node = node->next) {
        if (slice_equal(node->key, key)) {
            return node;
        }
    }
    struct node *node = arena_alloc(arena, sizeof *node);
    struct buf text = BUF_EMPTY;
    node->key = key;
    text_add_json(&text, key);
    size_t len = text.len;
    buf_add_string(&text, ": ");
    node->spelled[POINTS_TEXT] = arena_slice(arena, buf_slice(&text));
    text.len = len;
    buf_add_char(&text, ':');
    node->spelled[POINTS_CANONICAL] = arena_slice(arena, buf_slice(&text));
    buf_clear(&text);
    json_add_python_string(key, &text);
    buf_add_string(&text, ": ");
    node->spelled[POINTS_PYTHON] = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    if (parent->last != NULL) {
        parent->last->next = node;
    } else {
        parent->first = node;
    }
    parent->last = node;
    struct node **place = &parent->sorted;
    while (*place != NULL && slice_compare((*place)->key, key) < 0) {
        place = &(*place)->after;
    }
    node->after = *place;
    *place = node;
    return node;
}

struct points_shape *points_shape_new(const struct point_axis *axes, size_t count,
                                      struct arena *arena)
{
    struct points_shape *shape = arena_alloc(arena, sizeof *shape);
    shape->axes = axes;
    for (size_t a = 0; a < count; a++) {
        for (size_t c = 0; c < axes[a].column_count; c++) {
            const struct point_column *column = &axes[a].columns[c];
            struct node *node = &shape->root;
            for (size_t p = 0; p < column->part_count; p++) {
                node = find_or_add(node, column->parts[p], arena);
            }
            node->axis = a;
            node->column = c;
        }
    }
    return shape;
}

static struct slice spelled_value(const struct point_value *value, enum points_spelling spelling)
{
    switch (spelling) {
    case POINTS_CANONICAL:
        return value->canonical;
    case POINTS_PYTHON:
        return value->python;
    case POINTS_TEXT:
        break;
    }
    return value->text;
}

/* What the table leaves out everywhere inside leaves out the key itself. The depth is bounded by
 * that of keys. */
static bool add_inside(const struct points_shape *shape, const struct node *parent,
                       const size_t *rows, enum points_spelling spelling, struct buf *out)
{
    const struct node *node = spelling == POINTS_TEXT ? parent->first : parent->sorted;
    bool any = false;
    buf_add_char(out, '{');
    while (node != NULL) {
        size_t before = out->len;
        buf_add_string(out, !any ? "" : spelling == POINTS_CANONICAL ? "," : ", ");
        buf_add_slice(out, node->spelled[spelling]);
        bool is_there;
        if (node->first != NULL) {
            is_there = add_inside(shape, node, rows, spelling, out);
        } else {
            const struct point_axis *axis = &shape->axes[node->axis];
            const struct point_value *value =
                &axis->values[rows[node->axis] * axis->column_count + node->column];
            is_there = value->text.at != NULL;
            if (is_there) {
                buf_add_slice(out, spelled_value(value, spelling));
            }
        }
        if (is_there) {
            any = true;
        } else {
            out->len = before;
        }
        node = spelling == POINTS_TEXT ? node->next : node->after;
    }
    buf_add_char(out, '}');
    return any;
}

void points_shape_add(const struct points_shape *shape, const size_t *rows,
                      enum points_spelling spelling, struct buf *out)
{
    (void)add_inside(shape, &shape->root, rows, spelling, out);
}
