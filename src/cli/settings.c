#include "settings.h"

#include "slice.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- The environment ---- */

/* The value of ROWBUILD_<name>, else of ROW_<name>; empty ones count as unset. `variable` becomes
 * the name of the one that was taken. */
static const char *from_environment(const char *name, struct buf *variable)
{
    static const char *const prefixes[] = {"ROWBUILD_", "ROW_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        buf_clear(variable);
        buf_addf(variable, "%s%s", prefixes[i], name);
        const char *value = getenv(buf_string(variable));
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return NULL;
}

static int flag_from_environment(const char *name, bool *flag, struct buf *problem)
{
    static const char *const yes[] = {"1", "true", "yes", "on", "y", "t"};
    static const char *const no[] = {"0", "false", "no", "off", "n", "f"};
    struct buf variable = BUF_EMPTY;
    const char *value = from_environment(name, &variable);
    int result = 0;
    bool known = value == NULL;
    for (size_t i = 0; !known && i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
            *flag = strcasecmp(value, yes[i]) == 0;
            known = true;
        }
    }
    if (!known) {
        buf_addf(problem, "the environment variable %s is `", buf_string(&variable));
        text_add_name(problem, slice_of(value));
        buf_add_string(problem, "`; it must be true or false");
        result = -1;
    }
    buf_release(&variable);
    return result;
}

static int read_colour(const char *text, enum colour_when *colour)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *colour = (enum colour_when)i;
            return 0;
        }
    }
    return -1;
}

/* "" when it isn't set. */
static const char *plain_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

/* What other programs agreed on: NO_COLOR, CLICOLOR_FORCE, CLICOLOR, in this order. */
static enum colour_when colour_by_convention(void)
{
    const char *force = plain_variable("CLICOLOR_FORCE");
    bool no_colour = plain_variable("NO_COLOR")[0] != '\0';
    if (!no_colour && force[0] != '\0' && strcmp(force, "0") != 0) {
        return COLOUR_ALWAYS;
    }
    return no_colour || strcmp(plain_variable("CLICOLOR"), "0") == 0 ? COLOUR_NEVER : COLOUR_AUTO;
}

static int colour_from_environment(enum colour_when *colour, struct buf *problem)
{
    struct buf variable = BUF_EMPTY;
    const char *value = from_environment("COLOR", &variable);
    int result = 0;
    *colour = colour_by_convention();
    if (value != NULL && read_colour(value, colour) != 0) {
        buf_addf(problem, "the environment variable %s is `", buf_string(&variable));
        text_add_name(problem, slice_of(value));
        buf_add_string(problem, "`; it must be auto, always or never");
        result = -1;
    }
    buf_release(&variable);
    return result;
}

static int read_environment(struct settings *settings, struct buf *problem)
{
    if (colour_from_environment(&settings->colour, problem) != 0 ||
        flag_from_environment("NO_PROGRESS", &settings->no_progress, problem) != 0 ||
        flag_from_environment("CLEAR_PROGRESS", &settings->clear_progress, problem) != 0 ||
        flag_from_environment("YES", &settings->yes, problem) != 0) {
        return -1;
    }
    return 0;
}

/* row's way to say -v and -q without the command line, which wins. What isn't one of the plain
 * levels is a filter for the parts of row's program, and means nothing here. */
static void read_log_level(struct settings *settings)
{
    static const char *const levels[] = {"off", "error", "warn", "info", "debug", "trace"};
    struct buf variable = BUF_EMPTY;
    const char *value = from_environment("LOG", &variable);
    buf_release(&variable);
    if (value == NULL || settings->verbose || settings->quiet) {
        return;
    }
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcasecmp(value, levels[i]) == 0) {
            settings->silent = i == 0;
            settings->quiet = i <= 1;
            settings->verbose = i >= 3;
        }
    }
}

/* ---- Single options ---- */

