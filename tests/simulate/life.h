/* A life: a study that somebody might have, and what happens to it, one step after another.
 *
 * Plain data without pointers, so that a life can be made from a seed (make_life.h), copied, cut
 * down (shrink.h), written and read (life_text.h), and shown as a script (life_script.h). Knows: which
 * tasks there are, and how their command and the Rowfile read. Doesn't know: what a run should do
 * (reference.h).
 *
 * The study has a few directories, "d0" …, each with two inputs, "in0" and "in1", and a value,
 * "v.json" ({"x": …, "y": …}); the project has two inputs, "//p0" and "//p1". Actions are a0 …; each
 * reads inputs and products of earlier actions. Its products are "a0", and the stamp "a0.s", which
 * is empty; those of groups and of the project lie in the project. */
#ifndef ROWBUILD_LIFE_H
#define ROWBUILD_LIFE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIFE_DIRECTORIES = 4,
    LIFE_ACTIONS = 5,
    LIFE_INPUTS = 2, /* of a directory, and of the project */
    LIFE_SOURCES = 3,
    LIFE_STEPS = 40,
    LIFE_TEXT = 8,
    LIFE_PRODUCTS = 2, /* at most, of a task */
    LIFE_KEYS = 2,     /* of a value */
};

enum life_scope { LIFE_DIRECTORY, LIFE_GROUP, LIFE_PROJECT };

/* What a command does to what it has read: the coarser, the more often products come out equal. */
enum life_change { CHANGE_NOTHING, CHANGE_SORT, CHANGE_UPPER, CHANGE_COUNT, CHANGES };

enum source_kind {
    SOURCE_OWN,     /* an input of the directory, or of each member of the group */
    SOURCE_PROJECT, /* an input of the project */
    SOURCE_ACTION,  /* what an earlier action makes */
};

struct life_source {
    enum source_kind kind;
    unsigned number;
    bool is_listed; /* under `inputs`; of actions only: else under `previous_actions` */
};

struct life_action {
    bool is_gone; /* nothing reads it */
    enum life_scope scope;
    struct life_source sources[LIFE_SOURCES];
    size_t source_count;
    enum life_change change;
    bool has_file;  /* product */
    bool has_stamp; /* product */
    bool is_batch;
    bool reads_x; /* the command has {/x} */
    bool only_x;  /* value_inputs = ["/x"] */
    bool is_always;
    bool is_resumable;
    bool fails_on_z; /* where its first source, an input, has a 'z' */
    bool leaves_half;
};

enum step_of_life {
    LIFE_RUN,     /* of `action`, or of all for -1, on `number` cores */
    LIFE_KILL,    /* the same, killed after `number` calls of the disk */
    LIFE_CRASH,   /* the same, and the power goes; `seed` decides what is left */
    LIFE_FAULT,   /* the same, and the `number`-th call of a kind fails */
    LIFE_WRITE,   /* an input; `directory` -1: of the project */
    LIFE_TOUCH,   /* its times */
    LIFE_REPLACE, /* by an equal file */
    LIFE_REMOVE,  /* it */
    LIFE_VALUE,   /* key `number` becomes `value` */
    LIFE_EDIT,    /* a product by hand */
    LIFE_CUT,     /* a product to nothing */
    LIFE_DELETE,  /* a product */
    LIFE_COMMENT, /* of the action's command becomes `value`: another recipe, the same work */
    LIFE_TOKEN,   /* of the action's command becomes `value`: other products */
    LIFE_ADD,     /* a directory, as it was at first */
    LIFE_LOSE,    /* a directory with all that is in it */
    LIFE_FORGET,  /* the state */
    LIFE_STEP_KINDS,
};

/* Kinds of faults, by the call that fails and how. */
enum { LIFE_FAULTS = 10 };

struct life_step {
    enum step_of_life kind;
    int action;
    int directory;
    unsigned number; /* of an input, product, key, core, call */
    unsigned value;
    unsigned fault;
    uint64_t seed;
    char text[LIFE_TEXT];
};

struct life {
    uint64_t seed; /* that it was made from; 0: none */
    size_t directory_count;
    size_t action_count;
    size_t step_count;
    bool is_hasty; /* nothing takes any time: all happens within one tick of the clock */
    unsigned tick_ms;
    struct life_action actions[LIFE_ACTIONS];
    struct life_step steps[LIFE_STEPS];
};

/* What steps have changed so far. */
struct life_now {
    bool is_there[LIFE_DIRECTORIES];
    unsigned values[LIFE_DIRECTORIES][LIFE_KEYS];
    unsigned comments[LIFE_ACTIONS];
    unsigned tokens[LIFE_ACTIONS];
};

void life_start(const struct life *life, struct life_now *now);

/* Content of an input at first: "" is never one. `directory` -1: of the project. */
const char *life_first_text(int directory, unsigned number, char text[LIFE_TEXT]);

/* Paths from the project, until the next call with the same buffer. `directory` counts only where
 * the file lies in one. */
const char *life_input_path(int directory, unsigned number, struct buf *path);
const char *life_value_path(int directory, struct buf *path);
const char *life_product_path(const struct life *life, size_t action, int directory, size_t product,
                              struct buf *path);
bool life_has_product(const struct life_action *action, size_t product); /* 0: file, 1: stamp */

void life_add_value(const struct life_now *now, int directory, struct buf *json);

/* The key of a task in a run's report. `directory` counts only where the action has one. */
const char *life_key(const struct life *life, size_t action, int directory, struct buf *key);

/* The Rowfile as it is now, with commands for the simulated world (simulated_study.h) or for a real shell. */
void life_add_rowfile(const struct life *life, const struct life_now *now, bool for_shell,
                      struct buf *out);

#endif
