/* rowbuild as a library: load a Rowfile, ask which tasks are stale and why, bring them up to date.
 *
 * Knows: everything that the command `rowbuild` can do. Prints nothing and never exits, with one
 * exception: when memory runs out, one line goes to standard error and the process exits with
 * status 3. Signals are caught only during rowbuild_run, rowbuild_job and rowbuild_submit. Names
 * are bytes and may contain any byte except NUL. Each `const char *` that a function returns
 * belongs to its handle and stays valid as long as the function's documentation says.
 *
 *     struct rowbuild_messages *messages = rowbuild_messages_new();
 *     struct rowbuild *study =
 *         rowbuild_open(&(struct rowbuild_options){.directory = "."}, messages);
 *     struct rowbuild_selection all = {0};
 *     if (study != NULL && rowbuild_plan(study, &all, messages) == ROWBUILD_OK) {
 *         for (size_t i = 0; i < rowbuild_task_count(study); i++) { … }
 *     }
 *     rowbuild_close(study);
 *     rowbuild_messages_free(messages);
 *
 * Option structures that are zero have the documented defaults. A function that returns int gives
 * ROWBUILD_OK, or, after at least one error message, the status that the command would exit with.
 * A handle must be used by only one thread at a time. Different handles are independent. */
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
    ROWBUILD_FAILED = 1,    /* a task failed or is unfinished */
    ROWBUILD_USAGE = 2,     /* the request or the Rowfile is wrong */
    ROWBUILD_STATE = 3,     /* the state or the workspace can't be used */
    ROWBUILD_WOULD_RUN = 4, /* only the command: a dry run with --exit-code has something to do */
    ROWBUILD_INTERRUPTED = 130,
};

ROWBUILD_API const char *rowbuild_version(void); /* "0.1.0" */

/* ---- Messages: errors, warnings and notes, in the order in which they arrive ---- */

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

/* What a message is about, without decoration. */
struct rowbuild_finding {
    const char *code; /* "unknown-key": stable; `check --explain` and the manual list all codes */
    enum rowbuild_severity severity;
    const char *file; /* as messages show it: "Rowfile"; NULL: no place, and the numbers are 0 */
    const char *path; /* the same file's absolute path; NULL: no place */
    size_t line;      /* from 1 */
    size_t column;    /* from 1, in UTF-8 code points; 0, as end_column: the whole line */
    size_t end_line;  /* the place ends before this column of this line */
    size_t end_column;
    const char *message; /* what is wrong: one line without a full stop and without the mend */
    const char *mend;    /* what to type instead; NULL: the message doesn't say */
    const char *text;    /* as rowbuild_messages_text, without colour */
    const char *const *directories; /* names of the directories that the message concerns */
    size_t directory_count;
};
/* All strings are valid until the messages are cleared or freed. */
ROWBUILD_API void rowbuild_messages_finding(struct rowbuild_messages *messages, size_t index,
                                            struct rowbuild_finding *finding);
/* From now on, warnings count as errors, also those that are already there. */
ROWBUILD_API void rowbuild_messages_be_strict(struct rowbuild_messages *messages);
/* The absolute path of the description that was opened last, NULL if none was found. Valid until
 * the messages are cleared or freed. */
ROWBUILD_API const char *rowbuild_messages_description(const struct rowbuild_messages *messages);

/* From now on, notes about the progress of a call, for instance that it waits for a lock, are
 * passed to `tell` immediately, as text that ends with a newline. They aren't counted. */
ROWBUILD_API void rowbuild_messages_listen(struct rowbuild_messages *messages, bool colour,
                                           void (*tell)(void *context, const char *text),
                                           void *context);
/* Forgets all messages, so that the handle can be used again. */
ROWBUILD_API void rowbuild_messages_clear(struct rowbuild_messages *messages);

/* ---- Opening ---- */

struct rowbuild;

struct rowbuild_options {
    const char *directory; /* where the search for the Rowfile begins, upward; NULL: "." */
    const char *file;      /* the description itself; NULL: Rowfile, then workflow.toml */
    const char *state;     /* NULL: $ROWBUILD_STATE, else <project>/.rowbuild */
    /* NULL: $ROWBUILD_CLUSTER, $ROW_CLUSTER, else the recognised one; "none" is this machine. */
    const char *cluster;
    unsigned io_threads; /* 0: $ROWBUILD_IO_THREADS, $ROW_IO_THREADS, else the number of CPUs */
    /* The token of a submission, for rowbuild_job: what was registered for its jobs is opened instead
     * of the files; `directory` is the project's. NULL: none. */
    const char *job;
    /* How long to wait for another writer of the state to end, before all is planned; 0: not at all. */
    double wait_s;
};

/* Finds, reads and validates the description. NULL after errors; rowbuild_messages_status() gives
 * their exit status. The caller calls rowbuild_close (NULL is allowed). */
ROWBUILD_API struct rowbuild *rowbuild_open(const struct rowbuild_options *options,
                                            struct rowbuild_messages *messages);
