/* launchers.toml: the prefixes that start a command's processes (row's format).
 *
 * Knows: the built-in launchers, the user's files, and how a prefix is written for a number of
 * processes, threads and GPUs. Doesn't know: how processes are started (launch). */
#ifndef ROWBUILD_LAUNCHERS_H
#define ROWBUILD_LAUNCHERS_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct launcher_variant { /* [launcher.cluster]; at == NULL where a key is not given */
    struct slice cluster; /* or "default" */
    struct slice executable;
    struct slice processes;
    struct slice threads_per_process;
    struct slice gpus_per_process;
};

struct launcher {
    struct slice name;
    struct launcher_variant *variants;
    size_t variant_count;
    bool built_in;
    const char *origin; /* path of the file it comes from, or "built in" */
};

struct launchers {
    struct arena arena;
    struct launcher *items; /* sorted by name */
    size_t count;
};

/* Built-in ones (openmp, rayon, threads, process, mpi), overridden by rowbuild's file
 * ($ROWBUILD_HOME or $HOME)/.config/rowbuild/launchers.toml, then row's ($ROW_HOME or
 * $HOME)/.config/row/launchers.toml; rowbuild's file wins. Missing files are fine; errors in them
 * are reported with their place and return -1. */
int launchers_load(struct launchers *launchers, struct diag *diag);
/* The built-in ones, and those of a text that launchers_add_text has made; no files. */
int launchers_load_text(struct launchers *launchers, struct slice text, const char *name,
                        struct diag *diag);
/* Appends those that aren't built in, in the format of launchers.toml. */
void launchers_add_text(const struct launchers *launchers, struct buf *out);
void launchers_release(struct launchers *launchers);

const struct launcher *launchers_find(const struct launchers *launchers, struct slice name);

/* The variant for `cluster`, else the default one. */
const struct launcher_variant *launcher_variant_for(const struct launcher *launcher,
                                                    struct slice cluster);

/* Whether a launcher starts several processes on that cluster (it has `processes`, or is
 * `process`). */
bool launcher_starts_processes(const struct launcher *launcher, struct slice cluster);

/* Appends "OMP_NUM_THREADS=4 " or "mpirun -n 8 ", with a trailing space; nothing for `threads` and
 * `process`, which rowbuild handles itself. Only requested numbers are appended (0: not
 * requested). */
void launcher_add_prefix(const struct launcher *launcher, struct slice cluster, uint64_t processes,
                         uint64_t threads_per_process, uint64_t gpus_per_process, struct buf *out);

/* Reports for each action: an unknown launcher (with the nearest known name), more than one process
 * without a launcher that starts them, and two such launchers. Errors carry the action. */
struct rowfile;
void launchers_check(const struct launchers *launchers, const struct rowfile *rowfile,
                     struct slice cluster, struct diag *diag);

#endif
