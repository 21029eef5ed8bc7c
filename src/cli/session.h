/* One invocation of the command: its settings, its output, and the library's handles.
 *
 * Knows: how the library's messages are shown, how targets are read, how errors end. Doesn't know:
 * single commands. Everything in it lives until session_release. */
#ifndef ROWBUILD_SESSION_H
#define ROWBUILD_SESSION_H

#include "arena.h"
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
    size_t told;            /* how many of the messages were shown */
    struct rowbuild *study; /* NULL until session_open */
    struct arena bytes;     /* targets from standard input */
    VEC(const char *) targets;
    bool targets_wanted; /* `-` was given: no target doesn't mean all */
};

void session_release(struct session *session);

/* Opens the project; the status to end with, after the messages were shown. The second leaves that
 * to its caller. */
int session_open(struct session *session);
int session_open_silently(struct session *session);

/* Fills `targets` from the operands and standard input. */
int session_read_targets(struct session *session);

/* Whether `-` gave no targets, so that there is nothing to do. */
bool session_has_no_target(const struct session *session);

/* The selection made from the settings and targets; borrowed from the session. */
struct rowbuild_selection session_selection(const struct session *session);

/* Shows the messages that came since the last call; with --quiet only errors, with
 * two of them nothing. */
void session_tell(struct session *session);
/* Shows immediately what the library is doing if it takes a while. */
void session_listen(struct session *session);

/* "rowbuild: …" on standard error; for usage errors with a second line that leads to the help.
 * Return ROWBUILD_USAGE. */
int session_error(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int session_usage_error(struct session *session, const char *problem);

/* One result, as printf; it should be whole lines. */
void session_print(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Results of the library on standard output. If they can't be written any more, the process exits
 * immediately: commands that only show something have nothing to finish. */
struct rowbuild_writer session_writer(struct session *session);

#endif
