/* Which processes descend from which, from /proc/PID/task/TID/children.
 *
 * Knows: proc(5). Doesn't know: what is done to them. What is born or orphaned during a walk can be
 * missed; what has ended and waits to be reaped is found. */
#ifndef ROWBUILD_PROCESS_TREE_H
#define ROWBUILD_PROCESS_TREE_H

#include "vec.h"

#include <sys/types.h>

/* Begins as {0}; release `pids` with vec_release. */
struct pid_list {
    VEC(pid_t) pids;
};

/* Appends the children of all threads of a process; 0 is this one. */
void pid_list_add_children(struct pid_list *list, pid_t of);

/* Fills an empty list with all descendants of a process; 0 is this one. */
void pid_list_add_descendants(struct pid_list *list, pid_t of);

/* Appends the descendants of all that are in the list, of which none is below another. */
void pid_list_add_all_children(struct pid_list *list);

#endif
