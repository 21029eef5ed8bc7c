/* The clusters that are known without a clusters.toml: those of row 1.0.
 *
 * Knows: facts about sites. Doesn't know: at which site it runs. The data is static. */
#ifndef ROWBUILD_BUILT_IN_H
#define ROWBUILD_BUILT_IN_H

#include "clusters.h"

/* In matching order; the last, `none`, always matches. */
const struct cluster *built_in_clusters(size_t *count);

/* A cluster with all fields at their defaults. */
struct cluster cluster_defaults(void);
/* A partition with all fields at their defaults. */
struct partition partition_defaults(void);

#endif
