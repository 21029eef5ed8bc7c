/* What each ending means: which elements of a submission have ended, and in which words.
 *
 * Pure: a registration, the names in the inbox and the queue's answer go in, a marked registration
 * comes out. Nothing is asked, read or written.
 *
 * An element has ended when its job said so in the inbox, or when the queue has it as ended, or not
 * any more. Exceptions:
 * - A job that said it failed may have been requeued: its commands were ended as if they had
 * failed. While the queue has it waiting, it hasn't ended.
 * - An answer says nothing about what was submitted just before it: clocks of login hosts differ.
 * - Where the queue isn't known to tell of the job, what the job said is all.
 * The scheduler's word is kept where it says more than the records of the tasks: "TIMEOUT",
 * "NODE_FAIL", not "FAILED" after the job has said so itself. */
#ifndef ROWBUILD_ENDINGS_H
#define ROWBUILD_ENDINGS_H

#include "inbox.h"
#include "queue.h"
#include "submissions.h"

#include <stdbool.h>
#include <stddef.h>

/* Who tells of a submission's jobs, besides what they leave in the inbox. */
enum endings_witness {
    ENDINGS_NOBODY,  /* they are another user's, or on another cluster */
    ENDINGS_QUEUE,   /* the queue that is asked from here */
    ENDINGS_PROCESS, /* no scheduler: a job lives as long as the process that carries it out */
};

struct endings_facts {
    const struct inbox_names *inbox;
    const struct queue *queue; /* unanswered: nothing is known of it */
    enum endings_witness witness;
    const bool *killed; /* ENDINGS_PROCESS, by element: its process is gone; NULL: not known */
};

/* Marks what has ended, in memory; whether something has. The words belong to the queue. */
bool endings_mark(struct submission *submission, const struct endings_facts *facts);

/* Whether only the queue knows about some element: its job hasn't said that it ended, or it may
 * begin again. */
bool endings_need_queue(const struct submission *submission, const struct endings_facts *facts);

/* Whether the answer knows less than the inbox: a job that failed hasn't ended there. */
bool endings_are_behind(const struct submission *submission, const struct endings_facts *facts);

/* ---- Submissions that were cut off before their id was known ---- */

/* Takes the id from the queue, where a job has the submission's token; whether one has. */
bool endings_find_job(struct submission *submission, const struct queue *queue);

/* Nobody heard of it: whoever made it was stopped before the scheduler took it. */
bool endings_never_was(const struct submission *submission, const struct endings_facts *facts);

#endif
