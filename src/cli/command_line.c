#include "command_line.h"

#include "commands.h"
#include "slice.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- The environment ---- */

/* "" when it isn't set. */
static const char *plain_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

/* The conventional variables: NO_COLOR, CLICOLOR_FORCE, CLICOLOR, in this order. */
static enum colour_when colour_by_convention(void)
{
    const char *force = plain_variable("CLICOLOR_FORCE");
    bool no_colour = plain_variable("NO_COLOR")[0] != '\0';
    if (!no_colour && force[0] != '\0' && strcmp(force, "0") != 0) {
        return COLOUR_ALWAYS;
    }
    return no_colour || strcmp(plain_variable("CLICOLOR"), "0") == 0 ? COLOUR_NEVER : COLOUR_AUTO;
}

static int read_environment(struct settings *settings, struct buf *problem)
{
    settings->display.colour = colour_by_convention();
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        if (spec->variable != NULL && option_set_from_environment(settings, spec, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Reads row's variable for -v and -q, over which the command line takes precedence. Any value other
 * than a plain level is a filter for parts of row's program and is ignored here. */
static void read_log_level(struct display_settings *display)
{
    static const char *const levels[] = {"off", "error", "warn", "info", "debug", "trace"};
    struct buf variable = BUF_EMPTY;
    const char *value = option_variable("LOG", &variable);
    buf_release(&variable);
    if (value == NULL || display->verbose || display->quiet > 0) {
        return;
    }
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcasecmp(value, levels[i]) == 0) {
            display->quiet = i < 2 ? 2 - i : 0;
            display->verbose = i >= 3;
        }
    }
}

/* ---- The whole line ---- */

struct reading {
    struct settings *settings;
    struct option_parser parser;
    VEC(const struct option_spec *) given;
    bool named; /* a command was named, or can no longer be named */
};

static void enter_command(struct reading *reading, const struct command *command)
{
    reading->settings->command = command;
    reading->parser.taker = COMMAND_BIT(command_id(command));
    reading->named = command_id(command) != COMMAND_SHOW;
}

/* In `rowbuild -a simulate scan`, options before the command name must be options of the
 * command. */
static int check_taken(const struct reading *reading, struct buf *problem)
{
    vec_each (const struct option_spec *, spec, &reading->given) {
        if (!option_is_taken(command_options, *spec, reading->parser.taker)) {
            option_add_name(problem, *spec);
            buf_add_string(problem, " is not an option of `");
            command_add_name(problem, reading->settings->command);
            buf_add_string(problem, "`");
            return -1;
        }
    }
    return 0;
}

static int refuse_operand(const struct command *command, const char *operand, struct buf *problem)
{
    buf_add_char(problem, '`');
    command_add_name(problem, command);
    buf_add_string(problem, "` takes no argument such as `");
    text_add_name(problem, slice_of(operand));
    buf_add_string(problem, "`");
    return -1;
}

/* The operand is a command's name, or an operand of the current command. */
static int take_operand(struct reading *reading, const struct option_match *match,
                        struct buf *problem)
{
    struct settings *settings = reading->settings;
    bool show = command_id(settings->command) == COMMAND_SHOW;
    if (show || (!reading->named && !match->literal)) {
        const struct command *command = command_find(match->value, show);
        if (command != NULL) {
            enter_command(reading, command);
            return 0;
        }
        if (show) {
            command_add_unknown(problem, match->value, true);
            return -1;
        }
    }
    reading->named = true;
    if (match->value[0] == '\0') {
        buf_add_string(problem, "a directory's name can't be empty");
        return -1;
    }
    if (settings->command->operands == OPERANDS_NONE) {
        return refuse_operand(settings->command, match->value, problem);
    }
    vec_push(&settings->operands, (struct operand){match->value, match->literal});
    return 0;
}

/* `show directories`: options for the table of one action need --action. */
static int check_action(const struct reading *reading, struct buf *problem)
{
    vec_each (const struct option_spec *, spec, &reading->given) {
        if (((*spec)->needs_action & reading->parser.taker) != 0 &&
            reading->settings->actions.count == 0) {
            option_add_name(problem, *spec);
            buf_add_string(problem, " needs `--action`");
            return -1;
        }
    }
    if (reading->settings->actions.count > 1) {
        buf_add_string(problem, "`--action` can be given only once here");
        return -1;
    }
    return 0;
}

/* Of the options that say how results are reported; NULL: none. */
static const char *find_format_conflict(const struct settings *settings)
{
    const struct display_settings *display = &settings->display;
    bool is_document = display->format_given ? display->format != ROWBUILD_FORMAT_TEXT &&
                                                   display->format != ROWBUILD_FORMAT_GITHUB
                                             : display->json;
    bool is_json =
        is_document && (!display->format_given || display->format == ROWBUILD_FORMAT_JSON);
    return display->output != NULL && !is_document
               ? "`--output` needs `--format` with json, gitlab, sarif or junit"
           : settings->dry_run && (display->output != NULL || (is_document && !is_json))
               ? "`-n` runs nothing that could be reported: use it with the formats text, json or "
                 "github, without `--output`"
               : NULL;
}

/* A conflict among options and operands that are valid individually; NULL: none. */
static const char *find_conflict(const struct settings *settings)
{
    size_t operands = settings->operands.count;
    const char *format = find_format_conflict(settings);
    if (format != NULL) {
        return format;
    }
    switch (command_id(settings->command)) {
    case COMMAND_RUN:
        return settings->exit_code && !settings->dry_run
                   ? "`--exit-code` needs `-n`: it is about what would run"
               : settings->selection.adopt && settings->selection.no_adopt
                   ? "`--adopt` and `--no-adopt` exclude each other"
                   : NULL;
    case COMMAND_SHOW_LOG:
        return operands == 0 && settings->actions.count == 0 && !settings->selection.failed
                   ? "`rowbuild show log` needs a task such as `simulate T1.5-s1`"
                   : NULL;
    case COMMAND_SHOW_COMMAND:
        return operands == 0 && settings->actions.count == 0 && !settings->selection.failed
                   ? "`rowbuild show command` needs a task such as `simulate T1.5-s1`"
                   : NULL;
    case COMMAND_JOB:
        return operands != 1 ? "`rowbuild job` needs the token of one submission" : NULL;
    case COMMAND_CHECK:
        return operands > 1 ? "`rowbuild check --explain` explains one finding at a time" : NULL;
    case COMMAND_INIT:
        return operands == 0 && settings->init.from_workspace == NULL
                   ? "`rowbuild init` needs the directory to make"
               : operands > 1 ? "`rowbuild init` makes one directory at a time"
               : settings->init.from_workspace != NULL && settings->init.workspace != NULL
                   ? "`--from-workspace` and `--workspace` exclude each other"
               : settings->init.signac && settings->init.workspace != NULL
                   ? "`--signac` and `--workspace` exclude each other: signac's workspace has one "
                     "name"
                   : NULL;
    default:
        return NULL;
    }
}

static int check_together(const struct reading *reading, struct buf *problem)
{
    const struct settings *settings = reading->settings;
    if (command_id(settings->command) == COMMAND_SHOW) {
        buf_add_string(problem, "`rowbuild show` needs one of ");
        command_add_names(problem, true, " or ");
        return -1;
    }
    if (command_id(settings->command) == COMMAND_SHOW_DIRECTORIES) {
        return check_action(reading, problem);
    }
    if (settings->command->operands == OPERANDS_CODE && settings->operands.count > 0 &&
        !settings->run.explain) {
        return refuse_operand(settings->command, settings->operands.at[0].text, problem);
    }
    const char *conflict = find_conflict(settings);
    buf_add_string(problem, conflict != NULL ? conflict : "");
    return conflict != NULL ? -1 : 0;
}

static int read_words(struct reading *reading, struct buf *problem)
{
    for (;;) {
        struct option_match match;
        switch (option_next(&reading->parser, &match, problem)) {
        case OPTION_END:
            return check_taken(reading, problem);
        case OPTION_WRONG:
            return -1;
        case OPTION_OPERAND:
            if (take_operand(reading, &match, problem) != 0) {
                return -1;
            }
            break;
        case OPTION_FOUND:
            vec_push(&reading->given, match.spec);
            if (option_set(reading->settings, &match, problem) != 0) {
                return -1;
            }
            break;
        }
    }
}

int settings_read(struct settings *settings, char *const *arguments, size_t count,
                  struct buf *problem)
{
    *settings = (struct settings){.command = command_by_id(COMMAND_RUN)};
    struct reading reading = {
        .settings = settings,
        .parser = {.arguments = arguments,
                   .count = count,
                   .table = command_options,
                   .taker = COMMAND_BIT(COMMAND_RUN)},
    };
    int result = read_environment(settings, problem);
    if (result == 0) {
        result = read_words(&reading, problem);
        read_log_level(&settings->display);
    }
    if (result == 0 && !settings->help && !settings->version) {
        result = check_together(&reading, problem);
    }
    vec_release(&reading.given);
    return result;
}

void settings_release(struct settings *settings)
{
    vec_release(&settings->directories);
    vec_release(&settings->actions);
    vec_release(&settings->operands);
    vec_release(&settings->values);
    vec_release(&settings->writes);
}
