/* Asks a site's Slurm for its configuration: the size of its nodes and the maximum size of an
 * array.
 *
 * Also which licences it counts.
 *
 * Knows: the answers of sinfo(1) and scontrol(1). Doesn't know: clusters.toml, whose size of nodes
 * takes precedence. */
#ifndef ROWBUILD_SITE_H
#define ROWBUILD_SITE_H

#include "arena.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site_partition {
    struct slice name;
    uint64_t cpus;      /* of its largest node */
    uint64_t memory_mb; /* likewise; 0: not known */
    double seconds;     /* its longest time limit; 0: none, or not known */
    bool is_default;
};

struct site {
    struct arena arena;
    struct site_partition *partitions;
    size_t count;
    struct slice *licences; /* names */
    size_t licence_count;
};

/* Asks Slurm. Without a valid answer nothing is known, and no error is reported: sbatch will report
 * it. The caller releases the site. */
void site_ask(struct site *site, char *const *environment);
void site_release(struct site *site);

/* Also asks for the licences that jobs can request, after site_ask. */
void site_ask_licences(struct site *site, char *const *environment);
bool site_has_licence(const struct site *site, struct slice name);
/* Reads the answer to `scontrol --oneliner show licenses` (for tests). */
void site_parse_licences(struct site *site, struct slice answer);

/* What jobs of a partition can request at most. */
struct site_limits {
    double seconds;     /* 0: there is no limit, or it isn't known; likewise below */
    uint64_t memory_mb; /* on one node */
};
/* Also asks for the limits of partitions, after site_ask. */
void site_ask_limits(struct site *site, char *const *environment);
/* Reads the answer to `sinfo -h -e -o "%P %l %m"` (for tests). */
void site_parse_limits(struct site *site, struct slice answer);
/* Of a partition (at == NULL: of the default one); of several names, separated by commas, the smallest. */
struct site_limits site_limits_of(const struct site *site, struct slice partition);

/* Which Slurm this is: 22.05, 24.11. */
struct site_version {
    unsigned major;
    unsigned minor;
};
/* Asks `sinfo --version`, which needs no controller; false: nobody knows. */
bool site_ask_version(struct site_version *version, char *const *environment);
bool site_parse_version(struct slice answer, struct site_version *version); /* for tests */
bool site_version_reaches(const struct site_version *version, struct site_version wanted);

/* The CPUs of the largest node of a partition (at == NULL: of the default one); for several names,
 * separated by commas, the smallest of their values. 0: not known. */
uint64_t site_cpus_per_node(const struct site *site, struct slice partition);

/* MaxArraySize from `scontrol show config`; 1001, Slurm's default, if scontrol doesn't answer. */
uint64_t site_max_array_size(char *const *environment);
bool site_parse_max_array_size(struct slice configuration, uint64_t *size); /* for tests */

/* Reads the answer to `sinfo -h -e -o "%P %c"` (for tests; `site` is initialised). */
void site_parse(struct site *site, struct slice answer);

#endif
