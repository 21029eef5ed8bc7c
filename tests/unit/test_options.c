#include "command_line.h"
#include "commands.h"
#include "help.h"
#include "options.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* settings_read of words that are separated by '|', so that they may hold spaces. */
static int read_line(struct settings *settings, char *line, struct buf *problem)
{
    char *words[32];
    size_t count = 0;
    for (char *word = line; word != NULL; count++) {
        words[count] = strsep(&word, "|");
    }
    return settings_read(settings, words, count, problem);
}

static void expect_problem(const char *line, const char *expected)
{
    struct settings settings;
    struct buf problem = BUF_EMPTY;
    char *copy = strdup(line);
    assert_int_equal(read_line(&settings, copy, &problem), -1);
    assert_string_equal(buf_string(&problem), expected);
    settings_release(&settings);
    buf_release(&problem);
    free(copy);
}

/* The settings of a right line; `copy` has to live as long, and is freed with them. */
static char *read_right(struct settings *settings, const char *line)
{
    struct buf problem = BUF_EMPTY;
    char *copy = strdup(line);
    int result = read_line(settings, copy, &problem);
    assert_string_equal(buf_string(&problem), "");
    assert_int_equal(result, 0);
    buf_release(&problem);
    return copy;
}

static void forms_of_arguments(void **state)
{
    (void)state;
    static const char *const lines[] = {"-j4",      "-j|4", "-j=4",   "--jobs=4",
                                        "--jobs|4", "-vj4", "-j9|-j4"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct settings settings;
        char *copy = read_right(&settings, lines[i]);
        assert_int_equal(settings.run.jobs, 4);
        assert_true(settings.run.jobs_given);
        assert_int_equal(command_id(settings.command), COMMAND_RUN);
        settings_release(&settings);
        free(copy);
    }
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    struct settings settings;
    char *copy = read_right(&settings, "-q|one|-a|sim*|two|--action=b|-|-k|0|--|-v|check");
    assert_true(settings.display.quiet);
    assert_false(settings.display.verbose);
    assert_int_equal(settings.run.keep_going, UINT_MAX);
    assert_int_equal(settings.actions.count, 2);
    assert_string_equal(settings.actions.at[0], "sim*");
    assert_string_equal(settings.actions.at[1], "b");
    static const char *const operands[] = {"one", "two", "-", "-v", "check"};
    assert_int_equal(settings.operands.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(settings.operands.at[i].text, operands[i]);
        assert_int_equal(settings.operands.at[i].literal, i >= 3);
    }
    settings_release(&settings);
    free(copy);
}

static void commands_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum command_id command;
        size_t operands;
    } cases[] = {
        {"check", COMMAND_CHECK, 0},
        {"--|check", COMMAND_RUN, 1},
        {"./check", COMMAND_RUN, 1},
        {"one|check", COMMAND_RUN, 2},
        {"--json|show|-v|why|check", COMMAND_SHOW_WHY, 1},
        {"show|status|status", COMMAND_SHOW_STATUS, 1},
        {"-a|x|scan|check", COMMAND_SCAN, 1},
        {"show|log|-f|n", COMMAND_SHOW_LOG, 1},
        {"show|directories|-a|x|-n|3", COMMAND_SHOW_DIRECTORIES, 0},
        {"clean|--directory", COMMAND_CLEAN, 0},
        {"show|--help", COMMAND_SHOW, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings;
        char *copy = read_right(&settings, cases[i].line);
        assert_int_equal(command_id(settings.command), cases[i].command);
        assert_int_equal(settings.operands.count, cases[i].operands);
        settings_release(&settings);
        free(copy);
    }
}

static void one_letter_two_meanings(void **state)
{
    (void)state;
    struct settings settings;
    char *copy = read_right(&settings, "-f|Other|show|log|-f|n");
    assert_true(settings.follow);
    assert_string_equal(settings.project.file, "Other");
    settings_release(&settings);
    free(copy);
    copy = read_right(&settings, "show|directories|-n|3|-a|x");
    assert_false(settings.dry_run);
    assert_int_equal(settings.show.group_limit, 3);
    settings_release(&settings);
    free(copy);
}

static void wrong_lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"--job|4", "unknown option `--job`; did you mean `--jobs`?"},
        {"--frobnicate", "unknown option `--frobnicate`"},
        {"-Z", "unknown option `-Z`"},
        {"-vZ", "unknown option `-Z`"},
        {"-\u00e4", "unknown option `-\u00e4`"},
        {"-j", "`--jobs` needs an argument N"},
        {"-j|0", "`--jobs` takes a number of at least 1, not `0`"},
        {"-j|-4", "`--jobs` takes a number of at least 1, not `-4`"},
        {"-j4x", "`--jobs` takes a number of at least 1, not `4x`"},
        {"-j|99999999999999999999",
         "`--jobs` takes a number of at least 1, not `99999999999999999999`"},
        {"--grace|nan", "`--grace` takes a number of seconds, not `nan`"},
        {"--quiet=1", "`--quiet` takes no argument"},
        {"-a|", "`--action` needs an argument ACTION, but it is empty"},
        {"--color|blue", "`--color` takes auto, always or never, not `blue`"},
        {"one|", "a directory's name can't be empty"},
        {"-j4|scan", "`--jobs` is not an option of `rowbuild scan`"},
        {"-n|show|directories", "`--dry-run` is not an option of `rowbuild show directories`"},
        {"scan|-j4", "unknown option `-j`"},
        {"check|one", "`rowbuild check` takes no argument such as `one`"},
        {"show|sttus", "there is no command `show sttus`; did you mean `show status`?"},
        {"show", "`rowbuild show` needs one of status, durations, directories, jobs, why, "
                 "provenance, log, command, "
                 "machine, cluster or "
                 "launchers"},
        {"show|directories|--value|/x", "`--value` needs `--action`"},
        {"--adopt|--no-adopt", "`--adopt` and `--no-adopt` exclude each other"},
        {"init", "`rowbuild init` needs the directory to make"},
        {"init|a|b", "`rowbuild init` makes one directory at a time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_problem(cases[i][0], cases[i][1]);
    }
}

