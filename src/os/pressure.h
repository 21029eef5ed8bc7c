/* How busy the machine is: its load average, and the memory that processes can still take.
 *
 * Knows: /proc, and the memory limits of control groups (v1 and v2). Doesn't know: what follows from
 * it. */
#ifndef ROWBUILD_PRESSURE_H
#define ROWBUILD_PRESSURE_H

#include "slice.h"

#include <stdint.h>

/* Of the last minute; negative: not known. */
double pressure_load_average(void);

/* Bytes: what the kernel says is available, or less where a control group of this process allows
 * less. UINT64_MAX: not known. */
uint64_t pressure_memory_left(void);

/* "MemAvailable:   123 kB" in /proc/meminfo, in bytes; UINT64_MAX: it isn't there (for tests). */
uint64_t pressure_parse_meminfo(struct slice text);

/* What a group may still take: its limit without what it uses, apart from the files that it has only
 * cached, which `stat` (memory.stat) counts. UINT64_MAX: there is no limit (for tests). */
uint64_t pressure_group_left(struct slice limit, struct slice usage, struct slice stat);

#endif
