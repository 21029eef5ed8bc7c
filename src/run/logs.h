/* Output of executions: a log for each slot, kept under the task's name only if something was
 * written beside the command, with which it begins; and the table of what runs now.
 *
 * Knows: files below the state folder: `logs/ACTION/DIRECTORY.log`, `logs/.slot-N`,
 * `logs/.script-N`, `running`; of a job, which runs beside others, `logs/.slot-NAME-N`,
 * `logs/.script-NAME-N`, `logs/.running-NAME`. logs.c writes them, logs_table.c reads the tables
 * and removes what killed runs left. Nothing is reached through a link (inside.h), and of a table
 * only what /proc confirms is believed. Doesn't know: tasks' records. */
#ifndef ROWBUILD_LOGS_H
#define ROWBUILD_LOGS_H

#include "buf.h"
#include "diag.h"
#include "graph.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct logs;

enum { LOGS_SLOT_NAME = 64 };

/* `state` is the state folder's path; `name` tells runs apart that share it without holding its
 * lock, "" is the one that does. The table begins with the run's mark (run_mark.h). NULL after an
 * error. */
struct logs *logs_new(const char *state, const char *name, struct diag *diag);

/* Kills what a run that was itself killed left running, and removes its table and the files of its
 * slots: nobody will record what those commands make, and they would write beside those that are
 * started anew. Only processes of a run of this very state folder, on this host, that is dead are
 * ended, whatever the table says; one that no run wrote is warned of and ignored. Call with the
 * state locked. A note says how many processes there were. -1 with a state error where something
 * that isn't a file of a run has such a name. */
int logs_end_left_behind(const char *state, struct diag *diag);
void logs_free(struct logs *logs); /* removes the slots' files and the table */

/* The descriptor that an execution in this slot writes to; -1 after an error, with its errno. */
int logs_open_slot(struct logs *logs, unsigned slot, struct diag *diag);

/* Begins the log of an execution, whose slot is open, with its command: "$ make a", as text. */
void logs_begin(struct logs *logs, unsigned slot, struct slice command);

/* Says in the table that a slot runs something now, or (label NULL) nothing. */
void logs_set_running(struct logs *logs, unsigned slot, const char *label, const char *key,
                      pid_t pid, const char *cores, unsigned core_count);

/* Of several processes the one that the table names has ended: another stands for the slot. */
void logs_set_running_pid(struct logs *logs, unsigned slot, pid_t pid);

/* Ends a slot's execution. If something was written after its command (*head bytes), moves the log to the name of the first task
 * (the other tasks of a batch get links) and appends its path to `path`, otherwise removes the
 * tasks' older logs. `reuse` false: somebody may still write to it. Returns the bytes written. A
 * log that can't be put in place because of a link is a state error; logs_refused says so later. */
size_t logs_end_slot(struct logs *logs, unsigned slot, const struct graph *graph,
                     const struct task_id *tasks, size_t count, bool reuse, struct buf *path,
                     size_t *head, struct diag *diag);
bool logs_refused(const struct logs *logs);

/* Writes the script of a slot's process `number` and appends its path; -1 after an error. */
int logs_write_script(const struct logs *logs, unsigned slot, unsigned number, struct slice text,
                      struct buf *path, struct diag *diag);

/* Opens a log for reading, by the path that these functions gave. -1 with errno (inside.h). */
int logs_open(const char *state, const char *path);

/* Appends what is shown of a log after its first `head` bytes: all of a short one; of a long one a line that says how much was
 * left out, and its end. */
void logs_read_shortened(const char *state, const char *path, size_t head, struct buf *out);

/* Appends the path of a task's log below the state folder. */
void logs_add_task_path(const char *state, const struct graph *graph, struct task_id task,
                        struct buf *path);

/* One line of the table. */
struct running_entry {
    char label[256];
    char key[640];
    char cores[512];          /* CPUs as the kernel lists them; "" when not bound */
    char log[LOGS_SLOT_NAME]; /* file name below logs/ */
    pid_t pid;
    uint32_t core_count;
};

/* Looks in the tables of jobs, which may be killed ones', for what runs under a task's key: appends
 * the path of its log (NULL: only looks). */
bool logs_find_in_jobs(const char *state, const char *key, struct buf *path);

/* Removes the files that the jobs of submissions left because they were killed: nobody looks for
 * them once these are forgotten. Jobs' names begin with their submission's token and a dot. */
void logs_forget_jobs(const char *state, const struct slice *tokens, size_t count);

/* Reads the table of the run that has the state folder now, on this host: entries whose processes
 * it started and that live, in *entries (the caller frees it), and their number; 0 if none. */
size_t logs_read_running(const char *state, struct running_entry **entries);

#endif
