/* What can be put where one stands in a shell command.
 *
 * Knows: which bytes of a value keep a meaning that no quoting takes from them there. Doesn't know:
 * values, nor how they are quoted (filling.h). */
#ifndef ROWBUILD_SHELL_CARE_H
#define ROWBUILD_SHELL_CARE_H

#include "shell_text.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* What a value may hold to be put somewhere, each less than the one before. */
enum shell_care {
    SHELL_ANY,      /* anything, once it is quoted */
    SHELL_HARMLESS, /* no newline, and none of {}[]'"\$` */
    SHELL_PLAIN,    /* what is never quoted: letters, digits and a few signs */
    SHELL_NUMBER,   /* a number: the shell evaluates it */
};

/* How many backticks are open. */
size_t shell_text_backticks(const struct shell_text *state);

/* What can be put here. */
enum shell_care shell_text_care(const struct shell_text *state);

/* Whether a word that is put here can't be quoted rightly: a second shell will read it, or shells
 * don't agree on how quotes are read here. */
bool shell_text_is_nested(const struct shell_text *state);

/* Whether bash evaluates what stands at `at`, as an array's subscript, in `[[ … -eq … ]]` or
 * `$[…]`. */
bool shell_evaluates(struct slice text, size_t at);

#endif
