/* The command of a recorded success as it ran: its templates filled in from the record.
 *
 * Knows: the recipe, values, inputs and products on record. Doesn't know: who is shown the text. Of a
 * command that worked on several directories at once, `{directories}` has only the task's own. */
#ifndef ROWBUILD_COMMAND_TEXT_H
#define ROWBUILD_COMMAND_TEXT_H

#include "plan.h"
#include "story.h"

#include <stdbool.h>

/* Appends the command, without setup and launcher. False, and nothing is appended: the recipe or a
 * value wasn't kept. */
bool command_text_add(const struct plan *plan, const struct story_step *step, struct buf *out);

/* The shell as it was called; empty if it isn't known. */
struct slice command_text_shell(const struct story_step *step);

#endif
