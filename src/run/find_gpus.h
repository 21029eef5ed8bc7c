/* The GPUs that a run hands out.
 *
 * Knows: what was asked for, what the environment allows, what the machine has. Doesn't know: who
 * gets them. */
#ifndef ROWBUILD_FIND_GPUS_H
#define ROWBUILD_FIND_GPUS_H

#include "diag.h"
#include "rowbuild.h"
#include "rowfile.h"

#include <stdbool.h>

struct run_gpus {
    unsigned count;   /* 0 where no action of the Rowfile asks for any */
    const char *from; /* "--gpus says": where the number is from; static */
    bool can_be_told; /* another number may be given */
    bool sets_cuda;   /* see struct launch_context */
    bool sets_rocr;
    bool is_amd; /* their lists become one: launch_unify_gpus */
};

int run_find_gpus(const struct rowfile *rowfile, const struct rowbuild_run_options *options,
                  struct run_gpus *gpus, struct diag *diag);

#endif
