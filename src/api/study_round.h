/* A further round of a run: the directories that appeared, or went, while it ran (rule 13 of
 * docs/internals/rules.md).
 *
 * Knows: which tasks the round before was done with. Doesn't know: how tasks are run. */
#ifndef ROWBUILD_STUDY_ROUND_H
#define ROWBUILD_STUDY_ROUND_H

#include "study.h"

struct study_round;

/* Lists the workspace again. NULL: its directories are those that the study has. */
struct study_round *study_round_find(const struct rowbuild *study);
void study_round_free(struct study_round *round);

/* Loads the study anew with the directories that were found, with the state that is open, and plans
 * what the round before wasn't done with. A new directory whose value can't be read stays out of
 * it. */
int study_round_look(struct study_round *round, struct rowbuild *study,
                     const struct rowbuild_selection *selection,
                     struct rowbuild_messages *messages);

/* Whether there is something to run, or something new that can't run. */
bool study_round_has_work(const struct study_round *round, const struct rowbuild *study);

/* "2 directories appeared during the run: c d". `is_last`: nothing is run for them. */
void study_round_describe(const struct study_round *round, bool is_last, struct buf *text);

/* "the value of the new directory `c` can't be read yet: …", for each that stays out; false: there
 * is none, or no further one. */
bool study_round_next_unready(const struct study_round *round, size_t *at, const char **text);

/* Takes note of what the round before stayed without, so that the next doesn't tell it again. */
void study_round_inherit(struct study_round *round, const struct study_round *before);

#endif
