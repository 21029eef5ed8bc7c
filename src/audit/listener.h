/* Follows a process and everything that it starts by seccomp's user notification, and writes down what
 * they are about to do to files: sees calls begin, never how they end. tracer.h is the other way.
 *
 * Knows: the kernel's notifications, how the descriptor comes here. Doesn't know: which calls mean what.
 * Since nobody is attached to the processes, they may use ptrace themselves. */
#ifndef ROWBUILD_LISTENER_H
#define ROWBUILD_LISTENER_H

#include "watcher.h"

/* Pass the descriptor of the filter through a socket between two processes, and take it there; the
 * sender keeps its own. 0, or an error number. *listener is the caller's. */
int listener_send(int socket, int listener);
int listener_receive(int socket, int *listener);

/* Follows all processes that have the filter until the last of them has ended. */
void listener_follow(int listener, struct trace_writer *writer,
                     const struct watch_options *options);

#endif
