/* Which jobs are shown: a line for each that is queued or running, with what the queue says of it.
 *
 * Knows: which actions and directories were named, and which cluster this is. Doesn't know: how a
 * line looks. */
#ifndef ROWBUILD_LISTING_H
#define ROWBUILD_LISTING_H

#include "arena.h"
#include "job_ref.h"
#include "jobs.h"
#include "plan.h"
#include "rowbuild.h"
#include "vec.h"

struct job_line { /* a job, or an element of an array */
    struct job_ref job;
    struct slice token;  /* of the submission, which stays while the number may come to be known; at == NULL:
                            a job of row's */
    size_t element;      /* of it */
    bool is_elsewhere;   /* on another cluster of this one's Slurm, which scancel must be told */
    struct slice action; /* "first, second" of a bundle */
    const struct slice *actions; /* each of them; NULL: `action` is the only one */
    size_t action_count;
    size_t directories;
    struct slice state;  /* the queue's word, "PENDING"; at == NULL: not known */
    struct slice reason; /* the queue's, "Dependency"; at == NULL: none */
    uint64_t
        grown_memory_mb; /* that the job asks for, if earlier jobs made it grow; 0: they didn't */
    uint64_t grown_minutes;    /* likewise */
    const struct slice *tasks; /* keys; NULL for a job of row's */
    size_t task_count;
};

struct job_listing {
    VEC(struct job_line) lines; /* by number; what has none yet comes last */
};

/* Of the last look, which has told what the targets are. Jobs of other clusters are left out, which
 * a note says. What the lines refer to is the jobs'. */
void job_listing_make(struct job_listing *listing, struct jobs *jobs, const struct plan *plan,
                      const struct rowbuild_selection *selection, struct diag *diag);
void job_listing_release(struct job_listing *listing);

#endif
