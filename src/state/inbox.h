/* Records that jobs on compute nodes leave for whoever writes the state next: `inbox/` below the
 * state folder.
 *
 * Knows: the names of these files and when they count. A file is a journal (journal.h) of its own,
 * whose id is the digest of the token, made by rename: `TOKEN.ELEMENT.ATTEMPT-NUMBER`. ATTEMPT
 * tells runs of the same job apart (a requeued one), NUMBER counts its files. `TOKEN.ELEMENT.claim`
 * holds the scheduler's id of the job that carries the element out, and `TOKEN.ELEMENT.over` says
 * that it came to its end by itself. Files count in the order of their attempts' starts, then
 * numbers. Doesn't know: schedulers. */
#ifndef ROWBUILD_INBOX_H
#define ROWBUILD_INBOX_H

#include "buf.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose records a job's state writes. */
struct inbox_attempt {
    const char *token;
    uint32_t element;
};

/* Claims an element for the job `job` ("123_4"): 0; 1 when another job has it, whose name is
 * appended to `holder`; -1 after an error. The same job may claim again (requeued). */
int inbox_claim(const char *state_path, const struct inbox_attempt *attempt, struct slice job,
                struct buf *holder, struct diag *diag);
/* The job that claimed the element is appended; false if none did. */
bool inbox_holder(const char *state_path, const struct inbox_attempt *attempt, struct buf *holder);

/* Says that the attempt is over: what isn't recorded by now won't be. */
int inbox_end(const char *state_path, const struct inbox_attempt *attempt, struct diag *diag);
bool inbox_has_ended(const char *state_path, const struct inbox_attempt *attempt);

/* Removes the claims and ends of a submission that is forgotten. */
void inbox_forget(const char *state_path, struct slice token, size_t element_count);

#endif
