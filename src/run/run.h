/* The run: starts ready tasks on free cores, waits, records, until nothing is left.
 *
 * Knows: executions (a task, or a batch of tasks that one command works on), the order in which
 * they are started, backups, logs, retries, time limits, interruption. Doesn't know: how
 * anything looks; it tells an observer what happens and prints nothing. One thread of its own owns
 * the plan and the loop while it runs.
 *
 * Which file holds what; each uses only files that come after it:
 * run.c (the loop); start.c, finish.c (an execution from its start to its records); ready.c (early
 * cutoff: what may start); requests.c (what can never fit); refusals.c (what the system has no
 * more of); holdback.c (while the machine is busy); stop.c (interruption, deadlines); pauses.c (Ctrl-Z, and what else stops the run or a
 * command); children.c (processes); time_left.c (what the end of the run's time means); granted.c (that end); setups.c (what runs
 * before the first command of an action); outcomes.c (what
 * became of each task); delete_read.c (temporary products); advise.c (what executions use); ancestors.c (products that another task
 * changed); left_running.c (what stays in the background); backups.c (old products); launched.c
 * (inputs at the start and at the end); progress_report.c (what the observer is told); publish.c and published.c
 * (what other processes are told); measure.c (how far it is); rest.c (what it is told of tasks that weren't executed);
 * skipped.c (what groups left out); slots.c
 * (what runs now); executions.c (tasks that run together); temporary.c, tokens.c, logs.c,
 * logs_table.c, run_mark.c, run_clock.c. Apart from these: accept.c; round.c (a further round);
 * forget.c and sweep.c (clean); means.c with find_gpus.c and find_hosts.c (what may be used);
 * find_facts.c (who runs this, where, and at which commit); show_log.c (what a task prints). */
#ifndef ROWBUILD_RUN_H
#define ROWBUILD_RUN_H

#include "diag.h"
#include "jobserver.h"
#include "launch.h"
#include "machine.h"
#include "plan.h"

#include "rowbuild.h"

#include <stdbool.h>
#include <stdint.h>

struct publisher;

struct run_event {
    enum rowbuild_event_kind kind;
    const struct task_id *tasks; /* STARTED, ENDED: of the execution; LEFT: the task */
    size_t task_count;
    const char *label;
    enum rowbuild_outcome outcome;
    const char *how; /* NULL, or "exit 3" */
    bool blocked;    /* failed without a start: it lacks an input */
    double seconds;
    const char *command; /* STARTED, and ENDED unless it never started: as it runs; else NULL */
    const char *output;  /* shortened; NULL if nothing was written */
    size_t output_bytes;
    const char *log;  /* path from the project, or absolute; NULL if nothing was written */
    const char *text; /* NOTICE; STARTED with `explain`: reasons, a line each */
    const struct rowbuild_progress *progress;
};

struct run_observer {
    void (*event)(void *context, const struct run_event *event);
    void *context;
};

/* Who looks at each command before it starts and after it has ended; in the thread of the loop. */
struct run_wrap {
    /* May put another program in front of the command, which becomes it: changes argv and
     * script_word of its processes. New words live in `arena`. */
    void (*starts)(void *context, const struct graph *graph, const struct task_id *tasks,
                   size_t count, struct launch_command *command, struct arena *arena);
    /* Before products are looked at and another task can start because of them. */
    void (*ended)(void *context, const struct graph *graph, const struct task_id *tasks,
                  size_t count, bool succeeded);
    void *context;
};

