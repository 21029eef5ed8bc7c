/* Which job carries out an element, and whether that job has ended: what jobs say about themselves
 * in the inbox.
 *
 * Knows: these kinds of the inbox's files (inbox.h).
 * - claim: the scheduler's id of the job that carries the element out; in a second line, how often the
 *   scheduler has started it again, and the host. Earlier versions wrote the first line only
 * - over, or failed: the job ended and will record nothing more. A scheduler that requeues a job
 *   ends its commands before the job or together with it, which looks like a failure
 * - late: besides one of these, the job's time was too short for tasks of it
 * Doesn't know: what the queue says, what follows. */
#ifndef ROWBUILD_CLAIMS_H
#define ROWBUILD_CLAIMS_H

#include "buf.h"
#include "diag.h"
#include "inbox.h"
#include "slice.h"

#include <stdbool.h>

/* Claims an element for the job `job` ("123_4", or "123_4\n2 node7": started again twice): 0; 1 when
 * another job has it, or a later start of this one, whose name is appended to `holder`; -1 after an
 * error. The same job may claim again (requeued): then it isn't over any more. In that case the
 * earlier claim is appended to `holder`. */
int claim_make(const char *state_path, const struct inbox_attempt *attempt, struct slice job,
               struct buf *holder, struct diag *diag);
/* The job that claimed the element is appended; false if none did. */
bool claim_holder(const char *state_path, const struct inbox_attempt *attempt, struct buf *holder);

/* Whether the claim is still that of `job`. So it is, too, where it can't be read or is gone. */
bool claim_stands(const char *state_path, const struct inbox_attempt *attempt, struct slice job);

/* Says that the attempt has ended and will record nothing more. If its claim is gone, because the
 * submission was forgotten or the state was moved, nothing is said or created. */
int claim_end(const char *state_path, const struct inbox_attempt *attempt, bool failed,
              struct diag *diag);

/* Says, before that, that the time was too short for tasks of the attempt. */
int claim_is_late(const char *state_path, const struct inbox_attempt *attempt, struct diag *diag);

/* The same questions about many elements, answered from a list of the names in the inbox. */
bool claims_made(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool claims_ended(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool claims_late(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool claims_failed(const struct inbox_names *names, const struct inbox_attempt *attempt);

#endif
