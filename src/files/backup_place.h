/* Where backups lie, and how a place is looked at: for the files of backups, and for who asks whether a
 * place is taken.
 *
 * Knows: the names of siblings, and the words for what is wrong with a place. Doesn't know: what moves
 * when. */
#ifndef ROWBUILD_BACKUP_PLACE_H
#define ROWBUILD_BACKUP_PLACE_H

#include "backup.h"

/* The last part of a path, without slashes at its end. */
struct slice backup_last_part(const char *path);

/* Appends the path of a sibling of `path`. */
void backup_add_sibling(const char *path, enum backup_place place, struct buf *out);

/* 1: something is there, be it a dangling link; 0: nothing; -1 with an error added. */
int backup_exists(const struct folders *folders, const char *path, struct diag *diag);

/* Closes what folders_open_parent opened, if it did. */
void backup_close(int folder);

const char *backup_reason(int error); /* words for an errno */

/* Both add "can't WHAT PATH: …" and return -1. */
int backup_report_reason(const char *what, const char *path, const char *reason, struct diag *diag);
int backup_report(const char *what, const char *path, int error, struct diag *diag);

#endif
