/* The directories of the workspace and their values.
 *
 * Knows: globs → directories, value files → JSON. Doesn't know: actions. Directories are numbered
 * in the order of their names' bytes. Values are read when they are first asked for. */
#ifndef ROWBUILD_WORKSPACE_H
#define ROWBUILD_WORKSPACE_H

#include "arena.h"
#include "diag.h"
#include "json.h"
#include "rowfile.h"
#include "slice.h"
#include "state_place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workspace {
    struct arena arena;
    const struct rowfile *rowfile;
    int fd;              /* of the workspace directory */
    struct slice path;   /* as configured: relative to the project, or absolute; NUL-terminated */
    struct slice *names; /* relative to `path`; NUL-terminated */
    size_t count;
    struct json **values; /* NULL where not read (or null); see `value_read` */
    bool *value_read;
    struct state_place place; /* of the state folder */
};

/* Lists the workspace below the directory `project`. -1 with a state error when it can't be listed.
 * The folders .rowbuild and .row are never members, whatever the globs say. */
int workspace_open(struct workspace *workspace, int project, const struct rowfile *rowfile,
                   struct diag *diag);
/* The same where the state folder is known: its path, absolute or relative to the current
 * directory. It is never a member either, nor does a member lie in it. */
int workspace_open_beside(struct workspace *workspace, int project, const struct rowfile *rowfile,
                          const char *state, struct diag *diag);
void workspace_release(struct workspace *workspace);

/* The directory's number, or -1; `nearest` as in rowfile_name_id. */
int64_t workspace_find(const struct workspace *workspace, struct slice name, struct slice *nearest);

/* Reads the values of all directories on several threads. Reports each that can't be read or isn't
 * JSON (20 at most, then their number) and returns -1. Nothing to do when no value file is
 * configured. */
int workspace_read_values(struct workspace *workspace, struct diag *diag);

/* One directory's value, read if need be; NULL for JSON null. -1 after an error that names the
 * directory. Not thread-safe. */
int workspace_value(struct workspace *workspace, size_t directory, const struct json **value,
                    struct diag *diag);

/* Reads a directory's value file anew, for what is observed when a task starts. *value is owned by
 * the workspace and replaces the one before (pointers into that one die). */
int workspace_reread_value(struct workspace *workspace, size_t directory, const struct json **value,
                           struct diag *diag);

/* Forgets what was read of a directory's value, so that it is read again when it is asked for. */
void workspace_forget_value(struct workspace *workspace, size_t directory);

#endif
