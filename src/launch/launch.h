/* Turns a task into what is executed: text or argv, environment, cores.
 *
 * Knows: templates, quoting for a template's place, launchers, `setup`, ACTION_* variables,
 * thread-count variables, the settings that MPI needs, and when no shell is needed. Doesn't know:
 * processes (os/spawn.h), when anything is started. Results live in the caller's arena, which the
 * caller clears. */
#ifndef ROWBUILD_LAUNCH_H
#define ROWBUILD_LAUNCH_H

#include "arena.h"
#include "cpumask.h"
#include "diag.h"
#include "graph.h"
#include "launchers.h"

#include <stdbool.h>
#include <stdint.h>

/* How the processes of an action's executions are started. */
enum launch_kind {
    LAUNCH_ONE,       /* one process, which may start others */
    LAUNCH_PROCESSES, /* several, each started by rowbuild: the launcher `process` */
    LAUNCH_RANKS,     /* several, started by a program: `mpi`, or a user's launcher */
};

/* One process's CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES; NULL: the variable is inherited
 * unchanged. */
struct launch_gpus {
    const char *cuda;
    const char *rocr;
};

/* How processes are started on the other hosts of a Slurm job: as job steps. */
struct launch_steps {
    const char *const *hosts; /* names, in the order of the machine's hosts */
    size_t host_count;        /* 0: not known */
    unsigned here;            /* the index of this host; UINT_MAX: none of them */
    bool can_bind;            /* srun supports --cpu-bind here */
};

/* What an action's `setup`, which has run once, left for its commands (setup.h). */
struct launch_setup {
    const char *state; /* the file that the command's shell reads first */
    char **set;        /* NAME=value */
    size_t set_count;
    char **unset; /* names */
    size_t unset_count;
    bool is_unclear; /* it defines functions in a way that only bash can hand on */
};

/* Shared by all executions of a run. */
struct launch_context {
    struct graph *graph;
    const struct launchers *launchers;
    const char *project_path; /* absolute */
    struct slice cluster;     /* "none" */
    char *const *environment; /* inherited, NAME=value, NULL-terminated */
    const char *mark;         /* of the run: NAME=value in the environment of all its processes */
    const char *allocation;   /* likewise, of a scheduler's job; NULL: not in a job */
    const struct launch_steps *steps; /* NULL: not inside a job of Slurm */
    const char *rank_helper;          /* path of rowbuild-rank; NULL: not found */
    bool sets_cuda; /* GPUs are assigned, and their programs read CUDA_VISIBLE_DEVICES */
    bool sets_rocr; /* likewise ROCR_VISIBLE_DEVICES */
    const struct launch_setup *setup; /* of the action whose command is prepared; NULL: none */
};

/* One execution: tasks of one action that a single command works on. */
struct launch_request {
    const struct task_id *tasks; /* one, or the members of a batch */
    size_t task_count;
    const uint32_t *directories; /* of one task: those that it works on; NULL: all of its own. Then
                                    those that a group leaves out */
    size_t directory_count;
    const uint32_t *skipped;
    size_t skipped_count;
    unsigned processes;
    unsigned threads;             /* per process */
    const struct cpumask *places; /* processes × threads cores, process by process, each with its
                                     CPUs; NULL: not bound */
    const unsigned *hosts;        /* the host of each process; NULL: all are on this host */
    const unsigned *gpus;         /* numbers from 0, gpus_per_process for each process in turn */
    unsigned gpus_per_process;
    const char *mark; /* LAUNCH_PROCESSES, LAUNCH_RANKS: NAME=value that identifies all processes of
                         the execution; NULL: none */
    const char *temporary; /* LAUNCH_RANKS: folder that is removed after the execution; NULL:
                              none */
};

struct launch_process {
    char **argv;                 /* NULL-terminated */
    char **environment;          /* NULL-terminated */
    struct slice text;           /* the shell's text; empty if argv is executed directly */
    struct slice command;        /* for people: launcher and command, without `setup` */
    bool needs_script;           /* the text is too long for an argument: write it to a file and run
                                    the shell on the file */
    size_t script_word;          /* the index in argv of the word to replace by the file's path */
    const struct cpumask *cores; /* NULL: not bound, or the process binds itself */
    bool is_step;                /* argv[0] is srun */
};

