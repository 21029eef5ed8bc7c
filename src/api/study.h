/* The handle behind include/rowbuild.h: an opened project, and its plan.
 *
 * Knows: in which order the modules below are used, and what must be undone if one of them fails.
 * Decides nothing about tasks. */
#ifndef ROWBUILD_STUDY_H
#define ROWBUILD_STUDY_H

#include "arena.h"
#include "audit.h"
#include "clusters.h"
#include "diag.h"
#include "element.h"
#include "graph.h"
#include "jobs.h"
#include "launchers.h"
#include "observe.h"
#include "part.h"
#include "plan.h"
#include "point_records.h"
#include "report.h"
#include "rowbuild.h"
#include "rowfile.h"
#include "state.h"
#include "workspace.h"

#include <stdbool.h>

struct rendered_message {
    const char *plain;
    const char *coloured;
    struct rowbuild_finding finding;
};

struct rowbuild_messages {
    struct diag diag;
    struct arena rendered;
    VEC(struct rendered_message) settled; /* the first entries, as they are shown */
    struct buf text;
    const char *description; /* absolute path of the file that was opened; NULL: none */
    bool is_strict;          /* warnings count as errors */
    void (*tell)(void *context, const char *text); /* rowbuild_messages_listen; NULL: nobody */
    void *tell_context;
    bool tell_colour;
};

/* The options of a run that carries out an element of a submission, as a job. */
struct study_job {
    const struct job_element *element;
    const struct part *part;   /* what it is about; NULL: the whole study may matter */
    bool in_order;             /* the tasks start in the order of the list */
    const char *name;          /* tells it from other jobs */
    struct element_time *time; /* of which the run learns more */
    bool *is_partial;          /* likewise: whether tasks are left out (awaited.h) */
};

struct rowbuild {
    char *project_path;    /* absolute */
    char *project_spelled; /* the same as the caller's shell spells it; NULL: no shell came here */
    int project;           /* descriptor */
    char *file_name;       /* as shown in messages */
    char *state_path;      /* absolute */
    char *state_shown;     /* as it is shown: relative to the project where it lies there */
    char *from_project;    /* the current directory below the project, with a trailing '/', or "" */
    struct clusters clusters;
    const struct cluster *cluster; /* where this is; its name ends with NUL */
    unsigned io_threads;
    bool is_carried;   /* the description is the one that was submitted (carried.h) */
    double wait_s;     /* what is left of the time to wait for another writer */
    char *told_writer; /* the message that named it */
    struct rowfile *rowfile;
    struct launchers launchers;
    struct diag own; /* what was found while loading that concerns one action only; warnings */

    struct points *points; /* that are declared, once they were asked for; NULL: none */
    struct point_records *point_records;
    struct point_former *point_formers; /* sorted; for the workspace */
    bool makes_points;                  /* the look is followed by study_make_points */
    bool told_undeclared;               /* directories that no point declares */
    struct workspace workspace;
    struct graph *graph;
    struct state *state;
    struct observer *observer;
    struct plan *plan;
    const struct study_job *job;     /* that this process carries out; else NULL */
    struct since_ahead *since_ahead; /* what git is asked meanwhile; NULL: nothing */
    struct audit *audit;             /* watches the commands of a run; NULL: nobody does */
    bool keeps_records;              /* the run leaves the records as they were (audit) */
    struct jobs *jobs;               /* what is in jobs, of the last look; NULL: nothing */
    struct study_cancel *cancel;     /* what a dry run of cancel found in that look; NULL: none */
    void (*free_cancel)(struct study_cancel *cancel);
    bool asks_anew;        /* the queue is asked again for the next look */
    bool forgets_jobs;     /* registrations that can't be read don't matter (clean) */
    bool made_state;       /* the state folder wasn't there before */
    bool keeps_failed;     /* of what is selected only tasks whose last attempt failed… */
    bool keeps_only;       /* …without what comes before them */
    bool scans;            /* plans for a scan */
    bool will_write;       /* the look is followed by study_begin_writing */
    bool tolerates_absent; /* a workspace that doesn't exist is only a note (check) */
    bool tolerates_empty;  /* an empty workspace with records isn't an error (clean) */
    struct task_id *listed;
    size_t listed_count;
    struct arena labels;
};

/* Renders what was added, so that it outlives what it points to. Returns `status`. */
int messages_settle(struct rowbuild_messages *messages, int status);

/* Says which description is read, for the paths in findings. */
void messages_describe(struct rowbuild_messages *messages, const char *project, const char *file);

/* Loads the clusters, and finds which of them is meant: `name`, else what ROWBUILD_CLUSTER or
 * ROW_CLUSTER name, else what is recognised. NULL after an error; the caller releases `clusters` in
 * any case. */
const struct cluster *study_find_cluster(struct clusters *clusters, const char *name,
                                         struct diag *diag);

/* Takes over the entries of `diag` that have no action, or (`action` not NULL) only that
 * action's. */
void messages_take(struct rowbuild_messages *messages, const struct diag *diag, const char *action);

/* Lists the workspace, builds the graph, opens the state, plans. */
int study_look(struct rowbuild *study, const struct rowbuild_selection *selection,
               enum state_mode mode, struct rowbuild_messages *messages);