/* Where an option that is only on or off is kept; NULL: it isn't such a one. */
static bool *flag_of(struct settings *settings, int id)
{
    switch ((enum option_id)id) {
    case OPTION_VERBOSE:
        return &settings->verbose;
    case OPTION_QUIET:
        return &settings->quiet;
    case OPTION_EXPLAIN:
        return &settings->explain;
    case OPTION_NO_PROGRESS:
        return &settings->no_progress;
    case OPTION_CLEAR_PROGRESS:
        return &settings->clear_progress;
    case OPTION_JSON:
        return &settings->json;
    case OPTION_VERSION:
        return &settings->version;
    case OPTION_HELP:
        return &settings->help;
    case OPTION_ONLY:
        return &settings->only;
    case OPTION_RERUN:
        return &settings->rerun;
    case OPTION_ADOPT:
        return &settings->adopt;
    case OPTION_NO_ADOPT:
        return &settings->no_adopt;
    case OPTION_NULL:
        return &settings->null;
    case OPTION_RECORDED:
        return &settings->recorded;
    case OPTION_DRY_RUN:
        return &settings->dry_run;
    case OPTION_YES:
        return &settings->yes;
    case OPTION_ALL:
        return &settings->all;
    case OPTION_COMPLETED:
        return &settings->completed;
    case OPTION_SUBMITTED:
        return &settings->submitted;
    case OPTION_ELIGIBLE:
        return &settings->eligible;
    case OPTION_WAITING:
        return &settings->waiting;
    case OPTION_NO_HEADER:
        return &settings->no_header;
    case OPTION_NO_SEPARATE_GROUPS:
        return &settings->no_separate_groups;
    case OPTION_SHORT:
        return &settings->short_output;
    case OPTION_FOLLOW:
        return &settings->follow;
    case OPTION_PLAIN:
        return &settings->plain;
    case OPTION_NO_ARRAY:
        return &settings->no_array;
    case OPTION_SCHEMA:
        return &settings->schema;
    case OPTION_CLEAN_COMPLETED:
        return &settings->clean_completed;
    case OPTION_CLEAN_DIRECTORY:
        return &settings->clean_directory;
    case OPTION_CLEAN_SUBMITTED:
        return &settings->clean_submitted;
    case OPTION_FORCE:
        return &settings->force;
    case OPTION_SIGNAC:
        return &settings->signac;
    case OPTION_ROW:
        return &settings->row;
    default:
        return NULL;
    }
}

static int apply_value(struct settings *settings, const struct option_match *match,
                       struct buf *problem)
{
    switch ((enum option_id)match->spec->id) {
    case OPTION_DIRECTORY:
        vec_push(&settings->directories, match->value);
        return 0;
    case OPTION_FILE:
        settings->file = match->value;
        return 0;
    case OPTION_CLUSTER:
        settings->cluster = match->value;
        return 0;
    case OPTION_WORKSPACE:
        settings->workspace = match->value;
        return 0;
    case OPTION_ACTION:
        vec_push(&settings->actions, match->value);
        return 0;
    case OPTION_VALUE:
        vec_push(&settings->values, match->value);
        return 0;
    case OPTION_IO_THREADS:
        return option_unsigned(match, 1, &settings->io_threads, problem);
    case OPTION_JOBS:
        return option_unsigned(match, 1, &settings->jobs, problem);
    case OPTION_GPUS:
        settings->gpus_given = true;
        return option_unsigned(match, 0, &settings->gpus, problem);
    case OPTION_GROUPS:
        return option_unsigned(match, 1, &settings->group_limit, problem);
    case OPTION_KEEP_GOING:
        if (option_unsigned(match, 0, &settings->keep_going, problem) != 0) {
            return -1;
        }
        if (settings->keep_going == 0) {
            settings->keep_going = UINT_MAX;
        }
        return 0;
    case OPTION_GRACE:
        if (option_seconds(match, &settings->grace_s, problem) != 0) {
            return -1;
        }
        if (!(settings->grace_s > 0)) {
            settings->grace_s = 0.001; /* zero would mean the default */
        }
        return 0;
    case OPTION_LIMIT:
        return option_unsigned(match, 1, &settings->limit, problem);
    case OPTION_THROTTLE:
        return option_unsigned(match, 1, &settings->throttle, problem);
    case OPTION_PATIENCE:
        settings->patience_given = true;
        return option_seconds(match, &settings->patience_s, problem);
    case OPTION_COLOR:
        if (read_colour(match->value, &settings->colour) != 0) {
            buf_add_string(problem, "`--color` takes auto, always or never, not `");
            text_add_name(problem, slice_of(match->value));
            buf_add_string(problem, "`");
            return -1;
        }
        return 0;
    default:
        return 0;
    }
}

