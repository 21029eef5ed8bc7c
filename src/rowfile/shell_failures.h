/* Which failures in a command its shell would not see.
 *
 * Knows: pipes, lists, conditions, loops, `case` and what -e and pipefail mean for them. Doesn't
 * know: the Rowfile, nor what the programs do; those that can hardly fail (echo) or whose failure is
 * an answer (test, grep) are left out. A guess for a warning: odd text yields no answer, never an
 * error. */
#ifndef ROWBUILD_SHELL_FAILURES_H
#define ROWBUILD_SHELL_FAILURES_H

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

enum shell_failure {
    FAILURE_BEFORE_PIPE,
    FAILURE_BEFORE_NEXT,   /* without -e: another command follows */
    FAILURE_BEFORE_AND,    /* with -e: `a && b`, and another command follows */
    FAILURE_IN_BACKGROUND, /* nothing waits for its status */
    FAILURE_KINDS,
};

struct shell_failures {
    struct slice first[FAILURE_KINDS]; /* the command that fails unseen, in `text`; at NULL: none */
};

/* `stops`: the shell was started with -e; `sees_pipes`: with pipefail. */
void shell_failures_find(struct slice text, bool stops, bool sees_pipes,
                         struct shell_failures *found);

#endif
