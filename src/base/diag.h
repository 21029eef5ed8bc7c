/* Errors, warnings and notes, collected for the code that talks to the user.
 *
 * Knows: what is found (finding.h), where in a text something is wrong, and how to show it. Doesn't
 * know: standard error. A function that can fail takes a `struct diag *`, adds at least one error
 * and returns -1; several errors can be added before it returns, so that all are seen at once. */
#ifndef ROWBUILD_DIAG_H
#define ROWBUILD_DIAG_H

#include "arena.h"
#include "buf.h"
#include "finding.h"
#include "slice.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum diag_severity { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

/* Who must act; this decides the exit status. */
enum diag_blame {
    DIAG_DESCRIPTION, /* the command line or the Rowfile is wrong: 2 */
    DIAG_STATE,       /* the state or the workspace can't be used: 3 */
};

/* A text that errors point into; it must outlive the diag's rendering. */
struct source {
    const char *name; /* as shown: "Rowfile" */
    struct slice text;
};

/* A directory that an entry concerns. */
struct diag_directory {
    const char *name;
    struct diag_directory *next;
};

struct diag_entry {
    enum finding_code code;
    enum diag_severity severity;
    enum diag_blame blame;
    const struct source *source;        /* NULL: no place */
    size_t offset;                      /* byte offset in source->text */
    size_t length;                      /* bytes to underline, at least 1 */
    const char *message;                /* one sentence, no full stop, no newline */
    const char *action;                 /* NULL, or the one action that the entry concerns */
    struct diag_directory *directories; /* that the entry concerns; NULL: none in particular */
    struct diag_directory *last_directory;
};

/* Receives notes that are useful only immediately. `note` must not keep pointers into the entry. */
struct diag_listener {
    void (*note)(void *context, const struct diag_entry *entry); /* NULL: nobody listens */
    void *context;
};

struct diag {
    struct diag_listener listener; /* set by the caller */
    struct arena bytes;
    VEC(struct diag_entry) entries;
    size_t errors;
    /* Copied into entries that are added; borrowed, set and reset by the caller. */
    const char *action;
};

void diag_init(struct diag *diag);
void diag_release(struct diag *diag);

/* All add one entry; diag_error and diag_state_error return -1 for `return diag_error(…)`. */
int diag_error(struct diag *diag, enum finding_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int diag_state_error(struct diag *diag, enum finding_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int diag_error_at(struct diag *diag, enum finding_code code, const struct source *source,
                  size_t offset, size_t length, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void diag_warning(struct diag *diag, enum finding_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning_at(struct diag *diag, enum finding_code code, const struct source *source,
                     size_t offset, size_t length, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void diag_note(struct diag *diag, enum finding_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_note_at(struct diag *diag, enum finding_code code, const struct source *source,
                  size_t offset, size_t length, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* A note about the current activity, for instance that a lock is waited for. The listener gets it
 * and no entry is added. Without a listener it is added like other notes. */
void diag_note_now(struct diag *diag, enum finding_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says that the entry which was added last concerns this directory as well. */
void diag_add_directory(struct diag *diag, struct slice name);

/* Adds a copy of an entry of another diag: its words are copied, its source is borrowed as
 * before. */
void diag_take(struct diag *diag, const struct diag_entry *entry);

/* Line and column of a byte offset, both from 1; columns count UTF-8 code points. */
void source_place(const struct source *source, size_t offset, size_t *line, size_t *column);

/* mend.c: the part of a message that says what to type instead ("use …", "did you mean …?"): what
 * follows the semicolon after what is wrong. NULL if the message has none. */
const char *diag_mend(const char *message);

/* Appends "Rowfile:12:9: error: …\n", the line and a caret; without a place "error: …\n". */
void diag_render(const struct diag_entry *entry, bool colour, struct buf *out);

#endif
