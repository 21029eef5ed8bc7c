/* Reads the command line and the environment, and checks which options and operands can be
 * combined.
 *
 * Knows: ROWBUILD_… and ROW_… variables, over which the command line takes precedence, and where a
 * command's name is allowed. Doesn't know: the Rowfile, terminals. */
#ifndef ROWBUILD_COMMAND_LINE_H
#define ROWBUILD_COMMAND_LINE_H

#include "buf.h"
#include "settings.h"

#include <stddef.h>

/* Returns 0, or -1 with one line (no newline) in `problem`. `settings->command` is then the command
 * whose arguments were being read, for the hint. The caller calls settings_release in both
 * cases. */
int settings_read(struct settings *settings, char *const *arguments, size_t count,
                  struct buf *problem);
void settings_release(struct settings *settings);

#endif
