/* The keys of a Rowfile, as the table grammar/rowfile.keys lists them.
 *
 * Knows: path, type, default, description and parent of each key. Doesn't know: documents.
 * Everything is constant. */
#ifndef ROWBUILD_KEYS_H
#define ROWBUILD_KEYS_H

#include "slice.h"

#include <stddef.h>

/* The types are explained at the top of grammar/rowfile.keys. */
enum rowfile_key_type {
    KEY_TABLE,
    KEY_TABLES,
    KEY_CHOICE,
    KEY_CHOICES,
    KEY_ACTION,
    KEY_VARIABLES,
    KEY_STRING,
    KEY_TEXT,
    KEY_BOOLEAN,
    KEY_COUNT,
    KEY_NATURAL,
    KEY_NUMBER,
    KEY_FACTOR,
    KEY_SIZE,
    KEY_DURATION,
    KEY_SCOPE,
    KEY_WORDS,
    KEY_STRINGS,
    KEY_POINTERS,
    KEY_EXPRESSION,
    KEY_CONDITION,
    KEY_CONDITIONS,
    KEY_VALUES,
    KEY_COUNTS,
};

struct rowfile_key {
    const char *path; /* "action.group.sort_by" */
    const char *name; /* its last part, "*" where the user chooses */
    int parent;       /* index in rowfile_keys, -1 at the top */
    enum rowfile_key_type type;
    const char *default_text; /* a TOML value, words in parentheses, or NULL */
    const char *description;  /* one sentence without a full stop */
};

/* In the order of the table: a parent comes before its children. */
extern const struct rowfile_key rowfile_keys[];
extern const size_t rowfile_key_count;

/* The key called `name` directly below the key `parent` (-1: the top), or -1. */
int rowfile_key_child(int parent, struct slice name);

#endif
