/* Which MPI a launcher belongs to, and with which one a program is linked. Under a launcher of another
 * one, N ranks are N programs of one rank each, and all of them end with 0.
 *
 * Knows: what mpirun says of itself, and the names of MPI libraries. Doesn't know: launchers.toml, what
 * follows. */
#ifndef ROWBUILD_MPI_KIND_H
#define ROWBUILD_MPI_KIND_H

#include "buf.h"
#include "slice.h"

enum mpi_kind {
    MPI_UNKNOWN,
    MPI_OPENMPI,
    MPI_MPICH, /* or what has its binary interface: Intel MPI, MVAPICH */
};

const char *mpi_kind_name(enum mpi_kind kind);

/* The program that a launcher's prefix starts: "mpirun" of "FI_PROVIDER=tcp mpirun --quiet ". len == 0: none. */
struct slice mpi_program_of(struct slice prefix);

/* The kind that the output of `mpirun --version` tells; `name`, which may be NULL, gets it with the
 * version: "Open MPI 4.1.4". */
enum mpi_kind mpi_kind_of_version(struct slice output, struct buf *name);
/* The same for a program in PATH, which is run. MPI_UNKNOWN if it can't be. */
enum mpi_kind mpi_kind_of_launcher(const char *program, struct buf *name);

/* The kind of the library in the output of `ldd PROGRAM`, whose file name is appended to `library`.
 * MPI_UNKNOWN if there is none, or of both kinds. */
enum mpi_kind mpi_kind_of_libraries(struct slice output, struct buf *library);
/* The same for a program at `path`, for which ldd is run. */
enum mpi_kind mpi_kind_of_program(const char *path, struct buf *library);

#endif