static int apply(struct settings *settings, const struct option_match *match, struct buf *problem)
{
    if (match->spec->argument != NULL && match->value[0] == '\0') {
        option_add_name(problem, match->spec);
        buf_addf(problem, " needs its argument %s, which is empty here", match->spec->argument);
        return -1;
    }
    bool *flag = flag_of(settings, match->spec->id);
    if (flag != NULL) {
        settings->silent = settings->silent || (flag == &settings->quiet && *flag);
        *flag = true;
        return 0;
    }
    return apply_value(settings, match, problem);
}

/* ---- The whole line ---- */

struct reading {
    struct settings *settings;
    struct option_parser parser;
    VEC(struct option_match) early; /* given before the command's name */
    bool named;                     /* a command was named, or can't be any more */
};

static void enter_command(struct reading *reading, const struct command *command)
{
    reading->settings->command = command;
    reading->parser.tables[0] = command->options;
    reading->named = command->id != COMMAND_SHOW;
}

static bool is_global(const struct option_spec *spec)
{
    return option_by_id(command_global_options, spec->id) != NULL;
}

/* `rowbuild -a simulate scan`: what came early must be an option of the command, too. */
static int check_early(const struct reading *reading, struct buf *problem)
{
    const struct command *command = reading->settings->command;
    for (size_t i = 0; i < reading->early.count; i++) {
        const struct option_spec *spec = reading->early.at[i].spec;
        if (!is_global(spec) && option_by_id(command->options, spec->id) == NULL) {
            option_add_name(problem, spec);
            buf_add_string(problem, " is not an option of `");
            command_add_name(problem, command);
            buf_add_string(problem, "`");
            return -1;
        }
    }
    return 0;
}

static int take_show(struct reading *reading, const char *word, struct buf *problem)
{
    const struct command *command = command_find_show(word);
    if (command == NULL) {
        buf_add_string(problem, "there is no command `show ");
        text_add_name(problem, slice_of(word));
        buf_add_string(problem, "`");
        const char *nearest = command_nearest(word, true);
        if (nearest != NULL) {
            buf_addf(problem, "; did you mean `show %s`?", nearest);
        } else {
            buf_add_string(
                problem,
                "; there are status, directories, why, log, machine, cluster and launchers");
        }
        return -1;
    }
    enter_command(reading, command);
    return 0;
}

/* The operand is a command, or an operand of the command that we are in. */
static int take_operand(struct reading *reading, const struct option_match *match,
                        struct buf *problem)
{
    struct settings *settings = reading->settings;
    if (settings->command->id == COMMAND_SHOW) {
        return take_show(reading, match->value, problem);
    }
    if (!reading->named && !match->literal) {
        const struct command *command = command_find(match->value);
        if (command != NULL) {
            enter_command(reading, command);
            return 0;
        }
    }
    reading->named = true;
    if (match->value[0] == '\0') {
        buf_add_string(problem, "a directory's name can't be empty");
        return -1;
    }
    if (settings->command->operands == OPERANDS_NONE) {
        buf_add_char(problem, '`');
        command_add_name(problem, settings->command);
        buf_add_string(problem, "` takes no argument such as `");
        text_add_name(problem, slice_of(match->value));
        buf_add_string(problem, "`");
        return -1;
    }
    vec_push(&settings->operands, (struct operand){match->value, match->literal});
    return 0;
}

