/* The inbox: records that jobs on other hosts leave for the next process that writes the state, in
 * `inbox/` below the state folder.
 *
 * Knows: the names of these files and when they count. Doesn't know: schedulers, the contents of
 * records.
 *
 * The names of all files of an element begin with TOKEN.ELEMENT and a dot. The rest of the name is
 * - ATTEMPT-NUMBER: records. The file is a journal (journal.h) whose id is made from the token; it
 *   is put in place by rename. NUMBER counts the files of the attempt. Many files are merged into
 *   one with the next number and then removed.
 * - ATTEMPT-NUMBER.new: a file of records that is being written
 * - ATTEMPT-NUMBER.damaged: a file of records that couldn't be read completely
 * - attempt-ATTEMPT: this attempt was started. The runs of one job (which may be requeued) are
 *   numbered by creating these files, so that no clock matters.
 * - past-ATTEMPT: records of earlier attempts no longer count; those of later attempts are in the
 *   state
 * - another word: what a job says about itself besides its records (claims.h)
 *
 * Files count as long as their element does, which a struct inbox_registry decides. They are read
 * in the registry's order of submissions, then by element, attempt and number. Nothing here relies
 * on locks or on times of files. */
#ifndef ROWBUILD_INBOX_H
#define ROWBUILD_INBOX_H

#include "buf.h"
#include "diag.h"
#include "intern.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The element whose records a job's state writes. */
struct inbox_attempt {
    const char *token;
    uint32_t element;
};

/* Decides which records count; the state asks it when it reads the inbox. */
struct inbox_registry {
    /* Reads the current registrations below the state folder, which messages call `shown`. NULL
     * after an error; otherwise the caller releases the result. */
    void *(*read)(const void *context, int folder, const char *shown, struct diag *diag);
    void (*release)(void *entries);
    /* Whether the records of an element count; then *place is the place of its submission in the
     * order in which records are read. */
    bool (*counts)(const void *entries, struct slice token, uint64_t element, size_t *place);
    /* How many registrations are below the state folder, and how many of them are known to be
     * complete. This tells whether the folder was in use. */
    void (*count)(int folder, size_t *registered, size_t *whole);
    const void *context;
};

/* Appends an element's name, "TOKEN.ELEMENT". */
void inbox_add_element(struct slice token, uint64_t element, struct buf *out);

/* Opens the inbox of a state folder; with `make`, creates both if they are missing. Returns a
 * descriptor, which the caller closes, or -1 with errno as inside.h says. */
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

/* Without an inbox, the list is empty. The caller releases it in any case. */
void inbox_list(struct inbox_names *names, const char *state_path);
void inbox_names_release(struct inbox_names *names);
/* Whether there is a file TOKEN.ELEMENT.KIND. */
bool inbox_names_have(const struct inbox_names *names, const struct inbox_attempt *attempt,
                      const char *kind);

#endif
