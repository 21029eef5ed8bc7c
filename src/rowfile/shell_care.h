/* Decides which values can be put at a place in a shell command.
 *
 * Knows: which bytes keep a special meaning at a place however they are quoted. Doesn't know:
 * values, nor how they are quoted (filling.h). */
#ifndef ROWBUILD_SHELL_CARE_H
#define ROWBUILD_SHELL_CARE_H

#include "shell_text.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* What a value may contain at a place, from the least to the most restrictive. */
enum shell_care {
    SHELL_ANY,      /* anything, once it is quoted */
    SHELL_HARMLESS, /* no newline, and none of {}[]'"\$` */
    SHELL_PLAIN,    /* bytes that never need quotes: letters, digits and a few signs */
    SHELL_NUMBER,   /* a number: the shell evaluates it */
};

/* How many backticks are open. */
size_t shell_text_backticks(const struct shell_text *state);

/* What a value may contain here. */
enum shell_care shell_text_care(const struct shell_text *state);

/* Whether a word can't be quoted correctly here, because a second shell will read it or shells
 * disagree on how quotes are read here. */
bool shell_text_is_nested(const struct shell_text *state);

/* Whether bash evaluates the text at `at`: as an array's subscript, in `[[ … -eq … ]]` or in
 * `$[…]`. */
bool shell_evaluates(struct slice text, size_t at);

#endif
