/* A folder for what MPI leaves behind: shared memory and sockets. It is made when it is first
 * needed, with a folder for each slot, and lies outside the project. */
#ifndef ROWBUILD_TEMPORARY_H
#define ROWBUILD_TEMPORARY_H

#include "arena.h"

#include <stdbool.h>

struct temporary {
    char *path; /* NULL: not made yet */
    bool fails; /* it can be made nowhere */
};

/* The folder of one slot: in `arena`, or NULL where none can be made. */
const char *temporary_folder(struct temporary *temporary, unsigned slot, struct arena *arena);
void temporary_clear(const struct temporary *temporary, unsigned slot);
void temporary_remove(struct temporary *temporary); /* the folders of all slots */

#endif
