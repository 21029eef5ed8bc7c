/* The texts that digests of recipes and values are made from, and that explanations show. */
#ifndef ROWBUILD_TEXTS_H
#define ROWBUILD_TEXTS_H

#include "plan_inner.h"

/* Shell, command and environment of an action, each ended by NUL; in the arena. */
struct slice plan_recipe_text(const struct action *action, struct arena *arena);

/* Appends what counts of a value, all of it or {"/pointer":value,…}: its canonical text, which the
 * digest is made from, or as it was written, which people are shown. */
typedef void plan_spell_fn(const struct json *value, struct buf *out);
void plan_add_counting(const struct action *action, const struct json *value, plan_spell_fn *spell,
                       struct buf *out);

#endif
