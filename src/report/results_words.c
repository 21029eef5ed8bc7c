/* How the outcomes of tasks count. */
#include "results.h"

bool results_are_good(enum rowbuild_outcome outcome)
{
    return outcome == ROWBUILD_SUCCEEDED || outcome == ROWBUILD_RESTORED ||
           outcome == ROWBUILD_UP_TO_DATE;
}

bool results_are_failures(enum rowbuild_outcome outcome)
{
    return outcome == ROWBUILD_TASK_FAILED || outcome == ROWBUILD_TIMED_OUT ||
           outcome == ROWBUILD_UNFINISHED;
}
