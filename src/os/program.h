/* Runs a program until it ends and takes its output: sbatch, squeue, scontrol.
 *
 * Knows: pipes, time limits, process groups. Doesn't know: what the program is. */
#ifndef ROWBUILD_PROGRAM_H
#define ROWBUILD_PROGRAM_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>

struct program_request {
    char *const *argv; /* argv[0] is looked up in PATH of `environment` when it has no '/' */
    char *const *environment;
    const char *directory; /* NULL: the current one */
    struct slice input;    /* what it reads; empty: /dev/null */
    unsigned limit_ms;     /* it is killed after that; 0: no limit */
    const char *enough; /* it is killed when it has said this on stderr; NULL: whatever it says */
};

struct program_answer { /* zero-initialised by the caller; released with program_release */
    struct buf output;  /* of stdout */
    struct buf errors;  /* of stderr */
    bool signalled;
    bool timed_out;
    bool cut_short;          /* it had said enough, */
    unsigned said_within_ms; /* at most so long ago when that was seen */
    int status;              /* exit status, or the signal */
};

/* Runs it in a session of its own, so that the terminal's Ctrl-C doesn't reach it. It is killed if this
 * process is: an sbatch that tries again and again must not submit after that. 0, also
 * when it fails; -1 with errno when it can't be started (ENOENT: not installed). */
int program_run(const struct program_request *request, struct program_answer *answer);
void program_release(struct program_answer *answer);

#endif
