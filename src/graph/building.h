/* What the sources of the graph share while it is built. No other file includes this.
 *
 * Knows: the half-built graph and its look-up tables. All errors go to `diag`. */
#ifndef ROWBUILD_BUILDING_H
#define ROWBUILD_BUILDING_H

#include "graph.h"
#include "match.h"

struct name_tasks {    /* of one action name */
    uint32_t column;   /* directory scope: the task's column; else GRAPH_NONE */
    uint32_t *task_of; /* group scope: task by directory, GRAPH_NONE where none; else NULL */
    VEC(struct task_id) others; /* group and project tasks */
};

struct building {
    struct graph *graph;
    const struct rowfile *rowfile;
    struct workspace *workspace;
    const struct given
        *given;  /* which tasks there are; NULL: the workspace and its values say it */
    int project; /* descriptor */
    struct diag *diag;
    struct name_tasks *by_name; /* rowfile->name_count */
    struct judging *judging;
    struct tracing *tracing;
    const struct path_spec *rules_input; /* the last glob, and what it leaves out */
    const struct tree_rules *rules_of_input;
    bool has_nested_members; /* set by judging_new */
    bool *reported;          /* name × names: what is wrong between products of the two was told */
    bool *depends; /* name × names: whether the first depends on the second; NULL without globs */
    VEC(uint32_t) product_specs; /* by graph->products: which of the action's */
};

/* temporaries.c: marks the temporary products, once all products have their numbers; and finds who
 * reads them, once all files have. */
void building_mark_temporaries(struct building *building);
void building_find_readers(struct building *building);

/* judge_path.c */
enum graph_path_role { GRAPH_PRODUCT, GRAPH_INPUT, GRAPH_RESUMABLE, GRAPH_DEPFILE };
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
    PROBLEM_OWN_PRODUCT,
    PROBLEM_IN_OWN_PRODUCT,
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
struct judging *judging_new(struct building *building);
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
/* Calls `each` for the task's resumable files that name a place: not refused, without templates.
 * `directory` is GRAPH_NONE for a path from the project. */
typedef void building_resumable_fn(struct building *building, const struct action *action,
                                   const struct path_spec *spec, uint32_t directory, void *context);
void building_each_resumable(struct building *building, struct task_id task,
                             building_resumable_fn *each, void *context);
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

/* Reports, once for each, the pointers in `//` paths of the action that values of the directories
 * lack. */
int building_check_pointers(struct building *building, const struct action *action,
                            const uint32_t *directories, size_t count);

/* expand.c: a `//` path for a task's directories; group tasks must agree on it. -1 after an
 * error. */
int building_expand(struct building *building, const struct action *action,
                    const struct path_spec *spec, const uint32_t *directories, size_t count,
                    struct buf *out);

/* depfiles.c */
/* Numbers the depfiles of all tasks, after their products. -1 after an error. */
int building_add_depfiles(struct building *building);
/* Makes their tasks their producers, once all is known of products. Reports those that are, or lie
 * in, what another task makes. */
void building_claim_depfiles(struct building *building);

/* nesting.c */
/* Two tasks have a product; one error for each pair of actions. */
void building_report_claim(struct building *building, struct task_id first, struct task_id second,
                           struct file_id file);
/* Reports products that lie in products, by whatever names. */
void building_check_nesting(struct building *building);

/* ignore.c */
void graph_begin_ignoring(struct graph *graph);
void graph_end_ignoring(struct graph *graph);
/* What a glob leaves out, for as long as the graph lives. */
const struct tree_rules *building_glob_rules(struct building *building, struct slice pattern);
bool path_has_ignored_part(const struct tree_rules *rules, struct slice path);

/* links.c */
/* Appends where a path from the project leads, as a path from the project (below the workspace's
 * path where it lies there); what doesn't exist is kept. Returns the length of the beginning that is
 * the first symbolic link, or 0. */
size_t path_resolve(const struct workspace *workspace, struct slice path, struct buf *out);
/* Appends an absolute path as one from the project, or below the workspace's path. */
void path_add_from_project(const struct workspace *workspace, struct slice absolute,
                           struct buf *out);
/* Remembers the way of an input through its first link, `link` bytes of its path, if there is one. */
void building_add_way(struct building *building, struct file_id file, struct slice path,
                      size_t link, struct slice end);
/* The same without following the last part. */
void path_resolve_folder(const struct workspace *workspace, struct slice path, struct buf *out);
/* Says of each of the files whether its path may lead elsewhere. */
void building_find_links(const struct building *building, const uint32_t *files, size_t count,
                         uint8_t *found);

/* origins.c */
/* Once all products are known. */
void building_begin_origins(struct building *building);
void building_end_origins(struct building *building);
/* A path that leads to a product as well; after the last of them, building_sort_places. Returns the
 * product of which that is known already. */
struct file_id building_add_alias(struct building *building, struct slice path,
                                  struct file_id product);
void building_sort_places(struct building *building);
/* The product at a path, by any name, or that the path lies in; GRAPH_NONE: there is none. */
struct file_id building_product_at(const struct building *building, struct slice path);
struct file_id building_product_above(const struct building *building, struct slice path);
size_t building_alias_count(const struct building *building);
struct slice building_alias(const struct building *building, size_t number,
                            struct file_id *product);
/* Whether a path of a task's own is its product, or lies in one. */
enum path_problem building_own_problem(const struct building *building, struct file_id file,
                                       struct slice path);
/* Finds the origins of the files (graph_origin), each once. */
void building_find_origins(struct building *building, const struct file_id *files, size_t count);

/* views.c */
void graph_reserve_ranges(struct graph *graph, size_t wanted); /* files */
/* A folder without some of the paths below it, which makes what is left of its origins. */
struct file_id building_view_without(struct building *building, struct file_id folder,
                                     struct task_id own);
/* What globs match in a product, or in a folder that lies in one by another name; `prefix` is the
 * length of what they don't name of the folder's path. */
struct file_id building_view_of_globs(struct building *building, struct slice folder, size_t prefix,
                                      struct slice patterns, const struct glob_set *globs,
                                      const struct tree_rules *rules, struct file_id product);
/* Compiles patterns that are separated by NUL, each list once. NULL after errors. */
const struct glob_set *building_globs(struct building *building, struct slice patterns);

/* edges.c: dependencies and edges of all tasks, given tasks, products and producers. */
int building_connect(struct building *building);

/* relate.c: fills in building->depends, given the files that inputs without globs name, by task. */
void building_relate_actions(struct building *building, const struct dependency *named,
                             const uint32_t *named_start);

/* order.c: successors, and the order of tasks. -1: there is a cycle. */
int building_order(struct building *building);

/* patterns.c: globs as text. */
/* The folders that a pattern names: `data` and `data/raw` of `data/raw/f*`, but no folder that it only
 * matches. NULL: none. */
const struct glob_set *building_folders_named(struct building *building, struct slice pattern);
/* The part of a pattern before its first segment with a glob character, without the last '/'. */
struct slice building_fixed_prefix(struct slice pattern);
/* Appends the glob and the exclusions after it, which it shares its root with, separated by NUL. */
void building_add_patterns(const struct action *action, size_t input, struct slice pattern,
                           struct buf *out);

/* inputs.c: adds the files that an action's globs match for one task. `add` is called for each. With
 * `is_shared` the files are the same for all tasks of the element: products of the task are among
 * them. */
typedef void building_match_fn(void *context, struct file_id file, uint32_t input);
int building_match_globs(struct building *building, struct task_id task, bool is_shared,
                         building_match_fn *add, void *context);

#endif
