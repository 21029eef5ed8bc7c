/* Reads the CPU and memory limits of this process's control groups, versions 1 and 2.
 *
 * Knows: /proc/self/cgroup, /proc/self/mountinfo and the limit files, from the process's own group
 * up to the topmost visible one. The tightest limit counts. Doesn't know: cpusets (hwloc and the
 * affinity mask show those). */
#ifndef ROWBUILD_CGROUP_H
#define ROWBUILD_CGROUP_H

#include <stdint.h>

struct cgroup_limits {
    double cpus;           /* CPUs' worth of time; 0: no limit */
    uint64_t memory_bytes; /* 0: no limit */
};

/* `root` is put in front of every path: "" for this machine, another directory for tests. A file
 * that can't be read sets no limit. */
struct cgroup_limits cgroup_read(const char *root);

#endif
