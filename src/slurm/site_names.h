/* Names of Slurm's clusters as `--clusters` has them: "b", "a,b" or "all".
 *
 * Knows: that only one cluster has a job of a certain number, and that accounting lists all clusters. Doesn't
 * know: jobs. */
#ifndef ROWBUILD_SITE_NAMES_H
#define ROWBUILD_SITE_NAMES_H

#include "slice.h"

#include <stdbool.h>

#define SITE_ALL "all"
#define SITE_HEADING "CLUSTER: " /* a line of squeue's answer, before the jobs of that cluster */

/* Whether this names one cluster: neither several nor all. at == NULL, which is the cluster that is asked by
 * itself, does. */
bool site_is_one(struct slice names);
/* Whether both name one cluster, and the same. */
bool site_is_same(struct slice a, struct slice b);

/* Whether squeue's answer about all clusters has a heading for each that accounting knows: squeue leaves out
 * those that are down without a word. False, too, where accounting doesn't answer. */
bool site_has_all(struct slice answer, char *const *environment);

#endif
