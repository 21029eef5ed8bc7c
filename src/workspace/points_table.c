#include "points_table.h"

#include "cell_kind.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 32, MOST_ERRORS = 5 };
static const size_t LARGEST_TABLE = (size_t)4 << 30;

struct cell {
    size_t offset; /* with its quotes */
    size_t length;
    struct slice text;
};

struct column {
    bool is_text;  /* `key:string` */
    bool has_text; /* a filled cell that is neither a number nor nearly one */
    bool has_number;
    struct cell word; /* the first `nan` or `inf`; length 0: none */
};

struct table {
    const struct source *source; /* lives in the diag */
    struct slice text;
    size_t at;
    VEC(struct cell) cells; /* of the row that was read last */
    struct buf unquoted;    /* the bytes of its quoted cells */
    struct column *columns;
    struct diag *diag;
    size_t most_errors;
};

static int complain(const struct table *table, size_t offset, size_t length, const char *message)
{
    return diag_error_at(table->diag, FINDING_WRONG_TABLE, table->source, offset,
                         length > 0 ? length : 1, "%s", message);
}

/* ---- Rows ---- */

static bool at_line_end(const struct table *table)
{
    return table->at >= table->text.len || table->text.at[table->at] == '\n' ||
           (table->text.at[table->at] == '\r' && table->at + 1 < table->text.len &&
            table->text.at[table->at + 1] == '\n');
}

static void skip_line_end(struct table *table)
{
    if (table->at < table->text.len) {
        table->at += table->text.at[table->at] == '\r' ? 2 : 1;
    }
}

/* After the opening quote. The text is kept in `unquoted`, where it is found by its place. */
static int read_quoted(struct table *table, struct cell *cell, size_t *start)
{
    *start = table->unquoted.len;
    for (table->at++; table->at < table->text.len; table->at++) {
        char c = table->text.at[table->at];
        bool is_last = table->at + 1 == table->text.len;
        if (c == '"' && !is_last && table->text.at[table->at + 1] == '"') {
            table->at++;
        } else if (c == '"') {
            table->at++;
            cell->length = table->at - cell->offset;
            if (!at_line_end(table) && table->text.at[table->at] != ',') {
                return complain(table, table->at, 1,
                                "text after the closing quote of a cell; double a quote that "
                                "belongs to the cell");
            }
            return 0;
        }
        buf_add_char(&table->unquoted, table->text.at[table->at]);
    }
    return complain(table, cell->offset, 1, "this quote isn't closed");
}

static int read_cell(struct table *table, size_t *start)
{
    struct cell cell = {.offset = table->at};
    *start = SIZE_MAX;
    if (table->at < table->text.len && table->text.at[table->at] == '"') {
        if (read_quoted(table, &cell, start) != 0) {
            return -1;
        }
        cell.text = slice_make("", table->unquoted.len - *start);
    } else {
        while (!at_line_end(table) && table->text.at[table->at] != ',') {
            if (table->text.at[table->at] == '"') {
                return complain(table, table->at, 1,
                                "a quote inside a cell; put the whole cell into quotes, and double "
                                "this one");
            }
            table->at++;
        }
        cell.length = table->at - cell.offset;
        cell.text = slice_make(table->text.at + cell.offset, cell.length);
    }
    vec_push(&table->cells, cell);
    return 0;
}

/* Reads the next row that isn't empty. 1, 0 at the end, -1 after an error. */
static int read_row(struct table *table)
{
    VEC(size_t) starts = {0};
    int result = 0;
    while (table->at < table->text.len && at_line_end(table)) {
        skip_line_end(table);
    }
    table->cells.count = 0;
    buf_clear(&table->unquoted);
    if (table->at >= table->text.len) {
        return 0;
    }
    for (bool more = true; more && result == 0;) {
        size_t start;
        result = read_cell(table, &start);
        vec_push(&starts, start);
        more = result == 0 && !at_line_end(table);
        table->at += more;
    }
    for (size_t i = 0; i < table->cells.count; i++) {
        if (starts.at[i] != SIZE_MAX) {
            table->cells.at[i].text.at = buf_string(&table->unquoted) + starts.at[i];
        }
    }
    vec_release(&starts);
    if (result == 0) {
        skip_line_end(table);
    }
    return result == 0 ? 1 : -1;
}

