#include "progress.h"

#include "clock.h"
#include "text.h"
#include "width.h"

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

size_t progress_columns(const char *text)
{
    return width_of_text(slice_of(text));
}

size_t progress_add_fitting(struct buf *out, const char *text, size_t columns)
{
    size_t all = progress_columns(text);
    if (all <= columns) {
        buf_add_string(out, text);
        return all;
    }
    size_t dots = columns < 3 ? columns : 3;
    size_t taken = 0;
    size_t len;
    for (size_t at = 0;; at += len) {
        size_t own = width_next(slice_of(text), at, &len);
        if (taken + own + dots > columns) {
            break;
        }
        buf_add(out, text + at, len);
        taken += own;
    }
    buf_add(out, "...", dots);
    return taken + dots;
}

/* ---- Rendering ---- */

/* The parts of the first line, in the order in which they are left out where it is too narrow. */
enum part {
    PART_RATE = 1,
    PART_SECONDS = 2,
    PART_CORES = 4,
    PART_BAR = 8,
    PART_RUNNING = 16,
    PART_LEFT = 32,
    ALL_PARTS = 63
};

enum { BAR_COLUMNS = 10, MINUTE_S = 60, HOUR_S = 3600 };

static size_t count_over(const struct rowbuild_progress *progress)
{
    return progress->done + progress->failed + progress->unfinished;
}

static size_t percent_of(const struct rowbuild_progress *progress)
{
    return progress->total > 0 ? 100 * count_over(progress) / progress->total : 0;
}

static void add_bar(struct buf *out, const struct rowbuild_progress *progress)
{
    size_t full = percent_of(progress) * BAR_COLUMNS / 100;
    buf_add_string(out, " [");
    for (size_t i = 0; i < BAR_COLUMNS; i++) {
        buf_add_char(out, i < full ? '#' : '-');
    }
    buf_add_char(out, ']');
}

static double rate_of(const struct rowbuild_progress *progress)
{
    return progress->seconds > 0 ? (double)progress->ended / progress->seconds : 0;
}

static void add_rate(struct buf *out, double rate)
{
    if (rate >= 1) {
        buf_addf(out, "%.1f/s", rate);
    } else if (rate * MINUTE_S >= 1) {
        buf_addf(out, "%.1f/min", rate * MINUTE_S);
    } else {
        buf_addf(out, "%.1f/h", rate * HOUR_S);
    }
}

/* What follows the bar: the first after a blank, the others after commas. */
static struct buf *tail(struct buf *out, bool *is_first)
{
    buf_add_string(out, *is_first ? " " : ", ");
    *is_first = false;
    return out;
}

static void add_status(struct buf *out, const struct rowbuild_progress *progress, unsigned parts)
{
    bool is_first = true;
    buf_addf(out, "[%zu/%zu] %zu%%", count_over(progress), progress->total, percent_of(progress));
    if ((parts & PART_BAR) != 0) {
        add_bar(out, progress);
    }
    if ((parts & PART_RUNNING) != 0) {
        buf_addf(tail(out, &is_first), "%zu running", progress->running);
        if ((parts & PART_CORES) != 0) {
            buf_addf(out, " on %u/%u cores", progress->cores_used, progress->cores_budget);
        }
    }
    if (progress->failed > 0) {
        buf_addf(tail(out, &is_first), "%zu failed", progress->failed);
    }
    if (progress->unfinished > 0) {
        buf_addf(tail(out, &is_first), "%zu unfinished", progress->unfinished);
    }
    if ((parts & PART_RATE) != 0 && progress->ended > 0) {
        add_rate(tail(out, &is_first), rate_of(progress));
    }
    if ((parts & PART_SECONDS) != 0) {
        text_add_duration(tail(out, &is_first), progress->seconds);
    }
    if ((parts & PART_LEFT) != 0 && progress->seconds_left >= 0) {
        buf_add_string(tail(out, &is_first), progress->unknown > 0 ? "at least " : "about ");
        text_add_duration(out, progress->seconds_left);
        buf_add_string(out, " left");
    }
}