ROWBUILD_API void rowbuild_close(struct rowbuild *study);
/* The exit status of the errors in `messages`: ROWBUILD_OK if there are none, else ROWBUILD_USAGE
 * or ROWBUILD_STATE. */
ROWBUILD_API int rowbuild_messages_status(const struct rowbuild_messages *messages);

ROWBUILD_API const char *rowbuild_project_path(const struct rowbuild *study); /* absolute */
ROWBUILD_API const char *rowbuild_file_name(const struct rowbuild *study);    /* "Rowfile" */

/* ---- Selecting ---- */

struct rowbuild_selection {
    const char *const *actions; /* wildcards (*, ?) of action names; none: all */
    size_t action_count;
    /* Directory names or paths, product paths, names of actions, each of which may be followed by names
     * of its tasks, or "ACTION/NAME"; none: all */
    const char *const *targets;
    size_t target_count;
    bool only;          /* don't include the tasks that the selected ones depend on */
    bool rerun;         /* run the selected tasks even if they are up to date */
    bool no_adopt;      /* products without a record don't count */
    bool adopt;         /* replace a state that can't be read with a new one */
    bool recorded;      /* use only the records, without looking at any file */
    bool exact_actions; /* `actions` are whole names, not wildcards (scan, show directories) */
    /* An unknown target is a warning, not an error (row's show, scan and submit). */
    bool unknown_targets_warn;
    /* A directory also selects the groups that contain it; of these groups, only the named
     * directories are shown (show status, show directories). */
    bool by_member;
    bool redone_only; /* accept: skip tasks without a record of a good result */
    /* accept: also tasks whose last attempt failed, was killed or never ended; they are skipped and
     * counted in a warning unless there are targets */
    bool include_failed;
    bool failed; /* of these tasks, only those whose last attempt failed, or whose job ended it */
    /* Of these tasks, only those that the changes since a commit affect: a revision as git names it,
     * or "A...B" for the merge base of two. NULL: all */
    const char *since;
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
    ROWBUILD_WILL_RUN, /* the task itself is stale */
    ROWBUILD_MAY_RUN,  /* runs if a task that it depends on makes different products */
    ROWBUILD_RESTORES, /* its good products are backups, which are put back without a run */
    /* Can't run: a previous action excludes its directory, or an input is missing. */
    ROWBUILD_BLOCKED,
    ROWBUILD_IN_JOB, /* in a job that is queued or running; not touched by other commands */
    ROWBUILD_WAITS,  /* runs when the job of a task that it depends on has ended */
    ROWBUILD_HELD,   /* up to date, but a task that it depends on is in a job */
};

struct rowbuild_task {
    const char *action;
    const char *directory; /* name; NULL for group and project tasks */
    const char *name;      /* beside the action's: "T1.5-s1", "//sum"; "" if it is the only one */
    const char *label;     /* "simulate T1.5-s1", for people; control characters escaped */
    const char *key;       /* as records name it: "simulate/T1.5-s1", unescaped */
    enum rowbuild_status status;
    enum rowbuild_intent intent;
    bool selected;
    bool ran_before;             /* has a record of a good result, so that a run would redo it */
    double predicted_core_hours; /* negative: not known */
};

/* Lists the workspace, reads the state, looks at the files and decides. */
ROWBUILD_API int rowbuild_plan(struct rowbuild *study, const struct rowbuild_selection *selection,
                               struct rowbuild_messages *messages);

/* Tasks of the last plan, in the order of the Rowfile's actions, then of directories. Valid until
 * the next plan or run. */
ROWBUILD_API size_t rowbuild_task_count(const struct rowbuild *study);
ROWBUILD_API void rowbuild_task_at(const struct rowbuild *study, size_t index,
                                   struct rowbuild_task *task);

/* Calls `each` with every reason why the task isn't up to date ("value /temperature: 1.0 → 1.5"),
 * the most important first; doesn't call it if the task is up to date. */
typedef void rowbuild_reason_fn(void *context, const char *reason);
ROWBUILD_API void rowbuild_task_reasons(struct rowbuild *study, size_t index,
                                        rowbuild_reason_fn *each, void *context);

/* ---- Running ---- */

struct rowbuild_run_options {
    unsigned jobs;       /* budget of cores; 0: the cores this process may use */
    bool jobs_given;     /* an explicit -j (login hosts require one) */
    unsigned keep_going; /* start nothing new after N failures; 0: 1; UINT_MAX: never stop */
    bool yes;            /* redo more than confirm_above without asking */
    bool explain;        /* give the reasons of each task that starts */
    double grace_s;      /* seconds between TERM and KILL; 0: 5 */
    unsigned gpus;       /* if gpus_given; else $ROWBUILD_GPUS, or the number of GPUs found */
    bool gpus_given;
    bool by_task; /* LEFT says what became of the tasks that the run didn't execute */
    /* While something runs, nothing new is started at this load average or above (0: at any), nor
     * with less than so many MiB of memory left (if not given: 512, but at most a sixteenth of the
     * machine's memory; 0: with however little). */
    double max_load;
    unsigned keep_free_mib;
    bool keep_free_given;
    bool keep_temporary; /* delete no temporary products */
};

