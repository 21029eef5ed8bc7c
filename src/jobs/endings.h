/* What each ending means: which elements of a submission have ended, and in which words.
 *
 * Pure: a registration, the names in the inbox and the queue's answer go in, a marked registration
 * comes out. Nothing is asked, read or written.
 *
 * An element has ended if its job said so in the inbox, or if the queue lists it as ended or no
 * longer lists it. Exceptions:
 * - A job that said it failed may have been requeued: its commands were ended as if they had
 *   failed. While the queue lists it as waiting, it hasn't ended.
 * - An answer of the queue says nothing about jobs that were submitted just before it, because
 *   clocks of login hosts differ.
 * - If the queue isn't known to list the job, only what the job said counts.
 * - Where two jobs were made of one submission, the element is carried out by the one that claimed it.
 *
 * The scheduler's word is kept if it says more than the records of the tasks: "TIMEOUT",
 * "NODE_FAIL", not "FAILED" after the job has said so itself. */
#ifndef ROWBUILD_ENDINGS_H
#define ROWBUILD_ENDINGS_H

#include "inbox.h"
#include "queue.h"
#include "submissions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    const struct job_ref
        *holders;   /* ENDINGS_QUEUE, by element: which job claimed it, where endings_has_left;
                                      id 0: none, or not known; NULL: nobody looked */
    bool is_absent; /* no job that the queue lists has the submission's token, nor its script */
};

/* Whether the registered job of an element that hasn't said that it ended isn't in the queue any more, though
 * the element was claimed. */
bool endings_has_left(const struct submission *submission, const struct endings_facts *facts,
                      size_t e);

/* Marks ended elements in memory, and takes over the id of another job that carries them out, if the
 * registered one has left the queue; returns whether anything changed. The words belong to the queue. */
bool endings_mark(struct submission *submission, const struct endings_facts *facts);

/* Whether only the queue knows about some element: its job hasn't said that it ended, or it may
 * begin again. */
bool endings_need_queue(const struct submission *submission, const struct endings_facts *facts);

/* Whether the answer knows less than the inbox: a job that failed hasn't ended there. */
bool endings_are_behind(const struct submission *submission, const struct endings_facts *facts);

/* ---- Submissions that were cut off before their id was known ---- */

/* Takes the id from the queue, where a job has the submission's token; whether one has. */
bool endings_find_job(struct submission *submission, const struct queue *queue);

/* Takes the id and the cluster of an entry; NULL: there is none. The texts belong to the queue. */
bool endings_take_job(struct submission *submission, const struct queue_entry *entry);

/* Seconds until an answer of the queue tells whether it has got what sbatch had sent when it ended: the answer
 * must be newer by a margin, since clocks differ, and what was sent may still arrive. */
int64_t endings_arrives_in_s(int64_t ended_at_s, int64_t now_s);

/* The same of a registration without an id, which may be older than the call of sbatch: sbatch may take all of
 * its time, since a wrapper around it survives the rowbuild that called it. */
int64_t endings_settle_in_s(const struct submission *submission, int64_t now_s);

/* The submission is unknown everywhere: its process was stopped before the scheduler accepted
 * it. */
bool endings_never_was(const struct submission *submission, const struct endings_facts *facts);

#endif
