/* Handing one script to Slurm: sbatch(1).
 *
 * Knows: sbatch's arguments, its answers "id" and "id;cluster", which failures pass by themselves,
 * and which SLURM_… variables must not be inherited. Doesn't know: what a script says, what is
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
    SBATCH_LATER,   /* a limit, a busy or absent controller: nothing was submitted; it passes */
    SBATCH_UNCLEAR, /* it may have been submitted: look for its token */
    SBATCH_REFUSED, /* it will never be accepted as it is */
};

struct sbatch_request {
    const char *directory; /* where the job runs: the project */
    struct slice script;
    const char *const *options; /* besides --parsable; NULL-terminated */
    char *const *environment;   /* SLURM_… is left out, SBATCH_… is kept */
};

/* Runs sbatch once, for a minute at most; SIGINT doesn't reach it. Where sbatch says that it will
 * retry by itself, it is ended: the caller knows better how long to wait. `job_id` is set when
 * accepted; `words` gets sbatch's own message otherwise (and its warnings when accepted). */
enum sbatch_outcome sbatch_submit(const struct sbatch_request *request, uint64_t *job_id,
                                  struct buf *words);

/* What a failed sbatch means by its words (pure, for tests). */
enum sbatch_outcome sbatch_classify(const char *errors);

/* "id" or "id;cluster"; false for anything else (pure, for tests). */
bool sbatch_parse_answer(struct slice answer, uint64_t *job_id);

#endif
