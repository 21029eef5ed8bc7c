#include "progress.h"

#include "clock.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int64_t BETWEEN_DRAWINGS_NS = 95000000; /* a little less than a tick */

enum { NARROWEST = 20, TIME_COLUMNS = 8, MINIMUM_HEIGHT = 8 };
enum {
    KEPT_FREE = 5
}; /* spare columns at the end of each line: for the terminal's echo of "^C", twice, which must not
      wrap, and for the last column, where some terminals wrap immediately */

/* ---- Widths ---- */

static size_t decode(const char *text, uint32_t *code_point)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t value = len == 1 ? at[0] : at[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            *code_point = 0xfffd;
            return i;
        }
        value = (value << 6) | (at[i] & 0x3fU);
    }
    *code_point = value;
    return len;
}

/* Doesn't depend on the locale: includes scripts that are wide everywhere, and symbols that are
 * wide on some terminals. */
static size_t columns_of(uint32_t code_point)
{
    bool narrow = code_point < 0x1100 || (code_point >= 0x1e00 && code_point < 0x2300);
    return narrow ? 1 : 2;
}

size_t progress_columns(const char *text)
{
    size_t columns = 0;
    while (*text != '\0') {
        uint32_t code_point;
        text += decode(text, &code_point);
        columns += columns_of(code_point);
    }
    return columns;
}

/* Adds as much of `text` as fits, with "..." at the end if it is truncated. Returns the columns
 * used. */
static size_t add_fitting(struct buf *out, const char *text, size_t columns)
{
    size_t all = progress_columns(text);
    if (all <= columns) {
        buf_add_string(out, text);
        return all;
    }
    size_t dots = columns < 3 ? columns : 3;
    size_t taken = 0;
    for (;;) {
        uint32_t code_point;
        size_t len = decode(text, &code_point);
        if (taken + columns_of(code_point) + dots > columns) {
            break;
        }
        buf_add(out, text, len);
        text += len;
        taken += columns_of(code_point);
    }
    buf_add(out, "...", dots);
    return taken + dots;
}

/* ---- Rendering ---- */

static void add_status(struct buf *out, const struct rowbuild_progress *progress)
{
    size_t over = progress->done + progress->failed + progress->unfinished;
    buf_addf(out, "[%zu/%zu] %zu running on %u/%u cores", over, progress->total, progress->running,
             progress->cores_used, progress->cores_budget);
    if (progress->failed > 0) {
        buf_addf(out, ", %zu failed", progress->failed);
    }
    if (progress->unfinished > 0) {
        buf_addf(out, ", %zu unfinished", progress->unfinished);
    }
    buf_add_string(out, ", ");
    text_add_duration(out, progress->seconds);
    if (progress->seconds_left >= 0) {
        buf_add_string(out, progress->unknown > 0 ? ", at least " : ", about ");
        text_add_duration(out, progress->seconds_left);
        buf_add_string(out, " left");
    }
}

static void render_status(struct buf *line, size_t *columns,
                          const struct rowbuild_progress *progress, size_t width, bool colour)
{
    struct buf text = BUF_EMPTY;
    add_status(&text, progress);
    if (colour) {
        buf_add_string(line, progress->failed > 0 ? "\033[1;31m" : "\033[1m");
    }
    *columns = add_fitting(line, buf_string(&text), width);
    if (colour) {
        buf_add_string(line, "\033[0m");
    }
    buf_release(&text);
}

static void render_running(struct buf *line, size_t *columns, const struct rowbuild_running *task,
                           size_t width)
{
    struct buf time = BUF_EMPTY;
    text_add_duration(&time, task->seconds);
    buf_add_string(line, "  ");
    size_t taken = 2 + add_fitting(line, task->label, width - 2 - TIME_COLUMNS - 1);
    size_t padding = taken + time.len < width ? width - taken - time.len : 1;
    buf_addf(line, "%*s%s", (int)padding, "", buf_string(&time));
    *columns = taken + padding + time.len;
    buf_release(&time);
}

