/* Draws the status block at the bottom of a terminal, which doesn't scroll.
 *
 *     [23/60] 4 running on 8/8 cores, 1 failed, 1m 20s, about 5m 10s left
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

enum { PROGRESS_LINES = 5 };

/* The lines of the block, pure text. None is wider than `width` columns. Characters whose width
 * depends on the terminal count as two columns. */
struct progress_block {
    struct buf text[PROGRESS_LINES]; /* without newline */
    size_t columns[PROGRESS_LINES];
    size_t count; /* at least 1 after a rendering */
};

void progress_render(struct progress_block *block, const struct rowbuild_progress *progress,
                     size_t width, size_t height, bool colour);
void progress_block_release(struct progress_block *block);

/* The most columns that UTF-8 text can take. */
size_t progress_columns(const char *text);

struct progress {
    int fd;
    bool on;
    bool colour;
    struct progress_block block; /* the block on the screen now, if `shown` */
    bool shown;
    int64_t drawn_ns; /* monotonic time of the last drawing */
};

void progress_init(struct progress *progress, int fd, bool on, bool colour);
void progress_release(struct progress *progress); /* erases */

/* Draws, or redraws in place. Draws at most ten times a second unless `now` is true, and not while
 * the process is in the background of its terminal. */
void progress_draw(struct progress *progress, const struct rowbuild_progress *state, bool now);
void progress_erase(struct progress *progress);

#endif
