/* The state folder: the names in it, and what is said of them.
 *
 * Knows: which names may stand there, and whether each is a file or a folder. Doesn't know: what is
 * in the files. Whoever opens one refuses the wrong kind by itself (inside.h). */
#ifndef ROWBUILD_STATE_FOLDER_H
#define ROWBUILD_STATE_FOLDER_H

#include "buf.h"
#include "diag.h"

#include <stdbool.h>

#define STATE_SNAPSHOT "state"
#define STATE_JOURNAL "journal"
#define STATE_LOCK "lock"
#define STATE_LOGS "logs"         /* a folder: output of tasks, by action */
#define STATE_RUNNING "running"   /* the table of what runs now */
#define STATE_PROGRESS "progress" /* where the run tells how far it is */
#define STATE_INBOX "inbox"       /* a folder: records of jobs (inbox.h) */
#define STATE_JOBS "jobs"         /* a folder: registrations of submissions */
#define STATE_POINTS "points"     /* values that were written (point_records.h) */
#define STATE_QUEUE "queue"       /* the scheduler's last answer */

/* Before anything is begun: -1 with a state error for each name of the wrong kind. No folder:
 * nothing is wrong. */
int state_folder_check(const char *state_path, struct diag *diag);

/* Opens a folder in it; `make`: makes both where they are missing. The descriptor, for the caller
 * to close, or -1 with errno as inside.h says. */
int state_folder_open(const char *state_path, const char *name, bool make);

/* Takes a folder away again in which nothing was recorded. */
void state_folder_remove_unused(const char *state_path);

/* Removes what is kept beside the records: logs, the table of what runs, the scheduler's answer; of
 * jobs (`keeps_inbox`: some may still use it) only empty folders, since what they may leave there
 * belongs to no record. No folder: nothing is wrong. -1 with a state error. */
int state_folder_remove_rest(const char *state_path, bool keeps_inbox, struct diag *diag);

/* Appends the path of one of the files, for messages; "": of the folder itself. */
void state_folder_add_path(const char *state_path, const char *name, struct buf *out);

/* Both return -1 with a state error: "can't WHAT PATH: errno"; "PATH can't be used: WRONG". */
int state_folder_report(const char *state_path, const char *what, const char *name,
                        struct diag *diag);
int state_folder_refuse(const char *state_path, const char *name, const char *wrong,
                        struct diag *diag);

#endif
