/* What the directories of a workspace have in common, before any description of them exists.
 *
 * Knows: names of files, and which of them is probably the value file. Doesn't know: Rowfiles. It
 * looks at no more than FOUND_SAMPLE directories, the first by name, so that a large workspace
 * costs little. */
#ifndef ROWBUILD_FOUND_WORKSPACE_H
#define ROWBUILD_FOUND_WORKSPACE_H

#include "arena.h"
#include "diag.h"
#include "slice.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum { FOUND_SAMPLE = 100 };

struct found_workspace {
    struct arena arena;
    size_t count;               /* of directories that aren't hidden */
    struct slice value_file;    /* in each of the sample, with an object inside; at == NULL: none */
    VEC(struct slice) values;   /* other files of that kind */
    VEC(struct slice) pointers; /* to the parameters of the first directory, in its order */
    VEC(struct slice) results;  /* other files that more than half of the sample have */
};

/* Looks at `path`, relative to the descriptor `directory`. A workspace that doesn't exist has no
 * directories. -1 after an error. Released by the caller in any case. */
int found_workspace_look(struct found_workspace *found, int directory, const char *path,
                         bool signac, struct diag *diag);
void found_workspace_release(struct found_workspace *found);

#endif
