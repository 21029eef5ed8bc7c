/* What the jobs of a submission carry: the description by which they were submitted, with the cluster
 * and the launchers of that moment. So a job runs what was submitted, whatever becomes of the Rowfile,
 * of the user's files and of the home meanwhile.
 *
 * Knows: `jobs/carried/` below the state folder, a file for each different description, whose name is
 * the digest of its content. Registrations name it (submissions.h); what none of them names any more
 * is removed. Doesn't know: what the texts in it mean.
 *
 *     {"version": 1, "file": "Rowfile", "rowfile": "…", "clusters": "…", "launchers": "…"} */
#ifndef ROWBUILD_CARRIED_H
#define ROWBUILD_CARRIED_H

#include "arena.h"
#include "diag.h"
#include "slice.h"
#include "submissions.h"

struct carried {
    struct slice file;      /* name of the description: tells its contract */
    struct slice rowfile;   /* its text */
    struct slice clusters;  /* the cluster, as in clusters.toml */
    struct slice launchers; /* as in launchers.toml */
};

/* Writes it where it isn't yet; *name, in `arena`, is what registrations call it. -1 with an error. */
int carried_write(const char *state_path, const struct carried *carried, struct arena *arena,
                  struct slice *name, struct diag *diag);

/* Reads what a registration names, into `arena`. -1 with a state error. */
int carried_read(const char *state_path, struct slice name, struct arena *arena,
                 struct carried *carried, struct diag *diag);

/* Removes what none of the registrations names: descriptions, kept programs, parts (part.h), and files that a
 * killed process was about to put in place. Only who holds the lock may do that: nobody else writes there. */
void carried_sweep(const char *state_path, const struct submissions *submissions);

#endif
