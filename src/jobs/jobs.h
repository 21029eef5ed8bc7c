/* The submissions that aren't forgotten yet, and the state of their jobs at one moment.
 *
 * Knows: how registrations, row's own record, the inbox and the queue hang together. The queue is
 * asked once at most, and only about jobs of this cluster. Doesn't know: how anything is shown, nor
 * how a command is run.
 *
 * The folder's files:
 * - submissions: the registry, a file for each call of sbatch, and submission_text what stands in it;
 *   row_jobs: row's own record
 * - claims: what jobs say of themselves in the inbox; counting: which records in it count
 * - endings: what has ended and how, from all of these (pure); lost: jobs whose number isn't known
 * - jobs.c: a look at them; plan_jobs.c: what they mean for the plan, and the plan for them
 * - grown: what the next jobs ask for, as the last ones ended
 * - submit: new submissions; submit_sbatch and submit_bash make one, of what submit_script puts
 *   together; submit_tell says so, and submit_grown what requests have grown; submitting is what all of these know
 * - cancel: jobs that are to end, and those that wait for them
 * - element: one element, carried out inside its job
 * - listing: which jobs are shown; forgetting: when jobs may be forgotten, and what that means */
#ifndef ROWBUILD_JOBS_H
#define ROWBUILD_JOBS_H

#include "clusters.h"
#include "growth.h"
#include "inbox.h"
#include "job_ref.h"
#include "plan.h"
#include "queue.h"
#include "row_jobs.h"
#include "submissions.h"

/* Where jobs are registered, and where this is. Borrowed. */
struct jobs_place {
    const char *state_path;
    int project; /* descriptor */
    const struct clusters *clusters;
    const struct cluster *cluster; /* this one */
    /* Removes what the jobs of submissions that are forgotten left in the logs. */
    void (*forget_logs)(const char *state_path, const struct slice *tokens, size_t count);
};

struct jobs_look {
    bool writes;    /* the state is open for writing: what has ended is marked on disk */
    bool is_strict; /* something is to be started: row's record must be readable */
    bool asks_anew; /* a remembered answer of the queue won't do */
    bool forgives;  /* registrations that can't be read don't matter, they are forgotten */
};

struct site_queue { /* of another cluster that has jobs of ours */
    struct slice site;
    struct queue queue;
};

struct jobs {
    struct jobs_place place;
    struct submissions submissions;
    bool is_unread; /* a registration can't be read, which `forgives` */
    struct row_jobs row;
    struct inbox_names inbox;
    struct queue queue; /* unanswered, unless there was something to ask */
    VEC(struct site_queue) sites;
    const struct job_ref **jobs; /* by task, for the plan */
    const char **endings;
    const struct job_traces **traces;
    struct task_growth *growth; /* by task (grown.h); NULL: not found out, or nothing can grow */
    struct slice *grown_by; /* by task: token of the registration that says so; at == NULL: none */
    bool has_grown;         /* any, or of a queued job */
    struct arena texts;
};

/* Reads what is registered and finds out what has ended. Readers do this before they read the
 * state, so that they see all that an ended job has recorded; a writer does it after, marks what
 * has ended, and must then take the inbox once more. *jobs is NULL where nothing is registered. -1
 * after an error; the caller releases *jobs in any case. All functions take NULL for no jobs. */
int jobs_load(struct jobs **jobs, const struct jobs_place *place, const struct jobs_look *look,
              struct diag *diag);
void jobs_free(struct jobs *jobs);

/* The queue that lists the jobs of a submission; unanswered where it wasn't asked. */
const struct queue *jobs_queue_of(const struct jobs *jobs, const struct submission *submission);

/* Whether row's job isn't known to have ended. */
bool jobs_row_job_is_queued(const struct jobs *jobs, const struct row_job *job);

/* Jobs that are queued or running, elements of arrays one by one: on this cluster, or on any. */
uint64_t jobs_count_queued(const struct jobs *jobs);
uint64_t jobs_count_all_queued(const struct jobs *jobs);

/* Whether jobs that the records may have to wait for are queued or running, as far as is known. */
bool jobs_may_be_queued(const struct jobs *jobs);

/* For clean: jobs may add to records after these were forgotten, and forgotten jobs may still run. -1
 * with an error while any is queued or running, or that is unknown. */
int jobs_refuse_to_forget(const struct jobs *jobs, struct diag *diag);
/* Notes that say what it means that all jobs were forgotten, or would be. */
void jobs_tell_forgotten(const struct jobs *jobs, bool dry_run, struct diag *diag);

/* For clean: forgets submissions without a number whose action has one of these names (wildcards), or only says
 * so. Without `force` they are an error while any of their jobs may be queued or running. -1 after an error. */
struct jobs_forgetting {
    const char *const *actions;
    size_t action_count;
    bool force;
    bool dry_run;
};
int jobs_forget_lost(const struct jobs *jobs, const struct jobs_forgetting *forgetting,
                     struct diag *diag);

/* Removes the registrations with these tokens, and what the inbox and the logs have of them. */
int jobs_forget(const struct jobs_place *place, const struct slice *tokens, size_t count,
                struct diag *diag);

/* ---- plan_jobs.c ---- */

/* Tells the plan, which hasn't looked yet, which tasks are in jobs, and how jobs have ended. */
void jobs_tell_plan(struct jobs *jobs, struct plan *plan);

/* For a job, once its tasks are selected: the elements whose records matter to it, by name
 * (inbox.h). They hold its tasks or what comes before these. -1 after an error. */
int jobs_find_sources(const char *state_path, const struct plan *plan, struct intern *sources,
                      struct diag *diag);

/* For a writer, after the plan's look: forgets submissions that nobody needs any more. */
int jobs_settle(struct jobs *jobs, const struct plan *plan, struct diag *diag);

/* For a writer, before tasks are started or submitted anew: ended elements that held one of them
 * are released, so that what their jobs might still record doesn't count. `starts` is by task;
 * NULL: all that the plan would run. */
int jobs_release(struct jobs *jobs, const struct plan *plan, const bool *starts, struct diag *diag);

#endif
