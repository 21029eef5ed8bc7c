/* What the sources of launch share; nobody else includes this.
 *
 * From the ground up: launch_variables.c, cores.c, gpus.c and expand_command.c; mpi.c; steps.c;
 * environment.c; launch.c, where the parts become a command. */
#ifndef ROWBUILD_LAUNCHING_H
#define ROWBUILD_LAUNCHING_H

#include "launch.h"
#include "launch_variables.h"

/* Where the templates of an expansion are taken from. */
struct expansion {
    const struct launch_context *context;
    struct task_id task;         /* the first of the execution */
    const uint32_t *directories; /* all that the command works on */
    size_t count;
    const struct task_id *tasks; /* of a batch: whose products and inputs are listed */
    size_t task_count;
    enum launch_kind kind;
    unsigned process; /* LAUNCH_PROCESSES: which of them */
};

/* ---- expand_command.c ---- */

/* Appends a template, each part quoted for its place. `directory` is the one that {directory} and
 * pointers mean. -1 after an error. */
int launch_expand(const struct expansion *expansion, const struct template *template,
                  uint32_t directory, struct buf *out, struct diag *diag);

/* ---- cores.c ---- */

/* The cores of the process, or (`whole`) of all processes, in `arena`; NULL: not bound. */
const struct cpumask *launch_cores(const struct expansion *expansion,
                                   const struct launch_request *request, bool whole,
                                   struct arena *arena);

/* ---- gpus.c ---- */

/* The numbers of the GPUs of one process. */
const unsigned *launch_gpus_of(const struct launch_request *request, size_t process);

/* ---- environment.c ---- */

/* The environment of an execution, in `arena`. */
int launch_environment(const struct expansion *expansion, const struct launch_request *request,
                       struct arena *arena, char ***environment, struct diag *diag);

/* ---- steps.c ---- */

/* Whether an inherited variable would tell srun something about steps that is not so. */
bool steps_mislead(const char *entry);
/* Whether the process lies on another host of the job, where only srun starts it. */
bool steps_are_needed(const struct launch_context *context, const struct launch_request *request,
                      unsigned process);
/* Whether the launcher starts ranks as a job step of the job that this run is in. */
bool steps_start_ranks(const struct launch_context *context, const struct launcher *launcher);
/* Whether one of the action's launchers does: its ranks are a step of that job. */
bool steps_hold_ranks(const struct launch_context *context, const struct action *action);
/* srun with its options in front of a process's words. */
char **steps_add_prefix(const struct launch_context *context, const struct launch_request *request,
                        unsigned process, char **argv, struct arena *arena);
/* What rowbuild-rank is told on the other host. */
void steps_set_process(struct variables *variables, const struct launch_context *context,
                       const struct launch_request *request, unsigned process);
/* Whether ranks go to the cores that they were given here; otherwise srun places them. */
bool steps_place_ranks(const struct launch_context *context, const struct launch_request *request);
/* What srun is told besides the launcher's own options. */
void steps_add_options(const struct launch_context *context, const struct launch_request *request,
                       bool is_placed, struct buf *out);

/* ---- mpi.c ---- */

/* Whether an inherited variable is what an MPI launcher told this process about itself. */
bool mpi_tells_parent(const char *entry);
/* What OpenMPI is told: not to bind, and, where ranks are started by a launcher, where to put its
 * files, and to start as many as are asked for. */
void mpi_set_variables(struct variables *variables, const struct launch_request *request,
                       bool starts_ranks);
/* Inside a job mpirun would take all of its hosts for its own; the ranks' cores are on this one. */
void mpi_stay_here(struct variables *variables);
/* What rowbuild-rank is told. */
void mpi_set_ranks(struct variables *variables, const struct launch_context *context,
                   const struct launch_request *request, bool openmp);
/* Appends an OpenMP list of places: "{0,4},{1,5}". */
void mpi_add_places(const struct cpumask *places, size_t count, struct buf *out);

#endif
