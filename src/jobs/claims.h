/* Which job carries an element out, and that it has come to its end: what jobs say of themselves in
 * the inbox.
 *
 * Knows: two kinds of the inbox's files (inbox.h).
 * - claim: the scheduler's id of the job that carries the element out
 * - over, or failed: it came to its end, what isn't recorded by now won't be. A scheduler that
 *   requeues a job ends its commands before it, or together with it: that looks like a failure
 * Doesn't know: what the queue says, what follows. */
#ifndef ROWBUILD_CLAIMS_H
#define ROWBUILD_CLAIMS_H

#include "buf.h"
#include "diag.h"
#include "inbox.h"
#include "slice.h"

#include <stdbool.h>

/* Claims an element for the job `job` ("123_4"): 0; 1 when another job has it, whose name is
 * appended to `holder`; -1 after an error. The same job may claim again (requeued): then it isn't
 * over any more. */
int claim_make(const char *state_path, const struct inbox_attempt *attempt, struct slice job,
               struct buf *holder, struct diag *diag);
/* The job that claimed the element is appended; false if none did. */
bool claim_holder(const char *state_path, const struct inbox_attempt *attempt, struct buf *holder);

/* Says that the attempt is over: what isn't recorded by now won't be. Nothing is said, nor made,
 * where its claim is gone: the submission was forgotten, or the state moved elsewhere. */
int claim_end(const char *state_path, const struct inbox_attempt *attempt, bool failed,
              struct diag *diag);

/* The same questions about many elements, to the names in the inbox. */
bool claims_made(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool claims_ended(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool claims_failed(const struct inbox_names *names, const struct inbox_attempt *attempt);

#endif
