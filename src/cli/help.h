/* Writes help: an overview by topic for the run, and a page for each command.
 *
 * Knows: how to lay out the tables of commands.h. Doesn't know: where the text is printed. */
#ifndef ROWBUILD_HELP_H
#define ROWBUILD_HELP_H

#include "buf.h"
#include "commands.h"

void help_add_command(struct buf *out, const struct command *command);

#endif
