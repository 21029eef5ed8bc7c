/* What the command line consists of: commands, their options, and the words that explain them.
 *
 * Knows: names and texts; pure data. Doesn't know: what a command does (see run.h and its
 * neighbours). Everything here is static and lives for ever. */
#ifndef ROWBUILD_COMMANDS_H
#define ROWBUILD_COMMANDS_H

#include "options.h"

#include <stdbool.h>
#include <stddef.h>

enum option_id {
    OPTION_NONE,
    /* everywhere */
    OPTION_DIRECTORY,
    OPTION_FILE,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_EXPLAIN,
    OPTION_COLOR,
    OPTION_NO_PROGRESS,
    OPTION_CLEAR_PROGRESS,
    OPTION_JSON,
    OPTION_CLUSTER,
    OPTION_IO_THREADS,
    OPTION_VERSION,
    OPTION_HELP,
    /* selection */
    OPTION_ACTION,
    OPTION_ONLY,
    OPTION_RERUN,
    OPTION_ADOPT,
    OPTION_NO_ADOPT,
    OPTION_NULL,
    OPTION_RECORDED,
    /* run */
    OPTION_JOBS,
    OPTION_GPUS,
    OPTION_KEEP_GOING,
    OPTION_DRY_RUN,
    OPTION_YES,
    OPTION_GRACE,
    /* show */
    OPTION_ALL,
    OPTION_COMPLETED,
    OPTION_SUBMITTED,
    OPTION_ELIGIBLE,
    OPTION_WAITING,
    OPTION_NO_HEADER,
    OPTION_NO_SEPARATE_GROUPS,
    OPTION_SHORT,
    OPTION_VALUE,
    OPTION_GROUPS,
    OPTION_FOLLOW,
    /* submit */
    OPTION_LIMIT,
    OPTION_NO_ARRAY,
    OPTION_THROTTLE,
    OPTION_PATIENCE,
    OPTION_PLAIN,
    /* others */
    OPTION_SCHEMA,
    OPTION_CLEAN_COMPLETED,
    OPTION_CLEAN_DIRECTORY,
    OPTION_CLEAN_SUBMITTED,
    OPTION_FORCE,
    OPTION_SIGNAC,
    OPTION_ROW,
    OPTION_WORKSPACE,
};

enum command_id {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_SHOW, /* only with one of those that follow */
    COMMAND_SHOW_STATUS,
    COMMAND_SHOW_DIRECTORIES,
    COMMAND_SHOW_JOBS,
    COMMAND_SHOW_WHY,
    COMMAND_SHOW_LOG,
    COMMAND_SHOW_MACHINE,
    COMMAND_SHOW_CLUSTER,
    COMMAND_SHOW_LAUNCHERS,
    COMMAND_SUBMIT,
    COMMAND_SCAN,
    COMMAND_ACCEPT,
    COMMAND_CLEAN,
    COMMAND_INIT,
    COMMAND_JOB,
    COMMAND_HELP,
    COMMAND_COUNT,
};

enum command_operands { OPERANDS_NONE, OPERANDS_TARGETS, OPERANDS_OTHER };

struct command {
    enum command_id id;
    enum command_operands operands;
    const char *name;        /* "show" for the group, "status" below it; NULL: run */
    const char *synopsis;    /* one or several lines, each without "usage: " */
    const char *purpose;     /* a short line for the overview */
    const char *description; /* paragraphs */
    option_table options;    /* besides command_global_options */
    const char *examples;    /* "command", newline, "    what it does", … */
};

extern const struct option_spec command_global_options[];

const struct command *command_by_id(enum command_id id);

/* A command of the top level, or one below `show`; NULL if there is none of this name. */
const struct command *command_find(const char *name);
const struct command *command_find_show(const char *name);

/* The command's full name, "rowbuild show status". */
void command_add_name(struct buf *out, const struct command *command);

/* The nearest name of a command on the level of `show` or on the top, NULL when none is near. */
const char *command_nearest(const char *name, bool show);

#endif
