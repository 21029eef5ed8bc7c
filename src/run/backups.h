/* Backups: old products, renamed to hidden siblings before a task runs (rules.md, rule 8).
 *
 * Knows: which products match the record of a success, which ones an attempt left, and what is on
 * record of backups. Doesn't know: how files are moved (backup.h). */
#ifndef ROWBUILD_BACKUPS_H
#define ROWBUILD_BACKUPS_H

#include "backup.h"
#include "plan.h"
#include "vec.h"

/* A folder that a link leads to: an empty one takes its place, so that the link leads somewhere. */
struct remade {
    const char *path;
    mode_t mode;
};

struct moves {                       /* before tasks are started */
    struct arena *arena;             /* where the paths lie */
    VEC(struct backup_item) by_hand; /* files that rowbuild didn't make */
    VEC(struct backup_item) others;
    VEC(struct backup_item) good;
    VEC(struct remade) remade;
    bool is_beside_kept; /* something that was kept lies beside a product, or will */
};

/* Whether what an attempt left stays where it is for the next one, which continues it: row's
 * contract, and `resumable`. */
bool backups_stay(const struct graph *graph, struct task_id task);

/* Adds what is to be moved before the task runs on what `fingerprint` stands for, and says whether
 * its good products are backups then. -1 after an error: a link that mustn't be written through. */
int backups_plan(struct plan *plan, struct task_id task, struct digest fingerprint,
                 struct moves *moves, bool *is_backed_up, struct diag *diag);
/* Before the start is on the disk, so that they never look as if the attempt had left them: moves files that
 * rowbuild didn't make, once it is checked that all can be moved. -1 after an error. */
int backups_move_by_hand(const struct plan *plan, const struct moves *moves, struct diag *diag);
/* The others. All or none; -1 after an error. */
int backups_move(const struct plan *plan, const struct moves *moves, struct diag *diag);
void moves_release(struct moves *moves);

struct path_list {
    const char **at;
    size_t count;
    size_t capacity;
};

/* Adds the paths of the task's `resumable` files, which become backups, too. */
void backups_list_resumable(struct plan *plan, struct task_id task, struct arena *arena,
                            struct path_list *list);

/* Whether the product is in its place as its last success made it, so that no backup of it is a
 * result that is nowhere else. */
bool backups_are_spare(struct plan *plan, struct task_id task, struct file_id file);

/* Renames the backups of a task back. -1 after an error. */
int backups_restore(struct plan *plan, struct task_id task, struct diag *diag);
/* Puts back what isn't the task's where a folder was moved with it; it's done again after a run
 * that was killed in between. -1 after an error. */
int backups_return(struct plan *plan, struct task_id task, struct diag *diag);
/* Deletes the backups of a task whose later success is on record; what can't be deleted is warned
 * of, and stays on record. */
void backups_discard(struct plan *plan, struct task_id task, struct diag *diag);

#endif
