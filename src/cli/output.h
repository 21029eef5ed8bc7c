/* Writes results to standard output and messages to standard error.
 *
 * Knows: descriptors, whether they are terminals, colour, and whether writes failed. Doesn't know:
 * what is written. Nothing is buffered: callers pass whole lines. */
#ifndef ROWBUILD_OUTPUT_H
#define ROWBUILD_OUTPUT_H

#include "buf.h"
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>

struct output {
    bool results_terminal;
    bool messages_terminal;
    bool results_colour;
    bool messages_colour;
    int error; /* errno of the first failed write of a result; nothing more is written after it */
};

/* Makes sure that descriptors 0, 1 and 2 are open, so that none of rowbuild's files becomes
 * standard output, and that a closed pipe is an error instead of ending the process. Must be called
 * first. */
void output_prepare(void);

void output_init(struct output *output, enum colour_when colour);

/* The columns of the terminal that results go to; 0: it isn't one. */
size_t output_results_width(const struct output *output);

void output_result(struct output *output, const char *bytes, size_t len);
void output_message(struct output *output, const char *bytes, size_t len);

/* The exit status, changed if output was lost, which is reported on standard error. A reader that
 * closed its pipe (`| head`) isn't an error. */
int output_status(struct output *output, int status);

#endif
