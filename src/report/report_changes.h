/* Which commits changed the inputs and values for which tasks aren't up to date.
 *
 * Knows: which reasons are about a file, and where that file lies. Doesn't know: git. Whoever has a
 * repository answers, once for all tasks that are shown. */
#ifndef ROWBUILD_REPORT_CHANGES_H
#define ROWBUILD_REPORT_CHANGES_H

#include "intern.h"
#include "plan.h"
#include "report.h"
#include "vec.h"

struct report_changes {
    struct intern keys; /* commit, NUL, path */
    VEC(struct report_change) changes;
    const char *since; /* of the source */
};

/* Asks the source (may be NULL: nobody is asked) about the reasons of the tasks that aren't up to date.
 * Release it in any case. */
void report_changes_find(struct plan *plan, const struct task_id *tasks, size_t count,
                         const struct report_commits *commits, struct report_changes *found,
                         struct diag *diag);
void report_changes_release(struct report_changes *changes);

/* What is known of the file that a reason is about; NULL: nothing. */
const struct report_change *report_change_of(struct plan *plan, struct task_id task,
                                             const struct reason *reason,
                                             const struct report_changes *changes);

/* report_task_reasons, with these commits. */
void report_changes_tell(struct plan *plan, struct task_id task,
                         const struct report_changes *changes, report_reason_fn *each,
                         void *context, struct diag *diag);

/* Appends ` in 3f2a1c0 "faster sweep"`, or `, not committed`. */
void report_add_change(const struct report_change *change, struct buf *out);

#endif
