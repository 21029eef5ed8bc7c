/* Reads the command line and the environment, and checks which options and operands can be
 * combined.
 *
 * Knows: ROWBUILD_… and ROW_… variables, and that the command line wins; where a command's name may
 * stand. Doesn't know: the Rowfile, nor terminals. */
#ifndef ROWBUILD_COMMAND_LINE_H
#define ROWBUILD_COMMAND_LINE_H

#include "buf.h"
#include "settings.h"

#include <stddef.h>

/* 0, or -1 with one line (no newline) in `problem`; then `settings->command` is the command whose
 * arguments were being read, for the hint. The caller calls settings_release in both cases. */
int settings_read(struct settings *settings, char *const *arguments, size_t count,
                  struct buf *problem);
void settings_release(struct settings *settings);

#endif
