/* Mount points, as /proc/self/mountinfo lists them for this process.
 *
 * Knows: which file systems are mounted on a folder or somewhere in it, bind mounts included. Doesn't
 * know: what is mounted there. Where there is no such list, nothing is known to be mounted. */
#ifndef ROWBUILD_MOUNTS_H
#define ROWBUILD_MOUNTS_H

#include "buf.h"

#include <stdbool.h>

/* Whether something is mounted on the folder `name` of an open folder, or in it at any depth. Links
 * aren't followed. `below` (may be NULL) receives the first such path below the folder; "" is the
 * folder itself. */
bool mounts_in_folder(int folder, const char *name, struct buf *below);

#endif
