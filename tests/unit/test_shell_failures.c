/* Failures in the middle of a command: which ones are said to go unseen; what a shell's options mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "interpreter.h"
#include "shell_failures.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    const char
        *in_sh_e;      /* what goes unseen with -e: "|cmd", "&&cmd", "&cmd", ";cmd"; "": nothing */
    const char *in_sh; /* without; NULL: the same */
} cases[] = {
    {"fails", "", NULL},
    {"fails {directory} >out 2>&1", "", NULL},
    {"fails && next", "", NULL},
    {"fails || next", "", NULL},
    {"fails || exit 3; next", "", NULL},
    {"fails; next", "", ";fails"},
    {"fails\nnext\n", "", ";fails"},
    {"fails;", "", NULL},
    {"\n  fails\n\n", "", NULL},
    {"fails # a comment; next\n", "", NULL},
    {"fails # a comment\nnext", "", ";fails"},
    {"echo begins; next", "", NULL},
    {"A=1 B=2; next", "", NULL},
    {"A=1 fails; next", "", ";fails"},
    {">log fails; next", "", ";fails"},
    {"fails 'a; b' \"c | d\" e\\;f", "", NULL},
    {"fails >'x y'; next", "", ";fails >'x y'"},
    {"set -e; fails; next", "", NULL},
    {"set -euo pipefail\nfails | next\nnext", "", NULL},
    {"set -o pipefail; fails | next", "", NULL},
    {"set +e; fails; next", ";fails", ";fails"},
    {"fails | next", "|fails", NULL},
    {"fails |& next", "|fails", NULL},
    {"echo begins | fails | next", "|fails", NULL},
    {"echo begins | next", "", NULL},
    {"fails >| out", "", NULL},
    {"(fails) | next", "|fails", NULL},
    {"{ echo begins; fails; } | next", "|fails", NULL},
    {"for i in 1 2; do fails; done | next", "|fails", ";fails|fails"},
    {"x=$(fails | next)", "|fails", NULL},
    {"next \"$(fails | next)\"", "|fails", NULL},
    {"next `fails | next`", "|fails", NULL},
    {"if fails | next; then next; fi", "", NULL},
    {"while fails; next; do next; done", "", ";next"},
    {"if fails; then next; fi", "", NULL},
    {"if next; then fails; fi; next", "", ";fails"},
    {"if next; then fails; next; fi", "", ";fails"},
    {"for i in 1 2; do fails; done", "", ";fails"},
    {"for i in 1 2; do echo $i; done", "", NULL},
    {"fails && next; last", "&&fails", ";fails"},
    {"fails && next\nlast", "&&fails", ";fails"},
    {"fails && echo ends; last", "&&fails", ";fails"},
    {"fails && next || other; last", "", ";other"},
    {"test -e a && mv a b; next", "", ";mv a b"},
    {"[ -e a ] && mv a b; next", "", ";mv a b"},
    {"cd a && fails && next", "", NULL},
    {"fails &", "&fails", NULL},
    {"fails & next", "&fails", NULL},
    {"fails & next & wait", "&fails", NULL},
    {"fails & next & wait $!", "", NULL},
    {"fails >a 2>&1 &\nP=$!\nwait \"$P\"", "", NULL},
    {"fails &>out", "", NULL},
    {"case {directory} in a|b) fails;; *) next;; esac", "", NULL},
    {"case a in a) fails; next;; esac", "", ";fails"},
    {"case a in\na) next ;;\nesac\nlast", "", NULL},
    {"! fails; next", "", NULL},
    {"fails <<EOF\na; b | c\nEOF\n", "", NULL},
    {"fails <<EOF\na; b\nEOF\nnext", "", ";fails <<EOF"},
    {"fails $((1 | 2)) ${x:-a|b}", "", NULL},
    {"((x = 1 | 2)); true", "", NULL},
    {"fails > >(next)", "", NULL},
    {"while read x; do fails; done <list", "", ";fails"},
    {"", "", NULL},
    {"|", "", NULL},
    {"; ; &&", "", NULL},
    {"fi; done } )", "", NULL},
    {"a $(b `c 'd", "", NULL},
};

