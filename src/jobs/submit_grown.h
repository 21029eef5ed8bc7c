/* What the user is told of requests that have grown.
 *
 * Knows: the plan's submissions and the endings of earlier jobs. Doesn't know: how requests grow. */
#ifndef ROWBUILD_SUBMIT_GROWN_H
#define ROWBUILD_SUBMIT_GROWN_H

#include "submitting.h"

/* Notices, one for each action and request, and warnings of what can't grow any more. */
void submit_tell_grown(const struct submitting *submitting);

#endif
