/* What the sources of the plan share; nobody else includes this. */
#ifndef ROWBUILD_LOOKING_H
#define ROWBUILD_LOOKING_H

#include "plan.h"

/* Reads those of the files marked in `wanted_files` (by file) that moved; products marked in
 * `adopted` (NULL: none) by stat alone where they are large. -1 after errors in plan->diag. */
int plan_read_moved(struct plan *plan, const uint8_t *wanted_files, const uint8_t *adopted);

/* Whether the task's files are looked at: it is wanted, or everything is, because a study that was
 * never seen is adopted as a whole. */
bool plan_looks_at(const struct plan *plan, struct task_id task);

/* A large product that was adopted by stat alone is digested when it first moves: if its size
 * stands, what is there is what was adopted. */
void plan_follow_first_digest(struct plan *plan, struct file_id file, const struct file_row *before,
                              const struct file_row *after);

/* Gives tasks of renamed actions the records of their old names. */
void plan_follow_renamed(struct plan *plan);

/* Gives a record to tasks that have none although their products are there (rules.md, rule 6). */
int plan_adopt(struct plan *plan);

/* A path from the project relative to a directory if it lies below it, else as it is. */
struct slice plan_name_below(const struct plan *plan, uint32_t directory, struct slice path,
                             bool *is_below);

/* Appends what counts of a value, all of it or {"/pointer":value,…}: its canonical text, which the
 * digest is made from, or as it was written, which people are shown. */
typedef void plan_spell_fn(const struct json *value, struct buf *out);
void plan_add_counting(const struct action *action, const struct json *value, plan_spell_fn *spell,
                       struct buf *out);

/* Whether a recorded file that is no longer a dependency was matched by a glob that is still
 * listed, and is missing now. */
bool plan_listed_glob_lost(struct plan *plan, struct task_id task,
                           const struct component *recorded);

#endif
