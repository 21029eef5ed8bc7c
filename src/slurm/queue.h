/* Asks the scheduler's queue about this user's jobs.
 *
 * Knows: squeue(1), its states and its output, and how an answer is cached. Doesn't know: what the
 * jobs do. Nothing polls: each invocation asks at most once. */
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
    QUEUE_RUNNING, /* also suspended, completing, and any state that rowbuild doesn't know */
    QUEUE_ENDED,
};

struct queue_entry {
    uint64_t job_id; /* of the array, for its elements */
    uint32_t index;  /* in the array, or JOB_NO_INDEX */
    enum queue_phase phase;
    bool state_is_known;
    struct slice state;  /* squeue's word: "PENDING", "NODE_FAIL" */
    struct slice reason; /* squeue's: "Dependency", "Resources", "(null)"… */
    struct slice token;  /* of the submission, from the comment; at == NULL: the comment has none */
    struct slice cluster;   /* Slurm's name of it; at == NULL: the one that is asked by itself */
    int64_t submitted_at_s; /* by Slurm's clock; 0: not known */
};

struct queue {
    struct arena arena;
    bool answered;       /* false: squeue could not be asked; nothing is known */
    bool is_remembered;  /* the answer was given to an earlier invocation */
    bool lacks_clusters; /* of "all", some may be down, which squeue leaves out without a word */
    int64_t asked_at_s;  /* CLOCK_REALTIME */
    struct queue_entry *entries; /* sorted by job_id, index, phase */
    size_t count;
};

#define QUEUE_REMEMBERED_S 30

/* Asks `squeue --me` (all states), or takes the answer remembered in the file `queue` of the state
 * folder if it isn't older than `max_age_s`. If the queue can't be asked, or the answer can't be
 * read, `answered` is false and a warning contains squeue's words. An unknown state counts as
 * running, with a warning. The caller releases the queue in any case. */
void queue_ask(struct queue *queue, const char *state_path, unsigned max_age_s,
               char *const *environment, struct diag *diag);
/* The same of other clusters, by Slurm's names for them: "b", "a,b", or "all". Each is asked, and each
 * must answer. That answer isn't remembered. */
void queue_ask_at(struct queue *queue, struct slice clusters, char *const *environment,
                  struct diag *diag);
void queue_release(struct queue *queue);
/* Forgets the remembered answer, which a submission has made obsolete. */
void queue_forget(const char *state_path);

/* NULL: the queue has no such job, or no longer has it. Where several clusters list it (a federation
 * lists it where it was submitted and where it runs), the entry that hasn't ended. */
const struct queue_entry *queue_find(const struct queue *queue, uint64_t job_id, uint32_t index);
/* Whether it lists a job, or any of an array for JOB_NO_INDEX. An array of which no job has begun may be one
 * entry, which stands for each index. */
bool queue_lists(const struct queue *queue, uint64_t job_id, uint32_t index);
/* The first entry with that token. */
const struct queue_entry *queue_find_token(const struct queue *queue, struct slice token);

/* Reads squeue's answer into entries; false if it can't be parsed (pure, for tests). */
bool queue_parse(struct queue *queue, struct slice answer, struct diag *diag);

#endif
