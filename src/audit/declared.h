/* What the graph says that one execution reads and makes, as audit_compare takes it.
 *
 * Knows: graph, workspace, real paths. Doesn't know: what was done to files. */
#ifndef ROWBUILD_DECLARED_H
#define ROWBUILD_DECLARED_H

#include "arena.h"
#include "audit_compare.h"
#include "graph.h"
#include "vec.h"

/* Where things are. */
struct audit_places {
    struct slice project_path;    /* real, absolute; NUL-terminated */
    struct slice workspace_path;  /* likewise */
    struct slice workspace_shown; /* as paths of the audit begin that lie in it */
};

/* A real, absolute path, or one of the graph, as the audit names it: relative to the project, or
 * absolute outside of it. In `arena`. */
struct slice places_name(const struct audit_places *places, struct slice path, struct arena *arena);

/* What is on the disk under such a name. */
void places_add_real(const struct audit_places *places, struct slice name, struct buf *out);

struct declared {
    struct arena arena;
    VEC(struct audit_file) files;
    VEC(uint32_t) directories; /* of the workspace, that the execution works on */
    bool value_is_read;
};

/* To be released in any case. Files are looked at. */
void declared_find(struct declared *declared, const struct graph *graph,
                   const struct audit_places *places, const struct task_id *tasks, size_t count);
void declared_release(struct declared *declared);

/* The path as the action would name it, appended to `out`; *directory becomes the one it lies in, of
 * those that the execution works on, else GRAPH_NONE. */
void declared_spell(const struct declared *declared, const struct graph *graph,
                    const struct audit_places *places, const struct action *action,
                    struct slice path, struct buf *out, uint32_t *directory);

#endif
