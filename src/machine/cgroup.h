/* What the control groups of this process allow, versions 1 and 2.
 *
 * Knows: /proc/self/cgroup, /proc/self/mountinfo and the limit files, from the process's own group
 * up to the topmost one that is visible: the tightest counts. Doesn't know: cpusets (hwloc and the
 * affinity mask show those). */
#ifndef ROWBUILD_CGROUP_H
#define ROWBUILD_CGROUP_H

#include <stdint.h>

struct cgroup_limits {
    double cpus;           /* CPUs' worth of time; 0: no limit */
    uint64_t memory_bytes; /* 0: no limit */
};

/* `root` is put in front of every path: "" for this machine, another directory for tests. What
 * can't be read isn't a limit. */
struct cgroup_limits cgroup_read(const char *root);

#endif
