/* What the user asked for: the command line and the environment, read and checked.
 *
 * Knows: which option goes with which command, ROWBUILD_… and ROW_… variables and that the command
 * line wins. Doesn't know: the Rowfile, nor terminals. Strings are borrowed from argv and the
 * environment. */
#ifndef ROWBUILD_SETTINGS_H
#define ROWBUILD_SETTINGS_H

#include "buf.h"
#include "commands.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct operand {
    const char *text;
    bool literal; /* behind "--" */
};

struct settings {
    const struct command *command;
    bool help;
    bool version;

    VEC(const char *) directories; /* -C, to be entered one after the other */
    const char *file;
    const char *cluster;
    unsigned io_threads;
    bool verbose;
    bool quiet;
    bool silent; /* --quiet twice: not even errors */
    bool explain;
    bool json;
    bool no_progress;
    bool clear_progress;
    enum colour_when colour;

    VEC(const char *) actions;
    VEC(struct operand) operands;
    bool null;
    bool only;
    bool rerun;
    bool adopt;
    bool no_adopt;
    bool recorded;

    unsigned jobs; /* 0: not given */
    unsigned gpus; /* if gpus_given */
    bool gpus_given;
    unsigned keep_going; /* as rowbuild.h has it: UINT_MAX never stops */
    bool dry_run;
    bool yes;
    double grace_s; /* 0: not given */

    bool all;
    bool completed, submitted, eligible, waiting; /* filters of show */
    bool no_header;
    bool no_separate_groups;
    bool short_output;
    VEC(const char *) values;
    unsigned group_limit;
    bool follow;

    unsigned limit; /* of jobs to submit; 0: not given, likewise below */
    bool plain;     /* job: of what went well only what the commands printed */
    bool no_array;
    unsigned throttle;
    double patience_s; /* if patience_given */
    bool patience_given;

    bool schema;
    bool clean_completed, clean_directory, clean_submitted;
    bool force;
    bool signac;
    bool row;
    const char *workspace;
};

/* 0, or -1 with one line (no newline) in `problem`; `settings->command` is then the command that
 * the user was in, for the hint. settings_release is due in both cases. */
int settings_read(struct settings *settings, char *const *arguments, size_t count,
                  struct buf *problem);
void settings_release(struct settings *settings);

#endif
