/* The processes of one execution, and what is left of them.
 *
 * Knows: starting them, their statuses, signals, TERM before KILL, job steps. Doesn't know: what an
 * execution is for, and what its end means. */
#ifndef ROWBUILD_CHILDREN_H
#define ROWBUILD_CHILDREN_H

#include "jobserver.h"
#include "launch.h"
#include "spawn.h"

struct run;
struct slot;

struct children {
    struct child *all; /* pidfd -1: has ended; owned */
    bool *is_step;     /* by child: it is srun; owned */
    bool *is_stopped;  /* by child: by a signal, at the last look; owned */
    bool has_steps;    /* srun is among them, or below them */
    unsigned count;
    unsigned alive;
    struct child_end end; /* of all: the first failure's, with the time of all that ended */
    unsigned failed;      /* where one failed: which */
    char *mark;           /* see launch.h; NULL: none; owned */
    unsigned kills;       /* KILLs that were sent */
    int64_t kill_ns;      /* when the next one is due, by run_now; 0: no TERM was sent */
};

/* Gives the slot's children the mark by which all that belongs to them is known. */
void children_add_mark(struct run *run, struct slot *slot);
/* Starts the processes of a slot's execution and watches them; they share the jobserver, if it is
 * open. -1 after an error: none is left. */
int children_start(struct run *run, struct slot *slot, const struct launch_command *command,
                   int output, const struct jobserver *jobserver);

/* Takes the status of a child that ended; the first that fails ends the others. True: it was the
 * last. */
bool children_take_end(struct run *run, struct slot *slot, unsigned child);
void children_signal(const struct children *children, int signal);
/* TERM now; KILL is due after the grace. */
void children_terminate(const struct run *run, struct children *children);
/* Whether somebody is left in the process groups of the children. */
bool children_group_alive(const struct children *children);
/* Kills what an execution of several processes left behind, so that its cores can be given to
 * others. */
void children_kill_orphans(struct run *run, const struct slot *slot);

#endif
