/* What a scheduler is handed: the script of a submission, and what sbatch is told beside it.
 *
 * Knows: which facts of the plan and which of the user's options go where. Doesn't know: how a
 * script is spelled (cluster/script.h), nor what becomes of it. `number` is that of a submission of
 * the plan. */
#ifndef ROWBUILD_SUBMIT_SCRIPT_H
#define ROWBUILD_SUBMIT_SCRIPT_H

#include "submitting.h"

void submit_add_script(const struct submitting *submitting, size_t number, struct slice token,
                       struct buf *out);

/* The words that sbatch gets besides the script, NULL-terminated, in the arena. */
const char *const *submit_sbatch_options(struct submitting *submitting, size_t number,
                                         struct slice token);

/* The clusters among which sbatch is told to choose, as words of the user's or of the site's say;
 * at == NULL: none. In the arena. */
struct slice submit_target(struct submitting *submitting, const struct action *action);

#endif
