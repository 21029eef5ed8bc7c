/* A further round of a run: the directories that appeared, or went, while it ran (rule 13 of
 * docs/internals/rules.md).
 *
 * Knows: which tasks the round before was done with. Doesn't know: how tasks are run. */
#ifndef ROWBUILD_ROUND_H
#define ROWBUILD_ROUND_H

#include "plan.h"
#include "workspace.h"

struct run_round;

/* Lists the workspace again. NULL: its directories are those of `before`. */
struct run_round *run_round_find(int project, const struct rowfile *rowfile, const char *state_path,
                                 const struct workspace *before);
void run_round_free(struct run_round *round);

/* Takes note of what the round before was done with, and returns the workspace as it is now, whose
 * owner stays this. A new directory whose value can't be read stays out of it. */
struct workspace *run_round_begin(struct run_round *round, const struct plan *before);

/* Tells the plan of that workspace what the round before was done with, before plan_look. */
void run_round_tell_plan(struct run_round *round, struct plan *plan);

/* Whether there is something to run, or something new that can't run. */
bool run_round_has_work(const struct run_round *round, const struct plan *plan);

/* "2 directories appeared during the run: c d". `is_last`: nothing is run for them. */
void run_round_describe(const struct run_round *round, bool is_last, struct buf *text);

/* "the value of the new directory `c` can't be read yet: …", for each that stays out; false: there
 * is none, or no further one. */
bool run_round_next_unready(const struct run_round *round, size_t *at, const char **text);

/* Takes note of what the round before stayed without, so that the next doesn't tell it again. */
void run_round_inherit(struct run_round *round, const struct run_round *before);

#endif
