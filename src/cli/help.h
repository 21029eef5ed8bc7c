/* Help: an overview by purpose, and a page for each command.
 *
 * Knows: how the tables of commands.h are laid out for people. Doesn't know: where it is printed.
 */
#ifndef ROWBUILD_HELP_H
#define ROWBUILD_HELP_H

#include "buf.h"
#include "commands.h"

void help_add_overview(struct buf *out);
void help_add_command(struct buf *out, const struct command *command);

#endif
