/* The whole screen of a terminal: drawing lines, reading keys, and leaving it as it was.
 *
 * It is drawn on the alternate screen, and the terminal is put back whatever ends the process:
 * screen_close, a signal, exit, a crash. While it is suspended (Ctrl-Z), the terminal is the shell's.
 *
 * Knows: ANSI sequences, termios, signals. Doesn't know: what is drawn. Since the terminal and the
 * signals are the process's, there is one screen. */
#ifndef ROWBUILD_SCREEN_H
#define ROWBUILD_SCREEN_H

#include "buf.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

/* Lines of a frame, without newlines, none wider than the screen. */
struct screen_lines {
    VEC(struct buf) all;
    size_t count; /* of this frame: the others only keep their memory */
};

/* Begins a line of the frame, empty. Pointers to lines before it become invalid. */
struct buf *screen_lines_add(struct screen_lines *lines);
void screen_lines_release(struct screen_lines *lines);

/* Characters stand for themselves. */
enum screen_key {
    SCREEN_TIMEOUT = 0x110000, /* no key in time */
    SCREEN_RESIZED,            /* or continued after a stop: to be drawn anew */
    SCREEN_INTERRUPTED,        /* by a signal that ends a process, or the terminal was closed */
    SCREEN_UP,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END,
    SCREEN_OTHER, /* a key without a meaning here */
};

/* Takes standard input and output; false, with errno: they aren't a terminal that can be used. */
bool screen_open(void);
void screen_close(void);

void screen_size(size_t *width, size_t *height);

/* Shows the frame. Only what differs from the last one is written. */
void screen_draw(const struct screen_lines *lines);

/* Waits for a key, at most so long. */
int screen_wait(double seconds);

#endif
