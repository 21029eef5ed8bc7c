/* Temporary products: deleted once they were read, they count as they were (docs/internals/rules.md,
 * rule 14).
 *
 * Knows: when a temporary product may be deleted, that one is deleted (a mark on its row, which keeps
 * its digest), and whose makers have to run again because a reader has to. Doesn't know: how files
 * are deleted (run/delete_read.h). needed.c finds the makers, temporaries.c what may be deleted. The record of a success names what was temporary when it was
 * made or read. */
#ifndef ROWBUILD_DELETED_H
#define ROWBUILD_DELETED_H

#include "plan_inner.h"

/* Before a look at all: nothing is needed again yet. */
void deleted_begin(struct plan *plan);

/* After a look at a file: one that is gone counts as it was if it was deleted; one that exists isn't
 * deleted. */
void deleted_count(struct plan *plan, struct file_id file);
void deleted_count_all(struct plan *plan, const uint32_t *files, size_t count);

/* One that is gone, but wasn't deleted. */
void deleted_put_missing(struct plan *plan, struct file_id file);

/* Adds to a success what was temporary among its products and inputs. */
void deleted_push_marks(struct plan *plan, struct task_id task, struct component_list *list);

/* Results without records: whether a product that is missing was temporary, and what its readers made
 * of it exists. `oldest_ns`: of those files. */
bool deleted_has_traces(struct plan *plan, struct file_id file, int64_t *oldest_ns);
/* It counts as deleted from now on, whatever was in it. */
void deleted_adopt(struct plan *plan, struct file_id file);

/* After all wanted tasks were decided: makes the makers stale of what was deleted and is read by
 * tasks that run. True: there are such. */
bool deleted_find_needed(struct plan *plan, struct diag *diag);

/* Whether the task runs again because of a reader that runs, or (`may_be`) may run; tells the
 * reasons. */
struct exam;
bool deleted_tell_needed(struct exam *exam, bool may_be);
/* When a run decides the task: readers that may run ask when they are decided themselves. */
void deleted_forget_maybe(struct plan *plan, struct task_id task);

/* What a task reads was deleted, and nobody is asked to make it again: the first such file, or
 * GRAPH_NONE. */
struct file_id deleted_without_maker(const struct plan *plan, struct task_id task);

#endif
