/* What a site's Slurm is configured for: how large its nodes are, how long an array may be.
 *
 * Knows: the answers of sinfo(1) and scontrol(1). Doesn't know: clusters.toml, which may say how
 * large nodes are, too, and then decides. */
#ifndef ROWBUILD_SITE_H
#define ROWBUILD_SITE_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_partition {
    struct slice name;
    uint64_t cpus; /* of its largest node */
    bool is_default;
};

struct site {
    struct arena arena;
    struct site_partition *partitions;
    size_t count;
};

/* Asks Slurm. Without an answer that is understood nothing is known, and nothing is said: sbatch
 * will. The caller releases it. */
void site_ask(struct site *site, char *const *environment);
void site_release(struct site *site);

/* The CPUs of the largest node of a partition (at == NULL: of the default one); of several,
 * separated by commas, of the one with the smallest such node. 0: not known. */
uint64_t site_cpus_per_node(const struct site *site, struct slice partition);

/* MaxArraySize as `scontrol show config` says it; 1001, Slurm's default, where it doesn't
 * answer. */
uint64_t site_max_array_size(char *const *environment);
bool site_parse_max_array_size(struct slice configuration, uint64_t *size); /* for tests */

/* Reads the answer to `sinfo -h -e -o "%P %c"` (for tests; `site` is initialised). */
void site_parse(struct site *site, struct slice answer);

#endif
