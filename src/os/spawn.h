/* Starting and ending processes.
 *
 * Knows: clone, sessions and process groups, affinity, descriptors, signals, pidfds. Doesn't know:
 * what is run. Follows clone(2), pidfd_open(2), PR_SET_CHILD_SUBREAPER in prctl(2). Call from one
 * thread at a time: which children are yet to be reaped is noted once for the process, as the
 * kernel does. Every other descriptor of this process must be close-on-exec. */
#ifndef ROWBUILD_SPAWN_H
#define ROWBUILD_SPAWN_H

#include "buf.h"
#include "cpumask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct spawn_request {
    char *const *argv; /* argv[0] is looked up in PATH of `envp` when it has no '/' */
    char *const *envp;
    int directory;              /* descriptor of the working directory, or -1: inherit */
    int output;                 /* becomes stdout and stderr; -1: inherit */
    int input;                  /* becomes stdin; 0: /dev/null */
    int errors;                 /* becomes stderr, in place of `output`; 0: doesn't */
    const struct cpumask *bind; /* NULL: inherit affinity; where it is refused, too: `unbound` */
    const int *inherit;         /* these become descriptors 3, 4, … of the child; each must itself
                                   be none of these numbers */
    size_t inherit_count;
    const struct rlimit *open_files; /* the child's limit of descriptors; NULL: inherit */
    /* It is killed when the thread that starts it ends, by whatever; not what it starts. */
    bool dies_with_us;
};

enum { SPAWN_FIRST_INHERITED = 3 };

struct child {
    pid_t pid;   /* leads a session and a process group of its own: it has no terminal */
    int pidfd;   /* readable when it has ended; owned by the caller, closed by child_reap */
    int unbound; /* errno with which binding it was refused; 0: it wasn't */
};

struct child_end {
    bool signalled;
    int status;              /* exit status, or the signal's number when signalled */
    double cpu_seconds;      /* user + system, with its waited-for children */
    uint64_t peak_rss_bytes; /* ru_maxrss: not below this process's own (see notes) */
};

/* Starts a process. 0, or -1 with errno of whatever failed, also of execve in the child (ENOENT,
 * EACCES, E2BIG …): then nothing was started. */
int spawn_child(const struct spawn_request *request, struct child *child);

/* Takes the status of an ended child; closes its pidfd. 0; 1 when it still runs; -1 with errno when
 * the status isn't available (the pidfd is closed then, too). */
int child_reap(struct child *child, struct child_end *end);

/* What a signal did to a child since the last look: 1 it was stopped, -1 it was continued, 0
 * neither, or it has ended. */
int child_look(const struct child *child);

/* Whether anybody is left in the process group of a reaped child; ended orphans in it are reaped
 * first. */
bool child_group_alive(pid_t leader);

/* Raises this process's limit of open descriptors to `wanted` as far as it may; returns the limit
 * that holds now. `before` gets the old one, for spawn_restore_open_files and for children:
 * programs that select(2) rely on small numbers. */
size_t spawn_raise_open_files(size_t wanted, struct rlimit *before);
void spawn_restore_open_files(const struct rlimit *before);

/* Stops this process until it gets a SIGCONT. */
void spawn_stop_self(void);

/* Makes this process the reaper of orphaned descendants. Call once before the first spawn. */
void spawn_become_subreaper(void);

/* Sends `signal` to every descendant of this process, orphans included (reads
 * /proc/self/task/TID/children recursively). Returns how many there were, the ended ones that wait
 * to be reaped not counted. What is born or orphaned meanwhile can be missed: signal and reap until
 * it is 0. */
unsigned spawn_signal_descendants(int signal);

/* Sends `signal` to the process group and all descendants of one child. */
void spawn_signal_child(const struct child *child, int signal);

/* Sends `signal` (0: none) to the processes called `name` at or below a child, but not to those
 * whose parent is called so too. False: there are none, and nothing was sent. */
bool spawn_signal_named(const struct child *child, const char *name, int signal);

/* Kills every orphan whose environment holds `mark` ("NAME=value"), with its descendants, and reaps
 * what has ended. Returns how many such orphans there were: kill until it is 0. */
unsigned spawn_kill_orphans(const char *mark);

/* Kills every process of this user whose environment holds `mark`, whoever its parent is, but none
 * that this process descends from, and waits until they have ended (2 s at most). Each is held by a
 * pidfd from before its environment is read until it gets the signal: a number that is given away
 * meanwhile hits nobody. Those called `gently` (NULL: none) get SIGTERM first, to end by it what
 * they look after. Returns how many there were. */
unsigned spawn_kill_marked(const char *mark, const char *gently);

/* The orphans that are this process's children now, with their descendants, without what has ended.
 * The caller frees *pids with free(). */
size_t spawn_list_orphans(pid_t **pids);

/* Appends the value of a variable in the environment that a process was started with; false: it has
 * none, or this process may not read it. */
bool spawn_read_variable(pid_t pid, const char *name, struct buf *value);

/* Reaps ended orphans (not children that were started by spawn_child and are yet to be reaped). */
void spawn_reap_orphans(void);

#endif
