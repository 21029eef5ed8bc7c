/* Makes a new project: its folders, and a description to begin with.
 *
 * Knows: what a first description says. Doesn't know: how one is read. */
#ifndef ROWBUILD_NEW_PROJECT_H
#define ROWBUILD_NEW_PROJECT_H

#include "diag.h"

#include <stdbool.h>

/* `workspace` is relative to `directory`; NULL: the default. `signac`: the values are signac's.
 * `row`: the description is a workflow.toml. -1 after an error: there is a project already, a name
 * can't be used, or something can't be written. */
int project_make(const char *directory, const char *workspace, bool signac, bool row,
                 struct diag *diag);

#endif
