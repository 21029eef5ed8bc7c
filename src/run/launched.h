/* What was seen of a task when it was started, and whether it still is so when it has ended. */
#ifndef ROWBUILD_LAUNCHED_H
#define ROWBUILD_LAUNCHED_H

#include "buf.h"
#include "plan.h"

struct launched {
    struct digest fingerprint;
    struct component *components; /* owned */
    size_t count;
    struct file_row *depfiles; /* as they were; owned */
    int64_t began_ns;          /* the file system's time */
};

void launched_release(struct launched *launched);

/* Looks again at everything that the tasks depend on, and at their products. -1 when something
 * can't be used. */
int launched_look(struct plan *plan, const struct task_id *tasks, size_t count,
                  struct launched *launched, struct diag *diag);

/* How the depfiles of a task are found after its command ended well. */
enum depfile_found {
    DEPFILE_GOOD, /* or there is none */
    DEPFILE_MISSING,
    DEPFILE_WRONG, /* it can't be used, or names what it may not */
};

/* Reads them; `named` is to be released, and says what is wrong. A depfile that the attempt didn't
 * write counts as missing, unless its command may find that all is up to date (`always`, `resumable`,
 * row's contract). */
enum depfile_found launched_read_depfiles(struct plan *plan, struct task_id task,
                                          const struct launched *launched,
                                          struct named_list *named);

/* Why a result isn't to be trusted although its command ended well: the task runs again. */
struct doubt {
    struct buf words; /* empty: there is no doubt */
    int error;        /* errno of the look that failed, or 0 */
};

/* Compares what was seen of the task's inputs with what is seen now. A made input that the task
 * changed counts as it is now. What its depfiles name takes the place of what they named before:
 * what they name for the first time wasn't looked at when the task was started, and must not have
 * changed since. */
void launched_compare(struct plan *plan, struct task_id task, struct launched *launched,
                      const struct named_list *named, struct doubt *doubt, struct diag *diag);

#endif
