/* Backups of old results: hidden siblings on the same file system (rules.md, rule 8).
 *
 * Knows: the names of siblings and how to move without ever losing. Doesn't know: why. For a
 * product `dir/a.out` the last good set is `dir/.a.out.rowbuild-good`, what rowbuild didn't make is
 * `dir/.a.out.rowbuild-kept`, and what an attempt left is `dir/.a.out~.rowbuild-kept` (a name too
 * long for the file system is shortened by a digest). Of each there is one: what is moved to a
 * sibling that exists displaces it, except a good one, which is never displaced, and a kept folder,
 * which gets a number and stays: it may hold what was put there. A name with a number (`…-kept-2`)
 * is one that is just being displaced, or from a version that kept them all. Each folder is opened
 * by `struct folders`, and what is moved or deleted is named by its last part in there: where a
 * folder was replaced by a link meanwhile, nothing is touched. backup_return.c puts back what stays,
 * backup.c moves the rest, and backup_place.c has the names of siblings. */
#ifndef ROWBUILD_BACKUP_H
#define ROWBUILD_BACKUP_H

#include "buf.h"
#include "diag.h"
#include "folders.h"

#include <stdbool.h>
#include <stddef.h>

enum backup_place {
    BACKUP_GOOD, /* matches the record of a success */
    BACKUP_KEPT, /* rowbuild didn't make it: edited by hand */
    BACKUP_LEFT, /* an attempt that didn't succeed made it */
};

struct backup_item {
    const char *path; /* of a product */
    enum backup_place place;
    bool is_good_sibling; /* not the product moves, but its good sibling, which is out of date */
};

/* Whether a file name is one of these siblings (inputs' globs skip them; clean finds them). */
bool backup_is_name(struct slice file_name);

/* Appends the path of the good sibling of `path`. */
void backup_good_path(const char *path, struct buf *out);

/* Moves what exists of the items to their siblings, in this order: all or none. Everything is
 * checked before anything is moved (a good sibling in the way, an unwritable folder, a link that
 * leads elsewhere, a file system that is mounted in a folder); when a rename fails midway the earlier ones are moved back. What is displaced is
 * deleted once all have been moved. -1 with an error that names the file. */
int backup_move(const struct folders *folders, const struct backup_item *items, size_t count,
                struct diag *diag);

/* Checks the same, and moves nothing. */
int backup_check(const struct folders *folders, const struct backup_item *items, size_t count,
                 struct diag *diag);

/* Moves good siblings back to the paths of the items; what is in the way goes to the item's place
 * (KEPT or LEFT) first. All or none. */
int backup_restore(const struct folders *folders, const struct backup_item *items, size_t count,
                   struct diag *diag);

/* Puts an entry of the folder `path` back in its place from the sibling with which it was moved, if it
 * isn't there: the folders on its way are made where they are missing. -1 with an error. */
int backup_return(const struct folders *folders, const char *path, struct slice entry,
                  struct diag *diag);

/* Deletes the good siblings. Failures are warnings; false if one is left. */
bool backup_discard_good(const struct folders *folders, const char *const *paths, size_t count,
                         struct diag *diag);

#endif
