/* Watches the commands of a run, and finds what their actions don't declare.
 *
 * A run calls audit_start for each command that it is about to start, which puts rowbuild-trace in
 * front of it. When the command has ended, audit_end reads what was written down, and compares it:
 * before anything else changes what the command left.
 *
 * Which file holds what: trace.c is the program that watches. There are two ways to see calls:
 * tracer.c stops processes by ptrace, and sees what became of each call; listener.c is notified by
 * seccomp before each call, and foresee.c judges what will become of it. Both use watched_call.c
 * (what calls mean), watcher.c (which paths count), tracee.c (what a stopped process knows),
 * trace_filter.c (seccomp) and trace_writer.c (the log). trace_log.h is the log's format,
 * trace_read.c reads it. audit_compare.c finds differences, audit_findings.c
 * collects and words them, declared.c says what is declared.
 *
 * Knows: graph, Rowfile, commands. Doesn't know: when a run starts what. Files that commands only
 * ask about (stat) aren't seen, nor what processes do that something else starts for them: a
 * scheduler's daemon, a container's. */
#ifndef ROWBUILD_AUDIT_H
#define ROWBUILD_AUDIT_H

#include "audit_findings.h"
#include "diag.h"
#include "graph.h"
#include "launch.h"

#include <stdbool.h>

struct audit;

enum audit_way {
    AUDIT_BY_PTRACE,       /* exact; programs that use ptrace themselves fail */
    AUDIT_BY_NOTIFICATION, /* of seccomp: whether a call will succeed is judged before it */
};

/* Checks that commands can be watched here in this way, and makes the folder for what is written down. NULL after
 * an error. The rowfile must outlive it. `outside`: also finds what is read outside of the
 * project. */
struct audit *audit_new(const struct rowfile *rowfile, const char *project_path, enum audit_way way,
                        bool outside, struct diag *diag);
void audit_free(struct audit *audit);

/* Both are for struct run_wrap: make a command be watched, and take in what it did. `succeeded`: so
 * that an input that wasn't read is worth a word. */
void audit_start(void *audit, const struct graph *graph, const struct task_id *tasks, size_t count,
                 struct launch_command *command, struct arena *arena);
void audit_end(void *audit, const struct graph *graph, const struct task_id *tasks, size_t count,
               bool succeeded);

/* How many commands were watched. */
size_t audit_count(const struct audit *audit);

/* The findings, complete. Warns of what could not be seen. */
const struct audit_findings *audit_finish(struct audit *audit, struct diag *diag);

#endif