/* Directories with good results that no point declares any more. */
struct rowbuild_undeclared {
    size_t directories;
    double core_hours; /* recorded cost of the results; 0: not recorded */
    const char *names; /* of the first ones: "`a`, `b`"; valid until the study is looked at anew */
};

/* What a run is about to do, for dry runs and for the question before redone work. */
struct rowbuild_estimate {
    size_t will_run;
    size_t may_run;
    size_t restores;
    size_t blocked;           /* can't run */
    size_t submitted;         /* in jobs: not touched */
    size_t waits;             /* for tasks in jobs */
    size_t again;             /* of will_run: tasks with a good result */
    double again_core_hours;  /* recorded cost of what would be redone; 0: not recorded */
    double least_core_hours;  /* predicted: what will run */
    double most_core_hours;   /* predicted: what will run and what may run */
    size_t unknown;           /* of will_run and may_run: tasks that neither number counts, since no
                                 task of their action is on record */
    const char *again_reason; /* the most frequent reason for redone work: "command changed";
                                 static, or NULL */
    struct rowbuild_undeclared undeclared; /* since the last run */
};
ROWBUILD_API void rowbuild_estimate(const struct rowbuild *study,
                                    struct rowbuild_estimate *estimate);

enum rowbuild_event_kind {
    ROWBUILD_EVENT_PLANNED, /* total is known */
    /* Much work would be redone, or is no longer declared: see `estimate`. The observer returns true to continue. Otherwise
     * rowbuild_run returns ROWBUILD_USAGE without a message and without FINISHED, and nothing was
     * changed. */
    ROWBUILD_EVENT_CONFIRM,
    ROWBUILD_EVENT_STARTED,
    ROWBUILD_EVENT_ENDED,    /* succeeded, or failed: see `outcome` */
    ROWBUILD_EVENT_NOTICE,   /* `text`: adopted …, nothing is bound …, advice … */
    ROWBUILD_EVENT_TICK,     /* at most 10 a second while something runs: redraw the progress */
    ROWBUILD_EVENT_STOPPING, /* interrupted or too many failures: nothing new is started */
    ROWBUILD_EVENT_LEFT, /* by_task: of a task that wasn't executed, near the end: see `outcome` */
    ROWBUILD_EVENT_FINISHED,
    ROWBUILD_EVENT_SUSPENDED, /* Ctrl-Z: the process is about to be stopped, and its commands with it */
};

enum rowbuild_outcome {
    ROWBUILD_SUCCEEDED,
    ROWBUILD_RESTORED, /* put back without a run */
    ROWBUILD_TASK_FAILED,
    ROWBUILD_UNFINISHED,
    ROWBUILD_TIMED_OUT,
    ROWBUILD_CANCELLED, /* by an interruption */
    ROWBUILD_RETRYING,  /* failed, and will be tried again */
    /* Of LEFT only: */
    ROWBUILD_UP_TO_DATE,
    ROWBUILD_NOT_STARTED, /* `how`: because of what */
};

#define ROWBUILD_LONGEST_SHOWN 4

struct rowbuild_running { /* one of the longest-running executions; label: during the call */
    const char *label;
    double seconds;
};

struct rowbuild_progress {
    size_t done;    /* tasks that need nothing more; not those that failed or are unfinished */
    size_t total;   /* tasks that may have to run, as far as known */
    size_t running; /* executions */
    size_t failed;
    size_t unfinished;
    size_t ended; /* executions, in this run */
    unsigned cores_used;
    unsigned cores_budget;
    double seconds_left; /* predicted, without what `unknown` counts; negative: nothing is known */
    size_t unknown;      /* executions that are left and of which nobody knows how long they take */
    double seconds;      /* since the start */
    struct rowbuild_running longest[ROWBUILD_LONGEST_SHOWN]; /* longest first */
    size_t longest_count;
};

struct rowbuild_event {
    enum rowbuild_event_kind kind;
    const char *action;
    const char *label; /* of the execution: "simulate T1.5-s1", "plot 12 directories" */
    size_t tasks;      /* number of tasks in the execution */
    /* Of each of them, what distinguishes it from the action's others: "T1.5-s1", "//sum", "#2",
     * "" if it is the only one; NULL if there are no tasks. */
    const char *const *names;
    size_t line;      /* where the description has the action; 0 if there are no tasks */
    const char *code; /* ENDED with a failure: "task-failed"; stable, as a finding's; else NULL */
    enum rowbuild_outcome outcome;
    /* "exit 3", "killed by SIGSEGV", "product b.out is missing", "timed out after 5s" */
    const char *how;
    bool blocked; /* failed without starting: an input is missing that no selected action makes */
    double seconds;
    /* STARTED, and ENDED unless it never started: the command as it runs, without `setup`; of
     * several processes the first one's; else NULL. */
    const char *command;
    const char *output; /* the command's output, shortened; NULL if none */
    size_t output_bytes;
    const char *log;   /* path of the log relative to the project, NULL if none */
    const char *again; /* the command line that reruns only this task; NULL unless it failed */
    const char *text;  /* NOTICE; STARTED with explain: the reasons, one per line */
    const struct rowbuild_progress *progress; /* never NULL */
    const struct rowbuild_estimate *estimate; /* PLANNED, CONFIRM, FINISHED */
};

