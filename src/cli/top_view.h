/* What `rowbuild top` shows of a run: pure text, in as many columns and rows as there are.
 *
 *     [23/60] 38% [###-------] 4 running on 8/8 cores, 1 failed, 1m 20s, about 5m 10s left
 *     core   0  97%  simulate T1.5-s1
 *     TASK                       CORES  ELAPSED EXPECTED   CPU    MEMORY     PID
 *     simulate T1.5-s1               1      41s   1m 02s   97%   120 MiB   41234
 *     failed (1)
 *     simulate T2.0-s3: exit 3: .rowbuild/logs/simulate/T2.0-s3.log
 *
 * Knows: the order of rows, what is left out where there is little room, and what keys change.
 * Doesn't know: terminals. */
#ifndef ROWBUILD_TOP_VIEW_H
#define ROWBUILD_TOP_VIEW_H

#include "rowbuild.h"
#include "screen.h"

#include <stdbool.h>
#include <stddef.h>

enum top_order { TOP_BY_ELAPSED, TOP_BY_NAME, TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_CORES };

struct top_view {
    enum top_order order;
    bool is_reversed;
    bool shows_failures; /* all of them, instead of the tasks */
    bool shows_help;
    bool shows_members; /* of batches: each task on a line of its own */
    size_t first;       /* of the lines that are scrolled, the first one on the screen */
    size_t page;        /* lines that are scrolled at once: of the last frame */
};

struct top_room {
    size_t width;  /* columns; 0: any number */
    size_t height; /* rows; 0: any number, and nothing is left out */
    bool colour;
};

/* `project`: where it is, for people. */
void top_render(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                const char *project, const struct top_room *room, struct screen_lines *lines);

/* Of a run that has ended, what stays on the terminal. */
void top_render_ending(const struct rowbuild_snapshot *snapshot, struct screen_lines *lines);

/* What a key changes; false: it ends the program. */
bool top_take_key(struct top_view *view, int key);

#endif
