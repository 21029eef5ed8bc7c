#include "points_inner.h"

#include "text.h"

#include <stdlib.h>

enum { LONGEST_SHOWN = 160 };

size_t points_line(const struct points *points, size_t offset)
{
    size_t line;
    size_t column;
    source_place(&points->rowfile->source, offset, &line, &column);
    return line;
}

void points_add_shown(struct slice text, struct buf *out)
{
    struct buf shown = BUF_EMPTY;
    text_add_visible(&shown, text);
    size_t len = shown.len;
    while (len > LONGEST_SHOWN && ((unsigned char)shown.at[len - 1] & 0xc0) == 0x80) {
        len--;
    }
    if (len > LONGEST_SHOWN) {
        len = LONGEST_SHOWN;
        while (((unsigned char)shown.at[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    buf_add(out, shown.at, len);
    buf_add_string(out, len < shown.len ? "…" : "");
    buf_release(&shown);
}

void points_find_rows(const struct expanded_set *set, uint64_t number, size_t *rows)
{
    for (size_t a = set->axis_count; a > 0; a--) {
        rows[a - 1] = (size_t)(number % set->axes[a - 1].count);
        number /= set->axes[a - 1].count;
    }
}

void points_add_as(const struct points *points, const struct point *point,
                   enum points_spelling spelling, struct buf *out)
{
    const struct expanded_set *set = &points->sets[point->set];
    size_t rows[64] = {0};
    size_t *all = set->axis_count <= sizeof rows / sizeof rows[0]
                      ? rows
                      : mem_alloc(set->axis_count * sizeof *all);
    points_find_rows(set, point->number, all);
    points_shape_add(set->shape, all, spelling, out);
    if (all != rows) {
        free(all);
    }
}
