/* Collects the reasons of one task before they are put into words.
 *
 * Knows: how long the data lives that plan passes to a listener. Doesn't know: where the words
 * go. */
#ifndef ROWBUILD_REPORT_REASONS_H
#define ROWBUILD_REPORT_REASONS_H

#include "arena.h"
#include "buf.h"
#include "plan.h"
#include "vec.h"

#include <stddef.h>

struct reason_list {
    struct arena names;
    VEC(struct reason) reasons;
    size_t limit; /* the most that are kept; 0: all */
};

/* The task's reasons, most important first; at most `limit`. The caller releases the list. */
void reasons_gather(struct plan *plan, struct task_id task, size_t limit, struct reason_list *list,
                    struct diag *diag);
void reasons_release(struct reason_list *list);

/* Appends the first reason in words; nothing when there is none. */
void reasons_add_first(struct plan *plan, struct task_id task, struct buf *out, struct diag *diag);

/* The kind in few words, without details: "command changed". Static. */
const char *reasons_kind_name(enum reason_kind kind);

/* value_hint.c. Where a key that was added to the values is the only reason for which one of the tasks
 * runs, appends a line that says how to keep other keys from counting; for the first such task. */
void report_add_value_hint(struct plan *plan, const struct task_id *tasks, size_t count,
                           struct buf *out, struct diag *diag);

#endif