void progress_render(struct progress_block *block, const struct rowbuild_progress *progress,
                     size_t width, size_t height, bool colour)
{
    for (size_t i = 0; i < PROGRESS_LINES; i++) {
        buf_clear(&block->text[i]);
    }
    render_status(&block->text[0], &block->columns[0], progress, width, colour);
    block->count = 1;
    if (width < NARROWEST || height < MINIMUM_HEIGHT) {
        return;
    }
    size_t below = width < 80 ? width : 80; /* times are easier to read close to the labels */
    for (size_t i = 0; i < progress->longest_count && block->count < PROGRESS_LINES; i++) {
        render_running(&block->text[block->count], &block->columns[block->count],
                       &progress->longest[i], below);
        block->count++;
    }
}

void progress_block_release(struct progress_block *block)
{
    for (size_t i = 0; i < PROGRESS_LINES; i++) {
        buf_release(&block->text[i]);
    }
    block->count = 0;
}

/* ---- Drawing ---- */

void progress_init(struct progress *progress, int fd, bool on, bool colour)
{
    /* As if just drawn, so that a very short run shows no block. */
    *progress =
        (struct progress){.fd = fd, .on = on, .colour = colour, .drawn_ns = clock_monotonic_ns()};
}

void progress_release(struct progress *progress)
{
    progress_erase(progress);
    progress_block_release(&progress->block);
}

static void terminal_size(int fd, size_t *width, size_t *height)
{
    struct winsize size;
    *width = 80;
    *height = 24;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        *width = size.ws_col;
        *height = size.ws_row > 0 ? size.ws_row : 24;
    }
}

static void put(const struct progress *progress, const struct buf *bytes)
{
    size_t at = 0;
    while (at < bytes->len) {
        ssize_t written = write(progress->fd, bytes->at + at, bytes->len - at);
        if (written < 0 && errno != EINTR) {
            return; /* the next drawing repairs it */
        }
        at += written > 0 ? (size_t)written : 0;
    }
}

/* Moves to the first column of the block's first line. A terminal that has become narrower has
 * wrapped the block. */
static void add_rewind(struct buf *out, const struct progress *progress, size_t width)
{
    size_t rows = 0;
    for (size_t i = 0; i < progress->block.count; i++) {
        size_t columns = progress->block.columns[i];
        rows += columns > width ? (columns + width - 1) / width : 1;
    }
    buf_add_char(out, '\r');
    if (rows > 1) {
        buf_addf(out, "\033[%zuA", rows - 1);
    }
}

void progress_erase(struct progress *progress)
{
    if (!progress->shown) {
        return;
    }
    struct buf out = BUF_EMPTY;
    size_t width;
    size_t height;
    terminal_size(progress->fd, &width, &height);
    add_rewind(&out, progress, width);
    buf_add_string(&out, "\033[J");
    put(progress, &out);
    buf_release(&out);
    progress->shown = false;
}

static bool is_foreground(int fd)
{
    pid_t group = tcgetpgrp(fd);
    return group < 0 || group == getpgrp();
}

void progress_draw(struct progress *progress, const struct rowbuild_progress *state, bool now)
{
    int64_t time_ns = clock_monotonic_ns();
    if (!progress->on || (!now && time_ns - progress->drawn_ns < BETWEEN_DRAWINGS_NS) ||
        !is_foreground(progress->fd)) {
        return;
    }
    struct buf out = BUF_EMPTY;
    size_t width;
    size_t height;
    terminal_size(progress->fd, &width, &height);
    if (progress->shown) {
        add_rewind(&out, progress, width);
    }
    progress_render(&progress->block, state, width > KEPT_FREE ? width - KEPT_FREE : 1, height,
                    progress->colour);
    for (size_t i = 0; i < progress->block.count; i++) {
        buf_addf(&out, "%s%s\033[K", i > 0 ? "\n" : "", buf_string(&progress->block.text[i]));
    }
    buf_add_string(&out, "\033[J");
    put(progress, &out);
    buf_release(&out);
    progress->shown = true;
    progress->drawn_ns = time_ns;
}
