/* What the path that a user gives leads to: a directory of the workspace, or a product.
 *
 * Knows: paths relative to the current directory, absolute ones, `//`, and links that lead into the
 * project or the workspace. Doesn't know: names of actions and tasks (select.c). */
#ifndef ROWBUILD_TARGET_PATHS_H
#define ROWBUILD_TARGET_PATHS_H

#include "plan_inner.h"

/* One of them, or none (GRAPH_NONE). */
struct found {
    uint32_t directory;
    struct task_id maker; /* of the product */
};

/* By the name of a directory, or by a path. */
struct found found_at_path(const struct plan *plan, const struct plan_selection *selection,
                           struct slice target);

#endif
