/* Compares what a command did to files with what its action declares. Pure: everything about the
 * world is asked of the caller.
 *
 * Knows: deeds, declared files, and what a difference between them means. Doesn't know: the graph,
 * the disk, how a finding is worded. Paths are relative to the project; outside of it they are
 * absolute. */
#ifndef ROWBUILD_AUDIT_COMPARE_H
#define ROWBUILD_AUDIT_COMPARE_H

#include "slice.h"
#include "trace_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum audit_kind {
    AUDIT_INPUT,         /* read, and not an input */
    AUDIT_VALUE,         /* the value was read, and value_inputs has nothing of it */
    AUDIT_PRODUCT,       /* written and left, and not a product */
    AUDIT_INPUT_CHANGED, /* an input of its own was written, renamed or deleted */
    AUDIT_VALUE_CHANGED, /* likewise a value file */
    AUDIT_FOREIGN,       /* likewise a product of another task */
    AUDIT_DELETED,       /* a file that it didn't make was deleted or renamed */
    AUDIT_LISTED,        /* a folder was listed of which nothing is declared */
    AUDIT_UNUSED,        /* an input was never read */
    AUDIT_OUTSIDE,       /* read outside of the project */
    AUDIT_PTRACE,        /* a program called ptrace */
    AUDIT_KINDS,
};

enum audit_role { ROLE_INPUT, ROLE_PRODUCT, ROLE_VALUE };

/* A file that the action declares for one execution. */
struct audit_file {
    struct slice path;
    enum audit_role role;
    uint32_t input;  /* ROLE_INPUT: which of the action's inputs; else UINT32_MAX */
    uint64_t device; /* what it is after the command has ended; 0: it doesn't exist */
    uint64_t inode;
    bool is_folder; /* all below it is declared, too */
};

struct audit_questions {
    void *context;
    /* Whether a path is none of the Rowfile's business: the state, backups, `workspace.ignore`. */
    bool (*ignores)(void *context, struct slice path);
    /* The label of the task that makes a file; empty: nobody does. */
    struct slice (*maker)(void *context, struct slice path);
    /* Whether the path exists now, and when it was changed. */
    bool (*exists)(void *context, struct slice path, int64_t *mtime_ns);
};

/* Receives each difference, once for each path. `maker`: of AUDIT_FOREIGN, and of AUDIT_INPUT where
 * another task makes the file. Everything is valid during the call only. */
struct audit_difference {
    enum audit_kind kind;
    struct slice path;
    struct slice maker;
    struct slice program;
    bool is_folder;
};
typedef void audit_difference_fn(void *context, const struct audit_difference *difference);

struct audit_execution {
    const struct audit_file *files;
    size_t file_count;
    const struct deed *deeds; /* paths as above; in order */
    size_t deed_count;
    bool value_is_read; /* reading the value is declared, by value_inputs or without them */
};

/* `used[input]` becomes true for each of the action's inputs that was read. */
void audit_compare(const struct audit_execution *execution, const struct audit_questions *questions,
                   bool *used, audit_difference_fn *found, void *context);

#endif
