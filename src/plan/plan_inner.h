/* The plan as the files of this folder see it; nobody else includes this. */
#ifndef ROWBUILD_PLAN_INNER_H
#define ROWBUILD_PLAN_INNER_H

#include "plan.h"

#endif
