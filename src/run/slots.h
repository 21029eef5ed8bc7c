/* Slots: a running execution each, with its grant, its processes and its log. A slot that is free
 * again is used for the next execution. */
#ifndef ROWBUILD_SLOTS_H
#define ROWBUILD_SLOTS_H

#include "advise.h"
#include "children.h"
#include "executions.h"
#include "launched.h"

struct slot {
    uint32_t execution; /* EXECUTION_NONE: free */
    uint32_t tasks;     /* of the execution, when it was started */
    enum launch_kind kind;
    struct children children;
    struct ledger_grant grant;
    struct launched *launched; /* by task of the execution; owned */
    char *label;               /* owned */
    char *core_list;           /* of its processes, "0-1,4"; owned, NULL until they are started */
    char *gpu_list;            /* of its processes, "0,1"; owned, NULL: none */
    struct buf command;        /* as it runs, for people */
    struct buf facts;          /* how the command was started, for the records (run_facts.h) */
    int64_t started_ns;        /* times are the run's own: run_now */
    int64_t started_at_ns;     /* by the file system's clock, for the records; 0: not known */
    int64_t deadline_ns;       /* 0: none */
    int64_t paused_ns;         /* since when its command is stopped; 0: it isn't */
    bool paused_in_grace;
    int refused;    /* errno of what the system had no more of for its start */
    bool was_short; /* the system refused something while it ran beside others */
    bool has_ended; /* its command: what became of it is being found out and told */
    bool timed_out;
    bool cancelled;
    struct sampling sampling;
};

struct slots {
    VEC(struct slot) all;
    size_t running;           /* executions */
    size_t most;              /* that run at once: as many as there are descriptors for */
    struct rlimit open_files; /* as it was before this run: what children get */
    uint64_t marks;           /* given so far */
    bool tells_unbound;       /* it was told that binding is refused */
    bool tells_refusal;       /* likewise starting one more */
    int refused;              /* errno of that; nothing is started then until an execution ends. 0:
                                 it isn't refused, as far as is known */
    int64_t refused_ns;       /* since when nothing runs for that reason; 0: not so */
    int64_t retry_ns;         /* when it is tried then */
};

/* A free slot. Pointers to slots are invalid afterwards. */
struct slot *slots_take(struct slots *slots);
unsigned slots_number(const struct slots *slots, const struct slot *slot);
/* The first slot after `slot` (NULL: of all) that isn't free, or NULL. */
struct slot *slots_next(const struct slots *slots, const struct slot *slot);
/* Returns the slot's grant; it is free then. */
void slot_release(struct slot *slot, struct ledger *ledger);

/* The earlier of two moments; 0: never. */
int64_t slots_earlier(int64_t a, int64_t b);

#endif
