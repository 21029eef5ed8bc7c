/* The text of a first Rowfile or workflow.toml.
 *
 * Knows: what helps to begin a study. Doesn't know: files. A Rowfile for a new study declares points
 * and runs as it stands; one for existing directories names what was found in them. */
#ifndef ROWBUILD_FIRST_DESCRIPTION_H
#define ROWBUILD_FIRST_DESCRIPTION_H

#include "buf.h"
#include "found_workspace.h"

#include <stdbool.h>

struct first_description {
    struct slice workspace;              /* relative to the project */
    const struct found_workspace *found; /* its directories, perhaps none */
    bool signac;                         /* the values are signac's */
    bool row;                            /* row reads it, too: no key of rowbuild alone */
};

void first_description_add(const struct first_description *first, struct buf *out);

/* Whether a Rowfile ends as one for a new study does, so that nobody has changed its actions yet. */
bool first_description_ends(struct slice rowfile);

#endif
