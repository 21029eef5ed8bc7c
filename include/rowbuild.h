/* rowbuild as a library: load a Rowfile, ask what is stale and why, bring it up to date.
 *
 * Knows: everything that the command `rowbuild` can do. Prints nothing, never exits, installs no
 * signal handlers outside rowbuild_run. Names are bytes and may hold anything but NUL; each `const
 * char *` that is handed out belongs to its handle and lives as long as the documentation of the
 * call says.
 *
 *     struct rowbuild_messages *messages = rowbuild_messages_new();
 *     struct rowbuild *study = rowbuild_open(&(struct rowbuild_options){.directory = "."},
 * messages); if (study != NULL && rowbuild_plan(study, &(struct rowbuild_selection){0}, messages)
 * == 0) { for (size_t i = 0; i < rowbuild_task_count(study); i++) { … }
 *     }
 *     rowbuild_close(study);
 *     rowbuild_messages_free(messages);
 *
 * Zero-initialised option structures mean the documented defaults. A function that returns int
 * gives ROWBUILD_OK or the status that the command would exit with, after at least one error
 * message. One handle is used by one thread at a time; different handles are independent. */
#ifndef ROWBUILD_H
#define ROWBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ROWBUILD_API __attribute__((visibility("default")))

/* Exit statuses of the command, and results of the functions here. */
enum {
    ROWBUILD_OK = 0,
    ROWBUILD_FAILED = 1, /* some task failed or is unfinished */
    ROWBUILD_USAGE = 2,  /* the request or the Rowfile is wrong */
    ROWBUILD_STATE = 3,  /* the state or the workspace can't be used */
    ROWBUILD_INTERRUPTED = 130,
};

ROWBUILD_API const char *rowbuild_version(void); /* "0.1.0" */

/* ---- Messages: errors, warnings and notes, in the order of their coming ---- */

struct rowbuild_messages;
enum rowbuild_severity { ROWBUILD_NOTE, ROWBUILD_WARNING, ROWBUILD_ERROR };

ROWBUILD_API struct rowbuild_messages *rowbuild_messages_new(void);
ROWBUILD_API void rowbuild_messages_free(struct rowbuild_messages *messages);
ROWBUILD_API size_t rowbuild_messages_count(const struct rowbuild_messages *messages);
ROWBUILD_API enum rowbuild_severity
rowbuild_messages_severity(const struct rowbuild_messages *messages, size_t index);
/* The text as it is shown, one or several lines, each ended by '\n':
 * "Rowfile:12:9: error: …", the source line, a caret. Valid until the next call with `messages`. */
ROWBUILD_API const char *rowbuild_messages_text(struct rowbuild_messages *messages, size_t index,
                                                bool colour);
/* From now on, notes about what goes on during a call, such as a lock that is waited for, are
 * handed to `tell` at once, as text that ends with a newline, and aren't counted. */
ROWBUILD_API void rowbuild_messages_listen(struct rowbuild_messages *messages, bool colour,
                                           void (*tell)(void *context, const char *text),
                                           void *context);
/* Forgets the messages seen so far, so that the handle can be used on. */
ROWBUILD_API void rowbuild_messages_clear(struct rowbuild_messages *messages);

/* ---- Opening ---- */

struct rowbuild;

struct rowbuild_options {
    const char *directory; /* where to look for the Rowfile, upward; NULL: "." */
    const char *file;      /* the description itself; NULL: Rowfile, then workflow.toml */
    const char *state;     /* NULL: $ROWBUILD_STATE, else <project>/.rowbuild */
    const char *cluster;   /* NULL: $ROWBUILD_CLUSTER, $ROW_CLUSTER, else recognised; "none" is this
                              machine */
    unsigned io_threads;   /* 0: $ROWBUILD_IO_THREADS, $ROW_IO_THREADS, else as many as CPUs */
};

/* Finds, reads and validates the description. NULL after errors; rowbuild_messages_status() says
 * which exit status they amount to. The caller closes with rowbuild_close (NULL is allowed). */
ROWBUILD_API struct rowbuild *rowbuild_open(const struct rowbuild_options *options,
                                            struct rowbuild_messages *messages);
ROWBUILD_API void rowbuild_close(struct rowbuild *study);
/* The status that the errors in `messages` amount to: ROWBUILD_OK without any, else ROWBUILD_USAGE
 * or ROWBUILD_STATE. */
ROWBUILD_API int rowbuild_messages_status(const struct rowbuild_messages *messages);

