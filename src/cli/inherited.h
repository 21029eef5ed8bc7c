/* What this program was started with by chance, and puts right before anything else: closed standard
 * streams, blocked signals, and a SIGCHLD that is ignored, so that no status of a command could be
 * known. What says how it should behave stays as it is: an ignored HUP, INT or TERM (nohup). */
#ifndef ROWBUILD_INHERITED_H
#define ROWBUILD_INHERITED_H

#include <stdbool.h>

void inherited_put_right(void);

/* Whether the make above, whose MAKEFLAGS these are (NULL: none), runs nothing, but for lines that
 * begin with `+`: -n, -q, -t. `asks`: it wants to know whether all is up to date (-q). */
bool inherited_is_dry(const char *makeflags, bool *asks);

#endif
