/* Records that jobs on compute nodes leave for whoever writes the state next: `inbox/` below the
 * state folder.
 *
 * Knows: the names of these files and when they count. Doesn't know: schedulers, what is in a
 * record. All of an element's files begin with TOKEN.ELEMENT and a dot:
 * - ATTEMPT-NUMBER: records, a journal (journal.h) of its own, whose id is made from the token, put
 *   in place by rename; NUMBER counts the files of the attempt. Many become one of the next number,
 *   then they are removed
 * - ATTEMPT-NUMBER.new: one that is being written; ATTEMPT-NUMBER.damaged: one that couldn't be
 * read whole
 * - attempt-ATTEMPT: this attempt was begun. Runs of one job (a requeued one) are counted by who
 *   makes such a file first, so that nobody's clock matters
 * - past-ATTEMPT: records of earlier attempts don't count any more, later ones are in the state
 * - other words: what jobs say of themselves beside their records
 * Files count while their element does, which a struct inbox_registry says. Their order is its
 * order of the submissions, then elements, attempts, numbers. Nothing here relies on locks or on
 * times of files. */
#ifndef ROWBUILD_INBOX_H
#define ROWBUILD_INBOX_H

#include "buf.h"
#include "diag.h"
#include "intern.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose records a job's state writes. */
struct inbox_attempt {
    const char *token;
    uint32_t element;
};

/* Who knows which records count: the state asks when it takes them in. */
struct inbox_registry {
    /* Reads what is registered just now below the state folder, which messages call `shown`. NULL
     * after an error; else the caller releases it. */
    void *(*read)(const void *context, int folder, const char *shown, struct diag *diag);
    void (*release)(void *entries);
    /* Whether the records of an element count; then *place is that of its submission in the order
     * in which records are taken in. */
    bool (*counts)(const void *entries, struct slice token, uint64_t element, size_t *place);
    /* How many registrations lie below the state folder, and how many of them are known to be
     * whole; they tell whether the folder was in use. */
    void (*count)(int folder, size_t *registered, size_t *whole);
    const void *context;
};

/* Appends an element's name, "TOKEN.ELEMENT". */
void inbox_add_element(struct slice token, uint64_t element, struct buf *out);

/* Opens the inbox of a state folder; `make`: makes both where they are missing. The descriptor, for
 * the caller to close, or -1 with errno as inside.h says. */
int inbox_open(const char *state_path, bool make);

/* Appends the name, in the inbox, of another file of an element: TOKEN.ELEMENT.KIND. */
void inbox_add_name(const struct inbox_attempt *attempt, const char *kind, struct buf *out);

/* Removes all files of submissions that are forgotten. */
void inbox_forget(const char *state_path, const struct slice *tokens, size_t count);
/* The same in another open folder (-1: there is none), which is closed: files whose names are one
 * of the prefixes, a token, a dot and more. */
void inbox_forget_in(int folder, const char *const *prefixes, size_t prefix_count,
                     const struct slice *tokens, size_t count);

/* The names in the inbox, read once: for questions about many elements. */
struct inbox_names {
    struct intern all;
};

/* No inbox: none. The caller releases them in any case. */
void inbox_list(struct inbox_names *names, const char *state_path);
void inbox_names_release(struct inbox_names *names);
/* Whether there is a file TOKEN.ELEMENT.KIND. */
bool inbox_names_have(const struct inbox_names *names, const struct inbox_attempt *attempt,
                      const char *kind);

#endif
