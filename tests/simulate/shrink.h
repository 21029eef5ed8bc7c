/* Cuts a life down to the least that still goes wrong. */
#ifndef ROWBUILD_SHRINK_H
#define ROWBUILD_SHRINK_H

#include "life.h"

/* Whether a life goes wrong. */
typedef bool life_fails_fn(const struct life *life);

/* Takes out steps, actions, sources, directories and what actions are like, one after another, as
 * long as the life still goes wrong without them. */
void life_shrink(struct life *life, life_fails_fn *fails);

#endif
