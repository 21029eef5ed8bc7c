#include "help.h"

static void add_purposes(struct buf *out, const char *title, const enum command_id *ids,
                         size_t count)
{
    buf_addf(out, "\n%s\n", title);
    for (size_t i = 0; i < count; i++) {
        struct buf name = BUF_EMPTY;
        command_add_name(&name, command_by_id(ids[i]));
        buf_addf(out, "  %-26s  %s\n", buf_string(&name), command_by_id(ids[i])->purpose);
        buf_release(&name);
    }
}

void help_add_overview(struct buf *out)
{
    static const enum command_id looking[] = {COMMAND_SHOW_STATUS,  COMMAND_SHOW_DIRECTORIES,
                                              COMMAND_SHOW_JOBS,    COMMAND_SHOW_WHY,
                                              COMMAND_SHOW_LOG,     COMMAND_SHOW_MACHINE,
                                              COMMAND_SHOW_CLUSTER, COMMAND_SHOW_LAUNCHERS};
    static const enum command_id writing[] = {COMMAND_INIT, COMMAND_CHECK};
    static const enum command_id clusters[] = {COMMAND_SUBMIT};
    static const enum command_id inside[] = {COMMAND_JOB};
    static const enum command_id remembering[] = {COMMAND_ACCEPT, COMMAND_SCAN, COMMAND_CLEAN};
    buf_add_string(
        out,
        "usage: rowbuild [OPTION]... [DIRECTORY|PRODUCT]...\n"
        "       rowbuild [OPTION]... COMMAND [ARGUMENT]...\n"
        "\n"
        "Brings the products of a parameter study up to date. The Rowfile (or workflow.toml) of\n"
        "this directory, or the nearest above, says which command makes which products in each\n"
        "directory of the workspace. What is missing or out of date runs, on the cores given,\n"
        "and only that.\n"
        "\n"
        "Do the work\n"
        "  rowbuild -j 32              bring everything up to date on 32 cores\n"
        "  rowbuild -n                 say what would run, why, and what it would cost\n"
        "  rowbuild -a simulate T1.5   only this action and this directory, with what they need\n"
        "  ls -d T1* | rowbuild -      read directories from standard input, one a line\n");
    add_purposes(out, "Look at it", looking, sizeof looking / sizeof looking[0]);
    add_purposes(out, "On a cluster", clusters, sizeof clusters / sizeof clusters[0]);
    add_purposes(out, "Write a Rowfile", writing, sizeof writing / sizeof writing[0]);
    add_purposes(out, "What is remembered", remembering,
                 sizeof remembering / sizeof remembering[0]);
    add_purposes(out, "Inside a job", inside, sizeof inside / sizeof inside[0]);
    buf_add_string(out, "\nOptions of a run\n");
    option_add_help(out, command_by_id(COMMAND_RUN)->options);
    buf_add_string(out, "\nOptions of all commands, before or behind the command's name\n");
    option_add_help(out, command_global_options);
    buf_add_string(
        out,
        "\n"
        "A directory that has the name of a command is reached with `rowbuild -- check`.\n"
        "Exit status: 0 done, 1 something failed or is unfinished, 2 the command line or the\n"
        "Rowfile is wrong, 3 the state or the workspace can't be used, 130 interrupted.\n"
        "All about a command: `rowbuild COMMAND --help`. All about everything: `man rowbuild`.\n");
}

void help_add_command(struct buf *out, const struct command *command)
{
    if (command->id == COMMAND_RUN) {
        help_add_overview(out);
        return;
    }
    buf_addf(out, "usage: %s\n\n%s", command->synopsis, command->description);
    if (command->id == COMMAND_SHOW) {
        static const enum command_id shows[] = {COMMAND_SHOW_STATUS,  COMMAND_SHOW_DIRECTORIES,
                                                COMMAND_SHOW_JOBS,    COMMAND_SHOW_WHY,
                                                COMMAND_SHOW_LOG,     COMMAND_SHOW_MACHINE,
                                                COMMAND_SHOW_CLUSTER, COMMAND_SHOW_LAUNCHERS};
        add_purposes(out, "Commands", shows, sizeof shows / sizeof shows[0]);
    }
    if (command->operands == OPERANDS_TARGETS) {
        buf_add_string(out, "\nDirectories are names or paths; `-` reads them from standard input, "
                            "one a line.\n");
    }
    if (command->options->id != 0) {
        buf_add_string(out, "\nOptions\n");
        option_add_help(out, command->options);
    }
    buf_add_string(out, "\nOptions of all commands: see `rowbuild --help`.\n\nExamples\n");
    for (const char *line = command->examples; *line != '\0';) {
        size_t len = 0;
        while (line[len] != '\n') {
            len++;
        }
        buf_addf(out, "  %.*s\n", (int)len, line);
        line += len + 1;
    }
}