static int needs_action(const struct settings *settings, struct buf *problem)
{
    const char *option = settings->values.count > 0     ? "--value"
                         : settings->group_limit > 0    ? "--n-groups"
                         : settings->no_header          ? "--no-header"
                         : settings->no_separate_groups ? "--no-separate-groups"
                         : settings->completed          ? "--completed"
                         : settings->submitted          ? "--submitted"
                         : settings->eligible           ? "--eligible"
                         : settings->waiting            ? "--waiting"
                                                        : NULL;
    if (settings->actions.count == 0 && option != NULL) {
        buf_addf(problem, "`%s` needs `--action`", option);
        return -1;
    }
    if (settings->actions.count > 1) {
        buf_add_string(problem, "`--action` can be given only once here");
        return -1;
    }
    return 0;
}

static int check_together(const struct settings *settings, struct buf *problem)
{
    switch (settings->command->id) {
    case COMMAND_RUN:
        if (settings->adopt && settings->no_adopt) {
            buf_add_string(problem, "`--adopt` and `--no-adopt` exclude each other");
            return -1;
        }
        return 0;
    case COMMAND_SHOW:
        buf_add_string(problem, "`rowbuild show` needs to know what: status, directories, "
                                "jobs, why, log, machine, cluster or launchers");
        return -1;
    case COMMAND_SHOW_DIRECTORIES:
        return needs_action(settings, problem);
    case COMMAND_SHOW_LOG:
        if (settings->operands.count == 0 && settings->actions.count == 0) {
            buf_add_string(problem, "`rowbuild show log` needs a node, such as simulate/T1.5-s1");
            return -1;
        }
        return 0;
    case COMMAND_JOB:
        if (settings->operands.count != 1) {
            buf_add_string(problem, "`rowbuild job` needs the token of one submission");
            return -1;
        }
        return 0;
    case COMMAND_INIT:
        if (settings->operands.count != 1) {
            buf_add_string(problem, settings->operands.count == 0
                                        ? "`rowbuild init` needs the directory to make"
                                        : "`rowbuild init` makes one directory at a time");
            return -1;
        }
        if (settings->signac && settings->workspace != NULL) {
            buf_add_string(problem, "`--signac` and `--workspace` exclude each other: signac's "
                                    "workspace has one name");
            return -1;
        }
        return 0;
    default:
        return 0;
    }
}

static int read_words(struct reading *reading, struct buf *problem)
{
    for (;;) {
        struct option_match match;
        switch (option_next(&reading->parser, &match, problem)) {
        case OPTION_END:
            return check_early(reading, problem);
        case OPTION_WRONG:
            return -1;
        case OPTION_OPERAND:
            if (take_operand(reading, &match, problem) != 0) {
                return -1;
            }
            break;
        case OPTION_FOUND:
            if (!reading->named) {
                vec_push(&reading->early, match);
            }
            if (apply(reading->settings, &match, problem) != 0) {
                return -1;
            }
            break;
        }
    }
}

int settings_read(struct settings *settings, char *const *arguments, size_t count,
                  struct buf *problem)
{
    const struct command *run = command_by_id(COMMAND_RUN);
    *settings = (struct settings){.command = run};
    struct reading reading = {
        .settings = settings,
        .parser = {.arguments = arguments,
                   .count = count,
                   .tables = {run->options, command_global_options}},
    };
    int result = read_environment(settings, problem);
    if (result == 0) {
        result = read_words(&reading, problem);
        read_log_level(settings);
    }
    if (result == 0 && !settings->help && !settings->version) {
        result = check_together(settings, problem);
    }
    vec_release(&reading.early);
    return result;
}

void settings_release(struct settings *settings)
{
    vec_release(&settings->directories);
    vec_release(&settings->actions);
    vec_release(&settings->operands);
    vec_release(&settings->values);
}
