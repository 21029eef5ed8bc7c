/* The CPU time and memory that processes and their descendants use, from /proc.
 *
 * Knows: proc(5). Doesn't know: who they are. Each call costs a few system calls per process and
 * two files per thread, so call it rarely. Processes that end meanwhile are left out. */
#ifndef ROWBUILD_USAGE_H
#define ROWBUILD_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
    unsigned processes;
    unsigned threads;
    unsigned running; /* threads that run or wait for a CPU */
    double cpu_s;     /* of the threads that are there now */
    double wait_s;    /* that these were ready to run and had no CPU; 0 where it isn't known */
    /* The highest resident size of the only process; of several, that of the largest or what they
     * have together now, shared pages counted once, if that is more. */
    uint64_t memory_bytes;
};

/* Of `count` processes, none below another. false: they are gone, or /proc can't be read. */
bool usage_sample(const pid_t *pids, size_t count, struct usage *usage);

/* Distinguishes a process from a later one with the same number. */
struct usage_process {
    pid_t parent;
    pid_t group;
    uint64_t start_ticks; /* since the kernel's start; field 22 of /proc/PID/stat */
};

/* false: there is no such process (a zombie has ended), or /proc can't be read. */
bool usage_find_process(pid_t pid, struct usage_process *process);

#endif
