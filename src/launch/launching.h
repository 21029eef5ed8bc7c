/* What the sources of launch share; nobody else includes this. */
#ifndef ROWBUILD_LAUNCHING_H
#define ROWBUILD_LAUNCHING_H

#include "launch.h"

/* Where the templates of an expansion are taken from. */
struct expansion {
    const struct launch_context *context;
    struct node_id node;         /* the first of the execution */
    const uint32_t *directories; /* all that the command works on */
    size_t count;
    const struct node_id *nodes; /* of a batch: whose products and inputs are listed */
    size_t node_count;
};

/* Appends a template, each part quoted for its place. `directory` is the one that {directory} and
 * pointers mean. -1 after an error. */
int launch_expand(const struct expansion *expansion, const struct template *template,
                  uint32_t directory, struct buf *out, struct diag *diag);

/* The environment of an execution, in `arena`. */
int launch_environment(const struct expansion *expansion, const struct launch_request *request,
                       struct arena *arena, char ***environment, struct diag *diag);

#endif
