/* Executions: a task, or a batch of tasks that one command works on.
 *
 * Knows: which tasks of a plan may have to run, how they form batches, what each execution asks
 * for, how long it takes, and the longest path that begins with it. Doesn't know: when anything is
 * started, processes, and what became of a task. */
#ifndef ROWBUILD_EXECUTIONS_H
#define ROWBUILD_EXECUTIONS_H

#include "launch.h"
#include "ledger.h"
#include "machine.h"
#include "plan.h"
#include "vec.h"

#define EXECUTION_NONE UINT32_MAX

enum execution_state {
    EXECUTION_WAITING, /* for tasks before it */
    EXECUTION_READY,
    EXECUTION_RUNNING,
    EXECUTION_DONE,
};

struct execution {
    uint32_t first;    /* in the members of all executions */
    uint32_t count;    /* tasks that still belong to it */
    uint32_t pending;  /* edges from tasks of executions that haven't ended */
    uint32_t attempts; /* that failed so far */
    enum execution_state state;
    double seconds;  /* that it takes, as far as is known */
    double recorded; /* seconds that it took the last time; negative: not on record */
    double priority; /* seconds of the longest path that begins with it */
    struct ledger_request request;
};

struct durations {
    size_t count;
    double seconds; /* together */
};

/* The executions of one action in this run. */
struct action_progress {
    size_t left;
    size_t unrecorded;       /* of `left` */
    double recorded_seconds; /* of the others together */
    double cores;            /* of each */
    struct durations ended;
    struct durations succeeded;
};

struct executions {
    const struct plan *plan;
    const struct launch_context *launch;
    const struct machine *machine;
    VEC(struct execution) all;
    VEC(struct task_id) members;     /* tasks, execution by execution */
    uint32_t *of;                    /* by task: its execution, or EXECUTION_NONE */
    struct action_progress *actions; /* by action element */
};

/* Fills the last three; to be released in any case. `places` as in struct run_options. -1 after an
 * error: directories that can't be grouped. */
int executions_build(struct executions *executions, const uint32_t *places, struct diag *diag);
void executions_release(struct executions *executions);

/* A ledger of the machine with the pools of the Rowfile. */
struct ledger *executions_new_ledger(const struct executions *executions, unsigned jobs,
                                     unsigned gpus);
/* What a command of the action asks for. Of `executions`, plan, launch and machine suffice. */
struct ledger_request executions_request(const struct executions *executions,
                                         const struct action *action, size_t directories);
/* Whether a command of the action works on several directories. */
bool executions_are_batches(const struct action *action);

struct task_id *execution_tasks(const struct executions *executions,
                                const struct execution *execution);
const struct action *execution_action(const struct executions *executions,
                                      const struct execution *execution);
struct action_progress *execution_progress(const struct executions *executions,
                                           const struct execution *execution);
/* The mean of what was taken so far in this run, else the median of the action's records. Negative:
 * not known. */
double executions_typical_seconds(const struct executions *executions, uint32_t element,
                                  const struct durations *durations);
/* How many directories its command works on. */
size_t execution_directories(const struct executions *executions,
                             const struct execution *execution);

/* Adds an execution of one task of a batch that has failed, as its next attempt; its number.
 * Pointers to executions and to their tasks are invalid afterwards. */
uint32_t execution_add_alone(struct executions *executions, uint32_t batch, struct task_id task);

/* For a group that turned out to leave out members: asks for what the others need. */
void executions_renew_request(const struct executions *executions, struct execution *execution);

/* Adds an execution of one task that was found to be needed while the run goes on, waiting; its
 * number. Pointers are invalid afterwards, too. */
uint32_t execution_add_needed(struct executions *executions, struct task_id task, double priority);

/* Keeps only the first `kept` tasks of an execution, at least one. */
void execution_keep(const struct executions *executions, struct execution *execution,
                    uint32_t kept);
/* It has ended, or is never started in this run. */
void execution_end(const struct executions *executions, struct execution *execution);

#endif
