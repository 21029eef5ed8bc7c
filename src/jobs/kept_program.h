/* The program that jobs execute, kept beside their registrations: an upgrade, or a build folder that is
 * removed while they wait, strands no job.
 *
 * Knows: which files the program consists of (itself, its library, the helper that starts ranks), and
 * `jobs/bin/DIGEST/` below the state folder, where they lie side by side: copies, since `cp` writes an
 * upgrade into the old file, which a hard link would share. Doesn't know: jobs. */
#ifndef ROWBUILD_KEPT_PROGRAM_H
#define ROWBUILD_KEPT_PROGRAM_H

#include "arena.h"
#include "slice.h"

#define KEPT_PROGRAM_FOLDER STATE_JOBS "/bin"

/* Keeps the running program, whose path is `program`. *name, in `arena`, is what registrations call
 * it; its path is jobs/bin/NAME/rowbuild. NULL: it was kept, and can be executed there; else what kept it
 * from that, and the jobs must find it where it is. */
const char *kept_program_keep(const char *state_path, const char *program, struct arena *arena,
                              struct slice *name);

#endif
