/* The trees of folders that the index holds as a commit has them: git notes them in the index's file, and
 * takes a note back when an entry below the folder changes. A folder whose note is a commit's own tree
 * needn't be compared name by name, and the tree isn't read.
 *
 * Knows: the format of the index's file, versions 2 to 4. Doesn't know: trees that nobody noted. */
#ifndef ROWBUILD_CACHED_TREES_H
#define ROWBUILD_CACHED_TREES_H

#include "git_library.h"
#include "intern.h"
#include "vec.h"

struct cached_trees {
    struct intern folders; /* from the top of the repository; "" is the top */
    VEC(git_oid) ids;      /* by number of the folder */
};

/* Reads the notes of an index that libgit2 has read. None, where the file is another one by now or isn't
 * understood: nothing is wrong then. */
void cached_trees_read(struct cached_trees *trees, const struct git_library *git, git_index *index);
void cached_trees_release(struct cached_trees *trees);

/* Whether the index has the folder exactly as this tree. */
bool cached_trees_has(const struct cached_trees *trees, struct slice folder, const git_oid *id);

#endif
