/* Finds the plain words of a shell command: what may name a program or a file.
 *
 * Knows: quotes, comments, here-documents (shell_text.h), redirections, assignments. Doesn't know:
 * whether the words name anything. Words with templates, variables, globs or other special
 * characters are left out, and nothing is found after a `cd`, which changes what names mean. */
#ifndef ROWBUILD_SHELL_NAMES_H
#define ROWBUILD_SHELL_NAMES_H

#include "slice.h"

#include <stdbool.h>

struct shell_name {
    struct slice word;  /* in `text` */
    bool is_program;    /* the name of the first command */
    bool is_written_to; /* after `>` or `>>` */
};

/* Calls `each` with every plain word, in the order of the text. */
void shell_names_each(struct slice text, void (*each)(void *context, const struct shell_name *name),
                      void *context);

/* Whether sh or bash know the name without looking for a program, or treat it otherwise than the program
 * of that name. A command that begins with it needs a shell. */
bool shell_has_built_in(struct slice name);

#endif
