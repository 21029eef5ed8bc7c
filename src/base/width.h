/* How many columns of a terminal UTF-8 text takes.
 *
 * Knows: Unicode's widths, by utf8proc, whose header only this module includes. Doesn't know: the
 * locale; a character whose width depends on the terminal's counts as narrow. */
#ifndef ROWBUILD_WIDTH_H
#define ROWBUILD_WIDTH_H

#include "slice.h"

#include <stddef.h>

/* None for combining marks, two for wide characters, one for a sequence that isn't UTF-8. */
size_t width_of_text(struct slice text);

/* The columns of the character at `at`, and its length in bytes, with the marks that follow it. */
size_t width_next(struct slice text, size_t at, size_t *len);

#endif
