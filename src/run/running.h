/* One run, as the files of this folder share it; nobody else includes this. What it is made of is
 * declared beside the code that it belongs to. */
#ifndef ROWBUILD_RUNNING_H
#define ROWBUILD_RUNNING_H

#include "ancestors.h"
#include "backups.h"
#include "delete_read.h"
#include "executions.h"
#include "granted.h"
#include "holdback.h"
#include "logs.h"
#include "loop.h"
#include "outcomes.h"
#include "pauses.h"
#include "ready.h"
#include "refusals.h"
#include "refused_steps.h"
#include "run.h"
#include "setups.h"
#include "slots.h"
#include "stop.h"
#include "temporary.h"
#include "time_left.h"
#include "tokens.h"

struct run {
    struct plan *plan;
    const struct launch_context *launch;
    const struct machine *machine;
    const struct run_options *options;
    const struct run_observer *observer;
    struct run_result *result;
    struct diag *diag;

    struct ledger *ledger;
    struct logs *logs;
    struct loop *loop;
    struct tokens tokens;
    struct temporary temporary;
    struct arena scratch; /* cleared after each start */

    struct executions executions;
    struct ready ready;
    struct slots slots;
    struct outcomes outcomes;
    struct ancestors ancestors;
    struct action_usage *usage; /* by action element */
    struct passed_over passed_over;
    struct granted granted;
    struct setups setups;
    struct deletions deletions;
    struct stopping stopping;
    struct pauses pauses;
    struct holdback holdback;
    struct refused_steps refused_steps;
    VEC(struct file_id) racy; /* files to be settled at the end */
    int64_t started_ns;
    bool is_in_thread; /* the loop runs in a thread of its own */
    int64_t beat_ns;   /* when the heartbeat of the state's lock is due */
};

/* run_clock.c */
/* Monotonic nanoseconds without those for which the run was stopped; and the end of what it may use
 * (granted.h), by the host's clock: a scheduler that suspends a job gives it the time back.
 * 0: there is no end. */
int64_t run_now(const struct run *run);
int64_t run_end_ns(const struct run *run);

/* requests.c */
/* Tells what can never fit; -1 if anything can't. */
int run_check_requests(const struct run *run);

/* start.c */
/* Starts an execution whose grant was taken. Whatever goes wrong is recorded and told as a
 * failure. */
void run_start(struct run *run, uint32_t execution, struct ledger_grant *grant);

/* finish.c */
/* Records and tells what became of a slot's execution, all of whose processes have ended. */
void run_finish(struct run *run, struct slot *slot);

/* left_running.c */
/* Tells, once for each action, how many processes its commands left running when they ended by
 * themselves. They live on. */
void run_tell_left_running(struct run *run);

/* skipped.c */
/* Names what groups left out because a task failed for it. */
void run_tell_skipped(struct run *run);

/* rest.c */
/* Tells ROWBUILD_EVENT_LEFT of each wanted task whose end wasn't told. */
void run_tell_rest(struct run *run);

/* measure.c */
/* How far the run is; `with_times`: also what is predicted, and what runs longest. */
void run_measure(const struct run *run, bool with_times, struct rowbuild_progress *progress);
/* How long a slot's execution is likely to take in all; negative: nobody knows. */
double run_expected_seconds(const struct run *run, const struct slot *slot);

/* publish.c; all do nothing without run_options.publisher */
/* What other processes are told of an event. */
void publish_note(struct run *run, const struct run_event *event);
/* Writes it, if that is due or `now`; and when it will be due (0: never). */
void publish_look(struct run *run, bool now);
int64_t publish_next(const struct run *run);

/* progress_report.c */
void run_tell(struct run *run, struct run_event event);
/* Tells ROWBUILD_EVENT_ENDED: fills in the tasks and their label. */
void run_tell_ended(struct run *run, const struct task_id *tasks, size_t count,
                    struct run_event event);
void run_notice(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends why a task runs, or can't: each reason with `end`, or the first alone (NULL). */
void run_add_reasons(struct plan *plan, struct task_id task, const char *end, struct buf *out,
                     struct diag *diag);
void run_add_label(const struct graph *graph, const struct task_id *tasks, size_t count,
                   struct buf *out);

#endif