struct rowbuild_observer {
    /* Called in the thread that called rowbuild_run, never concurrently. The result matters only
     * for CONFIRM. */
    bool (*event)(void *context, const struct rowbuild_event *event);
    void *context;
};

/* Brings the selected tasks up to date. SIGINT, SIGTERM and SIGHUP end it: nothing new is started,
 * processes get TERM, then KILL, the records are kept, and ROWBUILD_INTERRUPTED is returned.
 * ROWBUILD_FAILED if a task failed or is unfinished. */
ROWBUILD_API int rowbuild_run(struct rowbuild *study, const struct rowbuild_selection *selection,
                              const struct rowbuild_run_options *options,
                              const struct rowbuild_observer *observer,
                              struct rowbuild_messages *messages);

/* Runs the tasks that were registered under `token`, inside their job; of an array, those of the
 * element SLURM_ARRAY_TASK_ID. It takes no lock and can run at the same time as other runs and
 * jobs: its records go to the inbox of the state. A token that isn't registered, or that another
 * job has claimed, causes a note, not an error. A failure doesn't stop the other
 * tasks. After SIGTERM near the job's end, processes may use the time left. Otherwise as
 * rowbuild_run. */
ROWBUILD_API int rowbuild_job(struct rowbuild *study, const char *token,
                              const struct rowbuild_run_options *options,
                              const struct rowbuild_observer *observer,
                              struct rowbuild_messages *messages);

/* ---- Submitting tasks that can run to the cluster's scheduler ---- */

struct rowbuild_submit_options {
    size_t limit; /* the most jobs, over all actions; 0: all */
    bool dry_run; /* give the scripts (SCRIPT); nothing is written or submitted */
    /* Also submit tasks that wait for submitted tasks; their jobs start when the jobs that they
     * depend on have succeeded. */
    bool follow;
    bool no_arrays;    /* single jobs only */
    unsigned throttle; /* the most jobs of an array that run at once; 0: as in clusters.toml */
    /* How long in total to retry while the scheduler accepts nothing, if patience_given; else
     * 120. */
    double patience_s;
    bool patience_given;
    const char *const *scheduler_options; /* passed on to sbatch, before its other options */
    size_t scheduler_option_count;
    /* Absolute path of the command `rowbuild`, which the jobs execute; NULL: the program of this
     * process. */
    const char *program;
    bool yes; /* redo more than confirm_above, or leave it out, without asking */
};

enum rowbuild_submit_event_kind {
    ROWBUILD_SUBMIT_ACTION, /* the jobs of an action: `action`, `jobs`, cost */
    /* The jobs of all actions together, before anything is written. The observer returns true to
     * continue; otherwise rowbuild_submit returns ROWBUILD_OK without a message. */
    ROWBUILD_SUBMIT_CONFIRM,
    ROWBUILD_SUBMIT_SCRIPT,    /* a dry run: `script`, and `options` of sbatch */
    ROWBUILD_SUBMIT_BEGINS,    /* a submission is about to be made (cluster none: executed) */
    ROWBUILD_SUBMIT_SUBMITTED, /* it was accepted: `job` */
    ROWBUILD_SUBMIT_EXECUTED,  /* cluster none: the script succeeded */
    /* The scheduler accepts nothing now: `text`, its message, and `seconds` until the next
     * attempt. */
    ROWBUILD_SUBMIT_WAITS,
    ROWBUILD_SUBMIT_NOTICE,   /* `text`: which jobs wait, and why */
    ROWBUILD_SUBMIT_FINISHED, /* the last event: `jobs` were submitted or executed */
    /* Before CONFIRM: much work would be redone, or is no longer declared: see `estimate`. The observer
     * returns true to continue. */
    ROWBUILD_SUBMIT_AGAIN,
};

struct rowbuild_submit_event {
    enum rowbuild_submit_event_kind kind;
    const char *action;
    size_t jobs; /* of an array: its elements */
    size_t tasks;
    const char *directory; /* the first one; NULL: none */
    size_t directory_count;
    double cpu_hours; /* the most that the jobs cost */
    double gpu_hours;
    size_t number; /* of the submission, from 1, of `total` */
    size_t total;
    const char *job; /* "lab/123", "lab/123_[0-99]" */
    const char *script;
    const char *options; /* words for a shell: "--dependency=afterok:12 --comment=…" */
    const char *text;
    double seconds;
    const struct rowbuild_estimate *estimate; /* AGAIN */
};

