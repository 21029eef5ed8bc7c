/* Lives a life on the simulated disk, in the simulated world (tests/simulated), by runs of the real
 * src/run, and has the reference judge each of them. Knows: how each step is done. Doesn't know:
 * what is right. */
#ifndef ROWBUILD_LIVE_H
#define ROWBUILD_LIVE_H

#include "life.h"

/* Appends what was wrong, and in which step: empty where nothing was. After the last step all that
 * makes commands fail is mended, and a run of everything must leave nothing to do. With `story` it
 * appends what each run did. What ends the program (a crash, an assertion) ends this one. */
void life_live(const struct life *life, struct buf *wrong, struct buf *story);

#endif
