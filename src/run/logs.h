/* Output of executions: a log for each slot, kept under the node's name only if something was
 * written; and the table of what runs now.
 *
 * Knows: files below the state folder: `logs/ACTION/DIRECTORY.log`, `logs/.slot-N`, `running`; of a
 * job, which runs beside others, `logs/.slot-NAME-N`, `logs/.running-NAME`.
 * Doesn't know: nodes' records. */
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
 * lock, "" is the one that does; `mark` ("NAME=value") stands in the environment of all that
 * the run starts, and in the table. NULL after an error. */
struct logs *logs_new(const char *state, const char *name, const char *mark, struct diag *diag);

/* Kills what a run that was itself killed left running, and removes its table: nobody will record
 * what those commands make, and they would write beside those that are started anew. Call with the
 * state locked. Returns how many processes there were. */
unsigned logs_end_left_behind(const char *state);
void logs_free(struct logs *logs); /* removes the slots' files and the table */

/* The descriptor that an execution in this slot writes to; -1 after an error. */
int logs_open_slot(struct logs *logs, unsigned slot, struct diag *diag);

/* Says in the table that a slot runs something now, or (label NULL) nothing. */
void logs_set_running(struct logs *logs, unsigned slot, const char *label, const char *key,
                      pid_t pid, const char *cores, unsigned core_count);

/* Of several processes the one that the table names has ended: another stands for the slot. */
void logs_set_running_pid(struct logs *logs, unsigned slot, pid_t pid);

/* Ends a slot's execution. If something was written, moves the log to the name of the first node
 * (the other nodes of a batch get links) and appends its path to `path`, otherwise removes the
 * nodes' older logs. `reuse` false: somebody may still write to it. Returns the bytes written. */
size_t logs_end_slot(struct logs *logs, unsigned slot, const struct graph *graph,
                     const struct node_id *nodes, size_t count, bool reuse, struct buf *path);

/* Appends what is shown of a log: all of a short one; of a long one a line that says how much was
 * left out, and its end. */
void logs_read_shortened(const char *path, struct buf *out);

/* Appends the path of a node's log below the state folder. */
void logs_add_node_path(const char *state, const struct graph *graph, struct node_id node,
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

/* Looks in the tables of jobs, which may be killed ones', for what runs under a node's key: appends
 * the path of its log. */
bool logs_find_in_jobs(const char *state, const char *key, struct buf *path);

/* Removes the files that the jobs of submissions left because they were killed: nobody looks for
 * them once these are forgotten. Jobs' names begin with their submission's token and a dot. */
void logs_forget_jobs(const char *state, const struct slice *tokens, size_t count);

/* Reads the table of a run that goes on now: entries in *entries (the caller frees it), their
 * number; 0 if none. */
size_t logs_read_running(const char *state, struct running_entry **entries);

#endif
