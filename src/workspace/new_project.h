/* Makes a new project: its folders, and a description to begin with.
 *
 * Knows: which folders may become a project. Doesn't know: what a first description says
 * (first_description.h), nor what is found in an existing workspace (found_workspace.h). */
#ifndef ROWBUILD_NEW_PROJECT_H
#define ROWBUILD_NEW_PROJECT_H

#include "diag.h"

#include <stdbool.h>

struct new_project {
    const char *directory; /* of the project; it is made where it doesn't exist */
    const char *workspace; /* relative to it; NULL: "workspace" */
    const char *existing;  /* a workspace that exists, from the current directory; NULL: none */
    bool signac;           /* the values are signac's */
    bool row;              /* the description is a workflow.toml */
};

/* -1 after an error: there is a project already, a name can't be used, or something can't be
 * written. A note says what was found in a workspace that has directories. */
int project_make(const struct new_project *project, struct diag *diag);

#endif
