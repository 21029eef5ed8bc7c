/* Formats text in aligned columns, one space apart.
 *
 *     struct table table;
 *     table_init(&table);
 *     table_add_column(&table, "Action", TABLE_LEFT);
 *     table_begin_row(&table);
 *     text_add_name(table_cell(&table, TABLE_BOLD), name);
 *     table_format(&table, colour, false, out);
 *     table_release(&table);
 *
 * Knows: widths as a terminal counts them, alignment, colour. Doesn't know: what the cells mean.
 * Lines never end in spaces. */
#ifndef ROWBUILD_TABLE_H
#define ROWBUILD_TABLE_H

#include "buf.h"
#include "slice.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum table_alignment {
    TABLE_LEFT,
    TABLE_RIGHT,
    TABLE_VALUE,    /* cells right-aligned, the title left-aligned */
    TABLE_OPTIONAL, /* left-aligned, and left out when all of its cells are empty */
};

enum table_style {
    TABLE_PLAIN,
    TABLE_BOLD,
    TABLE_FAINT,
    TABLE_GREEN,
    TABLE_YELLOW,
    TABLE_BLUE,
    TABLE_CYAN,
    TABLE_UNDERLINED,
};

struct table_cell {
    size_t start; /* in `text`; ends where the next one starts */
    enum table_style style;
};

struct table_column {
    const char *title; /* borrowed until table_release */
    enum table_alignment alignment;
};

struct table_row {
    size_t first_cell;
    bool is_separator; /* a blank line; no cells */
};

struct table {
    struct buf text; /* of all cells */
    VEC(struct table_column) columns;
    VEC(struct table_cell) cells;
    VEC(struct table_row) rows;
};

void table_init(struct table *table);
void table_release(struct table *table);
void table_add_column(struct table *table, const char *title, enum table_alignment alignment);
void table_begin_row(struct table *table);

/* A blank line before the next row. Repeated calls add only one, and none is added at the end. */
void table_separate(struct table *table);

/* Begins the row's next cell. The caller appends its text to the result until the next call. */
struct buf *table_cell(struct table *table, enum table_style style);

/* `no_header` leaves out the first line and doesn't change the columns' positions. */
void table_format(const struct table *table, bool colour, bool no_header, struct buf *out);

/* The same for a terminal of `width` columns (0: any number): columns that don't fit go into further
 * lines of each row, which are indented. */
void table_format_within(const struct table *table, size_t width, bool colour, bool no_header,
                         struct buf *out);

/* The columns that a terminal needs for UTF-8 text: none for combining marks, two for wide
 * characters. */
size_t table_text_width(struct slice text);

/* Appends `text` in a style, or unchanged if `colour` is false. */
void table_add_styled(struct buf *out, struct slice text, enum table_style style, bool colour);

#endif
