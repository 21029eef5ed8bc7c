/* Waiting for children, signals and time: one epoll.
 *
 * Knows: pidfds, signalfd, timerfd. Doesn't know: tasks. One loop for each thread that runs one. */
#ifndef ROWBUILD_LOOP_H
#define ROWBUILD_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

enum loop_event_kind { LOOP_CHILD, LOOP_SIGNAL, LOOP_TIMER };

struct loop_event {
    uint64_t token; /* LOOP_CHILD: as given; LOOP_SIGNAL: the signal's number */
    enum loop_event_kind kind;
    /* LOOP_SIGNAL: SIGCHLD of a child that was stopped or continued. Of several that came at once
     * only the first is told. */
    bool tells_stop;
};

/* Blocks SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU and SIGCHLD in the calling
 * thread (schedulers send any of them) and reads them through a signalfd, except those that were
 * ignored (nohup); loop_free restores the mask. Threads started before must have them blocked too
 * (loop_block_signals, called by the main thread first). `takes_stops`: SIGTSTP and SIGCONT, too.
 * NULL with errno. */
struct loop *loop_new(bool takes_stops);
void loop_free(struct loop *loop);
/* `before` gets the calling thread's mask as it was. */
void loop_block_signals(sigset_t *before, bool takes_stops);
void loop_restore_signals(const sigset_t *before);

int loop_watch(struct loop *loop, int fd, uint64_t token); /* readable → LOOP_CHILD event */
void loop_unwatch(struct loop *loop, int fd);              /* before the descriptor is closed */

/* Asks for a LOOP_TIMER at that monotonic time (clock.h); 0: none. */
void loop_set_timer(struct loop *loop, int64_t monotonic_ns);

/* Waits up to timeout_ms (-1: indefinitely); fills up to `limit` events; returns how many, 0 at
 * timeout, -1 with errno. EINTR is not an error (0). */
int loop_wait(struct loop *loop, struct loop_event *events, size_t limit, int timeout_ms);

#endif