ROWBUILD_API const char *rowbuild_project_path(const struct rowbuild *study); /* absolute */
ROWBUILD_API const char *rowbuild_file_name(const struct rowbuild *study);    /* "Rowfile" */

/* ---- Selecting ---- */

struct rowbuild_selection {
    const char *const *actions; /* wildcards (*, ?) of action names; none: all */
    size_t action_count;
    const char *const *targets; /* directory names or paths, product paths; none: all */
    size_t target_count;
    bool only;          /* leave out what the selected tasks need upstream */
    bool rerun;         /* the selected tasks run although they are up to date */
    bool no_adopt;      /* unrecorded products don't count */
    bool adopt;         /* take a state that can't be read for none */
    bool recorded;      /* answer from the state alone: no file is looked at */
    bool exact_actions; /* `actions` are whole names, not wildcards (scan, show directories) */
    bool unknown_targets_warn; /* an unknown target is a warning, not an error (row's show, scan and
                                * submit)
                                */
    bool by_member;            /* a directory also selects the groups that it is in: of these, only
                                  what was named is shown (show status, show directories) */
    bool redone_only;          /* accept: pass over tasks without a record of a good result */
};

/* ---- Planning: what is stale, and why. Writes nothing ---- */

enum rowbuild_status {
    ROWBUILD_COMPLETED,
    ROWBUILD_SUBMITTED,
    ROWBUILD_ELIGIBLE,
    ROWBUILD_WAITING
};

enum rowbuild_intent {
    ROWBUILD_FRESH,    /* nothing to do */
    ROWBUILD_WILL_RUN, /* it is stale itself */
    ROWBUILD_MAY_RUN,  /* it runs if what comes before it makes something different */
    ROWBUILD_RESTORES, /* its good products are backups, and are put back without a run */
    ROWBUILD_BLOCKED, /* it can't run: a previous action excludes its directory, an input is missing
                       */
    ROWBUILD_IN_JOB,  /* it is in a job that is queued or running: nobody else touches it */
    ROWBUILD_WAITS,   /* it will run when the job of something before it has ended */
    ROWBUILD_HELD,    /* up to date, but something before it is in a job */
};

struct rowbuild_task {
    const char *action;
    const char *directory; /* name; NULL for group and project tasks */
    const char *label;     /* "simulate T1.5-s1", for people; control characters escaped */
    const char *key;       /* as `show why` takes it: "simulate/T1.5-s1", unescaped */
    enum rowbuild_status status;
    enum rowbuild_intent intent;
    bool selected;
    bool ran_before; /* there is a record of a good result (redone work) */
    double predicted_core_hours;
};

/* Lists the workspace, reads the state, looks at the files and decides. */
ROWBUILD_API int rowbuild_plan(struct rowbuild *study, const struct rowbuild_selection *selection,
                               struct rowbuild_messages *messages);

/* Tasks of the last plan, in the order of the Rowfile's actions, then of directories. Valid until
 * the next plan or run. */
ROWBUILD_API size_t rowbuild_task_count(const struct rowbuild *study);
ROWBUILD_API void rowbuild_task_at(const struct rowbuild *study, size_t index,
                                   struct rowbuild_task *task);

/* Calls `each` with every reason for which the task isn't up to date ("value /temperature: 1.0
 * → 1.5"), most important first; not at all when it is. */
typedef void rowbuild_reason_fn(void *context, const char *reason);
ROWBUILD_API void rowbuild_task_reasons(struct rowbuild *study, size_t index,
                                        rowbuild_reason_fn *each, void *context);

/* ---- Running ---- */

struct rowbuild_run_options {
    unsigned jobs;       /* budget of cores; 0: the cores this process may use */
    bool jobs_given;     /* an explicit -j (login hosts want one) */
    unsigned keep_going; /* start nothing new after so many failures; 0: 1. UINT_MAX: never stop */
    bool yes;            /* redo more than confirm_above without asking */
    bool explain;        /* say the reasons with each task that starts */
    double grace_s;      /* between TERM and KILL; 0: 5 s */
    unsigned gpus;       /* to hand out, if gpus_given; else $ROWBUILD_GPUS, or what is found */
    bool gpus_given;
};

/* What a run is about to do, for dry runs and for the question before redone work. */
struct rowbuild_estimate {
    size_t will_run;
    size_t may_run;
    size_t restores;
    size_t submitted;        /* in jobs: left alone */
    size_t again;            /* of will_run: tasks with a good result */
    double again_core_hours; /* recorded cost of what would be redone */
    double least_core_hours; /* predicted: what will run */
    double most_core_hours;  /* and what may run as well */
    const char
        *again_reason; /* the commonest reason of redone work, without details: "command changed" */
};
ROWBUILD_API void rowbuild_estimate(const struct rowbuild *study,
                                    struct rowbuild_estimate *estimate);

