/* What templates are said to stand in is proved by the shells: names of all kinds are put into
 * commands, quoted for their places, and must come out as they went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filling.h"
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What fills the template; -1 where a value can't be put there. */
static enum filling_fault fill(const struct template *template, const char *shell,
                               const struct slice *names, size_t count, struct buf *out)
{
    struct filling filling;
    size_t next = 0;
    filling_init(&filling, template, slice_of(shell), out);
    for (size_t i = 0; i < template->part_count; i++) {
        filling_next(&filling);
        if (template->parts[i].kind != TEMPLATE_TEXT) {
            filling_add(&filling, names[next++ % count]);
        }
    }
    filling_end(&filling);
    enum filling_fault fault = filling.fault;
    filling_release(&filling);
    return fault;
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
    assert_int_equal(fill(&template, shell, &name, 1, &command), FILLING_FINE);
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
    {"printf %s \"`printf %s {directory}`-`printf %s '{directory}'`\"", "%-%"},
    {"case x in\n{directory}) ;;\n*) printf %s {directory};; esac", "%"},
    {"cat <<''\n-{directory}\n\nprintf %s {directory}", "-%\n%"},
    {"cat <<E - 3<<\\F\n-{directory}\nE\n{directory}\nF\nprintf %s {directory}", "-%\n%"},
    {"printf %s $(true)#{directory}", "#%"},
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

/* Up to three values, one for each template. */
static void expect_fault(const char *shell, const char *text, const char *first, const char *second,
                         enum filling_fault wanted)
{
    struct arena arena;
    struct diag diag;
    struct template template;
    struct source source = {.name = "Rowfile", .text = slice_of(text)};
    struct slice values[] = {slice_of(first), slice_of(second)};
    struct buf command = BUF_EMPTY;
    arena_init(&arena);
    diag_init(&diag);
    (void)template_parse(&template, source.text, DIALECT_ROWFILE, false, &arena, &source, 0, &diag);
    enum filling_fault fault = fill(&template, shell, values, 2, &command);
    if (fault != wanted) {
        fail_msg("%s in %s: fault %d, expected %d", first, text, fault, wanted);
    }
    buf_release(&command);
    diag_release(&diag);
    arena_release(&arena);
}

/* In no spelling does a value end a here-document, alone or with what stands around it. */
static void test_ends_of_here_documents(void **state)
{
    static const char *const spellings[] = {"EOF",  "-EOF",    "'EOF'",   "\"EOF\"", "\\EOF",
                                            " EOF", "- 'EOF'", "E\"O\"F", "E\\OF",   "-\"E\"OF"};
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        struct buf text = BUF_EMPTY;
        buf_addf(&text, "cat <<%s\n{/a}{/b}\nEOF\n", spellings[i]);
        const char *command = buf_string(&text);
        expect_fault("sh", command, "EOF", "", FILLING_ENDS_HERE);
        expect_fault("bash", command, "", "EOF", FILLING_ENDS_HERE);
        expect_fault("sh", command, "E", "OF", FILLING_ENDS_HERE);
        expect_fault("sh", command, "\tEO", "F", FILLING_ENDS_HERE);
        expect_fault("sh", command, "EOF\r", "", FILLING_ENDS_HERE);
        expect_fault("sh", command, "a\nEOF", "", FILLING_NEWLINE);
        expect_fault("sh", command, "EOF", "x", FILLING_FINE);
        expect_fault("sh", command, " EOF", "", FILLING_FINE);
        expect_fault("sh", command, "", "", FILLING_FINE);
        buf_release(&text);
    }
    expect_fault("sh", "cat <<''\n{/a}\n\n", "", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<''\n{/a}\n\n", "x", "", FILLING_FINE);
    expect_fault("sh", "cat <<$x\n{/a}\n", "$x", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<'E \"F'\n{/a}\n", "E \"F", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<EOF\nE{/a}F\nEOF", "O", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<EOF\n{/a}OF\nEOF", "E", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<EOF\nE\\\n{/a}F\nEOF", "O", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<EOF\n{/a}\\\nOF\nEOF", "E", "", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<A - 3<<B\n{/a}\nA\n{/b}\nB\n", "x", "B", FILLING_ENDS_HERE);
    expect_fault("sh", "cat <<EOF\n$(echo {/a})\nEOF", "x\nEOF\nid", "", FILLING_NEWLINE);
    expect_fault("bash", "x=$(cat <<EOF\n{/a}\nEOF\n)", "EOF; id)", "", FILLING_ENDS_HERE);
    expect_fault("bash", "x=$(cat <<EOF\n{/a}\nEOF\n)", "EOFx `id`", "", FILLING_ENDS_HERE);
    expect_fault("bash", "cat <<EOF\n{/a}\nEOF\n", "EOF; id)", "", FILLING_FINE);
    expect_fault("sh", "cat <<-EOF\n\t{/a}\nEOF\n", "\tx", "", FILLING_LOSES_TAB);
    expect_fault("sh", "cat <<E\n{/a}\nE\n", "E\xc3\xbc", "", FILLING_LOSES_BYTE);
    expect_fault("bash", "cat <<E\n{/a}\nE\n", "E\xc3\xbc", "", FILLING_FINE);
    expect_fault("sh", "cat <<E\nx\nE\necho '{/a}'", "x\nE\ny", "", FILLING_FINE);
}

static void test_what_cannot_be_quoted(void **state)
{
    (void)state;
    expect_fault("sh", "echo $(({/a}))", "a[$(id)]", "", FILLING_NOT_NUMBER);
    expect_fault("sh", "echo $(({/a}))", "x", "", FILLING_NOT_NUMBER);
    expect_fault("sh", "echo $(({/a}))", "-1.5e-3", "", FILLING_FINE);
    expect_fault("bash", "a[{/a}]=1", "x[$(id)]", "", FILLING_NOT_PLAIN);
    expect_fault("bash", "a[{/a}]=1", "two words", "", FILLING_FINE);
    expect_fault("bash", "((1 << 2)); echo {/a}", "it's", "", FILLING_FINE);
    expect_fault("sh", "((1 << 2)); echo {/a}", "it's", "", FILLING_NOT_PLAIN);
    expect_fault("sh", "echo `cmd \\$x {/a}`", "a b", "", FILLING_NOT_PLAIN);
    expect_fault("sh", "echo `cmd \\$x {/a}`", "run-1.0", "", FILLING_FINE);
    expect_fault("python3", "print($(({/a})))", "it's", "", FILLING_FINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sh),
        cmocka_unit_test(test_bash),
        cmocka_unit_test(test_ends_of_here_documents),
        cmocka_unit_test(test_what_cannot_be_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
