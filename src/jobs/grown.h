/* What the next job of each task asks for, as its last one ended.
 *
 * Knows: what registrations say of former requests and endings, and which of these count: none from before
 * the task's last success, or for another recipe or other resources. Doesn't know: partitions.
 *
 * A success in the second of the submission counts as the later of both. Which came first can't be known: the
 * file system's clock tells one and the host's the other, and these may differ. That side is safe: if the
 * request is wrongly as described, its next job ends for want of the same, which is said, and grows again;
 * if it wrongly stayed grown, nobody would notice.
 *
 * What has grown is kept by the registration of the last job, which so stays until the task is up to date
 * or another job has it, even if the task was started elsewhere meanwhile. */
#ifndef ROWBUILD_GROWN_H
#define ROWBUILD_GROWN_H

#include "arena.h"
#include "buf.h"
#include "growth.h"
#include "jobs.h"

#include <stdbool.h>

/* What a request is based on, as text in the arena: a digest of an element's recipe and resources. */
struct slice grown_basis(const struct plan *plan, uint32_t element, struct arena *arena);

/* By task, of the last look; in the jobs' arena. NULL where no request has grown. */
const struct task_growth *grown_find(struct jobs *jobs, const struct plan *plan);

/* Whether the registration is kept for what it says about the task. */
bool grown_needs(const struct jobs *jobs, const struct submission *submission, struct task_id task);

/* "768 MiB", "2.25 GiB" */
void grown_add_memory(struct buf *out, uint64_t megabytes);

/* Appends "12 GiB instead of 8 GiB and 2h 00m instead of 1h 00m"; nothing where nothing has grown. What is
 * replaced is what the last job asked for, if that is known, else what the description says. */
void grown_add_amounts(const struct job_growth *grown, const struct task_growth *growth,
                       struct buf *out);
/* Appends the same of a job of this task alone, "the next job asks for …". */
void grown_add_sentence(const struct plan *plan, struct task_id task,
                        const struct task_growth *growth, struct buf *out);

#endif
