/* The clusters that need no clusters.toml: those of row 1.0.
 *
 * Knows: facts about sites. Doesn't know: which of them this is. The data is static. */
#ifndef ROWBUILD_BUILT_IN_H
#define ROWBUILD_BUILT_IN_H

#include "clusters.h"

/* In the order in which they are matched; the last, `none`, is always identified. */
const struct cluster *built_in_clusters(size_t *count);

/* A cluster of which only the defaults are known. */
struct cluster cluster_defaults(void);
/* Likewise. */
struct partition partition_defaults(void);

#endif
