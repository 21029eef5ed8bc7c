/* What the sources of the run share; nobody else includes this. */
#ifndef ROWBUILD_RUNNING_H
#define ROWBUILD_RUNNING_H

#include "advice.h"
#include "launch.h"
#include "ledger.h"
#include "lock.h"
#include "logs.h"
#include "loop.h"
#include "run.h"
#include "schedule.h"
#include "spawn.h"
#include "tokens.h"
#include "vec.h"

#define EXECUTION_NONE UINT32_MAX
#define LOOP_TOKENS UINT64_MAX /* a loop event's token: those of the jobserver may be free */

enum execution_state {
    EXECUTION_WAITING, /* for tasks before it */
    EXECUTION_READY,
    EXECUTION_RUNNING,
    EXECUTION_DONE,
};

/* One task, or a batch of tasks that one command works on. */
struct execution {
    uint32_t first;    /* in run->members */
    uint32_t count;    /* tasks that still belong to it */
    uint32_t pending;  /* edges from tasks that aren't resolved */
    uint32_t attempts; /* that failed so far */
    enum execution_state state;
    double seconds;  /* that it takes, as far as is known */
    double priority; /* seconds of the longest path that begins with it */
    struct ledger_request request;
};

enum task_state {
    TASK_IDLE,
    TASK_OK,
    NODE_FAILED,      /* itself */
    TASK_NOT_STARTED, /* because of another */
};

/* What was seen of a task when it was started. */
struct launched {
    struct digest fingerprint;
    struct component *components; /* owned */
    size_t count;
};

struct slot {
    uint32_t execution; /* EXECUTION_NONE: free */
    enum launch_kind kind;
    struct child *children; /* pidfd -1: has ended; owned */
    bool *child_is_step;    /* by child: it is srun; owned */
    bool has_steps;         /* srun is among them, or below them */
    unsigned kills;         /* KILLs that were sent */
    unsigned child_count;
    unsigned alive;
    struct child_end end;  /* of all: the first failure's, with the time of all that ended */
    unsigned failed_child; /* where one failed: which */
    char *mark;            /* see launch.h; NULL: none; owned */
    struct ledger_grant grant;
    struct launched *launched; /* by task of the execution; owned */
    int64_t started_ns;
    int64_t deadline_ns; /* 0: none */
    int64_t kill_ns;     /* 0: no TERM was sent */
    bool timed_out;
    bool cancelled;
    char *label;
    unsigned looks;    /* at what it uses */
    double wait_share; /* seconds without a CPU for each on one, at the last look */
    struct advice_usage seen;
};

struct action_progress { /* for the time left, and for advice */
    size_t left;         /* executions */
    size_t ended;
    double seconds; /* of the ended ones */
    double cores;
    size_t succeeded; /* executions of this run */
    double succeeded_s;
    struct advice_usage seen; /* of all executions of this run */
    bool advised[ADVICE_KINDS];
};

struct run {
    struct plan *plan;
    const struct launch_context *launch;
    const struct run_options *options;
    const struct run_observer *observer;
    struct run_result *result;
    struct diag *diag;
    struct ledger *ledger;
    struct schedule *schedule; /* of the ready executions */
    const struct machine *machine;
    struct logs *logs;
    char *temporary; /* folder for what MPI leaves behind, made when first needed; NULL: not yet */
    bool no_temporary;
    uint64_t marks; /* given so far */
    struct loop *loop;
    struct tokens tokens;
    struct arena scratch; /* cleared after each start */

    struct execution *executions;
    size_t execution_count;
    VEC(struct task_id) members;
    uint32_t *execution_of; /* by task */
    uint8_t *task_states;   /* by task: enum task_state */
    VEC(uint32_t) ready;    /* a heap of executions by priority */
    VEC(uint32_t) looks;    /* executions whose predecessors are all resolved */
    VEC(struct slot) slots;
    struct action_progress *actions; /* by action element */
    size_t running;
    size_t most_running;      /* as many as there are descriptors for */
    struct rlimit open_files; /* as it was before this run: what children get */
    size_t total;             /* tasks that may have to run */
    size_t done;
    size_t failures;
    int64_t started_ns;
    int64_t beat_ns;
    bool stopping;
    bool interrupted;
    bool is_ending;           /* interrupted since the time is up */
    size_t too_long;          /* tasks that were not started for lack of time */
    double too_long_s;        /* what the shortest of them takes */
    bool broken;              /* records can't be written: stop */
    VEC(struct file_id) racy; /* files to be settled at the end */
    uint32_t *met;            /* by task: the last walk over ancestors that met it */
    uint32_t walks;
    VEC(struct task_id) far; /* tasks whose many ancestors are yet to be looked at */
    size_t far_cost;         /* ancestors that the last look at such tasks met */
};

/* requests.c */
/* What an execution of the action on so many directories asks for. */
struct ledger_request run_request_of(const struct run *run, const struct action *action,
                                     size_t directories);
/* Tells what can never fit; -1 if anything can't. */
int run_check_requests(struct run *run);

/* executions.c */
int run_build_executions(struct run *run);
const struct task_id *execution_nodes(const struct run *run, const struct execution *execution);
/* Tells the schedule how much work there is. */
void run_expect_all(struct run *run);
void run_push_again(struct run *run, uint32_t execution); /* after an attempt */
/* Goes on with the first `kept` tasks of an execution that isn't in the schedule: it is ready, or
 * done if none are left. */
