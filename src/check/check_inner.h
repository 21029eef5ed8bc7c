/* The parts of check_study. Each adds warnings and notes about one kind of thing. */
#ifndef ROWBUILD_CHECK_INNER_H
#define ROWBUILD_CHECK_INNER_H

#include "check.h"

/* Actions that can never run, or that have no directory to work on. */
void check_actions(const struct check *check, struct diag *diag);

/* Listed inputs that are missing though no action makes them. Needs a workspace that exists. */
void check_inputs(const struct check *check, struct diag *diag);

/* Failures in the middle of a command that its shell doesn't see. */
void check_failures(const struct check *check, struct diag *diag);

/* Programs that don't exist, files that no input lists. A command that several elements share is
 * looked at once. */
void check_commands(const struct check *check, struct diag *diag);

/* Programs that are linked with another MPI than that of the launcher which starts their ranks. */
void check_mpi(const struct check *check, struct diag *diag);

/* Whether the command may find its programs elsewhere than this process would: with a PATH of its own,
 * after a job's setup, on the hosts of a cluster. */
bool check_searches_elsewhere(const struct check *check, const struct action *action);
/* Looks the program up in PATH; whether it is there, as `file`. */
bool check_find_program(struct slice program, struct buf *file);

/* Whether an element before it has the same command, by `from`. */
bool check_is_told(const struct rowfile *rowfile, size_t number);

#endif
