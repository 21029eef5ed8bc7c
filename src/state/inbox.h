/* Records that jobs on compute nodes leave for whoever writes the state next: `inbox/` below the
 * state folder.
 *
 * Knows: the names of these files and when they count. Doesn't know: schedulers, what is in a
 * record. All of an element's files begin with TOKEN.ELEMENT and a dot:
 * - ATTEMPT-NUMBER: records, a journal (journal.h) of its own, whose id is made from the token, put
 *   in place by rename; NUMBER counts the files of the attempt. Many become one of the next number,
 *   then they are removed
 * - ATTEMPT-NUMBER.new: one that is being written; ATTEMPT-NUMBER.damaged: one that couldn't be
 * read whole
 * - attempt-ATTEMPT: this attempt was begun. Runs of one job (a requeued one) are counted by who
 *   makes such a file first, so that nobody's clock matters
 * - past-ATTEMPT: records of earlier attempts don't count any more, later ones are in the state
 * - claim: the scheduler's id of the job that carries the element out
 * - over, or failed: it came to its end, what isn't recorded by now won't be. A scheduler that
 *   requeues a job ends its commands before it, or together with it: that looks like a failure
 * Files count while their element is registered (submissions.h): neither forgotten nor released.
 * Their order is that of the submissions, then elements, attempts, numbers. Nothing here relies on
 * locks or on times of files.
 */
#ifndef ROWBUILD_INBOX_H
#define ROWBUILD_INBOX_H

#include "buf.h"
#include "diag.h"
#include "intern.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose records a job's state writes. */
struct inbox_attempt {
    const char *token;
    uint32_t element;
};

/* Appends an element's name, "TOKEN.ELEMENT". */
void inbox_add_element(struct slice token, uint64_t element, struct buf *out);

/* Claims an element for the job `job` ("123_4"): 0; 1 when another job has it, whose name is
 * appended to `holder`; -1 after an error. The same job may claim again (requeued): then it isn't
 * over any more. */
int inbox_claim(const char *state_path, const struct inbox_attempt *attempt, struct slice job,
                struct buf *holder, struct diag *diag);
/* The job that claimed the element is appended; false if none did. */
bool inbox_holder(const char *state_path, const struct inbox_attempt *attempt, struct buf *holder);

/* Says that the attempt is over: what isn't recorded by now won't be. Nothing is said, nor made,
 * where its claim is gone: the submission was forgotten, or the state moved elsewhere. */
int inbox_end(const char *state_path, const struct inbox_attempt *attempt, bool failed,
              struct diag *diag);

/* Removes all files of submissions that are forgotten. */
void inbox_forget(const char *state_path, const struct slice *tokens, size_t count);

/* The names in the inbox, read once: for questions about many elements. */
struct inbox_names {
    struct intern all;
};

/* No inbox: none. The caller releases them in any case. */
void inbox_list(struct inbox_names *names, const char *state_path);
void inbox_names_release(struct inbox_names *names);
bool inbox_names_ended(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool inbox_names_failed(const struct inbox_names *names, const struct inbox_attempt *attempt);
bool inbox_names_claimed(const struct inbox_names *names, const struct inbox_attempt *attempt);

#endif
