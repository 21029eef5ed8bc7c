/* Writes the lines that a run prints.
 *
 * Knows: events of rowbuild.h. Doesn't know: where lines go. Every function appends whole lines to
 * a buffer, unless it says otherwise. */
#ifndef ROWBUILD_RUN_TEXT_H
#define ROWBUILD_RUN_TEXT_H

#include "buf.h"
#include "rowbuild.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers of tasks by outcome. */
struct run_tally {
    size_t ran;
    size_t restored;
    size_t failed;
    size_t unfinished;
    size_t cancelled;
};

void run_tally_add(struct run_tally *tally, const struct rowbuild_event *event);

/* Tasks that had to run, or may have had to, and didn't start. */
size_t run_tally_not_started(const struct run_tally *tally,
                             const struct rowbuild_progress *progress);

struct run_style {
    bool colour;
    bool terminal;       /* a terminal, whose attributes are reset after a command's output */
    bool github;         /* for a log of GitHub Actions: long output of failures is folded, and none
                            of it is taken as a command */
    bool quiet;          /* print nothing about successful tasks */
    bool plain;          /* print only the output of the commands of successful tasks */
    bool silent_success; /* the status block shows success; a line is printed only if the command
                            printed something */
};

/* `verbose`: its label and command as well as the reasons. */
void run_text_add_started(struct buf *out, const struct rowbuild_event *event, bool verbose,
                          const struct run_style *style);
void run_text_add_ended(struct buf *out, const struct rowbuild_event *event,
                        const struct run_style *style);

/* "120 tasks, 3k CPU-hours, command changed", no newline */
void run_text_add_again(struct buf *out, const struct rowbuild_estimate *estimate);

/* "2 directories with results of 12 CPU-hours are no longer declared: `a`, `b`", no newline */
void run_text_add_undeclared(struct buf *out, const struct rowbuild_undeclared *undeclared);

/* "done: 3 tasks ran in 2.1s", "1 failed, 57 not started, 2 succeeded in 12s", "nothing to do" */
void run_text_add_summary(struct buf *out, const struct run_tally *tally,
                          const struct rowbuild_progress *progress, int status);

#endif
