/* What the sources of the graph share while it is built; nobody else includes this.
 *
 * Knows: the half-built graph and its look-up tables. All errors go to `diag`. */
#ifndef ROWBUILD_BUILDING_H
#define ROWBUILD_BUILDING_H

#include "graph.h"

struct name_nodes {    /* of one action name */
    uint32_t column;   /* directory scope: the node's column; else GRAPH_NONE */
    uint32_t *node_of; /* group scope: node by directory, GRAPH_NONE where none; else NULL */
    VEC(struct node_id) others; /* group and project nodes */
};

struct building {
    struct graph *graph;
    const struct rowfile *rowfile;
    struct workspace *workspace;
    int project; /* descriptor */
    struct diag *diag;
    struct name_nodes *by_name; /* rowfile->name_count */
    struct intern columns;
};

/* files.c */
void building_collect_columns(struct building *building);
/* The file at `path` below a directory; the column must have been collected, or the path is
 * absolute. */
struct file_id building_file_below(struct building *building, uint32_t directory,
                                   struct slice path);
/* The file at a path from the project, interned if it isn't one inside a directory. */
struct file_id building_file(struct building *building, struct slice path);

/* expand.c: a `//` path for a node's directories; group nodes must agree on it. -1 after an error.
 */
int building_expand(struct building *building, const struct action *action,
                    const struct path_spec *spec, const uint32_t *directories, size_t count,
                    struct buf *out);

/* edges.c: dependencies and edges of all nodes, given nodes, products and producers. */
int building_connect(struct building *building);

/* inputs.c: adds the files that an action's globs match for one node. `add` is called for each. */
typedef void building_match_fn(void *context, struct file_id file, uint16_t input);
int building_match_globs(struct building *building, struct node_id node, building_match_fn *add,
                         void *context);

#endif