enum rowbuild_event_kind {
    ROWBUILD_EVENT_PLANNED, /* total is known */
    ROWBUILD_EVENT_CONFIRM, /* much would be redone: see `estimate`; the observer returns true to go
                             * on. Otherwise rowbuild_run returns ROWBUILD_USAGE, without a message
                             * and without FINISHED: nothing was changed */
    ROWBUILD_EVENT_STARTED,
    ROWBUILD_EVENT_ENDED,    /* succeeded, or failed: see `outcome` */
    ROWBUILD_EVENT_NOTICE,   /* `text`: adopted …, nothing is bound …, advice … */
    ROWBUILD_EVENT_TICK,     /* at most 10 a second while something runs: redraw the progress */
    ROWBUILD_EVENT_STOPPING, /* interrupted or too many failures: nothing new is started */
    ROWBUILD_EVENT_FINISHED,
};

enum rowbuild_outcome {
    ROWBUILD_SUCCEEDED,
    ROWBUILD_RESTORED, /* put back without a run */
    ROWBUILD_NODE_FAILED,
    ROWBUILD_UNFINISHED,
    ROWBUILD_TIMED_OUT,
    ROWBUILD_CANCELLED, /* by an interruption */
    ROWBUILD_RETRYING,  /* failed, and will be tried again */
};

struct rowbuild_running { /* one of the longest-running executions */
    const char *label;
    double seconds;
};

struct rowbuild_progress {
    size_t done;    /* tasks that need nothing more; not those that failed or are unfinished */
    size_t total;   /* tasks that may have to run, as far as is known now */
    size_t running; /* executions */
    size_t failed;
    size_t unfinished;
    unsigned cores_used;
    unsigned cores_budget;
    double seconds_left; /* predicted; negative: not known */
    double seconds;      /* since the start */
    struct rowbuild_running longest[4];
    size_t longest_count;
};

struct rowbuild_event {
    enum rowbuild_event_kind kind;
    const char *action;
    const char *label; /* of the execution: "simulate T1.5-s1", "plot 12 directories" */
    size_t tasks;      /* how many tasks the execution holds */
    enum rowbuild_outcome outcome;
    const char
        *how; /* "exit 3", "killed by SIGSEGV", "product b.out is missing", "timed out after 5s" */
    bool blocked; /* failed without a start: it lacks an input that no selected action makes */
    double seconds;
    const char *output; /* what the command printed, shortened; NULL if nothing */
    size_t output_bytes;
    const char *log;   /* path of the log relative to the project, NULL if none */
    const char *again; /* the command line that runs just that task again; NULL unless it failed */
    const char *text;  /* NOTICE; STARTED with explain: the reasons, a line each */
    const struct rowbuild_progress *progress; /* always there */
    const struct rowbuild_estimate *estimate; /* PLANNED, CONFIRM, FINISHED */
};

struct rowbuild_observer {
    /* Called in the thread that called rowbuild_run's loop, never concurrently. The result counts
     * for CONFIRM only. */
    bool (*event)(void *context, const struct rowbuild_event *event);
    void *context;
};

/* Brings the selected tasks up to date. While it runs, SIGINT, SIGTERM and SIGHUP end it: nothing
 * new is started, processes get TERM, then KILL, the record is kept, and ROWBUILD_INTERRUPTED is
 * returned. ROWBUILD_FAILED when some task failed or is unfinished. */
ROWBUILD_API int rowbuild_run(struct rowbuild *study, const struct rowbuild_selection *selection,
                              const struct rowbuild_run_options *options,
                              const struct rowbuild_observer *observer,
                              struct rowbuild_messages *messages);

/* Carries out the job with that token, inside the job: the tasks that its submission registered,
 * those of the element SLURM_ARRAY_TASK_ID where it is an array. Runs beside other runs and jobs,
 * since it takes no lock: what it learns goes to the inbox of the state. A job that isn't
 * registered (any more), or that another job has claimed, is no error: a note says so. However many
 * tasks fail, the others run. On SIGTERM near the job's end processes get the time that is left.
 * Otherwise as rowbuild_run. */
ROWBUILD_API int rowbuild_job(struct rowbuild *study, const char *token,
                              const struct rowbuild_run_options *options,
                              const struct rowbuild_observer *observer,
                              struct rowbuild_messages *messages);

