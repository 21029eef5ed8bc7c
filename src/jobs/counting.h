/* Which records in the inbox count: the answer that the state asks for (inbox.h).
 *
 * Knows: records count while their element is registered (submissions.h), neither forgotten nor
 * released, in the order of the submissions. */
#ifndef ROWBUILD_COUNTING_H
#define ROWBUILD_COUNTING_H

#include "inbox.h"

/* Records of all that is registered count. */
extern const struct inbox_registry counting_all;

/* Only those of the elements `sources`, by names as inbox_add_element makes them: where thousands
 * of jobs begin at once, each reads what it needs. `sources` must outlive the registry. */
struct inbox_registry counting_only(const struct intern *sources);

#endif
