/* The machine as this process may use it (hwloc). The only place that includes hwloc.
 *
 * Knows: cores, NUMA nodes, packages, the CPU-time quota and memory limit of the cgroup. Doesn't
 * know: who uses what (ledger.h). hwloc is loaded without plug-ins, and without I/O objects
 * but for GPUs: both functions set HWLOC_PLUGINS_PATH and HWLOC_HIDE_ERRORS for their duration, so
 * that no other thread may touch the environment then. HWLOC_SYNTHETIC and HWLOC_XMLFILE give fake
 * machines, on which nothing is bound (unless HWLOC_THISSYSTEM=1 says that the file describes this
 * one). Inside a job of Slurm machine_confine cuts the machine to what the job has. */
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
    struct cpumask pus; /* kernel's CPU numbers of its hardware threads that may be used; numbers of
                           its own host */
    unsigned number;    /* logical core number, from 0, in the machine's order */
    unsigned numa;      /* index of its NUMA node, dense from 0 */
    unsigned package;   /* index of its package, dense from 0 */
};

/* One host of a machine of several. */
struct machine_host {
    struct slice name;
    bool is_here;      /* the one that this process is on */
    unsigned budget;   /* cores that may be used */
    size_t first_core; /* in the machine's cores; numbers of NUMA nodes and packages are its own */
    size_t core_count;
    unsigned numa_count;
    unsigned package_count;
    uint64_t memory_bytes; /* 0: not known, or without limit */
    unsigned gpus;         /* that are handed out there */
};

struct machine {
    struct machine_core *cores; /* in logical order: neighbours share caches */
    size_t core_count;
    unsigned numa_count;
    unsigned package_count;
    bool is_real;     /* false: a synthetic machine, or cores that are only counted: don't bind */
    double cpu_quota; /* CPUs' worth of time that the cgroup grants; 0: no limit */
    uint64_t memory_bytes;      /* physical, or the cgroup's limit if that is lower */
    struct machine_host *hosts; /* NULL where there is one host: this one */
    size_t host_count;
};

/* Only cores of which this process may use at least one PU (affinity, cpuset). The caller
 * releases. */
int machine_read(struct machine *machine, struct diag *diag);
void machine_release(struct machine *machine);

/* GPUs that programs can compute on, by what they are made for. */
struct machine_gpus {
    unsigned nvidia;
    unsigned amd;
};

/* Counts the PCI devices of these vendors that are displays or accelerators. Takes some
 * milliseconds: it loads the topology once more, with its I/O objects. A machine that can't be read
 * has none. */
struct machine_gpus machine_count_gpus(void);

/* The default budget: cores, or the quota rounded up where that is less; at least 1. Cheap: reads
 * affinity and the quota, and not the topology. Same answer as from machine_read on real machines
 * without SMT; with SMT it counts cores through /sys (thread siblings). */
unsigned machine_default_budget(void);

/* Fits the machine to what Slurm gave this process, and returns the cores that it may use. They are
 * cores of the machine if this process may run on as many cores or CPUs as the job has here: then
 * Slurm confined it to the job's, and each CPU counts as a core where Slurm counts so. Otherwise
 * nobody knows which are the job's: the machine isn't `is_real` any more, so that cores are counted
 * and nothing is bound. Outside of a job this is the default budget. */
unsigned machine_confine(struct machine *machine, const struct allocation *allocation);

#endif
