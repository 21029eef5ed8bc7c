/* The graph: the tasks, the files that each task reads and makes, and the tasks that it depends on.
 *
 * Knows: actions × directories, groups, files by number, edges. Doesn't know: what is stale, the
 * state, processes. Frozen once built.
 *
 * Tasks of directory-scope actions are numbered directory × K + column of the action; a slot whose
 * directory the action doesn't include is absent. Group and project tasks follow. Files inside
 * directories are numbered directory × C + column; all others follow. */
#ifndef ROWBUILD_GRAPH_H
#define ROWBUILD_GRAPH_H

#include "arena.h"
#include "diag.h"
#include "folders.h"
#include "given.h"
#include "groups.h"
#include "intern.h"
#include "rowfile.h"
#include "tree_view.h"
#include "vec.h"
#include "workspace.h"

#include <stdbool.h>
#include <stdint.h>

#define GRAPH_NONE UINT32_MAX

struct task_id {
    uint32_t at;
};
struct file_id {
    uint32_t at;
};

struct graph_task {
    uint32_t action;    /* index into rowfile->actions; GRAPH_NONE: the slot is absent */
    uint32_t directory; /* GRAPH_NONE for group and project tasks */
    uint32_t members;   /* first in graph->members; group and project tasks */
    uint32_t member_count;
};

/* A file whose content counts for a task. */
struct dependency {
    struct file_id file;
    uint32_t input; /* index into action->inputs, or DEPENDENCY_UPSTREAM: a product of a previous
                       action */
};
#define DEPENDENCY_UPSTREAM UINT32_MAX

enum edge_kind {
    EDGE_FILES = 1,       /* by products of the task before, which are among the dependencies */
    EDGE_FINGERPRINT = 2, /* the task before has no products: its fingerprint counts */
    EDGE_PREVIOUS = 8,    /* by previous_actions, and more than the order counts */
    EDGE_ORDER = 4,       /* an `always` task without products: only that it comes before */
};

struct edge {
    struct task_id task;
    uint32_t kinds; /* enum edge_kind, or'ed */
};

/* How a task makes a file that isn't one of its products by name. */
enum origin_kind {
    ORIGIN_AROUND, /* the file lies in a product that is a folder, is one by another name, or is what
                      globs match in one: all of it is made */
    ORIGIN_INSIDE, /* the file is a folder that holds a product */
};
struct origin {
    struct task_id task;
    struct file_id product;
    enum origin_kind kind;
};
struct origin_range { /* of graph->origins */
    uint32_t first;
    uint32_t count;
};

/* Where the path of an input leads that has symbolic links in it. */
struct way {
    struct file_id file;
    struct slice link; /* the first of them */
    struct slice end;  /* as a path from the project */
};

/* What counts of a folder for a task. Such a file has the path of the folder, and another number. */
struct view {
    struct tree_view tree;
    struct slice name; /* for records, from the project */
};

/* A task that reads a temporary product: the file by which it does. */
struct temporary_reader {
    struct task_id task;
    struct file_id file;
    enum origin_kind kind; /* INSIDE: the file is a folder that holds the product */
};
/* A product that may be deleted once it was read (`temporary`). */
struct temporary_product {
    struct file_id file;
    struct task_id maker;
    const struct path_spec *spec; /* in the Rowfile */
    uint32_t first;               /* in graph->readers */
    uint32_t count;
};

struct graph {
    struct arena arena;
    const struct rowfile *rowfile;
    struct workspace *workspace;

    struct graph_task *tasks;
    size_t task_count;
    struct slice *directory_actions; /* names of directory-scope actions, by column */
    size_t directory_action_count;   /* K */
    struct intern other_tasks;       /* keys of tasks from directories × K on: "ACTION\0OWN" */
    uint32_t
        *blocked_by; /* name id of a previous action that excludes a directory, or GRAPH_NONE */
    VEC(uint32_t) members;

    struct slice *columns;        /* file names inside directories */
    size_t column_count;          /* C */
    struct intern column_numbers; /* by name */
    uint32_t value_column;        /* of the value file, or GRAPH_NONE */
    struct intern other_files;    /* paths from the project */
    struct folders folders;       /* for renaming and deleting products */
    size_t file_count;
    uint32_t *producers; /* by file: the task that makes it, as a product or as its depfile, or
                            GRAPH_NONE */
    VEC(struct origin) origins;
    struct origin_range *origin_ranges; /* by file, as far as there are any */
    size_t origin_range_count;
    VEC(struct way) ways; /* in the order of their files */
    VEC(struct view) views;
    uint32_t *view_of; /* by place in other_files: 1 + which view it is, or 0 */
    size_t view_of_count;
    struct tree_rules rules;             /* of folders: what `workspace.ignore` names */
    struct slice rules_name;             /* for records */
    struct glob_set *ignored;            /* those names */
    VEC(struct tree_rules *) glob_rules; /* of views */
    struct intern glob_keys;
    VEC(struct glob_set *) globs; /* by key */

    VEC(struct temporary_product) temporaries; /* in the order of their makers */
    VEC(struct temporary_reader) readers;      /* temporary by temporary, each task once */
    uint32_t *temporary_of; /* by file: 1 + which temporary it is, or 0; NULL: there are none */

