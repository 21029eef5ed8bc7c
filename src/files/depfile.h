/* Reads what a compiler or a script says that it has read: rules in make's format.
 *
 * Knows: rules, continuation lines, comments and escapes, as gcc, clang, gfortran, nvcc, rustc and
 * scripts write them. Doesn't know: the disk, tasks, or whether a name is a file. It is pure. Names
 * are bytes.
 *
 * What is taken is what stands after the `:` of each rule: prerequisites. Targets are skipped, and
 * so are rules without prerequisites (`-MP`), prerequisites of special targets (`.PHONY`), what
 * comes after `|` (order-only), recipe lines, and assignments of variables.
 *
 * Escapes: `\ `, `\#` and `\:` are the character itself, `$$` is `$`, and a backslash at the end of
 * a line continues it. Before a blank, `#` or `:`, two backslashes are one. All other backslashes are
 * themselves. A `#` begins a comment only where a word could begin. */
#ifndef ROWBUILD_DEPFILE_H
#define ROWBUILD_DEPFILE_H

#include "buf.h"
#include "intern.h"

#include <stddef.h>

struct depfile_error {
    size_t line;   /* from 1 */
    size_t column; /* in bytes, from 1 */
    const char *what;
};

/* Adds the names of the prerequisites in the order of their first appearance. -1 with *error: the
 * text isn't in that format, or has no rule. */
int depfile_parse(struct slice text, struct intern *names, struct depfile_error *error);

/* Some writers double every backslash, gcc doubles only those before a blank, so `a\\b` means two
 * names. Appends the other one: each pair of backslashes as one. False: there is no pair. */
bool depfile_add_halved(struct slice name, struct buf *out);

#endif
