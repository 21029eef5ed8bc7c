/* Lists the directories of the workspace and reads their values.
 *
 * Knows: globs → directories, value files → JSON. Doesn't know: actions. Directories are numbered
 * in bytewise order of their names. A value is read when it is first requested. */
#ifndef ROWBUILD_WORKSPACE_H
#define ROWBUILD_WORKSPACE_H

#include "arena.h"
#include "diag.h"
#include "digest.h"
#include "file.h"
#include "json.h"
#include "rowfile.h"
#include "slice.h"
#include "state_place.h"
#include "workspace_points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workspace {
    struct arena arena;
    const struct rowfile *rowfile;
    int fd;              /* of the workspace directory; -1: it doesn't exist (declared points) */
    struct slice path;   /* as configured: relative to the project, or absolute; NUL-terminated */
    struct slice *names; /* relative to `path`; NUL-terminated */
    size_t count;
    struct json **values; /* NULL if not read, or JSON null; see `value_read` */
    bool *value_read;
    struct state_place place; /* of the state folder */
    struct workspace_points points;
};

/* Lists the workspace of the project that `project` is open on. -1 with a state error if it can't
 * be listed. The folders .rowbuild and .row are never members, whatever the globs;
 * symbolic links to directories aren't either, and a note names them. */
int workspace_open(struct workspace *workspace, int project, const struct rowfile *rowfile,
                   struct diag *diag);
/* The same with `state`, the state folder's path, absolute or relative to the current directory.
 * Neither the state folder nor anything in it is a member. */
int workspace_open_beside(struct workspace *workspace, int project, const struct rowfile *rowfile,
                          const char *state, struct diag *diag);
/* A workspace without directories, where there is none; `fd` is -1. */
void workspace_open_absent(struct workspace *workspace, int project, const struct rowfile *rowfile,
                           const char *state);
/* The same for a study that declares points (`view` is copied): the members are these, and what an
 * explicitly written `workspace.directories` adds. A workspace that doesn't exist is empty then. */
int workspace_open_declared(struct workspace *workspace, int project, const struct rowfile *rowfile,
                            const char *state, const struct points_view *view, struct diag *diag);
/* With these directories, in bytewise order of their names, which are copied; nothing is listed. */
int workspace_open_given(struct workspace *workspace, int project, const struct rowfile *rowfile,
                         const char *state, const struct slice *names, size_t count,
                         struct diag *diag);
void workspace_release(struct workspace *workspace);

/* Takes a directory out of the list; those after it are renumbered. */
void workspace_leave_out(struct workspace *workspace, size_t directory);

/* The directory's number, or -1; `nearest` as in rowfile_name_id. */
int64_t workspace_find(const struct workspace *workspace, struct slice name, struct slice *nearest);

/* Reads the values of all directories on several threads. Reports the values that can't be read or
 * aren't JSON, those with the same reason together (at most 20 errors, then the number of others),
 * and returns -1. Does nothing if no value file
 * is configured. */
int workspace_read_values(struct workspace *workspace, struct diag *diag);

/* What was seen of a value file when it was read. */
struct workspace_value_seen {
    bool is_asked; /* set by the caller: this one is to be seen */
    struct file_stat stat;
    struct digest digest; /* of the canonical text */
    bool is_whole;        /* nobody wrote to it meanwhile */
};

/* The same for those that are asked for in `seen`, by directory, which is filled in. No value of them
 * may be one that is to be written. A value that equals the declaration isn't kept. */
int workspace_see_values(struct workspace *workspace, struct workspace_value_seen *seen,
                         struct diag *diag);

/* One directory's value, read if necessary; NULL for JSON null. -1 after an error that names the
 * directory. Not thread-safe. */
int workspace_value(struct workspace *workspace, size_t directory, const struct json **value,
                    struct diag *diag);

/* The value if no file need be read for it: false if one must. `*made` is for the caller to free with
 * json_free; *value borrows from it or from the workspace. */
bool workspace_peek_value(const struct workspace *workspace, size_t directory,
                          const struct json **value, struct json **made);

/* Reads a directory's value file again, to observe it when a task starts. *value is owned by the
 * workspace and replaces the previous one (pointers into which become invalid). */
int workspace_reread_value(struct workspace *workspace, size_t directory, const struct json **value,
                           struct diag *diag);

/* Forgets a directory's value, so that it is read again at the next request. */
void workspace_forget_value(struct workspace *workspace, size_t directory);

#endif
