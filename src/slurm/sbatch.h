/* Submits one script to Slurm with sbatch(1).
 *
 * Knows: sbatch's arguments, its answers "id" and "id;cluster", which failures are temporary, and
 * which SLURM_… variables must not be inherited. Doesn't know: the contents of scripts, what is
 * recorded. */
#ifndef ROWBUILD_SBATCH_H
#define ROWBUILD_SBATCH_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sbatch_outcome {
    SBATCH_ACCEPTED,
    SBATCH_LATER,   /* a limit, or a busy or absent controller: nothing was submitted; worth
                       retrying later */
    SBATCH_UNCLEAR, /* it may have been submitted: search the queue for its token */
    SBATCH_UNREAD,  /* it was submitted, but the answer has no id: never submit it again */
    SBATCH_REFUSED, /* it will never be accepted unchanged */
};

struct sbatch_request {
    const char *directory; /* where the job runs: the project */
    struct slice script;
    const char *const *options; /* besides --parsable; NULL-terminated */
    char *const *environment;   /* SLURM_… are left out, SBATCH_… are kept */
    struct buf *cluster;        /* gets the cluster that sbatch names, if it names one */
};

#define SBATCH_LIMIT_S 60

/* Runs sbatch once, for at most SBATCH_LIMIT_S; SIGINT doesn't reach it. If sbatch announces that it will
 * retry, it is terminated: the caller knows better how long to wait. `job_id` is set if the script
 * was accepted. `words` gets sbatch's own message, or its warnings if the script was accepted. */
enum sbatch_outcome sbatch_submit(const struct sbatch_request *request, uint64_t *job_id,
                                  struct buf *words);

/* Classifies the error messages of a failed sbatch (pure, for tests). */
enum sbatch_outcome sbatch_classify(const char *errors);

/* "id" or "id;cluster"; false for anything else (pure, for tests). */
bool sbatch_parse_answer(struct slice answer, uint64_t *job_id);
/* The same where a site has sbatch say more: the only line of that form. *cluster is part of it, or
 * empty. */
bool sbatch_find_answer(struct slice answer, uint64_t *job_id, struct slice *cluster);

#endif
