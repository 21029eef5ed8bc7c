/* Compares declared points with what is on disk, and makes them.
 *
 * Knows: how each point stands, and how its directory and its value are written so that neither is
 * ever half there. Doesn't know: the state; what was written before is asked through a function.
 * points_look.c compares, points_renames.c finds directories under former names, points_make.c
 * writes, points_rewrite.c changes values, both with points_making.c, points_prune.c moves away what is undeclared, points_words.c describes. */
#ifndef ROWBUILD_WORKSPACE_POINTS_H
#define ROWBUILD_WORKSPACE_POINTS_H

#include "points.h"

#include <stdbool.h>
#include <stdint.h>

struct file_row;
struct workspace;

#define POINT_UNDECLARED UINT32_MAX

/* How the directory of a point stands. */
enum point_standing {
    POINT_NONE,      /* the directory isn't a point */
    POINT_MADE,      /* its value file has what is declared */
    POINT_NEW,       /* it has no directory */
    POINT_UNWRITTEN, /* its directory has no value file */
    POINT_CHANGED,   /* its value was written by rowbuild, and the declaration has changed since */
    POINT_RENAMED,   /* its directory has a former name, which is the member's name until then */
    POINT_HELD,      /* changed or renamed, but a task of it is in a job: it isn't touched */
    POINT_EDITED,    /* its value is neither declared nor was it written: edited by hand */
    POINT_REFUSED,   /* what has its name isn't a directory, or its value file can't be read */
};

/* Whether its value is to be written, or its directory renamed. */
static inline bool point_is_pending(enum point_standing standing)
{
    return standing == POINT_NEW || standing == POINT_UNWRITTEN || standing == POINT_CHANGED ||
           standing == POINT_RENAMED;
}

/* A directory that was renamed, for records that name it. */
struct point_former {
    struct slice former;
    struct slice name;
};

/* How a workspace is opened for a study that declares points. */
struct points_view {
    const struct points *points; /* NULL: none are declared */
    /* Plans take pending values from the declaration, and points without a directory are members.
     * Otherwise only what is on disk counts. */
    bool as_declared;
    /* Whether rowbuild wrote a value with that digest for that directory; NULL: never. */
    bool (*was_written)(const void *context, struct slice name, struct digest digest);
    /* What is on record of the value file of the directory of that number and name; NULL: nothing.
     * Called by several threads. May itself be NULL. */
    const struct file_row *(*row)(const void *context, size_t directory, struct slice name);
    const void *context;
    const struct slice *known; /* names of directories that rowbuild made, or NULL */
    size_t known_count;
    const struct point_former *formers; /* sorted by former names, or NULL */
    size_t former_count;
};

/* A directory that becomes that of a point. */
struct point_rename {
    uint32_t point;
    struct slice from;
};

/* What a workspace knows of its points, by directory. */
struct workspace_points {
    struct points_view view;
    bool *is_there;       /* by point: it has a directory, as the workspace was listed */
    uint32_t *numbers;    /* of the point, or POINT_UNDECLARED */
    uint8_t *standings;   /* enum point_standing */
    struct digest *found; /* of the value on disk; DIGEST_ABSENT: none */
    uint64_t *marks;      /* observed_mark of the row that says so by stat alone; 0: it was read */
    struct slice *undeclared; /* directories that are neither declared nor listed explicitly */
    size_t undeclared_count;
    struct point_rename *renames; /* sorted by `from` */
    size_t rename_count;
    size_t listed; /* directories on disk, undeclared ones included */
};

/* For workspace.c: looks at the points that are members, on all cores. */
void workspace_look_at_points(struct workspace *workspace);
void workspace_release_points(struct workspace *workspace);
/* For workspace.c: finds points without a directory whose value is that of exactly one undeclared
 * directory, which isn't undeclared then. `is_there` tells by point whether it has a directory. */
void workspace_find_renames(struct workspace *workspace, const bool *is_there);
/* The point that a directory of that name becomes, or -1. */
int64_t workspace_renamed_point(const struct workspace *workspace, struct slice from);

/* The declared name of a member that is a point; it has another one until it is renamed. */
struct slice workspace_point_name(const struct workspace *workspace, size_t directory);

enum point_standing workspace_standing(const struct workspace *workspace, size_t directory);

/* Whether the value of a directory is taken from the declaration now, since it is to be written, or
 * the file has another one. */
bool workspace_value_is_declared(const struct workspace *workspace, size_t directory);

/* The digest of a declared value, as rows of value files have it. */
struct digest workspace_declared_digest(const struct workspace *workspace, size_t directory);

/* Appends what is wrong with a point that is edited, refused or held, and what to do: "value.json
 * was edited by hand: /x is 3, declared 2; to write …". Nothing for others. */
void workspace_describe_point(const struct workspace *workspace, size_t directory, struct buf *out);

/* The value is to be written whatever the file has: somebody asked for it. */
void workspace_force_point(struct workspace *workspace, size_t directory);

/* A point whose task is in a job isn't written. */
void workspace_hold_point(struct workspace *workspace, size_t directory);

/* Directories of points whose values are to be written, in `directories`, for the caller to free. */
size_t workspace_pending_points(const struct workspace *workspace, uint32_t **directories);

/* Writes these points: a directory that is new appears whole, a value file changes as a whole, a
 * directory is renamed only to a name that nothing has, and
 * all is synced when the call returns. What somebody else made or changed in the meantime isn't
 * touched. `project` is a descriptor, for a workspace that doesn't exist yet. -1 after errors;
 * *written counts what was written in any case. */
int workspace_make_points(struct workspace *workspace, int project, const uint32_t *directories,
                          size_t count, size_t *written, struct diag *diag);

/* Moves the undeclared directories to a folder beside the workspace, where none is replaced: a name
 * that is taken gets a number. -1 after an error; *moved counts those that were moved in any case. */
int workspace_prune(const struct workspace *workspace, int project, size_t *moved,
                    struct diag *diag);
/* Appends the path of that folder, from the project: "workspace.pruned". */
void workspace_add_pruned_path(const struct workspace *workspace, struct buf *path);

#endif