/* ---- Submitting: hands what can run to the cluster's scheduler ---- */

struct rowbuild_submit_options {
    size_t limit;   /* so many jobs at most, over all actions; 0: all */
    bool dry_run;   /* tell the scripts (SCRIPT); nothing is written or submitted */
    bool follow;    /* submit also what waits for tasks that are submitted now, or were before: its
                       jobs start when what they need has succeeded */
    bool no_arrays; /* each job by itself */
    unsigned throttle; /* so many jobs of an array run at once; 0: what clusters.toml says */
    double patience_s; /* how long in all to wait for a scheduler that takes nothing for the moment,
                          if patience_given; else 120 */
    bool patience_given;
    const char *const *scheduler_options; /* passed on to sbatch, before its other ones */
    size_t scheduler_option_count;
    const char *program; /* absolute path of the command `rowbuild`, which the jobs execute; NULL:
                            the program of this process */
};

enum rowbuild_submit_event_kind {
    ROWBUILD_SUBMIT_ACTION,    /* what is to be submitted of an action: `action`, `jobs`, cost */
    ROWBUILD_SUBMIT_CONFIRM,   /* the same of all actions together, before anything is written. The
                                * observer returns true to go on; otherwise rowbuild_submit returns
                                * ROWBUILD_OK, without a message */
    ROWBUILD_SUBMIT_SCRIPT,    /* a dry run: `script`, and `options` of sbatch */
    ROWBUILD_SUBMIT_BEGINS,    /* a submission is about to be made (cluster none: executed) */
    ROWBUILD_SUBMIT_SUBMITTED, /* it was accepted: `job` */
    ROWBUILD_SUBMIT_EXECUTED,  /* cluster none: the script came to its end, and succeeded */
    ROWBUILD_SUBMIT_WAITS,     /* the scheduler takes nothing now: `text`, its words, and `seconds`
                                  until the next attempt */
    ROWBUILD_SUBMIT_NOTICE,    /* `text`: what waits, and why */
    ROWBUILD_SUBMIT_FINISHED,  /* the last event: `jobs` were submitted or executed */
};

struct rowbuild_submit_event {
    enum rowbuild_submit_event_kind kind;
    const char *action;
    size_t jobs; /* of an array: its elements */
    size_t tasks;
    const char *directory; /* the first one; NULL: none */
    size_t directory_count;
    double cpu_hours; /* what the jobs cost at most */
    double gpu_hours;
    size_t number; /* of the submission, from 1, of `total` */
    size_t total;
    const char *job; /* "lab/123", "lab/123_[0-99]" */
    const char *script;
    const char *options; /* words for a shell: "--dependency=afterok:12 --comment=…" */
    const char *text;
    double seconds;
};

struct rowbuild_submit_observer {
    /* Called in the thread that called rowbuild_submit. The result counts for CONFIRM only. */
    bool (*event)(void *context, const struct rowbuild_submit_event *event);
    void *context;
};

/* Submits jobs for the selected tasks that can run now: a job for each group, jobs with equal
 * requests together as an array. What the selected tasks need upstream is not submitted with them.
 * Nobody else submits meanwhile (ROWBUILD_STATE: somebody does). Each submission is recorded before
 * it is made, so that none is lost or made twice. While it works, SIGINT, SIGTERM and SIGHUP end it
 * after the submission at hand: ROWBUILD_INTERRUPTED. ROWBUILD_FAILED when some submission was
 * refused or had to be given up (what was submitted stays), or, on a cluster whose scheduler is
 * bash, when a script failed: no further one is begun. `observer` may be NULL. */
ROWBUILD_API int rowbuild_submit(struct rowbuild *study, const struct rowbuild_selection *selection,
                                 const struct rowbuild_submit_options *options,
                                 const struct rowbuild_submit_observer *observer,
                                 struct rowbuild_messages *messages);

/* ---- Other commands. All output goes through `write`, whole lines, no colour unless asked for
 * ---- */

struct rowbuild_writer {
    void (*write)(void *context, const char *bytes, size_t len);
    void *context;
};

struct rowbuild_show_options {
    bool json;
    bool colour;
    bool completed, submitted, eligible, waiting; /* filters; none set: all */
    bool all; /* actions without directories too (status), everything (cluster, launchers) */
    bool short_output; /* one name a line */
    bool no_header;
    bool no_separate_groups;
    const char *const *values; /* JSON pointers as columns (directories) */
    size_t value_count;
    size_t group_limit;  /* -n: so many groups (directories); 0: all */
    const char *cluster; /* as in rowbuild_options; for cluster and launchers without a study */
};

