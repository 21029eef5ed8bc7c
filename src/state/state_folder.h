/* What may stand in the state folder: each known name is a regular file or a folder, nothing else.
 *
 * Knows: the names. Doesn't know: what is in the files. Whoever opens one refuses the wrong kind by
 * itself (inside.h); this check says it before anything is begun, with the file's name. */
#ifndef ROWBUILD_STATE_FOLDER_H
#define ROWBUILD_STATE_FOLDER_H

#include "diag.h"

/* -1 with a state error for each name of the wrong kind. No folder: nothing is wrong. */
int state_folder_check(const char *state_path, struct diag *diag);

#endif
