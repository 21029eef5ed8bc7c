/* Finds the functions that a setup defines in its own text, for shells that can't print them.
 *
 * Knows: quotes, comments and braces of a Bourne shell's text. Doesn't know: what a file defines that
 * the setup reads; only bash tells that. Pure. */
#ifndef ROWBUILD_SETUP_FUNCTIONS_H
#define ROWBUILD_SETUP_FUNCTIONS_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>

/* Appends each definition `name() { … }` that begins a command. False: which functions there are in the
 * end can't be told from the text, since some are defined within other commands, by another form of body,
 * or around a here-document. */
bool setup_add_functions(struct slice setup, struct buf *out);

#endif
