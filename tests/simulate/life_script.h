/* A life as a shell script for the real program, to see with one's own eyes what goes wrong. */
#ifndef ROWBUILD_LIFE_SCRIPT_H
#define ROWBUILD_LIFE_SCRIPT_H

#include "life.h"

/* It makes the study in a new folder, and starts $ROWBUILD (or rowbuild). A run that is cut short is a whole
 * one in it, with a remark. */
void life_add_script(const struct life *life, struct buf *out);

#endif
