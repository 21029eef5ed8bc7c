/* The questions before finished work is redone, or left out since no point declares it any more.
 *
 * Knows: their words, and who can be asked. Doesn't know: a run from a submission. */
#ifndef ROWBUILD_ASK_AGAIN_H
#define ROWBUILD_ASK_AGAIN_H

#include "ask.h"
#include "rowbuild.h"
#include "session.h"

#include <stdbool.h>

/* ANSWER_YES: to go on. ANSWER_NONE: nobody can be asked, and an error said so. `can_accept`: the
 * answer may be ANSWER_ACCEPT, to keep the existing results. */
enum answer ask_again(struct session *session, const struct rowbuild_estimate *estimate,
                      bool can_accept);

#endif
