/* Reads a `<<` of a shell command: its delimiter, and which lines end the here-document.
 *
 * Knows: how sh and bash read a delimiter, and where they differ. Doesn't know: the text around it
 * (shell_text.h). Owns no memory; the text must outlive it. */
#ifndef ROWBUILD_SHELL_HERE_H
#define ROWBUILD_SHELL_HERE_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct shell_here {
    struct slice delimiter; /* as written, quotes included */
    bool is_quoted;
    bool strips_tabs;
    bool is_odd;          /* shells disagree on what the delimiter is */
    bool in_substitution; /* the `<<` is inside $(…), <(…) or backticks */
    size_t depth;         /* of the frame with the `<<` */
};

/* Reads the `<<` at `at` with its delimiter, and returns the length of both. */
size_t shell_here_read(struct shell_here *here, struct slice text, size_t at);

/* Whether the line at `at` ends the here-document; *len is then the length of the line. */
bool shell_here_ends(const struct shell_here *here, struct slice text, size_t at, size_t *len);

/* Whether the line at `at`, for which shell_here_ends is false, ends the here-document in some
 * shells. */
bool shell_here_is_unclear(const struct shell_here *here, struct slice text, size_t at);

/* Appends the delimiter without its quotes. */
void shell_here_add_word(const struct shell_here *here, struct buf *out);

/* Whether some shell might take the line (or lines joined by backslashes) for the end of a
 * here-document whose unquoted delimiter is `word`. Tabs, carriage returns and backslashes are
 * ignored. Inside a substitution bash also ends a here-document at a line that begins with the
 * delimiter and contains a `)` after it. */
bool shell_here_may_end(struct slice word, bool in_substitution, struct slice line);

/* Whether dash loses a byte of the line: one above 127 at which the line first differs from the
 * delimiter, after at least one byte of it. */
bool shell_here_loses_byte(struct slice word, struct slice line);

#endif
