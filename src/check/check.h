/* What can be found without running any command of the description.
 *
 * Knows: the plan of everything, values, the words of commands, PATH, launchers, the clusters. Doesn't
 * know: how the description was found and read, or what becomes of the findings. Changes nothing.
 *
 * Which file holds what: check.c (all findings, in their order); check_values.c (values that commands
 * can't use); check_actions.c (actions that never run); check_inputs.c (missing inputs);
 * check_failures.c (failures that a shell doesn't see); check_commands.c (programs and files that
 * commands name); check_mpi.c (programs of another MPI than their launcher's). What concerns words in braces is the plan's, and what concerns partitions the
 * cluster's. */
#ifndef ROWBUILD_CHECK_H
#define ROWBUILD_CHECK_H

#include "clusters.h"
#include "diag.h"
#include "graph.h"
#include "launchers.h"
#include "plan.h"

#include <stdbool.h>

/* What is checked. Nothing of it is changed or owned. */
struct check {
    struct graph *graph; /* where the workspace doesn't exist, its descriptor is -1 */
    struct plan *plan;
    const char *project_path; /* absolute */
    int project;              /* descriptor */
    const struct launchers *launchers;
    const struct clusters *clusters;
    const struct cluster *cluster; /* where this is */
};

/* Adds all that is found. */
void check_study(const struct check *check, struct diag *diag);

/* Checks that the values of all tasks that will or may run (`all`: of every task) have what their
 * commands name, and that it can be put there. Needs no clusters. -1 after errors that name the
 * directories. */
int check_values(const struct check *check, bool all, struct diag *diag);

#endif
