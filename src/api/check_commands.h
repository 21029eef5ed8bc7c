/* What check finds in the words of commands: programs that don't exist, files that no input lists.
 *
 * Knows: PATH, the project's files. Doesn't know: what the programs do with the words. */
#ifndef ROWBUILD_CHECK_COMMANDS_H
#define ROWBUILD_CHECK_COMMANDS_H

#include "study.h"

/* Adds warnings; a command that several elements share is looked at once. */
void check_commands(const struct rowbuild *study, struct diag *diag);

/* Whether an element before it has the same command, by `from`. */
bool check_is_told(const struct rowfile *rowfile, size_t number);

#endif
