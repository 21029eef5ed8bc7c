/* What templates are said to stand in is proved by the shells: names of all kinds are put into
 * commands, quoted for their places, and must come out as they went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_escaped(struct buf *out, struct slice name, const char *special)
{
    for (size_t i = 0; i < name.len; i++) {
        if (strchr(special, name.at[i]) != NULL) {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, name.at[i]);
    }
}

static void add_single(struct buf *out, struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\'') {
            buf_add_string(out, "'\\''");
        } else {
            buf_add_char(out, name.at[i]);
        }
    }
}

/* Plain names go without quotes, which is where neighbours could do harm. */
static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", name.at[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static void add_bare(struct buf *out, struct slice name)
{
    if (is_plain(name)) {
        buf_add_slice(out, name);
        return;
    }
    buf_add_char(out, '\'');
    add_single(out, name);
    buf_add_char(out, '\'');
}

static void expand(const struct template *template, struct slice name, struct buf *out)
{
    for (size_t i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        if (part->kind == TEMPLATE_TEXT) {
            buf_add_slice(out, part->text);
        } else if (part->place == PLACE_BARE) {
            add_bare(out, name);
        } else if (part->place == PLACE_SINGLE) {
            add_single(out, name);
        } else if (part->place == PLACE_DOUBLE) {
            add_escaped(out, name, "$`\\\"");
        } else if (part->place == PLACE_HERE) {
            add_escaped(out, name, "$`\\");
        } else {
            buf_add_slice(out, name);
        }
    }
}

static void run(const char *shell, const char *command, struct buf *out)
{
    int ends[2];
    char bytes[4096];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execlp(shell, shell, "-c", command, (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    for (ssize_t len = 1; len > 0;) {
        len = read(ends[0], bytes, sizeof bytes);
        buf_add(out, bytes, len > 0 ? (size_t)len : 0);
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* `%` in `wanted` stands for the name. */
static void expect_name(const char *shell, const char *text, const char *wanted, struct slice name)
{
    struct arena arena;
    struct diag diag;
    struct template template;
    struct source source = {.name = "Rowfile", .text = slice_of(text)};
    struct buf command = BUF_EMPTY;
    struct buf printed = BUF_EMPTY;
    struct buf right = BUF_EMPTY;
    arena_init(&arena);
    diag_init(&diag);
    assert_int_equal(
        template_parse(&template, source.text, DIALECT_ROWFILE, false, &arena, &source, 0, &diag),
        0);
    expand(&template, name, &command);
    run(shell, buf_string(&command), &printed);
    for (const char *c = wanted; *c != '\0'; c++) {
        if (*c == '%') {
            buf_add_slice(&right, name);
        } else {
            buf_add_char(&right, *c);
        }
    }
    assert_string_equal(buf_string(&printed), buf_string(&right));
    buf_release(&right);
    buf_release(&printed);
    buf_release(&command);
    diag_release(&diag);
    arena_release(&arena);
}

struct shell_case {
    const char *command;
    const char *wanted;
};

static void expect_cases(const char *shell, const struct shell_case *cases, size_t count)
{
    static const char *const names[] = {
        "a1", "2", "it's \"so\"", "$HOME`id`$(id)", "a\\", "'", "*?[a]~!#", ";|&<>(){a,b}", "-n",
    };
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            expect_name(shell, cases[i].command, cases[i].wanted, slice_of(names[j]));
        }
    }
}

static const struct shell_case cases_of_sh[] = {
    {"printf %s a{directory}b", "a%b"},
    {"printf %s 'a{directory}b'", "a%b"},
    {"printf %s \"a{directory}b\"", "a%b"},
    {"x=1; printf %s $x{directory}", "1%"},
    {"x=1; printf %s \"$x{directory}\"", "1%"},
    {"printf %s \"$(printf %s {directory})\"", "%"},
    {"printf %s \"$(printf %s \"{directory}\")\"", "%"},
    {"printf %s \"$(printf %s '{directory}' | cat)-{directory}\"", "%-%"},
    {"cat <<E\n-{directory}-\nE\nprintf %s {directory}", "-%-\n%"},
    {"cat <<'E'\n-{directory}-\nE\nprintf %s '{directory}'", "-%-\n%"},
    {"cat <<-E\n\t\"{directory}\" 'it'\n\tE\nprintf %s \"{directory}\"", "\"%\" 'it'\n%"},
    {"cat <<E\n$(printf %s {directory}) \"$(printf %s '{directory}')\"\nE", "% \"%\"\n"},
    {"# it's {directory} \"\nprintf %s {directory}", "%"},
    {"printf %s \"\\{directory}\"", "\\%"},
    {"printf %s \\\"{directory}\\\"", "\"%\""},
    {"printf %s {directory}>&1", "%"},
    {"case {directory} in {directory}) printf %s {directory};; esac", "%"},
    {"printf %s \"$(case x in x) printf %s {directory};; esac)\"", "%"},
    {"printf %s \"$(case x in (x) printf %s '{directory}';; esac){directory}\"", "%%"},
    {"printf %s $((1 << 2)){directory}", "4%"},
    {"sh -c 'printf %s \"$1\"' sh {directory}", "%"},
    {"printf %s {{directory}}{directory}", "{directory}%"},
    {"awk 'BEGIN {print \"x\"}'; printf %s {directory}", "x\n%"},
};

static const struct shell_case cases_of_bash[] = {
    {"printf %s $'a\\t{directory}b\\'c'", "a\t%b'c"},
    {"[[ x == x ]] && printf %s {directory}", "%"},
    {"cat <<< {directory}", "%\n"},
    {"((1 << 2)); printf %s {directory}", "%"},
    {"a=({directory} x); printf %s \"${a[0]}\"", "%"},
    {"cat <(printf %s {directory})", "%"},
};

static void test_sh(void **state)
{
    (void)state;
    expect_cases("sh", cases_of_sh, sizeof cases_of_sh / sizeof cases_of_sh[0]);
}

static void test_bash(void **state)
{
    (void)state;
    expect_cases("bash", cases_of_sh, sizeof cases_of_sh / sizeof cases_of_sh[0]);
    expect_cases("bash", cases_of_bash, sizeof cases_of_bash / sizeof cases_of_bash[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sh),
        cmocka_unit_test(test_bash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