static void environment(void **state)
{
    (void)state;
    struct settings settings;
    setenv("ROW_YES", "1", 1);
    setenv("NO_COLOR", "1", 1);
    char *copy = read_right(&settings, "x");
    assert_true(settings.yes);
    assert_int_equal(settings.display.colour, COLOUR_NEVER);
    settings_release(&settings);
    free(copy);

    setenv("ROWBUILD_YES", "false", 1);
    setenv("ROW_COLOR", "always", 1);
    copy = read_right(&settings, "x");
    assert_false(settings.yes);
    assert_int_equal(settings.display.colour, COLOUR_ALWAYS);
    settings_release(&settings);
    free(copy);

    copy = read_right(&settings, "--color=auto");
    assert_int_equal(settings.display.colour, COLOUR_AUTO);
    settings_release(&settings);
    free(copy);

    setenv("ROWBUILD_YES", "perhaps", 1);
    expect_problem("x", "the environment variable ROWBUILD_YES is `perhaps`; it must be true or "
                        "false");
    unsetenv("ROW_YES");
    unsetenv("ROWBUILD_YES");
    unsetenv("ROW_COLOR");
    unsetenv("NO_COLOR");
}

/* ---- What is written down elsewhere about options ---- */

static char *read_page(const char *name)
{
    struct buf text = BUF_EMPTY;
    struct buf full = BUF_EMPTY;
    buf_addf(&full, "%s/%s", CLI_PAGES, name);
    FILE *file = fopen(buf_string(&full), "r");
    assert_non_null(file);
    char piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;) {
        buf_add(&text, piece, got);
    }
    fclose(file);
    buf_release(&full);
    return text.at;
}

static bool has_word(const char *text, const char *word)
{
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        if (strchr(" \n'\")|=", at[strlen(word)]) != NULL) {
            return true;
        }
    }
    return false;
}

static void everything_is_documented(void **state)
{
    (void)state;
    char *manual = read_page("rowbuild.1");
    char *completion = read_page("rowbuild.bash");
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        char word[64];
        if (spec->name == NULL) {
            continue;
        }
        snprintf(word, sizeof word, "Fl -%s", spec->name);
        if (!has_word(manual, word)) {
            fail_msg("--%s is missing in the manual page", spec->name);
        }
        snprintf(word, sizeof word, "--%s", spec->name);
        if (!has_word(completion, word)) {
            fail_msg("--%s is missing in the completion", spec->name);
        }
    }
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = command_by_id((enum command_id)i);
        assert_int_equal(command_id(command), i);
        if (command->name != NULL) {
            assert_true(has_word(manual, command->name));
            assert_true(has_word(completion, command->name));
        }
    }
    free(manual);
    free(completion);
}

/* Two options of one command with the same name, or the same letter, that aren't both its own and
 * everybody's: only one of them can be meant. */
static void no_option_hides_another(void **state)
{
    (void)state;
    for (option_table one = command_options; one->takers != 0; one++) {
        assert_true(one->place != 0);
        assert_true((one->argument != NULL) ==
                    (one->kind != OPTION_FLAG && one->kind != OPTION_COUNT));
        for (option_table other = one + 1; other->takers != 0; other++) {
            bool shared = (one->takers & other->takers) != 0;
            bool letter = one->letter != 0 && one->letter == other->letter;
            bool name =
                one->name != NULL && other->name != NULL && strcmp(one->name, other->name) == 0;
            if (shared && (name || (letter && !option_is_global(other)))) {
                fail_msg("-%c, --%s is there twice", one->letter, one->name);
            }
        }
    }
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    for (int i = 0; i < COMMAND_COUNT; i++) {
        struct buf text = BUF_EMPTY;
        help_add_command(&text, command_by_id((enum command_id)i));
        assert_non_null(strstr(buf_string(&text), "usage: rowbuild"));
        for (const char *line = buf_string(&text); *line != '\0';) {
            size_t len = strcspn(line, "\n");
            if (len > 90) {
                fail_msg("too wide: %.*s", (int)len, line);
            }
            line += len + 1;
        }
        buf_release(&text);
    }
}

int main(void)
{
    unsetenv("ROW_COLOR");
    unsetenv("ROWBUILD_COLOR");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_arguments),
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(commands_are_found),
        cmocka_unit_test(one_letter_two_meanings),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(environment),
        cmocka_unit_test(everything_is_documented),
        cmocka_unit_test(no_option_hides_another),
        cmocka_unit_test(help_fits_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
