/* Names of the inbox's files; only the state includes this. */
#ifndef ROWBUILD_INBOX_FILES_H
#define ROWBUILD_INBOX_FILES_H

#include "inbox.h"

/* A file of records, from its name. */
struct inbox_file {
    struct slice name;  /* in the inbox */
    struct slice token; /* in `name` */
    uint64_t element;
    uint64_t attempt;
    uint64_t number;
};

/* Whether the name names a file of records. */
bool inbox_parse_name(struct slice name, struct inbox_file *file);

/* The id in the headers and checksums of a submission's files. */
uint64_t inbox_journal_id(struct slice token);

/* Begins an attempt: its number, or 0 with errno. `folder` is the inbox, which is there. */
uint64_t inbox_begin_attempt(int folder, const struct inbox_attempt *attempt);

/* Writes a file of records, synced. -1 with errno: nothing of it is left. */
int inbox_write(int folder, const struct inbox_attempt *attempt, uint64_t number, uint64_t file,
                struct slice content);

/* As inbox_list for the open inbox; -1: there is none. */
void inbox_list_at(struct inbox_names *names, int folder);

/* Removes a file of records that another one has taken in. */
void inbox_remove(int folder, const struct inbox_attempt *attempt, uint64_t number, uint64_t file);

/* Whether records of an attempt are past, and how they become so. -1 with errno. */
bool inbox_is_past(const struct inbox_names *names, const struct inbox_file *file);
int inbox_make_past(int folder, const struct inbox_file *newest);

#endif
