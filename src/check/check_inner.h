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

/* Whether an element before it has the same command, by `from`. */
bool check_is_told(const struct rowfile *rowfile, size_t number);

#endif
