/* Task → what is executed: text or argv, environment, cores.
 *
 * Knows: templates, quoting for the place where something stands, launchers, `setup`, ACTION_*
 * variables, thread-count variables, what MPI has to be told, and when no shell is needed. Doesn't
 * know: processes (os/spawn.h) and when anything is started. What it makes lives in the arena that
 * the caller gives and clears. */
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

/* What one process is told of its GPUs, in CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES; NULL: the
 * variable is left as it is inherited. */
struct launch_gpus {
    const char *cuda;
    const char *rocr;
};

/* Job steps of Slurm, inside a job: how processes are started on its other hosts. */
struct launch_steps {
    const char *const *hosts; /* names, in the order of the machine's hosts */
    size_t host_count;        /* 0: not known */
    unsigned here;            /* which one this is; UINT_MAX: none of them */
    bool can_bind;            /* srun knows --cpu-bind here */
};

/* What all executions of a run share. */
struct launch_context {
    struct graph *graph;
    const struct launchers *launchers;
    const char *project_path; /* absolute */
    struct slice cluster;     /* "none" */
    char *const *environment; /* inherited, NAME=value, NULL-terminated */
    const char *mark;         /* of the run: NAME=value in the environment of all that it starts */
    const char *allocation;   /* likewise, of a scheduler's job; NULL: in none */
    const struct launch_steps *steps; /* NULL: not inside a job of Slurm */
    const char *rank_helper;          /* path of rowbuild-rank; NULL: not found */
    bool sets_cuda; /* GPUs are handed out, and their programs read CUDA_VISIBLE_DEVICES */
    bool sets_rocr; /* likewise ROCR_VISIBLE_DEVICES */
};

/* One execution: tasks of one action that one command works on. */
struct launch_request {
    const struct task_id *tasks; /* one, or the members of a batch */
    size_t task_count;
    unsigned processes;
    unsigned threads;             /* per process */
    const struct cpumask *places; /* processes × threads cores, those of the first process first,
                                     each with its CPUs; NULL: not bound */
    const unsigned *hosts;        /* for each process; NULL: all are on this one */
    const unsigned *gpus;         /* numbers from 0, gpus_per_process for each process in turn */
    unsigned gpus_per_process;
    const char *mark; /* LAUNCH_PROCESSES, LAUNCH_RANKS: NAME=value by which all that belongs to the
                         execution is known; NULL: none */
    const char *temporary; /* LAUNCH_RANKS: folder that is removed when it has ended; NULL: none */
};

struct launch_process {
    char **argv;                 /* NULL-terminated */
    char **environment;          /* NULL-terminated */
    struct slice text;           /* the shell's text; empty where argv is executed directly */
    bool needs_script;           /* the text is too long for an argument: write it to a file and run
                                    the shell on that */
    size_t script_word;          /* which one is to become that path */
    const struct cpumask *cores; /* NULL: not bound, or it binds itself */
    bool is_step;                /* argv[0] is srun */
};

struct launch_command {
    struct launch_process *processes; /* that rowbuild starts itself */
    size_t count;                     /* 1, but for LAUNCH_PROCESSES */
    const char *core_list; /* of all together, "0-1,4"; "" when not bound, or not all are here */
    bool has_steps;        /* somewhere in it srun runs, which has processes on other hosts */
};

/* Whether the processes of the action's executions may lie on several hosts. */
bool launch_spans_hosts(const struct launch_context *context, const struct action *action);

enum launch_kind launch_kind_of(const struct launch_context *context, const struct action *action);

/* The environment without what would tell srun something else than its command line: in `arena`. */
char **launch_step_environment(char *const *environment, struct arena *arena);

/* How many GPUs the inherited CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES allow, and the name of
 * the variable that says so; UINT_MAX and NULL where neither is set. */
unsigned launch_listed_gpus(char *const *environment, const char **variable);

/* What to tell a process that was given these GPUs: the entries of the inherited list where there
 * is one, word for word, or else the numbers. A process without GPUs gets empty lists, so that it
 * doesn't see those of others; where no GPUs are handed out at all, nothing is set. In `arena`. */
struct launch_gpus launch_name_gpus(const struct launch_context *context, const unsigned *gpus,
                                    unsigned count, struct arena *arena);

/* Appends the path of the program that MPI launchers start for each rank: what ROWBUILD_RANK says,
 * or where it lies beside this library. False if it isn't there. */
bool launch_find_rank_helper(struct buf *path);

/* Makes the command. -1 after an error (a value that can't be read, an argument list too long for
 * any way of starting). Everything lives in `arena`. */
int launch_prepare(const struct launch_context *context, const struct launch_request *request,
                   struct arena *arena, struct launch_command *command, struct diag *diag);

/* Checks that what the task's command would be given can be put where its templates stand. -1 after
 * errors that name the directories. */
int launch_check_values(const struct launch_context *context, struct task_id task,
                        struct diag *diag);

/* Splits a text of plain words into argv in `arena`; NULL when a shell is needed: operators,
 * expansions, globs, assignments, or a first word that is a shell's builtin or keyword. */
char **launch_split_plain(struct slice text, struct arena *arena);

#endif
