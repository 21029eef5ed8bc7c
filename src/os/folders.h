/* Opens the folders that files lie in, so that renaming and deleting can't be led elsewhere.
 *
 * Knows: descriptors of folders, and which folders were symbolic links when they were looked at.
 * Doesn't know: what the files are. A path is walked part by part and no link is followed, except
 * to a folder that was learnt: that one must still be the folder that it was then. So a folder that
 * was replaced by a link in the meantime leads nowhere. What is done afterwards names the opened
 * folder and the last part of the path only. */
#ifndef ROWBUILD_FOLDERS_H
#define ROWBUILD_FOLDERS_H

#include "intern.h"
#include "vec.h"

#include <stdint.h>

struct folder_identity {
    uint64_t device;
    uint64_t inode;
};

struct folders {
    int directory;                          /* that relative paths are relative to; borrowed */
    struct intern paths;                    /* that were learnt */
    VEC(struct folder_identity) identities; /* by number of the path */
};

void folders_init(struct folders *folders, int directory);
void folders_release(struct folders *folders);

/* Links may be followed on the way to this folder from now on, as long as they lead to the one that
 * it is now. A folder that doesn't exist isn't learnt. */
void folders_learn(struct folders *folders, struct slice path);

/* Opens the folder that a file lies in (O_PATH) and sets *name to the last part of the path. -1
 * with errno: ELOOP where a link leads elsewhere, ENOENT, ENOTDIR, EACCES. The caller closes. */
int folders_open_parent(const struct folders *folders, const char *path, const char **name);

/* Whether the path, from `directory` on, leads through a symbolic link (its last part included). A
 * part that is missing ends the search. */
bool folder_has_link(int directory, struct slice path);

#endif
