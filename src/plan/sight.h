/* What is on disk, as far as the plan has looked: the status of each file, and its row in the state.
 *
 * Knows: when a file has to be stat'ed or read, and that a value file counts by its canonical text.
 * Doesn't know: what a difference means. */
#ifndef ROWBUILD_SIGHT_H
#define ROWBUILD_SIGHT_H

#include "plan_inner.h"

struct file_list { /* numbers of files; a VEC */
    uint32_t *at;
    size_t count;
    size_t capacity;
};

/* Marks (by number) the files that a task depends on or makes, values too; in `products` (may be
 * NULL) those that it makes. */
void plan_mark_files(const struct graph *graph, struct task_id task, uint8_t *files,
                     uint8_t *products);

/* Stats the files on all cores. */
void plan_stat_files(struct plan *plan, const struct file_list *list, struct diag *diag);

/* A configured value file must exist for every directory that is worked on; where one is missing,
 * all that is wrong with values is told: -1. */
int plan_require_values(struct plan *plan, const struct file_list *list, struct diag *diag);

/* Reads, on all cores, what was known before and moved, and new values; other files that were never
 * known wait until they are asked for. -1 after errors. */
int plan_read_known(struct plan *plan, const struct file_list *list, struct diag *diag);

/* Reads those of the files marked in `wanted_files` (by file) that moved; products marked in
 * `adopted` (NULL: none) by stat alone where they are large. -1 after errors. */
int plan_read_moved(struct plan *plan, const uint8_t *wanted_files, const uint8_t *adopted,
                    struct diag *diag);

/* Entries that were added to folder products since the success of their makers stay from now on, and
 * no longer count. */
void plan_leave_out_additions(struct plan *plan, const struct file_list *list);

#endif
