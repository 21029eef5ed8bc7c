/* Deleting temporary products that every reader has read (docs/internals/rules.md, rule 14).
 *
 * Knows: that the deletion is on record, and on the disk, before anything is deleted; that a folder is
 * moved away as a whole first. Doesn't know: which may be deleted (plan.h). */
#ifndef ROWBUILD_DELETE_READ_H
#define ROWBUILD_DELETE_READ_H

#include "plan.h"

struct run;

struct deletions {
    VEC(uint32_t) told;  /* elements whose commands remove what they read */
    VEC(uint32_t) noted; /* temporaries whose last reader may have run, by number */
    int64_t due_ns;      /* when these are looked at */
    size_t count;        /* that this run has deleted */
};

/* A task has succeeded: what it read may be deleted soon. What its command has deleted or moved away
 * itself counts as deleted at once. */
void delete_read_note(struct run *run, struct task_id task);
/* Deletes what was noted, not more often than is good for the disk. */
void delete_read_noted(struct run *run);
/* At the end: deletes all that concerns wanted tasks, and tells how much was deleted. */
void delete_read_all(struct run *run);

/* For clean: deletes those that were made or read before they were declared temporary, too, and names
 * each: *found are gone. With `dry_run` it only tells. -1 after an error: the state can't be written. */
int run_delete_temporaries(struct plan *plan, bool dry_run, size_t *found, struct diag *diag);

#endif
