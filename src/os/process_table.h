/* All processes of this host as /proc shows them at one moment: what each has used, and to which
 * command it belongs.
 *
 * Knows: proc(5). Doesn't know: who the processes are. One call reads a file for each process of
 * the host. Processes that end meanwhile are left out. */
#ifndef ROWBUILD_PROCESS_TABLE_H
#define ROWBUILD_PROCESS_TABLE_H

#include "vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    pid_t parent;
    pid_t session;
    char state;            /* as in /proc/PID/stat: R, S, D, T, Z … */
    double cpu_s;          /* its own, and that of children it has waited for */
    uint64_t start_ticks;  /* since the kernel's start */
    uint64_t memory_bytes; /* resident now, pages that it shares included */
};

/* Begins as {0}; sorted by pid. */
struct process_table {
    VEC(struct process) all;
};

void process_table_read(struct process_table *table); /* replaces what was in it */
void process_table_release(struct process_table *table);

/* NULL: there is no such process. */
const struct process *process_table_find(const struct process_table *table, pid_t pid);

/* For each of `count` processes, which lead sessions of their own (distinct; 0 stands for none), adds
 * up what it uses together with its descendants and its session, into cpu_s and memory_bytes. What
 * has left both is not found. */
void process_table_add_up(const struct process_table *table, const pid_t *leaders, size_t count,
                          double *cpu_s, uint64_t *memory_bytes);

#endif
