/* The graph: which nodes there are, what each reads and makes, and what has to come before it.
 *
 * Knows: actions × directories, groups, files by number, edges. Doesn't know: what is stale, the
 * state, processes. Frozen once built.
 *
 * Nodes of directory-scope actions are numbered directory × K + column of the action; a slot whose
 * directory the action doesn't include is absent. Group and project nodes follow. Files inside
 * directories are numbered directory × C + column; all others follow. */
#ifndef ROWBUILD_GRAPH_H
#define ROWBUILD_GRAPH_H

#include "arena.h"
#include "diag.h"
#include "folders.h"
#include "groups.h"
#include "intern.h"
#include "rowfile.h"
#include "vec.h"
#include "workspace.h"

#include <stdbool.h>
#include <stdint.h>

#define GRAPH_NONE UINT32_MAX

struct node_id {
    uint32_t at;
};
struct file_id {
    uint32_t at;
};

struct graph_node {
    uint32_t action;    /* index into rowfile->actions; GRAPH_NONE: the slot is absent */
    uint32_t directory; /* GRAPH_NONE for group and project nodes */
    uint32_t members;   /* first in graph->members; group and project nodes */
    uint32_t member_count;
};

/* A file whose content counts for a node. */
struct dependency {
    struct file_id file;
    uint32_t input; /* index into action->inputs, or DEPENDENCY_UPSTREAM: a product of a previous
                       action */
};
#define DEPENDENCY_UPSTREAM UINT32_MAX

enum edge_kind {
    EDGE_FILES = 1,       /* by products of the node before, which are among the dependencies */
    EDGE_FINGERPRINT = 2, /* the node before has no products: its fingerprint counts */
    EDGE_PREVIOUS = 8,    /* by previous_actions, and more than the order counts */
    EDGE_ORDER = 4,       /* an `always` node without products: only that it comes before */
};

struct edge {
    struct node_id node;
    uint32_t kinds; /* enum edge_kind, or'ed */
};

struct graph {
    struct arena arena;
    const struct rowfile *rowfile;
    struct workspace *workspace;

    struct graph_node *nodes;
    size_t node_count;
    struct slice *directory_actions; /* names of directory-scope actions, by column */
    size_t directory_action_count;   /* K */
    struct slice *other_keys;        /* keys of nodes from directories × K on */
    uint32_t
        *blocked_by; /* name id of a previous action that excludes a directory, or GRAPH_NONE */
    VEC(uint32_t) members;

    struct slice *columns;        /* file names inside directories */
    size_t column_count;          /* C */
    struct intern column_numbers; /* by name */
    uint32_t value_column;        /* of the value file, or GRAPH_NONE */
    struct intern other_files;    /* paths from the project */
    struct folders folders;       /* for those who rename and delete products */
    size_t file_count;
    uint32_t *producers; /* by file: the node that makes it, or GRAPH_NONE */

    /* Compressed rows: entries of node n are [start[n], start[n + 1]). */
    uint32_t *product_start;
    VEC(struct file_id) products;
    uint32_t *dependency_start;
    VEC(struct dependency) dependencies;
    uint32_t *before_start;
    VEC(struct edge) before;
    uint32_t *after_start;
    struct node_id *after;
    uint32_t *order; /* nodes, each after all that come before it; absent slots left out */
    size_t order_count;
};

/* Builds the graph. Both arguments must outlive it. Errors: values that the description needs and
 * directories lack, cycles, two nodes that claim one product (carries the action), elements of one
 * name that share a directory. NULL after errors that concern the whole; so do paths that, with
 * their templates filled in, name what no action may make or read. */
struct graph *graph_build(const struct rowfile *rowfile, struct workspace *workspace, int project,
                          struct diag *diag);
void graph_free(struct graph *graph);

static inline bool graph_is_present(const struct graph *graph, struct node_id node)
{
    return graph->nodes[node.at].action != GRAPH_NONE;
}
const struct action *graph_action(const struct graph *graph, struct node_id node);

/* Appends a file's path from the project (or absolute, where the workspace is). */
void graph_add_path(const struct graph *graph, struct file_id file, struct buf *out);

/* The directory that a file lies in by number, or GRAPH_NONE; *column is set for those. */
uint32_t graph_file_directory(const struct graph *graph, struct file_id file, uint32_t *column);

/* The file with that path from the project, or GRAPH_NONE. */
struct file_id graph_find_file(const struct graph *graph, struct slice path);

/* Directories that a node works on: its own, or its members. */
size_t graph_directories(const struct graph *graph, struct node_id node,
                         const uint32_t **directories);

/* "simulate T1.5-s1" for people; "simulate/T1.5-s1" as `show why` takes it. */
void graph_add_label(const struct graph *graph, struct node_id node, struct buf *out);
void graph_add_key(const struct graph *graph, struct node_id node, struct buf *out);

#endif
