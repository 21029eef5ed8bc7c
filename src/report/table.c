#include "table.h"

#include "text.h"
#include "width.h"

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

size_t table_text_width(struct slice text)
{
    return width_of_text(text);
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
    bool breaks; /* before the text that follows */
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
        if (line->breaks) {
            buf_add_char(line->out, '\n');
            line->breaks = false;
        }
        for (; line->blanks > 0; line->blanks--) {
            buf_add_char(line->out, ' ');
        }
        table_add_styled(line->out, text, style, line->colour);
    }
    line->blanks += to_the_right ? 1 : padding + 1;
    buf_release(&room);
}

enum { CONTINUATION_BLANKS = 2 };

/* Begins a further line before a column that doesn't fit into this one. */
static void break_line(struct line *line, bool does_break)
{
    if (does_break) {
        line->breaks = true;
        line->blanks = CONTINUATION_BLANKS;
    }
}

/* Which columns begin a further line, so that no line is wider than `width` columns unless one column
 * is. The caller frees the array. */
static bool *find_breaks(const struct table *table, const size_t *widths, size_t width)
{
    bool *breaks = mem_alloc(table->columns.count + 1);
    size_t used = 0;
    for (size_t i = 0; width > 0 && i < table->columns.count; i++) {
        if (widths[i] == SIZE_MAX) {
            continue;
        }
        breaks[i] = used > 0 && used + 1 + widths[i] > width;
        used = breaks[i] ? CONTINUATION_BLANKS + widths[i] : used + (used > 0) + widths[i];
    }
    return breaks;
}

static void add_header(const struct table *table, const size_t *widths, const bool *breaks,
                       bool colour, struct buf *out)
{
    struct line line = {.out = out, .colour = colour};
    for (size_t i = 0; i < table->columns.count; i++) {
        break_line(&line, breaks[i]);
        if (widths[i] != SIZE_MAX) {
            add_padded(&line, slice_of(table->columns.at[i].title), TABLE_UNDERLINED,
                       table->columns.at[i].alignment == TABLE_RIGHT, widths[i]);
        }
    }
    buf_add_char(out, '\n');
}

static void add_row(const struct table *table, size_t row, const size_t *widths, const bool *breaks,
                    bool colour, struct buf *out)
{
    struct line line = {.out = out, .colour = colour};
    size_t count = cells_in_row(table, row);
    for (size_t i = 0; i < count && i < table->columns.count; i++) {
        size_t cell = table->rows.at[row].first_cell + i;
        enum table_alignment alignment = table->columns.at[i].alignment;
        break_line(&line, breaks[i]);
        if (widths[i] != SIZE_MAX) {
            add_padded(&line, cell_text(table, cell), table->cells.at[cell].style,
                       alignment == TABLE_RIGHT || alignment == TABLE_VALUE, widths[i]);
        }
    }
    buf_add_char(out, '\n');
}

void table_format(const struct table *table, bool colour, bool no_header, struct buf *out)
{
    table_format_within(table, 0, colour, no_header, out);
}

void table_format_within(const struct table *table, size_t width, bool colour, bool no_header,
                         struct buf *out)
{
    size_t *widths = measure_columns(table);
    bool *breaks = find_breaks(table, widths, width);
    if (!no_header) {
        add_header(table, widths, breaks, colour, out);
    }
    for (size_t row = 0; row < table->rows.count; row++) {
        if (!table->rows.at[row].is_separator) {
            add_row(table, row, widths, breaks, colour, out);
        } else if (row + 1 < table->rows.count) {
            buf_add_char(out, '\n');
        }
    }
    free(breaks);
    free(widths);
}