struct run_options {
    unsigned jobs;         /* budget of cores, at least 1 */
    unsigned gpus;         /* that may be assigned to processes */
    const char *gpus_from; /* "this machine has": how their number is known */
    bool gpus_can_be_told; /* --gpus might change it */
    size_t keep_going;     /* after this many failures nothing new is started; at least 1 */
    bool explain;
    bool keep_temporary;      /* deletes no temporary products */
    bool tells_rest;          /* ROWBUILD_EVENT_LEFT for each task that wasn't executed */
    double grace_s;           /* between TERM and KILL */
    double max_load;          /* nothing new is started at this load average or above; 0: any */
    uint64_t keep_free_bytes; /* nor while less memory than this is left; 0: however little */
    unsigned tick_ms;         /* 0: no TICK events */
    const char *state_path;   /* of the state folder: logs lie below it */
    const char *name; /* of a run that doesn't hold the state's lock, among those; else "" */
    int64_t end_ns;   /* monotonic: what this run may use is taken away then; 0: never. Nothing is
                        started that would not end `notice_s` before it */
    double notice_s;  /* TERM is expected so long before the end. It means that then: processes may
                        use the time left for what they write before they go */
    struct slice job; /* as the scheduler's queue lists it: it is asked for the job's end before a
                         task isn't started for want of time; at == NULL: nobody is asked */
    bool end_is_assumed; /* end_ns isn't the scheduler's own word: it is asked at the beginning */
    bool tries_longest;  /* where the time is too short for all, one is tried all the same */
    const uint32_t *places; /* by task: in which order they start, as far as there are free
                                    cores; NULL: the longest path first */
    plan_origin_fn *origin; /* finds the text that says which run this is (run_facts.h), asked
                                    for when the first success is recorded; NULL: none names it */
    void *origin_context;
    struct jobclient *jobclient; /* of the make that started this run, or NULL */
    const struct run_wrap *wrap; /* NULL: commands are started as they are */
    struct publisher *publisher; /* tells other processes how far the run is (published.h); NULL:
                                    nobody is told */
};

struct run_result {
    size_t failed;
    size_t unfinished;
    size_t not_started; /* because something before them failed, the run was stopped, or too little
                           time was left */
    bool interrupted;
    bool is_late;   /* for want of time, something wasn't started or was ended */
    int64_t end_ns; /* of what the run may use, as it is known now; 0: never */
    bool stopped;   /* nothing new was started any more: interrupted, or too many failures */
};

/* Whether anything will or may be started. */
bool run_has_work(const struct plan *plan);

/* Refuses, and tells what can never fit, if something asks for more than the machine or the budget
 * has. Changes nothing. run_execute does the same first of all. */
int run_check(struct plan *plan, const struct launch_context *launch, const struct machine *machine,
              const struct run_options *options, struct diag *diag);

/* For check: warns of each action of which a command can ask for more than that, whatever is to be
 * done now. Actions with options of a cluster are meant for its hosts. */
void run_warn_of_requests(struct plan *plan, const struct launch_context *launch,
                          const struct machine *machine, const struct run_options *options,
                          struct diag *diag);

/* Runs what the plan says (after plan_look and plan_check_pointers; the state is open for writing).
 * `machine` may be NULL when there is no work: then it only records what is known and tells what is
 * blocked. -1 after an error that ended the run: records that can't be written. */
int run_execute(struct plan *plan, const struct launch_context *launch,
                const struct machine *machine, const struct run_options *options,
                const struct run_observer *observer, struct run_result *result, struct diag *diag);

/* Writes records for all that is known before anything runs, synced: adopted tasks, tasks that
 * never ran, what was filled in. Also what `scan` does. */
int run_record_known(struct plan *plan, struct diag *diag);

/* Deletes the backups that earlier runs couldn't delete, of tasks whose later success is on record.
 * What still can't be deleted is warned of, and stays on record. */
void run_discard_all_backups(struct plan *plan, struct diag *diag);

struct accept_options {
    bool redone_only;    /* pass over tasks without a good record */
    bool include_failed; /* also tasks whose last attempt failed, was killed or has no end */
};

/* Takes what is there as right, without running: restores backups of the selected tasks that
 * lack their products, and records. Refuses tasks whose products are missing. Failed ones that are
 * left out are counted in a warning. */
int run_accept(struct plan *plan, const struct accept_options *options, size_t *accepted,
               struct diag *diag);

#endif