/* Between two rounds of a run: makes the graph anew for the directories in `found`, which become the
 * study's, and a plan without a look; the state stays open and locked. Then the look. Both return a
 * status, and drop nothing after an error. */
int study_load_anew(struct rowbuild *study, const struct rowbuild_selection *selection,
                    struct workspace *found, struct rowbuild_messages *messages);
int study_plan_anew(struct rowbuild *study, struct rowbuild_messages *messages);

/* Declared points (study_points.c, study_points_make.c). All do nothing in a study without any.
 *
 * Expands the declaration, once; opens the workspace, with pending values as they are declared if a
 * dry run plans, or `makes_points` is set; says which directories aren't points; takes the values of
 * points that are in jobs from their files. */
int study_expand_points(struct rowbuild *study, struct diag *diag);
int study_open_workspace(struct rowbuild *study, enum state_mode mode, struct diag *diag);
void study_tell_undeclared(struct rowbuild *study, struct diag *diag);
void study_hold_points(struct rowbuild *study, struct diag *diag);
/* What the records say of names, valid until something is added to them. */
void study_add_known_points(struct rowbuild *study, struct points_view *view);
/* Moves the records of directories that were renamed; before the state is bound. */
void study_follow_renames(struct rowbuild *study);

/* study_undeclared.c: undeclared directories that have results on record (`only_new`: that were
 * declared at the last run); the names live as long as the look. And the records of what is declared
 * now and what isn't, after which nothing is new. */
void study_find_undeclared(const struct rowbuild *study, bool only_new,
                           struct rowbuild_undeclared *found);
int study_mark_points(const struct rowbuild *study, struct diag *diag);
/* Whether what would be redone and what is no longer declared is more than confirm_above. */
bool study_must_ask(const struct rowbuild *study, const struct rowbuild_estimate *estimate);

/* Writes the pending points, with the lock held (a job has none, and writes no points), and plans anew
 * with them. `told` gets what was
 * done. A status. */
int study_make_points(struct rowbuild *study, const struct rowbuild_selection *selection,
                      struct buf *told, struct rowbuild_messages *messages);

/* "would make 6 points"; false: nothing is pending. */
bool study_add_pending_points(const struct rowbuild *study, struct buf *text);

/* Makes the state, opened for reading where there was none, one for writing, without a second look.
 * 0, 1 or -1 as state_begin_writing. */
int study_begin_writing(struct rowbuild *study, struct diag *diag);

/* Releases the plan and everything it uses; writes queued records if the state is open for
 * writing. */
int study_drop(struct rowbuild *study, struct rowbuild_messages *messages);

/* Adds the errors of actions that are selected; ROWBUILD_USAGE if there are any. */
int study_refuse_broken_actions(struct rowbuild *study, struct rowbuild_messages *messages);

/* Checks that the values of all tasks that will or may run (`all`: of every task) have what their
 * commands name, and that it can be put there. -1 after errors that name the directories. */
int study_check_values(const struct rowbuild *study, bool all, struct diag *diag);

/* Warns of actions that a run here would refuse, unless jobs of a cluster do the work. After a look. */
void study_check_machine(const struct rowbuild *study, struct diag *diag);

struct plan_selection study_selection(const struct rowbuild *study,
                                      const struct rowbuild_selection *selection);

/* rowbuild_run; with `job` (not NULL) that job's tasks only, without the lock. */
int study_run(struct rowbuild *study, const struct rowbuild_selection *selection,
              const struct study_job *job, const struct rowbuild_run_options *options,
              const struct rowbuild_observer *observer, struct rowbuild_messages *messages);

/* study_keep.c: the records of the tasks that a run may execute, from before it, and putting them
 * back, which releases them. The state stays open in between. */
struct kept_records *study_keep_records(const struct rowbuild *study);
void study_restore_records(const struct rowbuild *study, struct kept_records *kept);

/* Begins to find out what the records of this run or job, or of what is accepted now, say of it
 * (find_facts.h). `allocation`: of the scheduler's job; NULL: none. */
struct facts_search *study_begin_facts(const struct rowbuild *study,
                                       const struct allocation *allocation);

/* Asks git, while other things are done, what both functions below need. The end waits for the answer,
 * and drops it if nobody took it. */
void study_begin_since(struct rowbuild *study, const char *revision);
void study_end_since(struct rowbuild *study);

/* By task of the study's graph: whether the changes since a commit affect it, for the caller to free.
 * -1 after an error. */
int study_select_since(struct rowbuild *study, const char *revision, uint8_t **affected,
                       struct diag *diag);

/* Appends the tasks that they affect, and why. */
int study_report_since(struct rowbuild *study, const char *revision, bool explain,
                       const struct rowbuild_show_options *options, struct buf *out,
                       struct diag *diag);

/* Tells reports which commits changed inputs; begun and ended around a report. `since`: the commit to
 * compare with for all tasks; NULL: that of each record. */
struct study_commits {
    const struct rowbuild *study;
    struct report_commits source;
    struct arena names;
};
void study_commits_begin(struct study_commits *commits, const struct rowbuild *study,
                         const char *since);
void study_commits_end(struct study_commits *commits);
void study_find_commits(void *context, struct report_change *changes, size_t count);

/* A path as messages show it: relative to the project where it lies there. */
const char *study_shown_path(const struct rowbuild *study, const char *path);

#endif
