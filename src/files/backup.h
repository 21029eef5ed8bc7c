/* Backups of old results: hidden siblings on the same file system (rules.md, rule 8).
 *
 * Knows: the names of siblings and how to move without ever replacing. Doesn't know: why. For a
 * product `dir/a.out` the last good set is `dir/.a.out.rowbuild-good`; what never matched a record
 * is `dir/.a.out.rowbuild-kept`, `…-kept-2`, … (a name too long for the file system is shortened by
 * a digest). Each folder is opened by `struct folders`, and what is moved or deleted is named by
 * its last part in there: where a folder was replaced by a link meanwhile, nothing is touched. */
#ifndef ROWBUILD_BACKUP_H
#define ROWBUILD_BACKUP_H

#include "buf.h"
#include "diag.h"
#include "folders.h"

#include <stdbool.h>
#include <stddef.h>

enum backup_place { BACKUP_GOOD, BACKUP_KEPT };

/* Whether a file name is one of these siblings (inputs' globs skip them; clean finds them). */
bool backup_is_name(struct slice file_name);

/* Appends the path of the good sibling of `path`. */
void backup_good_path(const char *path, struct buf *out);

/* Moves the files that exist among `paths` to their siblings: all or none. Everything is checked
 * before anything is moved (a sibling in the way, an unwritable directory, a link that leads
 * elsewhere); when a rename fails midway the earlier ones are moved back. BACKUP_KEPT takes the
 * first free number. -1 with an error that names the file. */
int backup_move(const struct folders *folders, const char *const *paths, size_t count,
                enum backup_place place, struct diag *diag);

/* Moves good siblings back to `paths`; what is in the way goes to BACKUP_KEPT first. All or
 * none. */
int backup_restore(const struct folders *folders, const char *const *paths, size_t count,
                   struct diag *diag);

/* Deletes the good siblings. Failures are warnings; false if one is left. */
bool backup_discard_good(const struct folders *folders, const char *const *paths, size_t count,
                         struct diag *diag);

#endif
