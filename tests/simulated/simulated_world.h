/* Processes that are functions of the test, and time that passes only when somebody waits, behind
 * the table of world.h.
 *
 * Knows: what a run may expect of processes: when they end, what signals do to them, what they leave
 * behind, and that starting one can be refused. Doesn't know: what their commands mean (the test's
 * functions do).
 *
 * There is one world at a time. Its clock is that of the simulated disk. A wait moves it to the next
 * moment at which something happens: a process does what it does, ends or is ended, the test's own
 * function is due, the run's timer runs out. A wait in which nothing can happen any more ends the
 * program: then the run, or the test, is wrong. All functions are called on the thread that waits. */
#ifndef ROWBUILD_SIMULATED_WORLD_H
#define ROWBUILD_SIMULATED_WORLD_H

#include "simulated_disk.h"
#include "world.h"

struct simulated_process {
    /* What was asked for */
    pid_t pid;
    char **argv;        /* NULL-terminated, as is the environment */
    char **environment; /* NAME=value */
    int output;         /* a descriptor of the simulated disk */
    bool is_bound;
    struct cpumask cpus;

    /* What `start` says of it. All zero: it does what it does at once, and ends with status 0. */
    int64_t acts_ns;      /* after its start, when `act` is called */
    int64_t lasts_ns;     /* after its start, when it ends */
    int status;           /* `act` may change it */
    int killed_by;        /* a signal that ends it; 0: it exits */
    bool ignores_term;    /* TERM, INT and HUP */
    int64_t term_ns;      /* its handler of TERM takes so long; 0: TERM kills it at once */
    unsigned leaves;      /* processes in its group that live on when it ends, until a signal */
    bool leaves_stubborn; /* …that is KILL */
};

struct simulated_programs {
    void (*start)(void *context, struct simulated_process *process);
    void (*act)(void *context, struct simulated_process *process);
    void *context;
};

/* Puts it in force, after simulated_begin; ends it, and the kernel's is in force again. */
void simulated_world_begin(const struct simulated_programs *programs);
void simulated_world_end(void);

/* ---- What happens ---- */

typedef void simulated_event(void *context);

/* Calls a function of the test when so much time has passed from now on. */
void simulated_after(int64_t ns, simulated_event *event, void *context);

/* This program gets a signal now. */
void simulated_signal(int signal);

/* A process, the n-th that was started, gets a signal from somebody else. */
void simulated_signal_process(size_t nth, int signal);

/* How long this program stays stopped when it stops itself. */
void simulated_set_stop(int64_t ns);

/* Stops this program now and for so long, without asking it; with `all` its processes, too. `tells`:
 * it is continued by a signal, and not thawed. */
void simulated_hold(int64_t ns, bool all, bool tells);

/* Power goes: no process lives, no signal is pending. */
void simulated_world_crash(void);

/* Pauses take no time up to the 4096th from now on: a clock that is too coarse for them. */
void simulated_set_hasty(bool is_hasty);

/* ---- What is refused ---- */

/* At most so many processes at once (0: any number); a further one fails with that error. */
void simulated_limit_processes(size_t most, int error);

/* Starting fails: the n-th from now on only, or all (0). */
void simulated_refuse_start(unsigned nth, int error);

/* Binding is refused with that error; 0: it isn't. */
void simulated_refuse_binding(int error);

void simulated_set_open_files(size_t limit); /* 0: as many as are wanted */

/* ---- How busy the machine is ---- */

void simulated_set_load(double load);
void simulated_set_memory_left(uint64_t bytes); /* 0: nobody knows */

/* ---- What there was ---- */

size_t simulated_looks(void); /* at load and memory */

size_t simulated_started(void);      /* processes */
size_t simulated_alive(void);        /* those left behind included */
size_t simulated_most_at_once(void); /* of those that were started */
size_t simulated_shared_cpus(void);  /* starts on CPUs that another one was bound to */

#endif