void progress_add_status(struct buf *out, const struct rowbuild_progress *progress, size_t width)
{
    unsigned parts = ALL_PARTS;
    size_t start = out->len;
    add_status(out, progress, parts);
    while (parts != 0 && progress_columns(out->at + start) > width) {
        parts &= parts - 1; /* without the lowest bit that is set */
        out->len = start;
        add_status(out, progress, parts);
    }
}

static void add_clock(struct buf *out, double seconds)
{
    unsigned long whole = seconds > 0 ? (unsigned long)seconds : 0;
    if (whole >= HOUR_S) {
        buf_addf(out, "%lu:%02lu:%02lu", whole / HOUR_S, whole / MINUTE_S % MINUTE_S,
                 whole % MINUTE_S);
    } else {
        buf_addf(out, "%02lu:%02lu", whole / MINUTE_S, whole % MINUTE_S);
    }
}

/* false: there is no such placeholder. */
static bool add_placeholder(struct buf *out, char letter, const struct rowbuild_progress *progress,
                            double rate)
{
    size_t started = count_over(progress) + progress->running;
    switch (letter) {
    case '%':
        buf_add_char(out, '%');
        return true;
    case 's':
        buf_addf(out, "%zu", started < progress->total ? started : progress->total);
        return true;
    case 't':
        buf_addf(out, "%zu", progress->total);
        return true;
    case 'p':
        buf_addf(out, "%3zu%%", percent_of(progress));
        return true;
    case 'r':
        buf_addf(out, "%zu", progress->running);
        return true;
    case 'u':
        buf_addf(out, "%zu", started < progress->total ? progress->total - started : 0);
        return true;
    case 'f':
        buf_addf(out, "%zu", count_over(progress));
        return true;
    case 'o':
        buf_addf(out, "%.1f", rate_of(progress));
        return true;
    case 'c':
        buf_addf(out, "%.1f", rate);
        return true;
    case 'e':
        buf_addf(out, "%.3f", progress->seconds);
        return true;
    case 'w':
        add_clock(out, progress->seconds);
        return true;
    case 'E':
    case 'W':
        if (progress->seconds_left < 0) {
            buf_add_char(out, '?');
        } else if (letter == 'E') {
            buf_addf(out, "%.3f", progress->seconds_left);
        } else {
            add_clock(out, progress->seconds_left);
        }
        return true;
    default:
        return false;
    }
}

static bool add_formatted(struct buf *out, const char *format,
                          const struct rowbuild_progress *progress, double rate, char *wrong)
{
    struct buf text = BUF_EMPTY;
    bool is_good = true;
    for (; *format != '\0' && is_good; format++) {
        if (*format != '%') {
            buf_add_char(&text, *format);
            continue;
        }
        format++;
        *wrong = *format;
        is_good = add_placeholder(&text, *format, progress, rate);
        format -= *format == '\0';
    }
    text_add_visible(out, buf_slice(&text));
    buf_release(&text);
    return is_good;
}

bool progress_check_format(const char *format, struct buf *problem)
{
    const struct rowbuild_progress nothing = {0};
    struct buf text = BUF_EMPTY;
    char wrong[2] = "";
    bool is_good = add_formatted(&text, format, &nothing, 0, wrong);
    if (!is_good && wrong[0] == '\0') {
        buf_add_string(problem,
                       "$ROWBUILD_STATUS ends in a single `%`; use `%%` for a percent sign");
    } else if (!is_good) {
        buf_add_string(problem, "$ROWBUILD_STATUS has an unknown placeholder `%");
        text_add_visible(problem, slice_of(wrong));
        buf_add_string(problem, "`; use one of %s %t %p %r %u %f %o %c %e %w %E %W, or %% for a "
                                "percent sign");
    }
    buf_release(&text);
    return is_good;
}

