/* The examination of a task: who is told what, and whether that was enough. exam.c has what all of
 * it needs, lacks.c what keeps a task from being started, compare.c what differs from the record,
 * examine.c the verdict. */
#ifndef ROWBUILD_EXAM_H
#define ROWBUILD_EXAM_H

#include "plan_inner.h"

/* One walk over a task: what is told goes to the listener; without one the first reason ends it. */
struct exam {
    struct plan *plan;
    struct task_id task;
    reason_fn *listener;
    void *context;
    size_t told;
    size_t asked_previous; /* previous action that `previous_is_recorded` is about */
    bool previous_is_recorded;
    bool fills_in; /* the record lacks, or names otherwise, what is known now */
};

void exam_tell(struct exam *exam, struct reason reason);

/* Whether enough was told. */
bool exam_is_over(const struct exam *exam);

/* Whether a task before is yet to be executed, or is in a job. */
bool exam_is_pending(const struct plan *plan, struct task_id before);

/* A file that a task before is yet to make: its content now says nothing. */
bool exam_file_is_pending(const struct plan *plan, struct file_id file);

/* Tells what keeps the task from being started (plan_lacks). True: something does. */
bool exam_lacks(struct exam *exam, struct diag *diag);

/* Tells how the components that the task has now differ from those of its last success: all but the
 * products (`products` false), or the products alone. */
void exam_compare(struct exam *exam, const struct component_list *list, const struct task_row *row,
                  bool products);

#endif
