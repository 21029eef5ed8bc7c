/* Shared by the sources of launch, and included only by them.
 *
 * From the bottom up: launch_variables.c, cores.c, gpus.c and expand_command.c; mpi.c; steps.c;
 * environment.c; launch.c, which combines the parts into a command. */
#ifndef ROWBUILD_LAUNCHING_H
#define ROWBUILD_LAUNCHING_H

#include "launch.h"
#include "launch_variables.h"

/* The source of the values for templates. */
struct expansion {
    const struct launch_context *context;
    struct task_id task;         /* the first of the execution */
    const uint32_t *directories; /* all directories that the command works on */
    size_t count;
    const uint32_t *skipped; /* directories of the group that are left out */
    size_t skipped_count;
    const struct task_id *tasks; /* of a batch: the tasks whose products and inputs are listed */
    size_t task_count;
    enum launch_kind kind;
    unsigned process;    /* LAUNCH_PROCESSES: the number of the process */
    bool is_for_a_setup; /* without what is different for each execution */
};

/* ---- expand_command.c ---- */

/* Appends a template, each part quoted for its place. `directory` is the one to which {directory}
 * and pointers refer. -1 after an error. */
int launch_expand(const struct expansion *expansion, const struct template *template,
                  uint32_t directory, struct buf *out, struct diag *diag);

/* ---- cores.c ---- */

/* The cores of the process, or with `whole` of all processes, in `arena`; NULL: not bound. */
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

/* Whether an inherited variable would mislead srun about steps. */
bool steps_mislead(const char *entry);
/* Whether the process is on another host of the job, where only srun can start it. */
bool steps_are_needed(const struct launch_context *context, const struct launch_request *request,
                      unsigned process);
/* Whether the launcher starts ranks as a job step of the job that this run is in. */
bool steps_start_ranks(const struct launch_context *context, const struct launcher *launcher);
/* Whether one of the action's launchers does so: the ranks are then a step of that job. */
bool steps_hold_ranks(const struct launch_context *context, const struct action *action);
/* The argv of a process with srun and its options prepended. */
char **steps_add_prefix(const struct launch_context *context, const struct launch_request *request,
                        unsigned process, char **argv, struct arena *arena);
/* Sets the variables for rowbuild-rank on the other host. */
void steps_set_process(struct variables *variables, const struct launch_context *context,
                       const struct launch_request *request, unsigned process);
/* Whether ranks are bound to the cores chosen by rowbuild; otherwise srun places them. */
bool steps_place_ranks(const struct launch_context *context, const struct launch_request *request);
/* Appends srun's options in addition to the launcher's own. */
void steps_add_options(const struct launch_context *context, const struct launch_request *request,
                       bool is_placed, struct buf *out);

/* ---- mpi.c ---- */

/* Whether an inherited variable was set by an MPI launcher to tell this process about itself. */
bool mpi_tells_parent(const char *entry);
/* Tells OpenMPI not to bind and, if a launcher starts ranks, where to put its files and to start as
 * many ranks as requested. */
void mpi_set_variables(struct variables *variables, const struct launch_request *request,
                       bool starts_ranks);
/* Keeps mpirun on this host, without the scheduler's help. Inside a job it would use all hosts, but the
 * ranks' cores are on this one. What the user has set stays. */
void mpi_stay_here(struct variables *variables);
/* Sets the variables for rowbuild-rank. */
void mpi_set_ranks(struct variables *variables, const struct launch_context *context,
                   const struct launch_request *request, bool openmp);
/* Appends an OpenMP list of places: "{0,4},{1,5}". */
void mpi_add_places(const struct cpumask *places, size_t count, struct buf *out);

#endif
