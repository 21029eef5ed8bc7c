/* Checks a Rowfile's submit options against the known clusters.
 *
 * Pure. Knows: names of clusters, and which jobs fit a partition. Doesn't know: what is queued. */
#ifndef ROWBUILD_CLUSTER_CHECK_H
#define ROWBUILD_CLUSTER_CHECK_H

#include "clusters.h"
#include "diag.h"
#include "graph.h"

/* Warns about clusters that aren't defined and actions that fit no partition of `current`. */
void cluster_check(const struct clusters *clusters, const struct cluster *current,
                   const struct graph *graph, struct diag *diag);

#endif
