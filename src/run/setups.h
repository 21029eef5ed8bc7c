/* The `setup` of each action, which runs once in a run, before the first of the action's commands.
 *
 * Knows: that commands wait for it, and aren't started if it fails. Doesn't know: what it leaves
 * (launch/setup.h). What it started in the background lives until the run ends. */
#ifndef ROWBUILD_SETUPS_H
#define ROWBUILD_SETUPS_H

#include "arena.h"
#include "launch.h"
#include "spawn.h"
#include "vec.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct ledger_grant;

#define SETUPS_TOKEN (UINT64_C(1) << 63) /* a loop event's token: plus the action's element */

enum setup_state { SETUP_NONE, SETUP_RUNS, SETUP_DONE, SETUP_FAILED };

struct setup { /* of an action's element */
    enum setup_state state;
    struct child child;
    int output;            /* descriptor of the disk's: what it prints */
    char *folder;          /* its own, absolute; owned */
    char *mark;            /* in the environment of all that it starts; owned */
    char **started;        /* its environment */
    VEC(uint32_t) waiting; /* executions */
    struct launch_setup left;
    struct arena arena;
};

struct setups {
    struct setup *of; /* by action element; NULL: none has begun */
    size_t count;
    unsigned running;
};

/* Whether an execution that could start now has to wait for its setup, or isn't started since that
 * has failed. Starts the setup. */
bool setups_hold(struct run *run, uint32_t execution);
/* What the commands of an element start with; NULL: there is no setup. */
const struct launch_setup *setups_left(const struct run *run, uint32_t element);
bool setups_is_token(uint64_t token);
void setups_take_end(struct run *run, uint64_t token);
/* The run is interrupted. */
void setups_stop(const struct run *run);
/* At the end of the run: ends what setups left in the background, and removes their files. */
void setups_end(struct run *run);

#endif
