/* A life as text, a line for the study, each action, each source and each step:
 *
 *     life directories=2 hasty=0 tick=4
 *     action scope=directory change=sort file stamp
 *     source input 0
 *     source action 1 listed
 *     step write directory=1 number=0 text=abc
 *
 * What isn't said is 0, or not so. Lines that begin with '#' are passed over. */
#ifndef ROWBUILD_LIFE_TEXT_H
#define ROWBUILD_LIFE_TEXT_H

#include "life.h"

void life_add_text(const struct life *life, struct buf *out);

/* -1: a line isn't of this kind; `line` says which, from 1 on. Changes `text`. */
int life_parse(struct life *life, char *text, size_t *line);

#endif
