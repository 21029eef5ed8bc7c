/* What the sources of the graph share while it is built. No other file includes this.
 *
 * Knows: the half-built graph and its look-up tables. All errors go to `diag`. */
#ifndef ROWBUILD_BUILDING_H
#define ROWBUILD_BUILDING_H

#include "graph.h"

struct name_tasks {    /* of one action name */
    uint32_t column;   /* directory scope: the task's column; else GRAPH_NONE */
    uint32_t *task_of; /* group scope: task by directory, GRAPH_NONE where none; else NULL */
    VEC(struct task_id) others; /* group and project tasks */
};

struct building {
    struct graph *graph;
    const struct rowfile *rowfile;
    struct workspace *workspace;
    int project; /* descriptor */
    struct diag *diag;
    struct name_tasks *by_name; /* rowfile->name_count */
    struct judging *judging;
    VEC(uint32_t) product_specs; /* by graph->products: which of the action's */
};

/* judge_path.c */
enum graph_path_role { GRAPH_PRODUCT, GRAPH_INPUT, GRAPH_RESUMABLE };
enum path_problem {
    PROBLEM_NONE,
    PROBLEM_EMPTY,
    PROBLEM_NUL,
    PROBLEM_ABSOLUTE,
    PROBLEM_UP,
    PROBLEM_OUTSIDE,
    PROBLEM_PART,
    PROBLEM_RESERVED,
    PROBLEM_STATE,
    PROBLEM_HOLDS_STATE,
    PROBLEM_ROWFILE,
    PROBLEM_WORKSPACE,
    PROBLEM_MEMBER,
    PROBLEM_VALUE_FILE,
};

/* Of a path with templates, as they were filled in. */
enum path_problem path_judge_words(const struct building *building, const struct path_spec *spec,
                                   enum graph_path_role role, struct slice path);
/* Whether an absolute path lies neither in the project nor in the workspace. */
bool path_is_outside(const struct building *building, struct slice path);
/* Of an absolute path, whose links were resolved as far as that matters. */
enum path_problem path_judge_place(const struct building *building, struct slice path,
                                   enum graph_path_role role);
/* Its part about the state folder; `is_made`: containing it is wrong as well. */
enum path_problem path_judge_state(const struct building *building, struct slice path,
                                   bool is_made);
/* Appends a path from the project as an absolute one; links below the workspace stay in it. */
void path_add_absolute(const struct building *building, struct slice path, struct buf *out);

/* judge.c */
struct judging *judging_new(const struct building *building);
void judging_free(struct judging *judging);
/* Whether a task may name the path (from the project, or absolute where the workspace is); if not,
 * that is kept for building_tell_findings. `directory` is the task's first, or GRAPH_NONE. */
bool building_accepts(struct building *building, const struct action *action,
                      const struct path_spec *spec, enum graph_path_role role, uint32_t directory,
                      struct slice path);
/* The same for a path below a directory, which the loader has judged but for its place. */
bool building_accepts_below(struct building *building, const struct action *action,
                            const struct path_spec *spec, enum graph_path_role role,
                            uint32_t directory);
void building_refuse(struct building *building, const struct action *action,
                     const struct path_spec *spec, enum graph_path_role role, uint32_t directory,
                     struct slice path, enum path_problem problem);
void building_judge_resumable(struct building *building);
/* One error for each path of the Rowfile and kind of problem. -1 if there is any. */
int building_tell_findings(struct building *building);

/* judge_links.c */
/* Folders of products that lead through links: where they lead is judged, and remembered for those
 * who move and delete (graph->folders). */
void building_judge_links(struct building *building);

/* files.c */
void building_collect_columns(struct building *building);
/* The file at `path` below a directory; the column must have been collected, or the path is
 * absolute. */
struct file_id building_file_below(struct building *building, uint32_t directory,
                                   struct slice path);
/* The file at a path from the project, interned if it isn't one inside a directory. */
struct file_id building_file(struct building *building, struct slice path);

/* expand.c: a `//` path for a task's directories; group tasks must agree on it. -1 after an
 * error. */
int building_expand(struct building *building, const struct action *action,
                    const struct path_spec *spec, const uint32_t *directories, size_t count,
                    struct buf *out);

/* edges.c: dependencies and edges of all tasks, given tasks, products and producers. */
int building_connect(struct building *building);

/* inputs.c: adds the files that an action's globs match for one task. `add` is called for each. */
typedef void building_match_fn(void *context, struct file_id file, uint32_t input);
int building_match_globs(struct building *building, struct task_id task, building_match_fn *add,
                         void *context);

#endif