/* After rowbuild_plan. */
ROWBUILD_API int rowbuild_show_status(struct rowbuild *study,
                                      const struct rowbuild_selection *selection,
                                      const struct rowbuild_show_options *options,
                                      const struct rowbuild_writer *writer,
                                      struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_directories(struct rowbuild *study,
                                           const struct rowbuild_selection *selection,
                                           const struct rowbuild_show_options *options,
                                           const struct rowbuild_writer *writer,
                                           struct rowbuild_messages *messages);
/* Why the selected tasks are stale, or that they aren't. Targets may also be "ACTION/DIRECTORY" or
 * an action's name. */
ROWBUILD_API int rowbuild_show_why(struct rowbuild *study,
                                   const struct rowbuild_selection *selection,
                                   const struct rowbuild_show_options *options,
                                   const struct rowbuild_writer *writer,
                                   struct rowbuild_messages *messages);
/* What a dry run prints: each task that will or may run, with its first reason, and the estimate.
 * With `explain` all reasons, and also the tasks that can't run. */
ROWBUILD_API int rowbuild_show_plan(struct rowbuild *study, bool explain,
                                    const struct rowbuild_show_options *options,
                                    const struct rowbuild_writer *writer,
                                    struct rowbuild_messages *messages);
/* The jobs of the current cluster that are queued or running, elements of arrays one by one, with
 * the selected actions and directories in them: of the last plan, which may be one with `recorded`.
 */
ROWBUILD_API int rowbuild_show_jobs(struct rowbuild *study,
                                    const struct rowbuild_selection *selection,
                                    const struct rowbuild_show_options *options,
                                    const struct rowbuild_writer *writer,
                                    struct rowbuild_messages *messages);
/* The log of the selected task's last execution; with `follow` as it grows, until the task ends. */
ROWBUILD_API int rowbuild_show_log(struct rowbuild *study,
                                   const struct rowbuild_selection *selection, bool follow,
                                   const struct rowbuild_writer *writer,
                                   struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_machine(struct rowbuild *study,
                                       const struct rowbuild_show_options *options,
                                       const struct rowbuild_writer *writer,
                                       struct rowbuild_messages *messages); /* study may be NULL */
/* The cluster that is recognised, or named; with `all` every one that is known. `study` may be NULL
 * for both. */
ROWBUILD_API int rowbuild_show_cluster(struct rowbuild *study,
                                       const struct rowbuild_show_options *options,
                                       const struct rowbuild_writer *writer,
                                       struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_launchers(struct rowbuild *study,
                                         const struct rowbuild_show_options *options,
                                         const struct rowbuild_writer *writer,
                                         struct rowbuild_messages *messages);

/* Everything that can be found without running: all errors and warnings go to `messages`. */
ROWBUILD_API int rowbuild_check(struct rowbuild *study, struct rowbuild_messages *messages);
ROWBUILD_API const char *rowbuild_schema(void); /* JSON Schema of a Rowfile */

/* Records what is there as right, without running. *accepted: how many tasks. */
ROWBUILD_API int rowbuild_accept(struct rowbuild *study, const struct rowbuild_selection *selection,
                                 size_t *accepted, struct rowbuild_messages *messages);

/* row's scan: looks at the products of the selected tasks and records (adopts) what is complete and
 * not yet known. *found: how many tasks became known. */
ROWBUILD_API int rowbuild_scan(struct rowbuild *study, const struct rowbuild_selection *selection,
                               size_t *found, struct rowbuild_messages *messages);

struct rowbuild_clean_options {
    bool completed; /* forget what was completed: the records of tasks */
    bool directory; /* forget vanished directories, and what was read of values and files */
    bool submitted; /* forget submitted jobs */
    bool force;     /* although jobs are submitted */
    bool dry_run;   /* only say it */
    bool yes;
};
/* None of the three: all. Says through messages (notes) what was forgotten and what it means, and
 * which backups were deleted. */
ROWBUILD_API int rowbuild_clean(struct rowbuild *study,
                                const struct rowbuild_clean_options *options,
                                struct rowbuild_messages *messages);

/* Makes a new project in `directory` (made if need be): Rowfile and workspace. Refuses where one
 * is, or above. `workspace` NULL: "workspace"; `signac`: values as signac keeps them; `row`: a
 * workflow.toml. */
ROWBUILD_API int rowbuild_init(const char *directory, const char *workspace, bool signac, bool row,
                               struct rowbuild_messages *messages);

#ifdef __cplusplus
}
#endif

#endif
