/* The machine as this process may use it (hwloc). The only place that includes hwloc.
 *
 * Knows: cores, NUMA nodes, packages, the CPU-time quota and memory limit of the cgroup. Doesn't
 * know: who uses what (ledger.h). hwloc is loaded without plug-ins, and with I/O objects only to
 * count GPUs. machine_read and machine_count_gpus set HWLOC_PLUGINS_PATH and HWLOC_HIDE_ERRORS
 * while they run, so no other thread may use the environment meanwhile. HWLOC_SYNTHETIC and
 * HWLOC_XMLFILE give synthetic machines, on which nothing is bound (unless HWLOC_THISSYSTEM=1 says
 * that the file describes this one). Inside a Slurm job machine_confine reduces the machine to the
 * job's share. */
#ifndef ROWBUILD_MACHINE_H
#define ROWBUILD_MACHINE_H

#include "allocation.h"
#include "cpumask.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine_core {
    struct cpumask pus; /* kernel's CPU numbers, on its own host, of its hardware threads that may
                           be used */
    unsigned number;    /* logical core number, from 0, in the machine's order */
    unsigned numa;      /* index of its NUMA node, dense from 0 */
    unsigned package;   /* index of its package, dense from 0 */
};

/* One host of a machine of several. */
struct machine_host {
    struct slice name;
    bool is_here;      /* the one that this process is on */
    unsigned budget;   /* cores that may be used */
    size_t first_core; /* index into the machine's cores; NUMA nodes and packages are numbered per
                          host */
    size_t core_count;
    unsigned numa_count;
    unsigned package_count;
    uint64_t memory_bytes; /* 0: not known, or unlimited */
    unsigned gpus;         /* that tasks may get there */
};

struct machine {
    struct machine_core *cores; /* in logical order: neighbours share caches */
    size_t core_count;
    unsigned numa_count;
    unsigned package_count;
    bool is_real;          /* false: synthetic, or cores are only counted; nothing may be bound */
    double cpu_quota;      /* CPUs' worth of time that the cgroup grants; 0: no limit */
    uint64_t memory_bytes; /* physical, or the cgroup's limit if that is lower */
    struct machine_host *hosts; /* NULL if this host is the only one */
    size_t host_count;
};

/* Reads the cores of which this process may use at least one PU (affinity, cpuset). The caller
 * releases. */
int machine_read(struct machine *machine, struct diag *diag);
void machine_release(struct machine *machine);

/* GPUs that programs can compute on, by vendor. */
struct machine_gpus {
    unsigned nvidia;
    unsigned amd;
};

/* Counts the PCI devices of these vendors that are displays or accelerators. Takes a few
 * milliseconds, since it loads the topology once more, with I/O objects. Zero where the machine
 * can't be read. */
struct machine_gpus machine_count_gpus(void);

/* The default budget: the number of cores, or the quota rounded up if that is less; at least 1.
 * Cheap: it reads the affinity and the quota but not the topology. On real machines without SMT the
 * answer is that of machine_read; with SMT, cores are counted through /sys (thread siblings). */
unsigned machine_default_budget(void);

/* Fits the machine to what Slurm gave this process, and returns the number of cores that it may
 * use. If this process may run on exactly as many cores or CPUs as the job has here, Slurm has
 * confined it to the job's cores, and these are known; each CPU counts as a core where Slurm counts
 * so. Otherwise the job's cores are unknown: `is_real` becomes false, so that cores are only
 * counted and nothing is bound. Outside of a job the result is the default budget. */
unsigned machine_confine(struct machine *machine, const struct allocation *allocation);

#endif
