#include "check.h"

#include "check_inner.h"
#include "cluster_check.h"

void check_study(const struct check *check, struct diag *diag)
{
    (void)check_values(check, true, diag);
    plan_warn_of_words(check->plan, true, diag);
    check_actions(check, diag);
    if (check->graph->workspace->fd >= 0) {
        check_inputs(check, diag);
    }
    check_failures(check, diag);
    check_commands(check, diag);
    check_mpi(check, diag);
    cluster_check(check->clusters, check->cluster, check->graph, diag);
}
