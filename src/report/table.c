#include "table.h"

#include "text.h"

#include <stdint.h>

void table_init(struct table *table)
{
    *table = (struct table){0};
}

void table_release(struct table *table)
{
    buf_release(&table->text);
    vec_release(&table->columns);
    vec_release(&table->cells);
    vec_release(&table->rows);
}

void table_add_column(struct table *table, const char *title, enum table_alignment alignment)
{
    vec_push(&table->columns, (struct table_column){.title = title, .alignment = alignment});
}

void table_begin_row(struct table *table)
{
    vec_push(&table->rows, (struct table_row){.first_cell = table->cells.count});
}

void table_separate(struct table *table)
{
    if (table->rows.count > 0 && !table->rows.at[table->rows.count - 1].is_separator) {
        vec_push(&table->rows,
                 (struct table_row){.first_cell = table->cells.count, .is_separator = true});
    }
}

struct buf *table_cell(struct table *table, enum table_style style)
{
    vec_push(&table->cells, (struct table_cell){.start = table->text.len, .style = style});
    return &table->text;
}

struct range {
    uint32_t first;
    uint32_t last;
};

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* Coarse blocks of Unicode suffice for names of directories. */
static size_t width_of(uint32_t point)
{
    static const struct range marks[] = {
        {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
        {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    };
    static const struct range wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe4f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (point < 0x300) {
        return 1;
    }
    if (is_in(point, marks, sizeof marks / sizeof marks[0])) {
        return 0;
    }
    return is_in(point, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t table_text_width(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t width = 0;
    for (size_t i = 0; i < text.len;) {
        size_t len = at[i] >= 0xf0 ? 4 : at[i] >= 0xe0 ? 3 : at[i] >= 0xc0 ? 2 : 1;
        uint32_t point = len == 1 ? at[i] : at[i] & (0x7fU >> len);
        for (size_t j = 1; j < len && i + j < text.len; j++) {
            point = point << 6 | (at[i + j] & 0x3fU);
        }
        width += width_of(point);
        i += len;
    }
    return width;
}

void table_add_styled(struct buf *out, struct slice text, enum table_style style, bool colour)
{
    static const char *const codes[] = {
        [TABLE_PLAIN] = "",         [TABLE_BOLD] = "\033[1m",       [TABLE_FAINT] = "\033[2m",
        [TABLE_GREEN] = "\033[32m", [TABLE_YELLOW] = "\033[33m",    [TABLE_BLUE] = "\033[34m",
        [TABLE_CYAN] = "\033[36m",  [TABLE_UNDERLINED] = "\033[4m",
    };
    bool is_styled = colour && style != TABLE_PLAIN && text.len > 0;
    if (is_styled) {
        buf_add_string(out, codes[style]);
    }
    buf_add_slice(out, text);
    if (is_styled) {
        buf_add_string(out, "\033[0m");
    }
}

static size_t cells_in_row(const struct table *table, size_t row)
{
    size_t end =
        row + 1 < table->rows.count ? table->rows.at[row + 1].first_cell : table->cells.count;
    return end - table->rows.at[row].first_cell;
}

static struct slice cell_text(const struct table *table, size_t cell)
{
    size_t start = table->cells.at[cell].start;
    size_t end = cell + 1 < table->cells.count ? table->cells.at[cell + 1].start : table->text.len;
    return end > start ? slice_make(table->text.at + start, end - start) : (struct slice){0};
}

/* The text as shown; `room` holds it if it had to be changed. */
static struct slice shown(struct slice text, struct buf *room)
{
    if (text_is_visible(text)) {
        return text;
    }
    buf_clear(room);
    text_add_visible(room, text);
    return buf_slice(room);
}

static size_t shown_width(struct slice text)
{
    struct buf room = BUF_EMPTY;
    size_t width = table_text_width(shown(text, &room));
    buf_release(&room);
    return width;
}

/* The width of each column; SIZE_MAX for columns that are left out. The caller frees the array. */
static size_t *measure_columns(const struct table *table)
{
    size_t *widths = mem_alloc((table->columns.count + 1) * sizeof *widths);
    for (size_t row = 0; row < table->rows.count; row++) {
        size_t count = cells_in_row(table, row);
        for (size_t i = 0; i < count && i < table->columns.count; i++) {
            size_t width = shown_width(cell_text(table, table->rows.at[row].first_cell + i));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t i = 0; i < table->columns.count; i++) {
        size_t title = shown_width(slice_of(table->columns.at[i].title));
        if (table->columns.at[i].alignment == TABLE_OPTIONAL && widths[i] == 0) {
            widths[i] = SIZE_MAX;
        } else if (title > widths[i]) {
            widths[i] = title;
        }
    }
    return widths;
}

/* An unfinished line. Spaces are written only when text follows them. */
struct line {
    struct buf *out;
    size_t blanks;
    bool colour;
};

static void add_padded(struct line *line, struct slice text, enum table_style style,
                       bool to_the_right, size_t width)
{
    struct buf room = BUF_EMPTY;
    text = shown(text, &room);
    size_t used = table_text_width(text);
    size_t padding = width > used ? width - used : 0;
    if (to_the_right) {
        line->blanks += padding;
    }
    if (text.len > 0) {
        for (; line->blanks > 0; line->blanks--) {
            buf_add_char(line->out, ' ');
        }
        table_add_styled(line->out, text, style, line->colour);
    }
    line->blanks += to_the_right ? 1 : padding + 1;
    buf_release(&room);
}

static void add_header(const struct table *table, const size_t *widths, bool colour,
                       struct buf *out)
{
    struct line line = {.out = out, .colour = colour};
    for (size_t i = 0; i < table->columns.count; i++) {
        if (widths[i] != SIZE_MAX) {
            add_padded(&line, slice_of(table->columns.at[i].title), TABLE_UNDERLINED,
                       table->columns.at[i].alignment == TABLE_RIGHT, widths[i]);
        }
    }
    buf_add_char(out, '\n');
}

static void add_row(const struct table *table, size_t row, const size_t *widths, bool colour,
                    struct buf *out)
{
    struct line line = {.out = out, .colour = colour};
    size_t count = cells_in_row(table, row);
    for (size_t i = 0; i < count && i < table->columns.count; i++) {
        size_t cell = table->rows.at[row].first_cell + i;
        enum table_alignment alignment = table->columns.at[i].alignment;
        if (widths[i] != SIZE_MAX) {
            add_padded(&line, cell_text(table, cell), table->cells.at[cell].style,
                       alignment == TABLE_RIGHT || alignment == TABLE_VALUE, widths[i]);
        }
    }
    buf_add_char(out, '\n');
}

void table_format(const struct table *table, bool colour, bool no_header, struct buf *out)
{
    size_t *widths = measure_columns(table);
    if (!no_header) {
        add_header(table, widths, colour, out);
    }
    for (size_t row = 0; row < table->rows.count; row++) {
        if (!table->rows.at[row].is_separator) {
            add_row(table, row, widths, colour, out);
        } else if (row + 1 < table->rows.count) {
            buf_add_char(out, '\n');
        }
    }
    free(widths);
}
