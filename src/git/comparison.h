/* A comparison as the files of this folder see it: comparison.c makes it, comparison_ask.c answers for
 * it. */
#ifndef ROWBUILD_COMPARISON_H
#define ROWBUILD_COMPARISON_H

#include "git_library.h"

#include "arena.h"
#include "intern.h"
#include "vec.h"

struct submodule {
    struct slice path;
    struct repository *repository;
};

struct git_comparison {
    struct repository *repository;
    struct arena arena;
    VEC(struct git_difference) differences;
    struct intern folders;
    VEC(struct submodule) submodules;
    VEC(struct slice) unknown;
    VEC(struct slice) filtered;
};

#endif
