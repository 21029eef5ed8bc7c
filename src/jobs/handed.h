/* The records that a job is handed, so that it reads no state, however large that is.
 *
 * Knows: `jobs/TOKEN.records` below the state folder (pieces.h), what the records said of each element's
 * tasks and of those before them when it was submitted; and in the inbox `TOKEN.E.records`, what a job
 * hands on at its end, and `TOKEN.E.changed`, which says that what E was handed is out of date. Doesn't
 * know: what records mean, how they are stored (state.h).
 *
 * A job uses what it was handed if all of this holds, and reads the state otherwise:
 * - the piece is there, and good. It is empty where the whole study may matter (part.h);
 * - nobody has marked it. Who holds the lock does, before a record of one of these tasks is changed or
 *   one of them is submitted anew (state_watch_tasks): so only jobs can have recorded more;
 * - each element that held one of these tasks at the submission and hadn't ended is still registered, and
 *   hasn't begun or has handed on its records. These count after those of the submission;
 * - it is the job's first attempt (state_open_handed).
 *
 * A registration stays while a queued job has to do with its tasks (jobs_settle), so what its jobs handed on
 * does, too, whether or not the state has taken their records in. */
#ifndef ROWBUILD_HANDED_H
#define ROWBUILD_HANDED_H

#include "inbox.h"
#include "jobs.h"
#include "part.h"
#include "pieces.h"
#include "plan.h"

/* ---- At the submission ---- */

/* Appends the piece of an element with these tasks. */
void handed_add(const struct plan *plan, struct slice token, const struct task_id *tasks,
                size_t count, struct pieces *pieces);
/* -1 with an error. */
int handed_write(const char *state_path, struct slice token, const struct pieces *pieces,
                 struct diag *diag);

/* ---- In the job ---- */

struct handed { /* journals, in the order in which they count */
    struct slice *journals;
    size_t count;
};
/* In `arena`; false: the state is to be read. */
bool handed_read(const char *state_path, const struct inbox_attempt *attempt,
                 const struct part *part, struct arena *arena, struct handed *handed);

/* At its end, after all was recorded: what the job hands on of the tasks with these keys. `claim` is what
 * it has claimed the element by. Where it can't be written, later jobs read the state. */
void handed_leave(const char *state_path, const struct inbox_attempt *attempt, struct slice claim,
                  const struct plan *plan, const struct slice *keys, size_t count);

/* ---- Who holds the lock ---- */

/* Marks what queued elements were handed of a task. 0; -1 with errno. */
int handed_mark(struct jobs *jobs, const struct plan *plan, struct task_id task);
void handed_marks_free(struct handed_marks *marks);

#endif
