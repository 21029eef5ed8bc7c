/* Tables of the commands and options, with the texts that explain them.
 *
 * Knows: names and texts, which commands take which option and where its value is stored, and how
 * to find a command by its name. These tables drive the reading of arguments (command_line.h), the
 * help (help.h), the manual page and the completion (generate_reference.c). Doesn't know: what a
 * command does (command.h).
 *
 * To add an option: a member in settings.h, an entry in command_options. To add a command: an id,
 * an entry in `commands`, a function in command.h and its line in cli.c. */
#ifndef ROWBUILD_COMMANDS_H
#define ROWBUILD_COMMANDS_H

#include "options.h"

#include <stdbool.h>
#include <stddef.h>

/* In the order of help and manual. */
enum command_id {
    COMMAND_RUN,
    COMMAND_INIT,
    COMMAND_CHECK,
    COMMAND_AUDIT,
    COMMAND_SHOW, /* only together with one of the following */
    COMMAND_SHOW_STATUS,
    COMMAND_SHOW_DURATIONS,
    COMMAND_SHOW_DIRECTORIES,
    COMMAND_SHOW_JOBS,
    COMMAND_SHOW_WHY,
    COMMAND_SHOW_PROVENANCE,
    COMMAND_SHOW_LOG,
    COMMAND_SHOW_COMMAND,
    COMMAND_SHOW_MACHINE,
    COMMAND_SHOW_CLUSTER,
    COMMAND_SHOW_LAUNCHERS,
    COMMAND_TOP,
    COMMAND_POINTS,
    COMMAND_SUBMIT,
    COMMAND_CANCEL,
    COMMAND_ACCEPT,
    COMMAND_SCAN,
    COMMAND_CLEAN,
    COMMAND_REPORT,
    COMMAND_JOB,
    COMMAND_HELP,
    COMMAND_COUNT,
};

#define COMMAND_BIT(id) (1U << (unsigned)(id))

enum command_operands {
    OPERANDS_NONE,
    OPERANDS_TARGETS,     /* directories, products; `-` reads them from standard input */
    OPERANDS_DIRECTORIES, /* of the workspace, without `-` */
    OPERANDS_FOLDER,
    OPERANDS_COMMANDS,
    OPERANDS_SHOWS,
    OPERANDS_TOKEN,
    OPERANDS_CODE, /* of a finding, after --explain */
};

struct command {
    const char *name; /* "show" for the group, "status" below it; NULL: run */
    enum command_operands operands;
    const char *topic;       /* title in the overview; NULL: not listed there */
    const char *synopsis;    /* the text after the name */
    const char *purpose;     /* a short line for the overview */
    const char *description; /* paragraphs, separated by newlines, to be filled */
    const char *section;     /* of the manual page, for more; may be NULL */
    const char *more;        /* for the manual page, after the description */
    struct command_example {
        const char *line;
        const char *does;
    } examples[6];
};

/* All options (option_table.c). The options of all commands are at the end. */
extern const struct option_spec command_options[];

bool option_is_global(const struct option_spec *spec);

const struct command *command_by_id(enum command_id id);
enum command_id command_id(const struct command *command);
bool command_is_show(const struct command *command); /* below `show` */

/* A command below `show` or at the top level; NULL if none has this name. */
const struct command *command_find(const char *name, bool show);

/* The command's full name, "rowbuild show status". */
void command_add_name(struct buf *out, const struct command *command);

/* All names below `show` or at the top level, separated by commas, with `last` before the last
 * one. */
void command_add_names(struct buf *out, bool show, const char *last);

/* "there is no command `show sttus`; did you mean …?" */
void command_add_unknown(struct buf *out, const char *name, bool show);

/* The name that a word at the top level may stand for: one below `show` if it is just that, else the
 * most similar one; NULL if none is similar. */
const char *command_meant(const char *word, bool *is_show);

#endif
