/* What the reference is made of; its own files alone include this:
 *
 * reference.c           what it remembers, and judging a run
 * reference_decide.c    what a task has to do
 * reference_parts.c     what it depends on
 * reference_made.c      what its command leaves
 *
 * Each uses only files that stand after it here. Texts live as long as the reference. */
#ifndef ROWBUILD_REFERENCE_INNER_H
#define ROWBUILD_REFERENCE_INNER_H

#include "reference.h"
#include "vec.h"

struct part {
    const char *name;
    const char *text;
    bool is_any; /* nobody knows: equal to all */
};

struct parts {
    VEC(struct part) list;
};

/* NULL: there is none. */
struct made {
    const char *text[LIFE_PRODUCTS];
};

struct success {
    struct parts parts;
    struct made made;
    bool is_adopted;  /* what the parts were then wasn't looked at */
    bool is_touched;  /* since it was adopted, somebody touched something */
    bool is_in_doubt; /* whether it was adopted */
};

enum backed { BACKED_NO, BACKED_YES, BACKED_MAYBE };
enum standing { STANDS, STOPPED };

struct task {
    VEC(struct success) successes; /* one of them is on record */
    bool is_exact;                 /* it is known which: there is one, or none */
    bool is_adoptable;             /* it may be that nothing is on record of it */
    bool has_failed;
    enum backed is_backed; /* with has_failed: the products of its success */
    struct made now;
    struct made before;              /* the last run */
    const char *kept[LIFE_PRODUCTS]; /* made by hand, and in the way of a run */
    enum standing standing;          /* in the run that is judged */
    bool did_run;                    /* likewise */
};

/* Whether anything is on record at all. */
enum state_known { STATE_NONE, STATE_IN_DOUBT, STATE_THERE };

struct reference {
    const struct life *life;
    const struct life_now *now;
    struct arena arena;
    enum state_known state;
    size_t unfinished;
    struct task tasks[LIFE_ACTIONS][LIFE_DIRECTORIES]; /* of a group or the project: the first */

    /* The run that is judged */
    const struct run_report *report;
    struct buf *wrong;
    struct buf text;
};

/* ---- reference_made.c ---- */

const char *reference_keep(struct reference *reference, const char *text);    /* NULL stays NULL */
const char *reference_on_disk(struct reference *reference, const char *path); /* from the project */

/* Whether there is that task now. */
bool reference_has(const struct reference *reference, size_t action, size_t directory);

/* What the task leaves if it runs now; false: it fails. */
bool reference_evaluate(struct reference *reference, size_t action, size_t directory,
                        struct made *made);

bool made_same_text(const char *a, const char *b);
bool made_is_same(const struct made *a, const struct made *b);
bool made_is_any(const struct made *made);
bool made_is_complete(const struct life_action *action, const struct made *made);

/* ---- reference_parts.c ---- */

/* Whether a task comes after another one, of an action that its own names. */
bool reference_joins(const struct reference *reference, size_t action, size_t directory,
                     size_t maker, size_t other);

/* Adds what the task depends on; false: an input isn't there. */
bool reference_collect(struct reference *reference, size_t action, size_t directory,
                       struct parts *parts);

/* The name of the first part that differs; NULL: none does. */
const char *parts_difference(const struct parts *a, const struct parts *b);
bool parts_are_loose(const struct parts *parts); /* nobody knows one of them */

/* ---- reference_decide.c ---- */

enum duty { MUST_NOT, MAY, MUST, MUST_RETURN };

struct decision {
    enum duty duty;
    const char *why;
    const struct success *equal; /* a success of the same parts */
    bool may_be_adopted;
};

struct decision reference_decide(struct reference *reference, size_t action, size_t directory,
                                 const struct parts *parts);

/* The success of the same parts that explains best what was made; NULL: there is none. */
const struct success *success_explaining(const struct task *task, const struct parts *parts,
                                         const struct made *made);

/* Whether any task directly before it … in this run. */
bool reference_comes_after(const struct reference *reference, size_t action, size_t directory,
                           bool (*has)(const struct task *maker));

#endif
