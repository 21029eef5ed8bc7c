/* Locates the state folder relative to the project and to the workspace.
 *
 * Knows: the folder's path as given and with links resolved. Doesn't know: its contents. The folder
 * need not exist yet. Nothing in it is a member, an input or a product. */
#ifndef ROWBUILD_STATE_PLACE_H
#define ROWBUILD_STATE_PLACE_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>

enum { STATE_NAMES = 2 }; /* as given, and with links resolved */

struct state_place {
    struct slice project;                   /* resolved, absolute */
    struct slice workspace;                 /* resolved, absolute */
    struct slice state[STATE_NAMES];        /* absolute; at == NULL: not known */
    struct slice in_project[STATE_NAMES];   /* relative to the project; at == NULL: outside of it */
    struct slice in_workspace[STATE_NAMES]; /* likewise */
};

/* `state` is the state folder's path, absolute or relative to the current directory; NULL: not
 * known. Slices live in the arena. */
void state_place_find(struct state_place *place, int project, int workspace, const char *state,
                      struct arena *arena);

/* The part of a path after `outer`; at == NULL if the path isn't below `outer`. */
struct slice path_below(struct slice path, struct slice outer);

/* Whether a path relative to the workspace is the state folder. */
bool state_place_is_in_workspace(const struct state_place *place, struct slice path);

/* Whether a path relative to the project is the state folder. `.rowbuild` always counts, wherever
 * the state is. */
bool state_place_is_in_project(const struct state_place *place, struct slice path);

/* The real path of a folder given by its name; at == NULL if it doesn't exist. */
struct slice real_path_of_name(int directory, struct slice path, struct arena *arena);

/* The real path of an open folder; at == NULL if the system can't tell. */
struct slice real_path_of(int folder, struct arena *arena);

#endif
