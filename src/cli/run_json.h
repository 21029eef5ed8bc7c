/* Writes a run as JSON lines, one object for each event. The manual page describes them.
 *
 * Knows: events of rowbuild.h. Doesn't know: where lines go. */
#ifndef ROWBUILD_RUN_JSON_H
#define ROWBUILD_RUN_JSON_H

#include "buf.h"
#include "rowbuild.h"
#include "run_text.h"

/* Appends one line, or nothing for events that are only for people. */
void run_json_add_event(struct buf *out, const struct rowbuild_event *event);

/* Appends the last line of a run, however it ended. */
void run_json_add_finished(struct buf *out, const struct run_tally *tally,
                           const struct rowbuild_progress *progress, int status);

#endif
