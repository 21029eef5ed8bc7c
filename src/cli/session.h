/* One invocation of the command: its settings, its output, and the library's handles.
 *
 * Knows: how to show the library's messages, how to read targets, and the exit status of errors.
 * Doesn't know: individual commands. Everything in a session lives until session_release. */
#ifndef ROWBUILD_SESSION_H
#define ROWBUILD_SESSION_H

#include "arena.h"
#include "document.h"
#include "event_log.h"
#include "output.h"
#include "rowbuild.h"
#include "settings.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

struct session {
    struct settings settings;
    struct output output;
    struct rowbuild_messages *messages;
    size_t told;               /* how many of the messages have been shown */
    struct rowbuild *study;    /* NULL until session_open */
    struct event_log events;   /* of a run with --events */
    struct document document;  /* check, audit and runs: what --format asks for */
    struct run_report *report; /* collects what happens in a run for it; NULL: nobody asks */
    struct arena bytes;        /* targets from standard input */
    VEC(const char *) targets;
    bool targets_wanted; /* `-` was given: no target doesn't mean all */
};

void session_release(struct session *session);

/* Opens the project and shows the messages. Returns the exit status. session_open_silently leaves
 * the messages to its caller. */
int session_open(struct session *session);
int session_open_silently(struct session *session);

/* Fills `targets` from the operands and standard input. */
int session_read_targets(struct session *session);

/* Whether `-` gave no targets, so that there is nothing to do. */
bool session_has_no_target(const struct session *session);

/* The selection made from the settings and targets; borrowed from the session. */
struct rowbuild_selection session_selection(const struct session *session);

/* Shows the messages since the last call; with --quiet only errors, with --quiet twice nothing. */
void session_tell(struct session *session);
/* From now on shows immediately what the library is doing if that takes a while. */
void session_listen(struct session *session);

/* Write "rowbuild: …" to standard error, for usage errors with a second line that points to the
 * help. Return ROWBUILD_USAGE. */
int session_error(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int session_usage_error(struct session *session, const char *problem);

/* Prints a result like printf; it should consist of whole lines. */
void session_print(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes the library's results to standard output. If a write fails, the process exits immediately,
 * since commands that only show something have nothing to finish. */
struct rowbuild_writer session_writer(struct session *session);

#endif
