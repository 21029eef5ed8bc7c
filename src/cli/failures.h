/* The failures of a run, to be listed once more at its end.
 *
 * Knows: what an ending says of a task: how it ended, its log, the command to retry. Doesn't know:
 * where text goes. Tasks that failed without a start, for want of an input, aren't taken: they are
 * told together. */
#ifndef ROWBUILD_FAILURES_H
#define ROWBUILD_FAILURES_H

#include "arena.h"
#include "buf.h"
#include "rowbuild.h"

#include <stdbool.h>
#include <stddef.h>

enum { FAILURES_LISTED = 20 };

struct failure {
    const char *label;
    const char *how; /* NULL: not known; likewise below */
    const char *log;
    const char *again;
};

/* Zero is empty. */
struct failures {
    struct arena texts;
    struct failure first[FAILURES_LISTED];
    size_t count; /* also of those beyond the list */
    size_t later; /* how many executions ended after the last one */
};

void failures_release(struct failures *failures);

/* Takes the end of an execution. */
void failures_take(struct failures *failures, const struct rowbuild_event *event);

/* Appends the list; nothing if there is no failure, or only one that was just told. */
void failures_add(const struct failures *failures, struct buf *out);

#endif