struct rowbuild_submit_observer {
    /* Called in the thread that called rowbuild_submit. The result matters only for AGAIN and
     * CONFIRM. */
    bool (*event)(void *context, const struct rowbuild_submit_event *event);
    void *context;
};

/* Submits jobs for the selected tasks that can run now: a job for each group, and an array for jobs
 * with equal requests. The tasks that the selected ones depend on are not submitted with them. Only
 * one process submits at a time (otherwise ROWBUILD_STATE). Each submission is recorded before it
 * is made, so that none is lost or made twice. SIGINT, SIGTERM and SIGHUP end it after the current
 * submission: ROWBUILD_INTERRUPTED. ROWBUILD_FAILED if the scheduler rejected a submission or
 * accepted nothing in time; jobs that were submitted stay submitted. On a cluster whose scheduler
 * is bash, ROWBUILD_FAILED also means that a script failed; the rest isn't executed. `observer` may
 * be NULL. */
ROWBUILD_API int rowbuild_submit(struct rowbuild *study, const struct rowbuild_selection *selection,
                                 const struct rowbuild_submit_options *options,
                                 const struct rowbuild_submit_observer *observer,
                                 struct rowbuild_messages *messages);

/* ---- Cancelling jobs ---- */

struct rowbuild_cancelled { /* jobs are single ones and elements of arrays */
    size_t jobs;            /* queued or running, of the selected actions and directories */
    size_t dependents;      /* further jobs, which can't run without these */
    size_t running;         /* of both, as far as the queue says */
    size_t tasks;           /* in both */
    size_t unnumbered;      /* of both: the scheduler hasn't told their numbers yet */
    size_t left;            /* of both: still in the queue a few seconds later */
};

/* Cancels the selected jobs and those that wait for them (`dry_run`: only counts them). Targets may be
 * tasks and products, too; nothing selected: all jobs of the study on this cluster. What has run keeps
 * its records. After a dry run with the same selection only jobs are cancelled that it counted: they are
 * looked at anew unless it was a moment ago, and a note names jobs that came meanwhile, which stay.
 * ROWBUILD_STATE if the scheduler refused, or can't be asked. */
ROWBUILD_API int rowbuild_cancel(struct rowbuild *study, const struct rowbuild_selection *selection,
                                 bool dry_run, struct rowbuild_cancelled *cancelled,
                                 struct rowbuild_messages *messages);

/* ---- Other commands: all output goes through `write`, in whole lines, without colour unless
 * requested ---- */

struct rowbuild_writer {
    void (*write)(void *context, const char *bytes, size_t len);
    void *context;
};

struct rowbuild_show_options {
    bool json;
    bool colour;
    bool completed, submitted, eligible, waiting; /* filters; none set: all */
    bool all; /* actions without directories too (status), everything (cluster, launchers) */
    bool short_output; /* one name per line */
    bool no_header;
    bool no_separate_groups;
    bool commands;             /* the command of each task (plan; JSON always has it) */
    const char *const *values; /* JSON pointers as columns (directories) */
    size_t value_count;
    size_t width;        /* columns that tables have, wrapped into several lines; 0: any number */
    size_t group_limit;  /* -n: the most groups (directories); 0: all */
    const char *cluster; /* as in rowbuild_options; for cluster and launchers without a study */
};

/* After rowbuild_plan. */
ROWBUILD_API int rowbuild_show_status(struct rowbuild *study,
                                      const struct rowbuild_selection *selection,
                                      const struct rowbuild_show_options *options,
                                      const struct rowbuild_writer *writer,
                                      struct rowbuild_messages *messages);