static void render_status(struct buf *line, size_t *columns, const char *format,
                          const struct rowbuild_progress *progress, double rate, size_t width,
                          bool colour)
{
    struct buf text = BUF_EMPTY;
    char wrong;
    if (format != NULL) {
        (void)add_formatted(&text, format, progress, rate, &wrong);
    } else {
        progress_add_status(&text, progress, width);
    }
    if (colour) {
        buf_add_string(line, progress->failed > 0 ? "\033[1;31m" : "\033[1m");
    }
    *columns = progress_add_fitting(line, buf_string(&text), width);
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
    size_t taken = 2 + progress_add_fitting(line, task->label, width - 2 - TIME_COLUMNS - 1);
    size_t padding = taken + time.len < width ? width - taken - time.len : 1;
    buf_addf(line, "%*s%s", (int)padding, "", buf_string(&time));
    *columns = taken + padding + time.len;
    buf_release(&time);
}

void progress_render(struct progress_block *block, const struct rowbuild_progress *progress,
                     size_t width, size_t height, bool colour)
{
    progress_render_as(block, NULL, progress, 0, width, height, colour);
}

void progress_render_as(struct progress_block *block, const char *format,
                        const struct rowbuild_progress *progress, double rate, size_t width,
                        size_t height, bool colour)
{
    for (size_t i = 0; i < PROGRESS_LINES; i++) {
        buf_clear(&block->text[i]);
    }
    render_status(&block->text[0], &block->columns[0], format, progress, rate, width, colour);
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
    progress->erased = true;
}

/* Keeps one sample a second. Returns how many executions ended in each second since the oldest. */
static double take_sample(struct progress *progress, const struct rowbuild_progress *state)
{
    struct progress_sample *samples = progress->samples;
    size_t count = progress->sample_count;
    if (count == 0 || state->seconds - samples[count - 1].seconds >= 1) {
        if (count == PROGRESS_SAMPLES) {
            memmove(samples, samples + 1, (PROGRESS_SAMPLES - 1) * sizeof *samples);
            count--;
        }
        samples[count] = (struct progress_sample){state->seconds, state->ended};
        progress->sample_count = count + 1;
    }
    double seconds = state->seconds - samples[0].seconds;
    return seconds > 0 ? (double)(state->ended - samples[0].ended) / seconds : rate_of(state);
}

static bool is_foreground(int fd)
{
    pid_t group = tcgetpgrp(fd);
    return group < 0 || group == getpgrp();
}

void progress_draw(struct progress *progress, const struct rowbuild_progress *state, bool now)
{
    int64_t time_ns = clock_monotonic_ns();
    bool is_due = now || progress->erased || time_ns - progress->drawn_ns >= BETWEEN_DRAWINGS_NS;
    if (!progress->on || !is_due || !is_foreground(progress->fd)) {
        return;
    }
    struct buf out = BUF_EMPTY;
    size_t width;
    size_t height;
    terminal_size(progress->fd, &width, &height);
    if (progress->shown) {
        add_rewind(&out, progress, width);
    }
    progress_render_as(&progress->block, progress->format, state, take_sample(progress, state),
                       width > KEPT_FREE ? width - KEPT_FREE : 1, height, progress->colour);
    /* After a change of the width each row is erased whole: a terminal that wraps lines anew forgets only
     * so that a row was the continuation of the one above. Joined to it later, the block would take fewer
     * rows than it has lines, and the way back up would end in the output above. */
    const char *whole = progress->width != 0 && progress->width != width ? "\033[2K" : "";
    for (size_t i = 0; i < progress->block.count; i++) {
        buf_addf(&out, "%s%s%s\033[K", i > 0 ? "\n" : "", whole,
                 buf_string(&progress->block.text[i]));
    }
    progress->width = width;
    buf_add_string(&out, "\033[J");
    put(progress, &out);
    buf_release(&out);
    progress->shown = true;
    progress->erased = false;
    progress->drawn_ns = time_ns;
}
