/* Words of commands: which ones only a shell knows, and which commands start without one. */
#include "launch.h"
#include "shell_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_built_in(void **state)
{
    (void)state;
    static const char *const known[] = {"!",     "[",    "[[",     "alias", "cd",     "compopt",
                                        "echo",  "exec", "if",     "ml",    "module", "source",
                                        "while", "{",    "export", "}",     "typeset"};
    static const char *const programs[] = {"",       "a",      "cat", "cp",     "ec",
                                           "echoes", "mpirun", "~",   "modules"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(shell_has_built_in(slice_of(known[i])));
    }
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        assert_false(shell_has_built_in(slice_of(programs[i])));
    }
}

static bool starts_without_shell(const char *text)
{
    struct arena arena;
    arena_init(&arena);
    bool does = launch_split_plain(slice_of(text), &arena) != NULL;
    arena_release(&arena);
    return does;
}

static void test_plain(void **state)
{
    (void)state;
    assert_true(starts_without_shell("cp a b"));
    assert_true(starts_without_shell("./run 'a b' --x=1\n"));
    assert_false(starts_without_shell("cp a b; true"));
    assert_false(starts_without_shell("A=1 cp a b"));
    assert_false(starts_without_shell("(cp a b)"));
    assert_false(starts_without_shell("cd a"));
    assert_false(starts_without_shell("module load gcc")); /* a function that only a shell has */
    assert_false(starts_without_shell("ml gcc"));
    assert_false(starts_without_shell("compopt -o nospace"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
