/* A set of CPUs (the kernel's numbers), up to CPUMASK_LIMIT.
 *
 * Plain data: copied by assignment, compared by cpumask_equal. */
#ifndef ROWBUILD_CPUMASK_H
#define ROWBUILD_CPUMASK_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

#define CPUMASK_LIMIT 1024U

struct cpumask {
    uint64_t words[CPUMASK_LIMIT / 64];
};

void cpumask_set(struct cpumask *mask, unsigned cpu); /* a cpu beyond the limit is ignored */
bool cpumask_has(const struct cpumask *mask, unsigned cpu);
void cpumask_add(struct cpumask *mask, const struct cpumask *other);
bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b);
bool cpumask_equal(const struct cpumask *a, const struct cpumask *b);
unsigned cpumask_count(const struct cpumask *mask);

/* Appends the list form of cpuset(7), "0-3,8"; nothing for an empty set. */
void cpumask_format(const struct cpumask *mask, struct buf *out);

/* The CPUs in such a list. Reading stops at the first character that can't be part of a list; the
 * kernel's lists end with a newline. CPUs beyond the limit are ignored. */
struct cpumask cpumask_parse(struct slice list);

#endif
