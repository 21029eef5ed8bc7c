/* Says which tasks a run has to execute, may execute and mustn't, and what must be on the disk after
 * it, from what happened before: an independent statement of docs/internals/rules.md.
 *
 * Written to be read, not to be fast: contents are strings, and what a task depends on is a list of
 * names and contents. Shares no code with src/plan. Knows the contents of a life's files and products
 * and what its tasks last succeeded with. Doesn't know: records, backups, times, how a run is done.
 *
 * Where something was interrupted it can't know what is on record: then a task may run, unless it
 * would run for something that neither the interrupted attempt nor the success before it had. */
#ifndef ROWBUILD_REFERENCE_H
#define ROWBUILD_REFERENCE_H

#include "arena.h"
#include "life.h"

/* How a run ended. */
enum run_ending {
    RUN_WHOLE,    /* by itself, without any fault */
    RUN_TROUBLED, /* by itself, or with an error: a call of the disk failed */
    RUN_KILLED,   /* killed, or the power went */
};

struct reference;

struct reference *reference_new(const struct life *life, const struct life_now *now);
void reference_free(struct reference *reference);

/* Tells of what happens between runs. */
void reference_forget_state(struct reference *reference);
void reference_lose_directory(struct reference *reference, int directory);
/* Of a product by hand. */
void reference_note_edit(struct reference *reference, size_t action, int directory, size_t product);
void reference_note_touch(struct reference *reference); /* of whatever file */

/* Before a run: takes down which products are there. */
void reference_before_run(struct reference *reference);

/* What a run did, by the keys that it reported: "a0/d1 back:a1/d1". */
struct run_report {
    const char *ran;
    const char *failed;
    enum run_ending ending;
    int action; /* selected; -1: all */
};

/* Compares a run with what had to happen, and takes down what is known from then on. Appends what is
 * wrong, a line each; false: something is. */
bool reference_judge(struct reference *reference, const struct run_report *report,
                     struct buf *wrong);

/* How many tasks failed in the last judged run or couldn't run, as the reference sees it. */
size_t reference_unfinished(const struct reference *reference);

#endif
