/* Follows a process and everything that it starts by ptrace, and writes down what they do to files: sees
 * calls begin and end. listener.h is the other way.
 *
 * Knows: stops. Doesn't know: which calls mean what. The calling
 * process must not have children of its own, and one thread must make all calls. */
#ifndef ROWBUILD_TRACER_H
#define ROWBUILD_TRACER_H

#include "watcher.h"

#include <sys/types.h>

/* Attaches to a process, which must not have loaded the filter yet. 0, or an error number. */
int tracer_attach(pid_t pid);

/* Follows it until it and all its descendants have ended. */
void tracer_follow(struct trace_writer *writer, const struct watch_options *options);

#endif
