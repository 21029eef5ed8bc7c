/* The answer as the files of this folder see it; nobody else includes this.
 *
 * since_repository.c asks git, since_ahead.c does so in a thread; since_files.c finds the files of a
 * graph in the repository and has a plan see them; earlier.c puts the study of the commit together,
 * and its records into the state, with points_then.c for declared points; notes.c tells what doesn't
 * count; since.c decides about today's study. */
#ifndef ROWBUILD_SINCE_INNER_H
#define ROWBUILD_SINCE_INNER_H

#include "since.h"

#include "git.h"
#include "intern.h"
#include "observe.h"
#include "state.h"

/* One study: that of the commit, or today's. */
struct since_study {
    struct graph *graph;
    struct plan *plan;
    struct observer *observer;
    struct slice workspace_path; /* from the top of the repository */
    bool workspace_is_tracked;   /* it lies in the repository */
    bool is_then;
};

/* What git says. */
struct since_repository {
    struct repository *repository;
    struct git_id commit;
    struct git_comparison *comparison; /* NULL: not compared yet */
    bool is_whole; /* the whole repository was compared, not only the project's folder */
};

/* Both return -1 after an error; `found` is to be closed in any case. `below`: a folder as
 * repository_prefix has it. */
int since_open_repository(struct since_repository *found, const char *project_path,
                          const char *revision, struct diag *diag);
int since_compare(struct since_repository *found, struct slice below, struct diag *diag);
void since_close_repository(struct since_repository *found);

/* Waits for what was asked ahead, and moves it, with what is to be told, to the caller. -1 after an
 * error. */
int since_take_ahead(struct since_ahead *ahead, struct since_repository *found, struct diag *diag);

struct since_point {
    struct slice name; /* of its directory, as it is called today */
    size_t number;     /* in `points` */
};

/* The points that the commit declared. */
struct since_points {
    struct points *points;      /* NULL: none */
    struct since_point *sorted; /* by name */
    size_t count;
};

struct since {
    struct since_request request;
    struct arena arena;
    struct since_repository git;
    struct buf commit_text;
    struct state *state;
    struct rowfile *rowfile_then;
    struct since_points points_then;
    struct workspace workspace_then;
    struct since_study then; /* graph NULL: there was none that could be built */
    struct since_study now;
    struct intern products_then; /* names: of a column, or a path from the project */
    uint8_t *affected;
};

/* What became of a path since the commit. */
struct since_path {
    bool was_there;
    bool is_there;
    bool differs;                            /* where both */
    const struct git_difference *difference; /* NULL: none of its own */
};

/* Appends the path from the top of the repository of a path as the graph has it, from the project.
 * False: it lies outside. */
bool since_add_path(const struct since *since, const struct since_study *study, struct slice path,
                    struct buf *out);

/* By a path from the top. `view` (may be NULL): what counts if it is a folder. */
struct since_path since_look(const struct since *since, struct slice path,
                             const struct tree_view *view);

/* Makes the points of the commit; `read_table`, whose context is `since`, reads its tables. -1 after an
 * error. */
int since_find_points(struct since *since, points_read_fn *read_table, struct diag *diag);
void since_release_points(struct since_points *points);

/* The number of the commit's point with that name, or -1. */
int64_t since_find_point(const struct since_points *points, struct slice name);

/* Corrects what git says of the value file of a directory that is declared, at the commit or today:
 * its value is what is declared, whether the file is tracked, made or neither. False: it isn't
 * declared. */
bool since_look_at_point(const struct since *since, struct slice name, struct since_path *found);

/* Finds where the workspace of a study lies. */
void since_place_workspace(struct since *since, struct since_study *study,
                           const struct workspace *workspace);

/* Puts the row of each file of the study into the state. */
void since_put_files(struct since *since, struct since_study *study);

/* Makes the plan of a study in which everything is wanted, bound to the state. */
int since_make_plan(struct since *since, struct since_study *study, struct diag *diag);

/* Puts together the study of the commit, and its records. -1 after an error; where there was none that
 * could be built a note says so, and no record is made. */
int since_build_then(struct since *since, struct diag *diag);

/* Notes about files whose content git knows only through a filter, and about launchers. After
 * since_build_then. */
void since_tell_what_does_not_count(const struct since *since, struct diag *diag);

#endif
