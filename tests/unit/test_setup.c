/* What a setup leaves, taken from what its shell wrote. */
#include "setup.h"
#include "setup_functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_functions(const char *setup, const char *expected)
{
    struct buf found = BUF_EMPTY;
    assert_true(setup_add_functions(slice_of(setup), &found));
    if (strcmp(buf_string(&found), expected) != 0) {
        fail_msg("of\n%s\nfound\n%s", setup, buf_string(&found));
    }
    buf_release(&found);
}

/* Only a shell knows which of them there are in the end. */
static void test_functions_that_a_text_does_not_tell(void **state)
{
    static const char *const setups[] = {
        "if true; then f() { echo a; }; else f() { echo b; }; fi",
        "case x in x) : ;; esac; for i in 1 2; do\nf() { echo $i; }\ndone",
        "{ f() { :; }; }",
        "f() (echo x)",
        "f() { never closed",
        "f() { cat <<X\n}\nX\n}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
        struct buf found = BUF_EMPTY;
        assert_false(setup_add_functions(slice_of(setups[i]), &found));
        buf_release(&found);
    }
}

static void test_functions_in_a_text(void **state)
{
    (void)state;
    expect_functions("", "");
    expect_functions("module load gcc\nexport X=1", "");
    expect_functions("f() { echo; }", "f() { echo; }\n");
    expect_functions("X=1; f () {\n echo \"}\" '}' \\} # }\n}\ng(){ :; }\n",
                     "f () {\n echo \"}\" '}' \\} # }\n}\ng(){ :; }\n");
    expect_functions("f()\n{\n if :; then { echo; }; fi; }\n",
                     "f()\n{\n if :; then { echo; }; fi; }\n");
    expect_functions("f() { g() { :; }; echo ${X} {}; }", "f() { g() { :; }; echo ${X} {}; }\n");
    expect_functions("echo 'f() { no; }' \"\ng() { no; }\"", "");
    expect_functions("# f() { no; }\n", "");
    expect_functions("x=$(y)", "");
    expect_functions("echo f() { no; }", "");
}

static void expect_taken(struct setup_files files, const char *setup, const char *state,
                         const char *variables)
{
    static char *const started[] = {(char *)"A=1", (char *)"B=2", (char *)"PWD=/project",
                                    (char *)"BASH_FUNC_module%%=() { :; }", NULL};
    struct launch_setup left = {0};
    struct arena arena;
    struct buf text = BUF_EMPTY;
    struct buf found = BUF_EMPTY;
    arena_init(&arena);
    assert_true(setup_take(&files, started, SLICE_LITERAL("/project"), slice_of(setup), &left,
                           &arena, &text));
    for (size_t i = 0; i < left.set_count; i++) {
        buf_addf(&found, "%s ", left.set[i]);
    }
    for (size_t i = 0; i < left.unset_count; i++) {
        buf_addf(&found, "-%s ", left.unset[i]);
    }
    assert_string_equal(buf_string(&text), state);
    assert_string_equal(buf_string(&found), variables);
    buf_release(&text);
    buf_release(&found);
    arena_release(&arena);
}

static void test_what_is_left(void **state)
{
    static const char same[] = "A=1\0B=2\0PWD=/project\0_=x";
    static const char other[] = "A=3\0C=x y\0PWD=/else\0SHLVL=2";
    (void)state;
    expect_taken((struct setup_files){.environment = slice_make(same, sizeof same),
                                      .folder = SLICE_LITERAL("/project\n")},
                 "", "", "");
    expect_taken((struct setup_files){.environment = slice_make(other, sizeof other),
                                      .folder = SLICE_LITERAL("/a b\n"),
                                      .before = SLICE_LITERAL("0022\nulimit -S -s 8192\n"),
                                      .after = SLICE_LITERAL("0027\nulimit -S -s 4000\n"),
                                      .shell = SLICE_LITERAL("A='3'\nD='it'\"'\"'s\n2'\nIFS=' \n'\n"
                                                             "PPID='5'\nE=plain\n")},
                 "f() { :; }",
                 "cd '/a b' || exit\numask 0027\nulimit -S -s 4000 || :\nD='it'\"'\"'s\n2'\n"
                 "E=plain\nf() { :; }\n",
                 "A=3 C=x y -B ");
    expect_taken((struct setup_files){.environment = slice_make(same, sizeof same),
                                      .folder = SLICE_LITERAL("/project"),
                                      .shell = SLICE_LITERAL("f () \n{ \n    :\n}\n"),
                                      .options = SLICE_LITERAL("set +o errexit\n")},
                 "g() { :; }", "f () \n{ \n    :\n}\nset +o errexit\n", "");
}

static void test_a_shell_that_ended_left_nothing(void **state)
{
    struct setup_files nothing = {0};
    struct launch_setup left;
    struct buf text = BUF_EMPTY;
    (void)state;
    assert_false(setup_take(&nothing, (char *const[]){NULL}, SLICE_LITERAL("/"), SLICE_LITERAL(""),
                            &left, NULL, &text));
    assert_int_equal(text.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_in_a_text),
        cmocka_unit_test(test_functions_that_a_text_does_not_tell),
        cmocka_unit_test(test_what_is_left),
        cmocka_unit_test(test_a_shell_that_ended_left_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