void run_keep_tasks(struct run *run, uint32_t execution, uint32_t kept);
/* Marks a task as decided for this run, and looks for what waited for it only. */
void run_resolve(struct run *run, struct task_id task, enum task_state state);
/* Looks again at executions that nothing is pending for any more: those that have to run become
 * ready. */
void run_look(struct run *run);

/* back_up.c: old products before a task runs */
struct moves { /* paths; owned */
    VEC(char *) good;
    VEC(char *) kept;
};

/* What is to be moved before the task runs (rules.md, rule 8). What matches the record of a success
 * is the good set. What doesn't is a stranger: left where it is when the same attempt continues or
 * when nothing was ever recorded, a backup otherwise. */
void run_plan_moves(struct run *run, struct task_id task, const struct launched *launched,
                    struct moves *moves);
int run_back_up(struct run *run, const struct moves *moves); /* all or none; -1 after an error */
void moves_release(struct moves *moves);

/* start.c */
/* Starts an execution whose grant was taken. Whatever goes wrong is recorded and told as a failure.
 */
void run_start(struct run *run, uint32_t execution, struct ledger_grant *grant);

/* children.c */
/* Starts the processes of a slot's execution and watches them; they share the jobserver, if it is
 * open. -1 after an error: none is left. */
int run_start_children(struct run *run, struct slot *slot, const struct launch_command *command,
                       int output, const struct jobserver *jobserver);
/* Takes the status of a child that ended; the first that fails ends the others. True: it was the
 * last. */
bool run_child_ended(struct run *run, struct slot *slot, unsigned child);
void run_signal_children(const struct slot *slot, int signal);
/* Whether somebody is left in the process groups of the children. */
bool run_group_alive(const struct slot *slot);
/* Kills what an execution of several processes left behind, so that its cores can be given to
 * others. */
void run_kill_orphans(struct run *run, const struct slot *slot);
void run_add_mark(struct run *run, struct slot *slot);
/* A folder for what MPI leaves behind, for one slot: in `arena`, or NULL where none can be made. */
const char *run_temporary(struct run *run, unsigned slot, struct arena *arena);
void run_clear_temporary(struct run *run, unsigned slot);
void run_remove_temporary(struct run *run); /* all slots' */

/* finish.c */
void run_finish(struct run *run, struct slot *slot, const struct child_end *end);
void run_release_slot(struct run *run, struct slot *slot); /* returns its grant; it is free then */
/* Records and tells a failure of tasks that did not get as far as running. */
void run_fail_unstarted(struct run *run, const struct task_id *tasks, size_t count,
                        const char *how);
/* Fails a task that can't be run: an input is missing. */
void run_fail_blocked(struct run *run, struct task_id task);
/* Renames backups back. 0, or -1 after an error. */
int run_restore(struct plan *plan, struct task_id task, struct diag *diag);
/* Deletes the backups of a success that is on record; what can't be deleted is warned of,
 * and stays on record. */
void run_discard_backups(struct plan *plan, struct task_id task, struct diag *diag);

/* ancestors.c */
/* Looks whether the task's run changed products of tasks before it, which are then recorded anew
 * for their makers and for all that had recorded them (rules.md, rule 4). Where there are many,
 * that waits until as many tasks have ended as there are ancestors to be looked at. */
void run_look_at_ancestors(struct run *run, struct task_id task, const char *label);
/* Looks at what waited. */
void run_look_at_far_ancestors(struct run *run);

/* stop.c */
void run_stop(struct run *run, bool interrupted);
void run_terminate(struct run *run, struct slot *slot); /* TERM now, KILL after the grace */
void run_check_deadlines(struct run *run);
int64_t run_next_deadline(const struct run *run); /* 0: none */
void run_kill_leftovers(struct run *run);

/* left_running.c */
/* Tells, once for each action, how many processes its commands left running when they ended by
 * themselves. They live on. */
void run_tell_left_running(struct run *run);

/* time_left.c */
/* Whether an execution is likely to end in time; what nobody knows a duration of, is. */
bool run_has_time_for(const struct run *run, const struct execution *execution);
/* Its tasks are not started in this run. */
void run_pass_over(struct run *run, uint32_t execution);
void run_tell_passed_over(struct run *run);
/* Whether a TERM that comes now means that the time is up. */
bool run_time_is_up(const struct run *run);
double run_grace_s(const struct run *run); /* between TERM and KILL */

/* advise.c */
void run_look_at_usage(struct run *run);            /* of the executions that it is time for */
int64_t run_next_usage_look(const struct run *run); /* 0: never */
/* Takes what the execution of a slot used in the end. */
void run_learn(struct run *run, struct slot *slot, const struct child_end *end, double seconds,
               bool succeeded);
/* Tells what is worth knowing of the execution's action and wasn't told yet. */
void run_advise(struct run *run, const struct execution *execution);

/* progress_report.c */
void run_tell(struct run *run, struct run_event event);
void run_notice(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void run_add_label(const struct run *run, const struct task_id *tasks, size_t count,
                   struct buf *out);

#endif