static void describe(const char *text, bool stops, struct buf *out)
{
    static const char *const marks[] = {"|", ";", "&&", "&"};
    static const int order[] = {1, 0, 2, 3};
    struct shell_failures found;
    shell_failures_find(slice_of(text), stops, false, &found);
    for (int k = 0; k < FAILURE_KINDS; k++) {
        struct slice command = found.first[order[k]];
        if (command.at != NULL) {
            buf_addf(out, "%s%.*s", marks[order[k]], SLICE_ARGS(command));
        }
    }
}

static void finds_what_goes_unseen(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf with = BUF_EMPTY;
        struct buf without = BUF_EMPTY;
        describe(cases[i].text, true, &with);
        describe(cases[i].text, false, &without);
        const char *expected = cases[i].in_sh != NULL ? cases[i].in_sh : cases[i].in_sh_e;
        if (strcmp(buf_string(&with), cases[i].in_sh_e) != 0 ||
            strcmp(buf_string(&without), expected) != 0) {
            print_error("%s\n  with -e:    %s\n  without -e: %s\n", cases[i].text,
                        buf_string(&with), buf_string(&without));
            wrong++;
        }
        buf_release(&with);
        buf_release(&without);
    }
    assert_int_equal(wrong, 0);
}

static void pipefail_sees_pipes(void **state)
{
    (void)state;
    struct shell_failures found;
    shell_failures_find(SLICE_LITERAL("fails | next"), true, true, &found);
    assert_null(found.first[FAILURE_BEFORE_PIPE].at);
}

/* ---- The interpreter ---- */

static const struct {
    const char *words; /* split at blanks */
    const char *name;
    const char *text;
    const char *options; /* e, p, u, and x where plain words are executed directly */
} interpreters[] = {
    {"sh", "sh", "sh", "x"},
    {"sh -e", "sh", "sh", "ex"},
    {"bash", "bash", "bash", "x"},
    {"bash -eo pipefail", "bash", "bash -eo pipefail", "epx"},
    {" bash\t-euo  pipefail ", "bash", "bash -euo pipefail", "epux"},
    {"bash -o errexit -o nounset", "bash", "bash -o errexit -o nounset", "eux"},
    {"bash -e +e", "bash", "bash -e +e", "x"},
    {"bash -ec", "bash", "bash -e", "ex"},
    {"bash -euo pipefail -c", "bash", "bash -euo pipefail", "epux"},
    {"bash -l", "bash", "bash -l", ""},
    {"bash -x -e", "bash", "bash -x -e", "e"},
    {"bash --norc -e", "bash", "bash --norc -e", "e"},
    {"/usr/bin/env bash -e", "bash", "/usr/bin/env bash -e", "e"},
    {"apptainer exec image.sif sh -e", "sh", "apptainer exec image.sif sh -e", "e"},
    {"/bin/dash", "/bin/dash", "/bin/dash", "x"},
    {"python3 -u", "python3", "python3 -u", ""},
    {"python3 -u -c", "python3", "python3 -u", ""},
    {"perl -e", "perl", "perl -e", ""},
    {"bash -o", "bash", "bash -o", "x"},
    {"sh -", "sh", "sh -", ""},
};

static void reads_the_words_of_an_interpreter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        struct arena arena;
        struct interpreter it;
        struct buf seen = BUF_EMPTY;
        struct buf expected = BUF_EMPTY;
        size_t count;
        arena_init(&arena);
        struct slice *words = interpreter_split(slice_of(interpreters[i].words), &arena, &count);
        struct slice name = interpreter_set(&it, words, count, &arena);
        buf_addf(&seen, "%.*s, %.*s, %s%s%s%s", SLICE_ARGS(name), SLICE_ARGS(it.text),
                 it.stops ? "e" : "", it.sees_pipes ? "p" : "", it.refuses_unset ? "u" : "",
                 it.may_be_left_out ? "x" : "");
        buf_addf(&expected, "%s, %s, %s", interpreters[i].name, interpreters[i].text,
                 interpreters[i].options);
        assert_string_equal(buf_string(&seen), buf_string(&expected));
        buf_release(&seen);
        buf_release(&expected);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_goes_unseen),
        cmocka_unit_test(pipefail_sees_pipes),
        cmocka_unit_test(reads_the_words_of_an_interpreter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
