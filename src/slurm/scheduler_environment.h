/* Makes the environment in which Slurm's commands are called.
 *
 * Knows: which variables configure Slurm, which are the user's settings for new jobs, and which
 * belong to the job that this process may be in and would distort a new one. Doesn't know: which
 * command is called. */
#ifndef ROWBUILD_SCHEDULER_ENVIRONMENT_H
#define ROWBUILD_SCHEDULER_ENVIRONMENT_H

#include "vec.h"

struct scheduler_environment {
    VEC(char *) variables; /* NULL-terminated; the strings are borrowed */
    char *clusters;        /* owned */
};

/* Leaves out SLURM_… and SLURMD_… except for the variables that locate the controller (SLURM_CONF,
 * SLURM_JWT, SLURM_CONF_SERVER, SLURM_SACK_…); SQUEUE_… (filters that would hide jobs, other formats); and those
 * SBATCH_… that would override the script: SBATCH_WAIT, SBATCH_ARRAY_INX, SBATCH_TEST_ONLY.
 * SBATCH_CLUSTERS, the cluster that gets the jobs, also becomes SLURM_CLUSTERS, which sinfo and scontrol read;
 * slurm_call.h leaves both out, since what it asks about is where jobs are. */
void scheduler_environment_make(struct scheduler_environment *made, char *const *environment);
void scheduler_environment_release(struct scheduler_environment *made);

#endif
