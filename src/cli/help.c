#include "help.h"

#include <string.h>

enum { HELP_WIDTH = 80, HELP_COLUMN = 26 };

/* Fills lines from `column` on with the words of the text. The first line is already at
 * `column`. */
static void add_filled(struct buf *out, const char *text, size_t column)
{
    size_t at = column;
    for (const char *word = text; *word != '\0';) {
        size_t len = strcspn(word, " \n");
        if (at > column && at + 1 + len > HELP_WIDTH) {
            buf_addf(out, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            buf_add_char(out, ' ');
            at++;
        }
        buf_add(out, word, len);
        at += len;
        word += len;
        if (*word == '\n') { /* a paragraph */
            buf_add_string(out, "\n\n");
            at = column;
        }
        word += *word != '\0';
    }
    buf_add_char(out, '\n');
}

static void add_option(struct buf *out, const struct option_spec *spec)
{
    struct buf text = BUF_EMPTY;
    size_t start = out->len;
    if (spec->letter != '\0') {
        buf_addf(out, "  -%c%s", spec->letter, spec->name != NULL ? ", --" : "");
    } else {
        buf_add_string(out, "      --");
    }
    const char *argument = spec->argument != NULL ? spec->argument : "";
    const char *before = spec->otherwise != NULL ? "[=" : spec->argument != NULL ? " " : "";
    buf_addf(out, "%s%s%s%s", spec->name != NULL ? spec->name : "", before, argument,
             spec->otherwise != NULL ? "]" : "");
    size_t width = out->len - start;
    if (width + 2 > HELP_COLUMN) {
        buf_add_char(out, '\n');
        width = 0;
    }
    buf_addf(out, "%*s", (int)(HELP_COLUMN - width), "");
    buf_add_string(&text, spec->help);
    if (spec->section != NULL) {
        buf_addf(&text, " (`man rowbuild`: %.*s)", (int)strcspn(spec->section, ":"), spec->section);
    }
    add_filled(out, buf_string(&text), HELP_COLUMN);
    buf_release(&text);
}

/* Adds the options that the command takes, or with `global` those of all commands. */
static void add_options(struct buf *out, const char *title, const struct command *command,
                        bool global)
{
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        if ((spec->takers & COMMAND_BIT(command_id(command))) != 0 &&
            option_is_global(spec) == global) {
            buf_addf(out, "%s", title);
            title = "";
            add_option(out, spec);
        }
    }
}

static void add_purposes(struct buf *out, const char *topic)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = command_by_id((enum command_id)i);
        if (command->topic != NULL && strcmp(command->topic, topic) == 0) {
            struct buf name = BUF_EMPTY;
            command_add_name(&name, command);
            buf_addf(out, "  %-26s  %s\n", buf_string(&name), command->purpose);
            buf_release(&name);
        }
    }
}

static void add_overview(struct buf *out)
{
    const struct command *run = command_by_id(COMMAND_RUN);
    static const enum command_id topics[] = {COMMAND_SHOW_STATUS, COMMAND_SUBMIT, COMMAND_CHECK,
                                             COMMAND_ACCEPT, COMMAND_JOB};
    buf_add_string(
        out,
        "usage: rowbuild [OPTION]... [DIRECTORY|PRODUCT]...\n"
        "       rowbuild [OPTION]... COMMAND [ARGUMENT]...\n"
        "\n"
        "Brings the products of a parameter study up to date. The Rowfile (or workflow.toml) of\n"
        "this directory, or the nearest above, says which command makes which products in each\n"
        "directory of the workspace. Only what is missing or out of date runs, on the cores that\n"
        "you give it.\n"
        "\n"
        "Do the work\n"
        "  rowbuild -j 32              bring everything up to date on 32 cores\n"
        "  rowbuild -n                 say what would run, why, and what it would cost\n"
        "  rowbuild -a simulate T1.5   only this action and this directory, with what they need\n"
        "  ls -d T1* | rowbuild -      read directories from standard input, one a line\n");
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        buf_addf(out, "\n%s\n", command_by_id(topics[i])->topic);
        add_purposes(out, command_by_id(topics[i])->topic);
    }
    add_options(out, "\nOptions of a run\n", run, false);
    add_options(out, "\nOptions of all commands, before or after the command name\n", run, true);
    buf_add_string(
        out,
        "\n"
        "To select a directory that has the name of a command: `rowbuild -- check`.\n"
        "Exit status: 0 done, 1 something failed or is unfinished, 2 the command line or the\n"
        "Rowfile is wrong, 3 the state or the workspace can't be used, 130 interrupted.\n"
        "More about a command: `rowbuild COMMAND --help`. The whole manual: `man rowbuild`.\n");
}

void help_add_command(struct buf *out, const struct command *command)
{
    if (command_id(command) == COMMAND_RUN) {
        add_overview(out);
        return;
    }
    struct buf usage = BUF_EMPTY;
    command_add_name(&usage, command);
    buf_addf(&usage, " %s", command->synopsis);
    buf_add_string(out, "usage: ");
    add_filled(out, buf_string(&usage), strlen("usage: "));
    buf_add_char(out, '\n');
    buf_release(&usage);
    add_filled(out, command->description, 0);
    if (command_id(command) == COMMAND_SHOW) {
        buf_add_string(out, "\nCommands\n");
        add_purposes(out, command_by_id(COMMAND_SHOW_STATUS)->topic);
    }
    if (command->operands == OPERANDS_TARGETS) {
        buf_add_string(out, "\nDirectories are names or paths; `-` reads them from standard input, "
                            "one a line.\n");
    }
    if (command->section != NULL) {
        buf_addf(out, "\nMore: %s in `man rowbuild`.\n", command->section);
    }
    add_options(out, "\nOptions\n", command, false);
    buf_add_string(out, "\nOptions of all commands: see `rowbuild --help`.\n\nExamples\n");
    for (size_t i = 0; i < sizeof command->examples / sizeof command->examples[0]; i++) {
        if (command->examples[i].line != NULL) {
            buf_addf(out, "  %s\n      %s\n", command->examples[i].line, command->examples[i].does);
        }
    }
}