    /* Compressed rows: entries of task n are [start[n], start[n + 1]). */
    uint32_t *product_start;
    VEC(struct file_id) products;
    uint32_t *depfile_start;
    VEC(struct file_id) depfiles;
    uint32_t *dependency_start;
    VEC(struct dependency) dependencies;
    uint32_t *before_start;
    VEC(struct edge) before;
    uint32_t *after_start;
    struct task_id *after;
    uint32_t *order; /* tasks, each after all that come before it; absent slots left out */
    size_t order_count;
};

/* Builds the graph. Both arguments must outlive it. Errors: values that the description needs and
 * directories lack, cycles, two tasks with the same product (carries the action), elements of one
 * name that share a directory. NULL after errors that concern the whole; so do paths that, with
 * their templates filled in, name what no action may make or read. */
struct graph *graph_build(const struct rowfile *rowfile, struct workspace *workspace, int project,
                          struct diag *diag);
/* The same with the tasks of `given` (given.h), whose names are the workspace's. */
struct graph *graph_build_given(const struct rowfile *rowfile, struct workspace *workspace,
                                const struct given *given, int project, struct diag *diag);
void graph_free(struct graph *graph);

static inline bool graph_is_present(const struct graph *graph, struct task_id task)
{
    return graph->tasks[task.at].action != GRAPH_NONE;
}
const struct action *graph_action(const struct graph *graph, struct task_id task);

/* The tasks that make a file: its producer, or the origins that it has otherwise. */
size_t graph_origin_count(const struct graph *graph, struct file_id file);
struct origin graph_origin(const struct graph *graph, struct file_id file, size_t index);

/* The one that makes all of the file; `task` is GRAPH_NONE where nobody does. */
struct origin graph_maker(const struct graph *graph, struct file_id file);

/* The temporary product that a file is; NULL: it is none. */
const struct temporary_product *graph_temporary(const struct graph *graph, struct file_id file);

/* What counts of a file that is a folder; NULL: all of it. */
const struct tree_view *graph_view(const struct graph *graph, struct file_id file);

/* Whether a glob leaves a path out because `workspace.ignore` names a part of it. */
bool graph_glob_ignores(const struct graph *graph, struct slice pattern, struct slice path);

/* The way of an input, or NULL: no link was in it. */
const struct way *graph_way(const struct graph *graph, struct file_id file);
/* Whether the way ends elsewhere now. */
bool graph_way_has_moved(const struct graph *graph, const struct way *way);

/* The name that records have for a file that isn't one inside a directory. */
struct slice graph_other_name(const struct graph *graph, struct file_id file);

/* Appends a file's path from the project (or absolute, where the workspace is). */
void graph_add_path(const struct graph *graph, struct file_id file, struct buf *out);

/* The directory that a file lies in by number, or GRAPH_NONE; *column is set for those. */
uint32_t graph_file_directory(const struct graph *graph, struct file_id file, uint32_t *column);

/* The directory that a file belongs to: the one that it lies in by number, else that of the task that
 * makes it; GRAPH_NONE: none. */
uint32_t graph_owner(const struct graph *graph, struct file_id file);

/* The value file of a directory; only where value_column isn't GRAPH_NONE. */
static inline struct file_id graph_value_file(const struct graph *graph, uint32_t directory)
{
    return (struct file_id){(uint32_t)(directory * graph->column_count + graph->value_column)};
}

/* depfiles.c. Appends the path by which a file is known that a command named: from the project, below
 * the workspace, or absolute elsewhere. Links in it stay, and with them a `..` after one. */
void graph_add_named(const struct graph *graph, struct slice name, struct buf *out);
/* The product at a path (from the project, or absolute), or that it lies in, by its name or where its
 * links lead; a depfile, too. GRAPH_NONE: there is none. */
struct file_id graph_product_around(const struct graph *graph, struct slice path);
/* Appends the path, from the project or absolute elsewhere, to which links in a file's path lead. */
void graph_add_real_path(const struct graph *graph, struct file_id file, struct buf *out);
/* A product that lies in a folder, of the task itself (`own`) or of another one. */
struct file_id graph_product_inside(const struct graph *graph, struct slice folder,
                                    struct task_id task, bool own);
/* Whether the file is one of the task's depfiles. */
bool graph_is_depfile(const struct graph *graph, struct task_id task, struct file_id file);

/* The file with that path from the project, or GRAPH_NONE. */
struct file_id graph_find_file(const struct graph *graph, struct slice path);

/* Directories that a task works on: its own, or its members. */
size_t graph_directories(const struct graph *graph, struct task_id task,
                         const uint32_t **directories);

/* The task with that key (graph_add_key), or GRAPH_NONE: it isn't in the study. */
struct task_id graph_find_task(const struct graph *graph, struct slice key);

/* What distinguishes a task from its action's others: a directory, "//sum", the numbers "#1", "#2" of
 * groups without such a product, or their sort key; empty if it is the only one. */
struct slice graph_task_name(const struct graph *graph, struct task_id task);

/* The task of an action (its whole name) that has this name, or GRAPH_NONE. */
struct task_id graph_find_named(const struct graph *graph, struct slice action, struct slice name);

/* "simulate T1.5-s1" for people; "simulate/T1.5-s1" for records, which `show why` takes as well. */
void graph_add_label(const struct graph *graph, struct task_id task, struct buf *out);
void graph_add_key(const struct graph *graph, struct task_id task, struct buf *out);

#endif
