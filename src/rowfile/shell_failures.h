/* Finds failures in a command that its shell would not see.
 *
 * Knows: pipes, lists, conditions, loops, `case` and what -e and pipefail mean for them. Doesn't
 * know: the Rowfile, what the programs do. Programs that rarely fail (echo) or whose failure is an
 * answer (test, grep) are left out. A heuristic for warnings: unusual text finds nothing and is
 * never an error. */
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