struct launch_command {
    struct launch_process *processes; /* the processes that rowbuild starts itself */
    size_t count;                     /* 1 except for LAUNCH_PROCESSES */
    const char *core_list; /* of all processes together, "0-1,4"; "" when not bound, or when not all
                              are on this host */
    struct slice launcher; /* what stands before the action's command: "mpirun -n 4 " */
    struct slice setup;    /* lines before that; both may be empty */
    bool has_steps;        /* the command runs srun, which has processes on other hosts */
};

/* Whether the processes of the action's executions may be on several hosts. */
bool launch_spans_hosts(const struct launch_context *context, const struct action *action);

enum launch_kind launch_kind_of(const struct launch_context *context, const struct action *action);

/* The environment without the variables that would override srun's command line, in `arena`. */
char **launch_step_environment(char *const *environment, struct arena *arena);

/* How many GPUs the inherited CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES allow, and the name of
 * the variable that limits them; UINT_MAX and NULL if neither is set. */
unsigned launch_listed_gpus(char *const *environment, const char **variable);

/* For AMD's GPUs: the environment with a single list, ROCR_VISIBLE_DEVICES, in `arena`. HIP counts
 * HIP_VISIBLE_DEVICES, else CUDA_VISIBLE_DEVICES, within what ROCR_VISIBLE_DEVICES leaves: a process that
 * got a part of each would see none. */
char **launch_unify_gpus(char *const *environment, struct arena *arena);

/* The variables for a process with these GPUs: the entries of the inherited list, verbatim, or
 * without one the numbers. A process without GPUs gets empty lists, so that it doesn't see the GPUs
 * of others. If the run assigns no GPUs at all, nothing is set. In `arena`. */
struct launch_gpus launch_name_gpus(const struct launch_context *context, const unsigned *gpus,
                                    unsigned count, struct arena *arena);

/* Appends the path of the program that MPI launchers start for each rank: ROWBUILD_RANK, or the one
 * installed with this library. False if it doesn't exist. */
bool launch_find_rank_helper(struct buf *path);

/* Likewise any program that is installed beside it; `variable` may name another one. */
bool launch_find_helper(const char *variable, const char *name, struct buf *path);

/* Whether the action's `environment` has a value of this variable for each directory. While a setup runs,
 * such a variable isn't set. */
bool launch_is_varying(const struct action *action, struct slice name);
/* The lines of `setup` that hold here; len is 0 where there are none. */
struct slice launch_setup_of(const struct launch_context *context, const struct action *action);

/* Turns them into a process that runs once, before the first of the action's commands, and writes
 * into the files of `folder` (setup.h). Its environment is that of the execution, without its
 * directories. */
int launch_prepare_setup(const struct launch_context *context, const struct launch_request *request,
                         const char *folder, struct arena *arena, struct launch_process *process,
                         struct diag *diag);

/* Makes the command. -1 after an error (a value that can't be read, an argument list too long for
 * any way of starting). Everything lives in `arena`. */
int launch_prepare(const struct launch_context *context, const struct launch_request *request,
                   struct arena *arena, struct launch_command *command, struct diag *diag);

/* Appends what launch_process.command would be of the first process. -1 after an error. */
int launch_add_command(const struct launch_context *context, const struct launch_request *request,
                       struct buf *out, struct diag *diag);

/* Checks that the values for the templates of the task's command can be put at their places. -1
 * after errors that name the directories. */
int launch_check_values(const struct launch_context *context, struct task_id task,
                        struct diag *diag);

/* Splits a text of plain words into argv in `arena`; NULL when a shell is needed: for operators,
 * expansions, globs, assignments, or a first word that is a shell's builtin or keyword. */
char **launch_split_plain(struct slice text, struct arena *arena);

#endif
