/* What a run may use: cores, hosts, GPUs, and by whose leave: the machine's, a scheduler's, or that
 * of a make that started it.
 *
 * Knows: what was asked for, in which order the machine, the allocation and the jobserver limit it.
 * Doesn't know: tasks, beyond whether there is any work; who gets what (ledger). */
#ifndef ROWBUILD_MEANS_H
#define ROWBUILD_MEANS_H

#include "allocation.h"
#include "clusters.h"
#include "find_gpus.h"
#include "jobserver.h"
#include "launch.h"
#include "machine.h"
#include "rowbuild.h"
#include "rowfile.h"

struct run_means {
    bool has_work;                /* else nobody needs to know more than the allocation */
    unsigned jobs;                /* budget of cores, at least 1 */
    struct allocation allocation; /* of a scheduler */
    struct machine machine;
    struct run_gpus gpus;
    struct jobclient jobclient; /* open: a make shares its cores with this run */
    struct launch_steps steps;  /* of the allocation */
};

/* What was decided for the user on the way, in a sentence. */
typedef void run_note_fn(void *context, const char *text);

/* Finds the means for a run of the Rowfile. Always ends with something that run_means_release
 * takes; -1 after an error. */
int run_means_find(struct run_means *means, const struct rowfile *rowfile, bool has_work,
                   const struct rowbuild_run_options *options, run_note_fn *note, void *context,
                   struct diag *diag);
void run_means_release(struct run_means *means);

/* Whether this is a login host, and nobody said how many cores a run may use there. */
bool run_lacks_budget(const struct cluster *cluster, const struct rowbuild_run_options *options);

#endif