static struct slice trimmed(struct slice text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* ---- The header ---- */

static int split_key(const struct table *table, const struct cell *cell, struct slice key,
                     struct slice *parts, size_t *count)
{
    *count = 0;
    for (size_t start = 0; start <= key.len;) {
        size_t end = start;
        while (end < key.len && key.at[end] != '.') {
            end++;
        }
        if (end == start || *count == MOST_PARTS) {
            return complain(table, cell->offset, cell->length,
                            key.len == 0 ? "this column has no key"
                                         : "a part of this key is empty");
        }
        parts[(*count)++] = slice_make(key.at + start, end - start);
        start = end + 1;
    }
    return 0;
}

static int read_column(struct table *table, struct point_axis *axis, size_t number,
                       struct arena *arena)
{
    const struct cell *cell = &table->cells.at[number];
    struct slice key = trimmed(cell->text);
    struct slice parts[MOST_PARTS];
    size_t count;
    const char *colon = memrchr(key.at, ':', key.len);
    if (colon != NULL) {
        struct slice type = trimmed(slice_make(colon + 1, (size_t)(key.at + key.len - colon) - 1));
        if (!slice_is(type, "string")) {
            return complain(table, cell->offset, cell->length,
                            "the only type after a colon is `string`, as in `name:string`");
        }
        table->columns[number].is_text = true;
        key = trimmed(slice_make(key.at, (size_t)(colon - key.at)));
    }
    if (memchr(key.at, '\0', key.len) != NULL) {
        return complain(table, cell->offset, cell->length, "a key can't contain a NUL byte");
    }
    if (split_key(table, cell, key, parts, &count) != 0) {
        return -1;
    }
    struct point_column *column = &axis->columns[number];
    *column = (struct point_column){
        .from = "table", .offset = cell->offset, .length = cell->length > 0 ? cell->length : 1};
    point_column_make(column, parts, count, arena);
    for (size_t other = 0; other < number; other++) {
        if (point_columns_clash(column, &axis->columns[other])) {
            struct buf message = BUF_EMPTY;
            buf_add_string(&message, "the columns `");
            point_column_add_name(&axis->columns[other], &message);
            buf_add_string(&message, "` and `");
            point_column_add_name(column, &message);
            buf_add_string(&message, "` set the same key");
            complain(table, cell->offset, cell->length, buf_string(&message));
            buf_release(&message);
            return -1;
        }
    }
    return 0;
}

static int read_header(struct table *table, struct point_axis *axis, struct arena *arena)
{
    if (slice_starts_with(table->text, "\xef\xbb\xbf")) {
        table->at = 3;
    }
    int row = read_row(table);
    if (row <= 0) {
        return row < 0 ? -1
                       : complain(table, 0, 1,
                                  "this table is empty; its first line names the "
                                  "keys");
    }
    axis->column_count = table->cells.count;
    axis->columns = arena_array(arena, axis->column_count, sizeof *axis->columns);
    table->columns = arena_array(arena, axis->column_count, sizeof *table->columns);
    struct slice first = table->cells.at[0].text;
    if (axis->column_count == 1 &&
        (memchr(first.at, ';', first.len) != NULL || memchr(first.at, '\t', first.len) != NULL)) {
        return complain(table, table->cells.at[0].offset, table->cells.at[0].length,
                        "the cells of a table are separated by commas");
    }
    int result = 0;
    for (size_t c = 0; c < axis->column_count; c++) {
        result |= read_column(table, axis, c, arena);
    }
    return result;
}

/* ---- Types ---- */

static void refuse_near(const struct table *table, const struct point_column *column,
                        const struct cell *cell)
{
    struct buf message = BUF_EMPTY;
    struct buf as_json = BUF_EMPTY;
    struct slice text = trimmed(cell->text);
    buf_add_char(&message, '`');
    text_add_name(&message, text);
    buf_add_string(&message, "` in the column `");
    point_column_add_name(column, &message);
    buf_add_string(&message, "` is not a JSON number; ");
    cell_add_as_json(text, &as_json);
    if (as_json.len > 0) {
        buf_addf(&message, "write %s, or ", buf_string(&as_json));
    }
    buf_add_string(&message, "call the column `");
    point_column_add_name(column, &message);
    buf_add_string(&message, ":string` if it holds text");
    complain(table, cell->offset, cell->length, buf_string(&message));
    buf_release(&as_json);
    buf_release(&message);
}

static int check_width(const struct table *table, const struct point_axis *axis)
{
    size_t count = table->cells.count;
    if (count == axis->column_count) {
        return 0;
    }
    const struct cell *cell =
        &table->cells.at[count > axis->column_count ? axis->column_count : count - 1];
    return diag_error_at(table->diag, FINDING_WRONG_TABLE, table->source, cell->offset,
                         cell->length > 0 ? cell->length : 1,
                         "this row has %zu %s, and the header has %zu", count,
                         count == 1 ? "cell" : "cells", axis->column_count);
}

static void look_at_row(struct table *table, const struct point_axis *axis)
{
    for (size_t c = 0; c < axis->column_count; c++) {
        const struct cell *cell = &table->cells.at[c];
        struct column *column = &table->columns[c];
        enum cell_kind kind = cell_kind_of(trimmed(cell->text));
        if (!text_is_utf8(cell->text)) {
            complain(table, cell->offset, cell->length, "this cell isn't UTF-8");
        } else if (column->is_text || kind == CELL_EMPTY) {
            continue;
        } else if (kind == CELL_NEAR) {
            refuse_near(table, &axis->columns[c], cell);
        } else if (kind == CELL_WORD) {
            column->word = column->word.length == 0 ? *cell : column->word;
        } else {
            column->has_number |= kind == CELL_NUMBER;
            column->has_text |= kind != CELL_NUMBER;
        }
    }
}

/* Goes through all rows, and finds what the columns hold. */
static int look_at_rows(struct table *table, struct point_axis *axis)
{
    size_t most = table->diag->errors + MOST_ERRORS;
    size_t errors = table->diag->errors;
    int row;
    while ((row = read_row(table)) > 0 && table->diag->errors < most) {
        axis->count++;
        if (check_width(table, axis) == 0) {
            look_at_row(table, axis);
        }
    }
    for (size_t c = 0; c < axis->column_count; c++) {
        const struct column *column = &table->columns[c];
        if (column->word.length > 0 && column->has_number && !column->has_text) {
            /* its text is gone, but not its place */
            struct cell word = column->word;
            word.text = slice_make(table->text.at + word.offset, word.length);
            refuse_near(table, &axis->columns[c], &word);
        }
    }
    if (row == 0 && axis->count == 0) {
        complain(table, 0, 1, "this table has no rows below its header");
    }
    return row < 0 || table->diag->errors > errors ? -1 : 0;
}

/* ---- Values ---- */

static int fill_cell(struct table *table, const struct cell *cell, const struct column *column,
                     struct json_parser *parser, struct arena *arena, struct point_value *value)
{
    struct slice text = trimmed(cell->text);
    enum cell_kind kind = column->is_text && text.len > 0 ? CELL_TEXT : cell_kind_of(text);
    struct diag unseen;
    int result = 0;
    if (kind == CELL_EMPTY) {
        return 0;
    }
    diag_init(&unseen);
    bool is_typed = kind == CELL_JSON || (kind == CELL_NUMBER && !column->has_text);
    if (is_typed) {
        result = point_value_parse(value, text, SLICE_LITERAL(""), parser, arena, &unseen);
    }
    if (result != 0 && kind == CELL_NUMBER) {
        complain(table, cell->offset, cell->length, "this number is too large for a 64-bit float");
    } else if (!is_typed || result != 0) {
        struct buf quoted = BUF_EMPTY;
        text_add_json(&quoted, cell->text);
        result =
            point_value_parse(value, buf_slice(&quoted), SLICE_LITERAL(""), parser, arena, &unseen);
        buf_release(&quoted);
        if (result != 0) {
            complain(table, cell->offset, cell->length, "this text can't be written as JSON");
        }
    }
    diag_release(&unseen);
    return result;
}

static int fill(struct table *table, struct point_axis *axis, struct arena *arena)
{
    struct json_parser *parser = json_parser_new();
    int result = 0;
    axis->values = arena_array(arena, axis->count * axis->column_count, sizeof *axis->values);
    for (size_t row = 0; row < axis->count && result == 0 && read_row(table) > 0; row++) {
        for (size_t c = 0; c < axis->column_count; c++) {
            result |= fill_cell(table, &table->cells.at[c], &table->columns[c], parser, arena,
                                &axis->values[row * axis->column_count + c]);
        }
    }
    json_parser_free(parser);
    return result;
}

static int read_source(struct table *table, points_read_fn *read, void *context,
                       const struct source *rowfile, const struct point_set *set)
{
    struct buf text = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, set->table);
    if (read(context, set->table.at, LARGEST_TABLE, &text) != 0) {
        int error = errno;
        diag_error_at(table->diag, FINDING_WRONG_TABLE, rowfile, set->table_offset,
                      set->table_length,
                      "the table `%s` can't be read: %s; its path is relative to the project",
                      buf_string(&shown), strerror(error));
        buf_release(&text);
        buf_release(&shown);
        return -1;
    }
    struct source *source = arena_alloc(&table->diag->bytes, sizeof *source);
    source->name = arena_string(&table->diag->bytes, buf_slice(&shown));
    source->text = buf_slice(&text);
    table->source = source;
    table->text = source->text;
    buf_release(&shown);
    return 0;
}

int points_table_read(struct point_axis *axis, points_read_fn *read, void *context,
                      const struct source *rowfile, const struct point_set *set,
                      struct arena *arena, struct diag *diag)
{
    struct table table = {.diag = diag};
    *axis = (struct point_axis){0};
    if (read_source(&table, read, context, rowfile, set) != 0) {
        return -1;
    }
    int result = read_header(&table, axis, arena);
    size_t rows_at = table.at;
    if (result == 0) {
        result = look_at_rows(&table, axis);
    }
    table.at = rows_at;
    if (result == 0) {
        result = fill(&table, axis, arena);
    }
    char *text = (char *)table.text.at;
    if (result != 0) { /* messages show its lines */
        ((struct source *)table.source)->text = arena_slice(&diag->bytes, table.text);
    }
    free(text);
    vec_release(&table.cells);
    buf_release(&table.unquoted);
    return result;
}
