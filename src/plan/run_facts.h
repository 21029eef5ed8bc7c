/* What is remembered of a run beside its tasks: who ran rowbuild, where, at which commit. Of an attempt that
 * failed, also when it began and ended.
 *
 * Knows: how these facts are spelled as one text. Records of successes refer to it by its digest
 * (task_row.origin), so that ten thousand tasks of a run share it; of attempts that failed, by
 * COMPONENT_ATTEMPT. Doesn't know: how the facts are
 * found out, or git. Nothing here decides whether a task is up to date. */
#ifndef ROWBUILD_RUN_FACTS_H
#define ROWBUILD_RUN_FACTS_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

enum tree_state { TREE_UNKNOWN, TREE_CLEAN, TREE_DIRTY };

/* Slices are borrowed; empty ones aren't known. */
struct run_facts {
    struct slice version; /* of rowbuild */
    struct slice host;
    struct slice user;
    struct slice job;      /* "lab/123_4" of a job on a cluster */
    struct slice commit;   /* hexadecimal, of the repository that the project lies in */
    enum tree_state tree;  /* whether something in the project's folder differed from the commit */
    int64_t begun_at_s;    /* of the run, by the host's clock; 0: not known */
    struct slice shell;    /* of the action, when the task ran: "sh -e" */
    struct slice launcher; /* what stood before the command: "mpirun -n 4 " */
    struct slice setup;    /* lines before that */
    bool is_edited; /* a job ran what was submitted, and the description was another one by then */
    /* Of an attempt that failed; of a success they are in its row. 0: not known. */
    int64_t started_at_ns;
    int64_t ended_at_ns;
    unsigned cores;
};

/* Appends the text: "KEY VALUE" for each known fact, each ended by NUL. */
void run_facts_add(const struct run_facts *facts, struct buf *out);

/* What the text says; keys that a later version may add are skipped. Borrows from the text. */
struct run_facts run_facts_of(struct slice text);

#endif
