/* What the two sources behind spawn.h share: children are started and reaped by spawn.c,
 * descendants of all kinds are signalled, ended and reaped by descendants.c. Nobody else includes
 * this. */
#ifndef ROWBUILD_UNREAPED_H
#define ROWBUILD_UNREAPED_H

#include <stdbool.h>
#include <sys/wait.h>

/* Whether it is a child that spawn_child started and that is yet to be reaped by child_reap. */
bool spawn_is_unreaped(pid_t pid);

/* Reaps one of these children of this process, if one has ended. */
bool spawn_reap_one(idtype_t kind, pid_t id);

#endif
