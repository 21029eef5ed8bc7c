/* What Slurm gave this process, from the variables that it sets in jobs and steps.
 *
 * Knows: these variables, and how Slurm compresses lists. Reads the environment that it is given
 * and nothing else. Doesn't know: the machine, commands of Slurm. What can't be understood is left
 * out, never guessed.
 *
 * A run says by ALLOCATION_MARK, which holds the job's number, that what it starts may use what its
 * task has. */
#ifndef ROWBUILD_JOB_VARIABLES_H
#define ROWBUILD_JOB_VARIABLES_H

#include "allocation.h"
#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

#define ALLOCATION_MARK "ROWBUILD_ALLOCATION"

/* `host_name` is this machine's name, for where Slurm doesn't say which host it is. The caller
 * releases. */
void job_variables_read(struct allocation *allocation, char *const *environment,
                        const char *host_name);

/* The same, of this process. */
void job_variables_read_own(struct allocation *allocation);

/* Appends the names in a list such as "node[1-3,07],login1", NUL-terminated in the arena, to
 * *names (in the arena); false: it isn't understood. */
bool job_variables_expand_hosts(struct slice list, struct arena *arena, struct slice **names,
                                size_t *count);

/* Writes the counts in a list such as "8(x3),4" to `counts`; false unless there are `count`. */
bool job_variables_expand_counts(struct slice list, unsigned *counts, size_t count);

#endif
