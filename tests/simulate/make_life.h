/* Makes a life from a seed: the same one each time, as long as this code stays as it is. */
#ifndef ROWBUILD_MAKE_LIFE_H
#define ROWBUILD_MAKE_LIFE_H

#include "life.h"

void life_make(struct life *life, uint64_t seed);

#endif
