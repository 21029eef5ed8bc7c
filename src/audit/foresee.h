/* What a call is about to do to files, judged by what is on the disk before it: for whoever can't see it
 * end.
 *
 * Knows: when each call succeeds, as far as stat and access tell. Doesn't know: how calls are seen.
 * Reasons that a call may fail for and that don't show before it are a disk that is full, too many
 * open files, a policy of the system. Then a deed is written down that wasn't done, with
 * TRACE_FORESEEN. */
#ifndef ROWBUILD_FORESEE_H
#define ROWBUILD_FORESEE_H

#include "watched_call.h"

/* Writes down what the call does unless it fails. */
void call_foresee(struct watcher *watcher, const struct watched_call *call);

#endif
