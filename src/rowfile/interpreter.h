/* What reads an action's command: the words of `action.shell`.
 *
 * Knows: how a string is split into words, which of the words is a Bourne shell, and what the
 * options of one mean. Doesn't know: the command, templates, processes. All lives in the arena that
 * interpreter_set was given. */
#ifndef ROWBUILD_INTERPRETER_H
#define ROWBUILD_INTERPRETER_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct interpreter {
    struct slice *words; /* without -c, which comes after them with the command's text */
    size_t count;
    /* What a recipe's digest and explanations are made from. `sh` with and without -e are the same
     * there: which of the two is the default has changed, and no result is wrong for it. */
    struct slice text;
    bool stops;           /* a Bourne shell with -e: the first command that fails ends it */
    bool sees_pipes;      /* … with pipefail: a failure before a pipe counts */
    bool refuses_unset;   /* … with -u */
    bool may_be_left_out; /* plain words can be executed without it, to the same effect */
};

/* Splits a string at blanks. Returns the words; *count is their number. */
struct slice *interpreter_split(struct slice text, struct arena *arena, size_t *count);

/* The interpreter of these words, at least one, which are kept; a -c at their end is dropped.
 * Returns its name, by which a Bourne shell is known (filling_is_for_shell): a word such as the
 * `bash` of `/usr/bin/env bash`, otherwise the first word. */
struct slice interpreter_set(struct interpreter *interpreter, struct slice *words, size_t count,
                             struct arena *arena);

#endif
