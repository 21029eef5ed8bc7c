/* What the scheduler's queue says about this user's jobs.
 *
 * Knows: squeue(1), its states and its answer, and that an answer is remembered. Doesn't know:
 * what the jobs do. Nothing polls: one question an invocation at most. */
#ifndef ROWBUILD_QUEUE_H
#define ROWBUILD_QUEUE_H

#include "arena.h"
#include "diag.h"
#include "job_ref.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum queue_phase {
    QUEUE_PENDING,
    QUEUE_RUNNING, /* also suspended, completing, and whatever state isn't known to rowbuild */
    QUEUE_ENDED,
};

struct queue_entry {
    uint64_t job_id; /* of the array, for its elements */
    uint32_t index;  /* in the array, or JOB_NO_INDEX */
    enum queue_phase phase;
    bool state_is_known;
    struct slice state;  /* squeue's word: "PENDING", "NODE_FAIL" */
    struct slice reason; /* squeue's: "Dependency", "Resources", "(null)"… */
    struct slice token;  /* of the submission, from the comment; at == NULL: not of rowbuild */
};

struct queue {
    struct arena arena;
    bool answered;               /* false: it could not be asked; nothing is known */
    bool is_remembered;          /* the answer was given to an earlier invocation */
    int64_t asked_at_s;          /* CLOCK_REALTIME */
    struct queue_entry *entries; /* sorted by job_id, index */
    size_t count;
};

#define QUEUE_REMEMBERED_S 30

/* Asks `squeue --me` (all states), or takes the answer remembered in the file `queue` of the state
 * folder, if it isn't older than `max_age_s`. A queue that can't be asked is a warning with
 * squeue's own words, an answer or a state that isn't understood too: `answered` is false for the
 * first two, and an unknown state counts as running. The caller releases it in any case. */
void queue_ask(struct queue *queue, const char *state_path, unsigned max_age_s,
               char *const *environment, struct diag *diag);
void queue_release(struct queue *queue);
/* Forgets the remembered answer: something was submitted since. */
void queue_forget(const char *state_path);

/* NULL: the queue has no such job (any more). */
const struct queue_entry *queue_find(const struct queue *queue, uint64_t job_id, uint32_t index);
/* The first entry with that token. */
const struct queue_entry *queue_find_token(const struct queue *queue, struct slice token);

/* Reads squeue's answer into entries; false: it isn't understood (pure, for tests). */
bool queue_parse(struct queue *queue, struct slice answer, struct diag *diag);

#endif
