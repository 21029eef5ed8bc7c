/* The environment in which Slurm's commands are called.
 *
 * Knows: which variables are Slurm's configuration, which are the user's wishes for new jobs, and
 * which belong to a job that this process may be in and would change another one's meaning. Doesn't
 * know: which command is called. */
#ifndef ROWBUILD_SCHEDULER_ENVIRONMENT_H
#define ROWBUILD_SCHEDULER_ENVIRONMENT_H

#include "vec.h"

struct scheduler_environment {
    VEC(char *) variables; /* NULL-terminated; the strings are borrowed */
    char *clusters;        /* owned */
};

/* Leaves out SLURM_… and SLURMD_… but what says where the controller is (SLURM_CONF, SLURM_JWT,
 * SLURM_CONF_SERVER), SQUEUE_… (filters that would hide jobs, other formats), and of SBATCH_… what
 * would make a submission something else than its script says: SBATCH_WAIT, SBATCH_ARRAY_INX,
 * SBATCH_TEST_ONLY. Where SBATCH_CLUSTERS says which cluster gets the jobs, squeue is to ask that
 * one: it becomes SLURM_CLUSTERS. */
void scheduler_environment_make(struct scheduler_environment *made, char *const *environment);
void scheduler_environment_release(struct scheduler_environment *made);

#endif
