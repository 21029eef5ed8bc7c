/* The tasks of a graph that is a part of a study: those of one job, and what they have to do with.
 *
 * Knows: which tasks there are, and the directories that each works on, as somebody found who saw the
 * whole study. Doesn't know: why. No directory is listed for it, and no value is read to decide what an
 * action includes or how its groups are formed. */
#ifndef ROWBUILD_GIVEN_H
#define ROWBUILD_GIVEN_H

#include "slice.h"

#include <stddef.h>
#include <stdint.h>

struct given_task {
    uint32_t action;         /* index into rowfile->actions */
    struct slice key;        /* group and project tasks: as in graph->other_tasks */
    const uint32_t *members; /* numbers of names; of a directory task its own */
    size_t member_count;
};

struct given {
    const struct slice *names; /* of directories, in bytewise order */
    size_t name_count;
    const struct given_task *tasks;
    size_t task_count;
};

#endif
