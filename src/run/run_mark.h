/* Who a run is: what tells its commands from all other processes, also when it is gone.
 *
 * A run is known by its host, the boot of its kernel, its pid with start time and pid namespace,
 * and by its state folder (device and inode, which no copy of a project shares). Its commands carry
 * a variable that is made from these. What a file says about a run is never trusted: the variable
 * is made anew from the own state folder, so that whatever stands in the file, only commands that a
 * run of this very folder started can be meant.
 *
 * Knows: proc(5). Doesn't know: where marks are kept. */
#ifndef ROWBUILD_RUN_MARK_H
#define ROWBUILD_RUN_MARK_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run_mark {
    char host[256];
    char boot[64];
    uint64_t pid;
    uint64_t start_ticks;
    uint64_t pid_space; /* inode of the pid namespace */
    uint64_t device;    /* of the state folder */
    uint64_t inode;
};

/* That of this process for an open state folder. What can't be known is 0 or "". */
void run_mark_of_this(struct run_mark *mark, int folder);

/* Appends the variable of the environment, "ROWBUILD_RUN=…". */
void run_mark_add_variable(const struct run_mark *mark, struct buf *out);

/* Appends the mark as lines of text. run_mark_parse: false for all but what this spells; the text
 * may be followed by NULs. */
void run_mark_spell(const struct run_mark *mark, struct buf *out);
bool run_mark_parse(struct slice text, struct run_mark *mark);

enum run_mark_standing {
    RUN_MARK_ELSEWHERE, /* another host, boot, namespace or state folder: nothing is known of it */
    RUN_MARK_LIVES,
    RUN_MARK_DEAD,
};

/* How a mark that was found stands to the own one. */
enum run_mark_standing run_mark_compare(const struct run_mark *found, const struct run_mark *own);

#endif
