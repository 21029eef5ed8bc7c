/* What check finds about the machine: actions that a run here would refuse. */
#include "study.h"

#include "means.h"
#include "run.h"

/* Looking at the machine takes longer than the rest of a check. */
static bool asks_for_much(const struct rowfile *rowfile)
{
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct resource_spec *resources = &rowfile->actions[a].resources;
        if (resources->processes > 1 || resources->processes_per_directory ||
            resources->threads_per_process > 1 || resources->gpus_per_process > 0 ||
            resources->memory_per_process > 0 || resources->memory_per_directory > 0 ||
            resources->memory_per_submission > 0 || resources->memory_per_cpu_mb > 0) {
            return true;
        }
    }
    return false;
}

static void ignore(void *context, const char *text)
{
    (void)context;
    (void)text;
}

void study_check_machine(const struct rowbuild *study, struct diag *diag)
{
    struct rowbuild_run_options asked = {0};
    struct run_means means;
    struct diag unseen; /* a machine that can't be examined is an error of a run */
    if (study->cluster->scheduler == SCHEDULER_SLURM || !asks_for_much(study->rowfile)) {
        return;
    }
    diag_init(&unseen);
    if (run_means_find(&means, study->rowfile, true, &asked, ignore, NULL, &unseen) == 0) {
        struct launch_context launch = {.graph = study->graph,
                                        .launchers = &study->launchers,
                                        .cluster = study->cluster->name,
                                        .steps = means.allocation.exists ? &means.steps : NULL};
        struct run_options options = {.jobs = means.jobs,
                                      .gpus = means.gpus.count,
                                      .gpus_from = means.gpus.from,
                                      .gpus_can_be_told = means.gpus.can_be_told};
        run_warn_of_requests(study->plan, &launch, &means.machine, &options, diag);
    }
    run_means_release(&means);
    diag_release(&unseen);
}
