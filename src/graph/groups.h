/* row's groups: directories that are included, sorted, split by sort key and cut to a maximum size.
 *
 * Knows: `action.group`. Doesn't know: tasks. Serves the groups of group-scope actions, the batches
 * of directory-scope ones and `show directories`. */
#ifndef ROWBUILD_GROUPS_H
#define ROWBUILD_GROUPS_H

#include "rowfile.h"
#include "vec.h"
#include "workspace.h"

#include <stdbool.h>
#include <stdint.h>

struct groups {
    VEC(uint32_t) members; /* directories, group after group */
    VEC(size_t) ends;      /* of each group in `members` */
};

void groups_release(struct groups *groups);

/* Whether `include`, `where`, `sort_by` need values at all. */
bool groups_need_values(const struct group_spec *spec);

/* Whether the action includes the directory: 1, 0, or -1 after an error that names the
 * directory. */
int groups_include(const struct action *action, struct workspace *workspace, size_t directory,
                   struct diag *diag);

/* The numbers of all directories that the action includes. Reports all values for which that can't
 * be told, those with the same reason together, and returns -1. */
int groups_include_all(const struct action *action, struct workspace *workspace,
                       uint32_t *directories, size_t *count, struct diag *diag);

/* Sorts, splits and cuts `directories` (all included). -1 after an error. `groups` is filled
 * anew. */
int groups_form(const struct action *action, struct workspace *workspace,
                const uint32_t *directories, size_t count, struct groups *groups,
                struct diag *diag);

/* Appends the canonical JSON text of a directory's sort key, an array. -1 after an error. */
int groups_add_sort_key(const struct action *action, struct workspace *workspace, size_t directory,
                        struct buf *out, struct diag *diag);

#endif
