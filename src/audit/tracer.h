/* Follows a process and everything that it starts, and writes down what they do to files.
 *
 * Knows: stops, which calls mean what. Doesn't know: what is declared, who wants to know. The calling
 * process must not have children of its own, and one thread must make all calls. */
#ifndef ROWBUILD_TRACER_H
#define ROWBUILD_TRACER_H

#include "trace_writer.h"

#include <stdbool.h>
#include <sys/types.h>

struct tracer_options {
    char *const *roots; /* absolute, without links: what lies below them is written down */
    size_t root_count;
    bool outside; /* also what lies elsewhere */
};

/* Attaches to a process, which must not have loaded the filter yet. 0, or an error number. */
int tracer_attach(pid_t pid);

/* Follows it until it and all its descendants have ended. */
void tracer_follow(struct trace_writer *writer, const struct tracer_options *options);

#endif
