/* Parses `action.shell`, the program that reads an action's command.
 *
 * Knows: how a string is split into words, which word is a Bourne shell, and what a shell's options
 * mean. Doesn't know: the command, templates, processes. Everything lives in the arena passed to
 * interpreter_set. */
#ifndef ROWBUILD_INTERPRETER_H
#define ROWBUILD_INTERPRETER_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct interpreter {
    struct slice *words; /* without -c, which follows them with the command's text */
    size_t count;
    /* Used for a recipe's digest and explanations. `sh` with and without -e count as the same,
     * because the default has changed from one to the other and earlier results are still right. */
    struct slice text;
    bool stops;           /* a Bourne shell with -e: the first command that fails ends it */
    bool sees_pipes;      /* … with pipefail: a failure before a pipe counts */
    bool refuses_unset;   /* … with -u */
    bool may_be_left_out; /* plain words can be executed without the shell, with the same effect */
};

/* Splits a string at blanks. Returns the words; *count is their number. */
struct slice *interpreter_split(struct slice text, struct arena *arena, size_t *count);

/* Fills in the interpreter from its words, at least one, which are kept; a -c at their end is
 * dropped. Returns the name that tells whether it is a Bourne shell (filling_is_for_shell): the
 * word that names the shell, such as `bash` in `/usr/bin/env bash`, otherwise the first word. */
struct slice interpreter_set(struct interpreter *interpreter, struct slice *words, size_t count,
                             struct arena *arena);

#endif
