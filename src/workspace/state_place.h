/* Where the state folder lies, as seen from the project and from the workspace.
 *
 * Knows: names, and the same folder after links were resolved. Doesn't know: what is in it. The
 * folder need not exist yet. Nothing in it is a member, an input or a product. */
#ifndef ROWBUILD_STATE_PLACE_H
#define ROWBUILD_STATE_PLACE_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>

enum { STATE_NAMES = 2 }; /* as it was named, and resolved */

struct state_place {
    struct slice project;                   /* resolved, absolute */
    struct slice workspace;                 /* resolved, absolute */
    struct slice state[STATE_NAMES];        /* absolute; at == NULL: not known */
    struct slice in_project[STATE_NAMES];   /* relative to it; at == NULL: it lies elsewhere */
    struct slice in_workspace[STATE_NAMES]; /* likewise */
};

/* `state`: its path, absolute or relative to the current directory; NULL: not known. Slices live in
 * the arena. */
void state_place_find(struct state_place *place, int project, int workspace, const char *state,
                      struct arena *arena);

/* What follows `outer` in a path that lies below it; at == NULL where it doesn't. */
struct slice path_below(struct slice path, struct slice outer);

/* Whether a path relative to the workspace is the state folder. */
bool state_place_is_in_workspace(const struct state_place *place, struct slice path);

/* Whether a path relative to the project is the state folder; so is `.rowbuild`, wherever the state
 * lies. */
bool state_place_is_in_project(const struct state_place *place, struct slice path);

/* The real path of a folder by its name; at == NULL where it doesn't exist. */
struct slice real_path_of_name(int directory, struct slice path, struct arena *arena);

/* The real path of an opened folder; at == NULL where the system doesn't tell. */
struct slice real_path_of(int folder, struct arena *arena);

#endif
