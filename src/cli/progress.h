/* Draws the status block at the bottom of a terminal, which doesn't scroll.
 *
 *     [23/60] 38% [####------] 4 running on 8/8 cores, 1 failed, 1m 20s, about 5m 10s left
 *       simulate T1.5-s1                                              41s
 *       simulate T2.0-s3                                              12s
 *
 * Knows: widths of text, cursor movements. Doesn't know: events. Code that prints lines to the same
 * terminal erases the block first. */
#ifndef ROWBUILD_PROGRESS_H
#define ROWBUILD_PROGRESS_H

#include "buf.h"
#include "rowbuild.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_LINES = 5, PROGRESS_SAMPLES = 6 };

/* The lines of the block, pure text. What doesn't fit into the first one is left out, the least
 * important first: rate, seconds, cores, bar. None is wider than `width` columns. */
struct progress_block {
    struct buf text[PROGRESS_LINES]; /* without newline */
    size_t columns[PROGRESS_LINES];
    size_t count; /* at least 1 after a rendering */
};

void progress_render(struct progress_block *block, const struct rowbuild_progress *progress,
                     size_t width, size_t height, bool colour);
/* The same with a first line that the user has formatted; NULL: the usual one. `rate`: executions that
 * ended in each of the last seconds. */
void progress_render_as(struct progress_block *block, const char *format,
                        const struct rowbuild_progress *progress, double rate, size_t width,
                        size_t height, bool colour);

/* Whether a format has only placeholders that there are; else says in `problem` which it has. */
bool progress_check_format(const char *format, struct buf *problem);

void progress_block_release(struct progress_block *block);

/* Appends the usual first line, with as many of its parts as fit into `width`. */
void progress_add_status(struct buf *out, const struct rowbuild_progress *progress, size_t width);

/* The most columns that UTF-8 text can take. */
size_t progress_columns(const char *text);

/* Appends as much of `text` as fits, with "..." at the end if it is truncated. Returns the columns
 * used. */
size_t progress_add_fitting(struct buf *out, const char *text, size_t columns);

/* How many executions had ended when. */
struct progress_sample {
    double seconds;
    size_t ended;
};

struct progress {
    int fd;
    bool on;
    bool colour;
    struct progress_block block; /* the block on the screen now, if `shown` */
    bool shown;
    size_t width;       /* of the terminal at the last drawing; 0: there was none */
    bool erased;        /* since the last drawing, for a line: to be drawn again at once */
    int64_t drawn_ns;   /* monotonic time of the last drawing */
    const char *format; /* of the first line; NULL: the usual one. Borrowed */
    struct progress_sample samples[PROGRESS_SAMPLES]; /* oldest first */
    size_t sample_count;
};

void progress_init(struct progress *progress, int fd, bool on, bool colour);
void progress_release(struct progress *progress); /* erases */

/* Draws, or redraws in place. Draws at most ten times a second unless `now` is true or the block was
 * erased for a line, and not while
 * the process is in the background of its terminal. */
void progress_draw(struct progress *progress, const struct rowbuild_progress *state, bool now);
void progress_erase(struct progress *progress);

#endif
