/* Reads this process's allocation from the variables that Slurm sets in jobs and steps.
 *
 * Knows: these variables, and how Slurm compresses lists. Reads only the environment passed to it.
 * Doesn't know: the machine, Slurm's commands. Values that can't be parsed are left out, never
 * guessed.
 *
 * A run sets ALLOCATION_MARK to the job's number, so that a nested run uses only its task's
 * resources. */
#ifndef ROWBUILD_JOB_VARIABLES_H
#define ROWBUILD_JOB_VARIABLES_H

#include "allocation.h"
#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

#define ALLOCATION_MARK "ROWBUILD_ALLOCATION"

/* `host_name` is this machine's name, used if Slurm doesn't name this host. The caller releases. */
void job_variables_read(struct allocation *allocation, char *const *environment,
                        const char *host_name);

/* The same with this process's environment and host name. */
void job_variables_read_own(struct allocation *allocation);

/* Appends the names in a list such as "node[1-3,07],login1" to *names; names and array are in the
 * arena. False if the list can't be parsed. */
bool job_variables_expand_hosts(struct slice list, struct arena *arena, struct slice **names,
                                size_t *count);

/* Writes the counts in a list such as "8(x3),4" to `counts`; false unless the list has exactly
 * `count`. */
bool job_variables_expand_counts(struct slice list, unsigned *counts, size_t count);

#endif
