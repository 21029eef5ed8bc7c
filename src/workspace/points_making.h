/* What making points and rewriting their values have in common: complaints, syncing.
 *
 * Knows: paths in the workspace. Doesn't know: which points are written, or how. */
#ifndef ROWBUILD_POINTS_MAKING_H
#define ROWBUILD_POINTS_MAKING_H

#include "workspace.h"

enum {
    MAKING_CHUNK = 4096, /* so many are written, then synced together */
    MAKING_FEW = 16,     /* so few are synced one by one */
};

struct making {
    struct workspace *workspace;
    struct diag *diag;
    size_t written;
};

/* An error that says what can't be done with the directory of that name, by errno. -1. */
int making_complain(const struct making *making, struct slice name, const char *what);

/* Appends what the value file of a directory is to have. */
void making_add_text(const struct workspace *workspace, size_t directory, struct buf *text);

/* Opens a file or (O_DIRECTORY) a folder below the descriptor `folder` and syncs it. -1 with errno. */
int making_sync_path(int folder, const char *path, int flags);

/* Syncs all folders of the workspace that hold these names. -1 after an error. */
int making_sync_parents(struct making *making, const struct slice *names, size_t count);

#endif
