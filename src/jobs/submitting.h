/* What is being submitted, as all files of submit know it.
 *
 * Knows: the plan's submissions with their actions and jobs, and the signals that stop the program.
 * Doesn't know: how a submission is made, nor what is said of it. */
#ifndef ROWBUILD_SUBMITTING_H
#define ROWBUILD_SUBMITTING_H

#include "job_plan.h"
#include "loop.h"
#include "rowbuild.h"
#include "submissions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed. */
struct submit_place {
    const char *project_path;    /* absolute */
    const char *project_spelled; /* the same as the user's shell spells it */
    int project;                 /* descriptor */
    const char *file_name;       /* the description, as shown in messages */
    const char *state_path;      /* absolute */
    const struct cluster *cluster;
    const struct launchers *launchers;
};

struct submitting {
    struct submit_place place;
    const struct rowbuild_submit_options *options;
    const struct rowbuild_submit_observer *observer;
    struct diag *diag;
    struct plan *plan; /* of the last look, with its state */
    struct job_plan jobs;
    const struct submissions *registered; /* before; NULL: none */
    uint64_t throttle;                    /* of arrays, as asked for; 0: none */
    const struct task_growth *growth;     /* by task; NULL: no request has grown */
    const char *program;                  /* what the jobs execute */
    const char *file;                     /* its --file; NULL: none is needed */
    const char *state;                    /* where the state is; NULL: where it is expected */
    struct slice kept; /* the program, beside the registrations; at == NULL: it isn\'t kept */
    struct slice description; /* what all of them carry (carried.h) */
    struct part_maker *parts; /* what each of them is about */
    uint64_t *ids;            /* by submission: the scheduler's */
    struct slice
        *sites; /* likewise: the cluster that sbatch named; at == NULL: none, or none yet */
    struct loop *loop;
    bool interrupted;
    bool has_asked_version; /* whether Slurm makes the folders of --output */
    bool makes_folders;
    bool unfinished;   /* bash: a command ended well without its products */
    double patience_s; /* what is left of it */
    size_t done;       /* jobs that were submitted or executed */
    struct arena arena;
};

/* What a submission is about. */
const struct action *submit_action(const struct submitting *submitting,
                                   const struct planned_submission *planned);
const struct planned_job *submit_jobs(const struct submitting *submitting,
                                      const struct planned_submission *planned);

/* Looks for signals; waits for them up to that long. Whether the user wants to stop. */
bool submit_wait(struct submitting *submitting, double seconds);

#endif
