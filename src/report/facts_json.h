/* What is remembered of runs and attempts (run_facts.h), as members of a JSON object.
 *
 * Doesn't know: which object, or what else is in it. What isn't known is null. */
#ifndef ROWBUILD_FACTS_JSON_H
#define ROWBUILD_FACTS_JSON_H

#include "buf.h"
#include "plan.h"
#include "run_facts.h"

/* "2026-03-01T12:00:00Z"; 0: not known. */
void facts_add_time(struct buf *out, const char *key, int64_t seconds);
void facts_add_time_ns(struct buf *out, const char *key, int64_t ns);

/* `host`, `user`, `job`, `commit`, `tree`, `version`, `run_began`. */
void facts_add_run(struct buf *out, const struct run_facts *run);

/* `last_attempt`: an object, or null if the task's last attempt succeeded, there was none, or nothing is known
 * of it. */
void facts_add_attempt(struct buf *out, const struct plan *plan, struct task_id task);

#endif