/* How long the selected tasks took, and what they used: one line for each action. */
ROWBUILD_API int rowbuild_show_durations(struct rowbuild *study,
                                         const struct rowbuild_selection *selection,
                                         const struct rowbuild_show_options *options,
                                         const struct rowbuild_writer *writer,
                                         struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_directories(struct rowbuild *study,
                                           const struct rowbuild_selection *selection,
                                           const struct rowbuild_show_options *options,
                                           const struct rowbuild_writer *writer,
                                           struct rowbuild_messages *messages);
/* Why the selected tasks are stale, and which task before holds them up. Named tasks that are up to
 * date are said to be; without actions and targets, the text leaves them out. Targets may also be
 * "ACTION/DIRECTORY" or an action's name. */
ROWBUILD_API int rowbuild_show_why(struct rowbuild *study,
                                   const struct rowbuild_selection *selection,
                                   const struct rowbuild_show_options *options,
                                   const struct rowbuild_writer *writer,
                                   struct rowbuild_messages *messages);
/* The commands of the selected tasks as a run would start them, with what rowbuild sets for them:
 * environment, cores, shell, launcher. */
ROWBUILD_API int rowbuild_show_command(struct rowbuild *study,
                                       const struct rowbuild_selection *selection,
                                       const struct rowbuild_show_options *options,
                                       const struct rowbuild_writer *writer,
                                       struct rowbuild_messages *messages);
/* How the products that the targets name came about, step by step back to values and inputs, as it
 * was recorded. After a plan of everything with `no_adopt`. */
ROWBUILD_API int rowbuild_show_provenance(struct rowbuild *study,
                                          const struct rowbuild_selection *selection,
                                          const struct rowbuild_show_options *options,
                                          const struct rowbuild_writer *writer,
                                          struct rowbuild_messages *messages);
/* The output of a dry run: each task that will or may run, with its first reason, and the estimate.
 * With `explain` all reasons, and also the tasks that can't run. */
ROWBUILD_API int rowbuild_show_plan(struct rowbuild *study, bool explain,
                                    const struct rowbuild_show_options *options,
                                    const struct rowbuild_writer *writer,
                                    struct rowbuild_messages *messages);
/* The jobs of the current cluster that are queued or running, elements of arrays one by one, with
 * the actions and directories of the last plan that they work on. The plan may be made with
 * `recorded`. */
ROWBUILD_API int rowbuild_show_jobs(struct rowbuild *study,
                                    const struct rowbuild_selection *selection,
                                    const struct rowbuild_show_options *options,
                                    const struct rowbuild_writer *writer,
                                    struct rowbuild_messages *messages);
/* The logs of the selected tasks' last executions, each with a heading if there are several; with
 * `follow` as they grow, until the tasks end. That there is no log is noted of tasks that the
 * selection names one by one. */
ROWBUILD_API int rowbuild_show_log(struct rowbuild *study,
                                   const struct rowbuild_selection *selection, bool follow,
                                   const struct rowbuild_writer *writer,
                                   struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_machine(struct rowbuild *study,
                                       const struct rowbuild_show_options *options,
                                       const struct rowbuild_writer *writer,
                                       struct rowbuild_messages *messages); /* study may be NULL */
/* The cluster that is recognised or named, or, with `all`, all known clusters. `study` may be NULL
 * for both functions. */
ROWBUILD_API int rowbuild_show_cluster(struct rowbuild *study,
                                       const struct rowbuild_show_options *options,
                                       const struct rowbuild_writer *writer,
                                       struct rowbuild_messages *messages);
ROWBUILD_API int rowbuild_show_launchers(struct rowbuild *study,
                                         const struct rowbuild_show_options *options,
                                         const struct rowbuild_writer *writer,
                                         struct rowbuild_messages *messages);

/* ---- Watching a run from another process: takes no lock and disturbs nobody ---- */

struct rowbuild_watched_task { /* an execution */
    const char *label; /* "simulate T1.5-s1", "plot (12 directories)"; control characters escaped */
    const char *const *members; /* names of the tasks that its command works on, if several */
    size_t member_count;
    unsigned cores;
    const char *cpus;        /* that it is bound to: "0-1,4"; "" if it isn't */
    const char *gpus;        /* that it has: "0,1", as its processes know them; "": none */
    long pid;                /* of its first process */
    double seconds;          /* so far */
    double expected_seconds; /* in all, as it was recorded; negative: nobody knows */
    double cpu; /* cores that its processes kept busy since the last look; negative: not known */
    uint64_t memory_bytes; /* resident now, shared pages counted for each process */
    bool is_paused;        /* its command is stopped */
};

struct rowbuild_watched_core {
    unsigned number; /* as in rowbuild_show_machine */
    double busy;     /* since the last look, 0 to 1; negative: not known */
    size_t task;     /* that is bound to it: an index, SIZE_MAX if there is none */
};

struct rowbuild_watched_failure {
    const char *label;
    const char *how; /* "exit 3" */
    const char
        *log; /* path relative to the project, as a word for a shell; NULL if there is none */
};

struct rowbuild_watched_pool {
    const char *name;
    unsigned taken;
    unsigned size;
};

enum rowbuild_watched_state {
    ROWBUILD_NO_RUN, /* on this host, in this project; the rest is empty */
    ROWBUILD_RUN_WORKS,
    ROWBUILD_RUN_STOPPED, /* by Ctrl-Z */
    /* The run of the last look has ended by itself: `status`, progress and failures are its last. */
    ROWBUILD_RUN_ENDED,
    ROWBUILD_RUN_KILLED, /* so it was; the rest is empty */
};

struct rowbuild_snapshot {
    enum rowbuild_watched_state state;
    int status;                        /* ENDED: its exit status */
    long pid;                          /* of the run */
    struct rowbuild_progress progress; /* without `longest` */
    bool has_progress; /* false: a run of an earlier version, which tells only what it executes */
    const struct rowbuild_watched_task *tasks; /* in no particular order */
    size_t task_count;
    const struct rowbuild_watched_core *cores; /* that a run may use here */
    size_t core_count;
    const struct rowbuild_watched_failure *failures;
    size_t failure_count;
    size_t more_failures;                      /* that aren't listed */
    const struct rowbuild_watched_pool *pools; /* that the Rowfile declares */
    size_t pool_count;
    const char
        *other_host;     /* NO_RUN: that has the lock of the project's state; NULL: none is known */
    double look_seconds; /* that this look took */
};

struct rowbuild_monitor;

/* Valid as long as the study. NULL after an error: this machine can't be read. */
ROWBUILD_API struct rowbuild_monitor *rowbuild_monitor_new(struct rowbuild *study,
                                                           struct rowbuild_messages *messages);
ROWBUILD_API void rowbuild_monitor_free(struct rowbuild_monitor *monitor);
/* What the run in the project does now: a small file is read, and what /proc says of each process of
 * this host. The snapshot is valid until the next look. */
ROWBUILD_API const struct rowbuild_snapshot *
rowbuild_monitor_look(struct rowbuild_monitor *monitor);
/* Writes it as one JSON object. */
ROWBUILD_API void rowbuild_write_snapshot(const struct rowbuild_snapshot *snapshot,
                                          const struct rowbuild_writer *writer);

struct rowbuild_crate_options {
    const char *path;  /* of a new folder, or of a new zip file if it ends with ".zip" */
    bool without_data; /* describe the files, with size and SHA-256, without copying them */
};
struct rowbuild_crate_counts {
    size_t tasks;
    size_t files;
};
/* Writes what the records know, with the files, as a Provenance Run Crate (Workflow Run RO-Crate): whole,
 * or after an error not at all. After a plan of everything with `no_adopt`. */
ROWBUILD_API int rowbuild_report_crate(struct rowbuild *study,
                                       const struct rowbuild_crate_options *options,
                                       struct rowbuild_crate_counts *counts,
                                       struct rowbuild_messages *messages);

enum rowbuild_format {
    ROWBUILD_FORMAT_TEXT,     /* the messages as they are shown */
    ROWBUILD_FORMAT_JSON,     /* one object per line */
    ROWBUILD_FORMAT_GITHUB,   /* annotations of GitHub Actions */
    ROWBUILD_FORMAT_GITLAB,   /* a Code Quality report of GitLab */
    ROWBUILD_FORMAT_SARIF,    /* SARIF 2.1.0 */
    ROWBUILD_FORMAT_JUNIT,    /* JUnit's XML: each error is a failed test */
    ROWBUILD_FORMAT_MARKDOWN, /* a table */
};

struct rowbuild_format_options {
    const char *tool; /* what has found them: "rowbuild check" */
    /* Absolute path of the folder from which the reader of the report counts, such as the root of a
     * repository. Files below it are named relative to it. */
    const char *base;
    /* Absolute path of the file that findings without a place are attributed to where a format
     * wants a place; may be NULL. */
    const char *description;
};

/* Writes an array of findings in a format. It may be empty. */
ROWBUILD_API void rowbuild_write_findings(const struct rowbuild_finding *findings, size_t count,
                                          enum rowbuild_format format,
                                          const struct rowbuild_format_options *options,
                                          const struct rowbuild_writer *writer);

/* What became of one task of a run. */
struct rowbuild_result {
    const char *action;
    const char *name; /* as in rowbuild_event.names */
    enum rowbuild_outcome outcome;
    const char *code;   /* of a failure: as in rowbuild_event */
    const char *how;    /* NULL: nothing more is known */
    const char *again;  /* the command line that reruns it; NULL: none */
    double seconds;     /* its share of the execution */
    const char *output; /* the end of what its command printed; may be NULL */
    size_t output_bytes;
};

/* Writes the results of a run as JUnit's XML, in which each task is a test and each finding that is
 * an error a failed one, or as Markdown, a table of what failed. Other formats have no place for
 * results: nothing is written. */
ROWBUILD_API void rowbuild_write_results(const struct rowbuild_result *results, size_t count,
                                         const struct rowbuild_finding *findings,
                                         size_t finding_count, enum rowbuild_format format,
                                         const struct rowbuild_format_options *options,
                                         const struct rowbuild_writer *writer);

enum rowbuild_watch {
    ROWBUILD_WATCH_PTRACE,
    ROWBUILD_WATCH_NOTIFICATION, /* for commands that use ptrace themselves; less exact */
};

struct rowbuild_audit_options {
    enum rowbuild_watch watch_by; /* how commands are watched */
    bool outside;                 /* also tell what is read outside of the project */
    /* Tasks that succeed keep the records from before; that a task failed is recorded */
    bool keep_records;
    bool json;
    bool colour;
    const struct rowbuild_writer *json_too; /* also receives the JSON; NULL: nobody does */
    /* Also called with each finding, which is valid during the call; may be NULL. */
    void (*found)(void *context, const struct rowbuild_finding *finding);
    void *context;
};

/* Runs the selected tasks, also those that are up to date, and watches which files of the project
 * their commands read, write, rename and delete. Then writes what differs from what the Rowfile
 * declares; *missing (may be NULL) is how many of these findings are errors. Otherwise as rowbuild_run.
 * ROWBUILD_STATE, and nothing was run, where the system doesn't let commands be watched. */
ROWBUILD_API int rowbuild_audit(struct rowbuild *study, const struct rowbuild_selection *selection,
                                const struct rowbuild_run_options *options,
                                const struct rowbuild_audit_options *audit,
                                const struct rowbuild_observer *observer,
                                const struct rowbuild_writer *writer, size_t *missing,
                                struct rowbuild_messages *messages);

/* Finds problems without running anything: all errors and warnings go to `messages`. */
ROWBUILD_API int rowbuild_check(struct rowbuild *study, struct rowbuild_messages *messages);
/* The same, and then, unless there are errors, writes the tasks that the changes since a commit affect:
 * what a run would do if everything had been built there. Neither the state nor the products are
 * looked at for that. `revision` is as in rowbuild_selection.since. */
ROWBUILD_API int rowbuild_check_since(struct rowbuild *study, const char *revision, bool explain,
                                      const struct rowbuild_show_options *options,
                                      const struct rowbuild_writer *writer,
                                      struct rowbuild_messages *messages);
ROWBUILD_API const char *rowbuild_schema(void); /* JSON Schema of a Rowfile */

/* Records existing products as up to date, without running anything. *accepted: how many tasks. */
ROWBUILD_API int rowbuild_accept(struct rowbuild *study, const struct rowbuild_selection *selection,
                                 size_t *accepted, struct rowbuild_messages *messages);

/* row's scan: adopts the products of selected tasks that are complete and have no record. *found:
 * how many tasks got a record. */
ROWBUILD_API int rowbuild_scan(struct rowbuild *study, const struct rowbuild_selection *selection,
                               size_t *found, struct rowbuild_messages *messages);

struct rowbuild_points_options {
    const char *const *write; /* directories of points whose values were edited by hand */
    size_t write_count;
    bool dry_run; /* write nothing */
    bool prune;   /* move directories that no point declares to `<workspace>.pruned` */
    bool yes;     /* even if their results cost more than confirm_above */
    /* Else it is called before anything is written, and returns true to continue. Otherwise
     * rowbuild_points returns ROWBUILD_USAGE without a message. NULL: the answer is no. */
    bool (*confirm)(void *context, const struct rowbuild_undeclared *undeclared);
    void *context;
};
/* Makes the directories of the declared points and writes their values, as a run does, and lists
 * the points that aren't simply made. Values that were edited by hand are written only if they are
 * named. ROWBUILD_FAILED if points can't be used: edited by hand, or something else has the name. */
ROWBUILD_API int rowbuild_points(struct rowbuild *study,
                                 const struct rowbuild_points_options *options,
                                 const struct rowbuild_show_options *show,
                                 const struct rowbuild_writer *writer,
                                 struct rowbuild_messages *messages);

struct rowbuild_clean_options {
    bool completed; /* forget completed tasks: their records */
    bool directory; /* forget vanished directories, and the recorded contents of values and files */
    bool submitted; /* forget submitted jobs */
    /* With `submitted` alone: only jobs whose number isn't known, of actions with these names (wildcards); none:
     * all jobs */
    const char *const *actions;
    size_t action_count;
    bool backups; /* delete backups, and nothing else; a note names each of them */
    bool
        temporary; /* delete temporary products that were read, and nothing else; likewise. A caller
                       lists them with `dry_run` first */
    bool
        leftovers; /* make backups of products that nothing makes any more, and nothing else; likewise */
    size_t *found; /* may be NULL: of these two, how many products were or would be removed */
    bool force;    /* even if jobs are submitted */
    bool dry_run;  /* only say what would be forgotten */
    bool yes;
};
/* If none of the first six is set, the first three are, and backups that match no record are deleted
 * as well. Notes in `messages` say what was forgotten, what that means, and how many backups were
 * deleted. That the last attempt of a task failed is remembered as long as what it left exists. */
ROWBUILD_API int rowbuild_clean(struct rowbuild *study,
                                const struct rowbuild_clean_options *options,
                                struct rowbuild_messages *messages);

struct rowbuild_init_options {
    const char *workspace; /* relative to the project; NULL: "workspace" */
    const char
        *from_workspace; /* an existing workspace in the project, from the current directory */
    bool signac;         /* values in the files of signac */
    bool row;            /* a workflow.toml, which row can read, too */
};
/* Creates a new project in `directory` (which it creates if necessary): a Rowfile and a workspace.
 * The Rowfile of a new study declares points and runs as it stands; where the workspace has
 * directories already, it names what was found in them, and a note says what that was. It is an
 * error if there is a project in `directory` or one of its parents. */
ROWBUILD_API int rowbuild_init(const char *directory, const struct rowbuild_init_options *options,
                               struct rowbuild_messages *messages);

#ifdef __cplusplus
}
#endif

#endif
