/* Folders as products (docs/internals/rules.md, rule 8): what the task didn't make stays in its
 * place, outside of the digest, and is never deleted. */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The command needs what lies in its folder, and leaves half of its work where it fails. */
#define ONE(more)                                                                                  \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['out']\n" more                                                                    \
    "command = 'copy in out/a; read ok; copy out/config out/b # {directory}'\n"

/* It needs nothing there, and makes the folder. */
#define PLAIN                                                                                      \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['out']\n"                                                                         \
    "command = 'copy in out/a # {directory}'\n"

#define GOOD "d1/.out.rowbuild-good"
#define KEPT "d1/.out.rowbuild-kept"
#define LEFT "d1/.out~.rowbuild-kept"
#define BEGIN                                                                                      \
    WRITE("d1/in", "1"), WRITE("d1/ok", ""), WRITE("d1/out/config", "mine"),                       \
        WRITE("d1/out/deep/notes", "mine too"), NO_ADOPT

#define MINE TEXT("d1/out/config", "mine"), TEXT("d1/out/deep/notes", "mine too")

static void test_what_was_there_first_stays(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), MINE, RUN(""), WRITE("d1/in", "2"), RUN("one/d1"), MINE,
         TEXT("d1/out/a", "2"), TEXT(GOOD "/a", "-"), TEXT(KEPT "/a", "-"), TEXT(LEFT "/a", "-"),
         RUN(""), WRITE("d1/in", "3"), RUN("one/d1"), MINE, TEXT(GOOD "/a", "-"), RUN(""));
}

static void test_it_is_outside_of_the_digest(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), WRITE("d1/out/config", "edited"),
         WRITE("d1/out/deep/more", "x"), RUN(""), WRITE("d1/in", "2"), RUN("one/d1"),
         TEXT("d1/out/config", "edited"), TEXT("d1/out/b", "edited"), TEXT("d1/out/deep/more", "x"),
         RUN(""));
}

static void test_it_stays_over_failures(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, REMOVE("d1/ok"), RUN("one/d1"), MINE, TEXT("d1/out/a", "1"), RUN("one/d1"),
         MINE, TEXT(LEFT "/a", "1"), TEXT(LEFT "/config", "-"), RUN("one/d1"), MINE,
         WRITE("d1/ok", ""), RUN("one/d1"), MINE, TEXT("d1/out/b", "mine"), RUN(""));
}

static void test_it_stays_when_results_come_back(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), REMOVE("d1/ok"), WRITE("d1/in", "2"), RUN("one/d1"), MINE,
         TEXT(GOOD "/a", "1"), TEXT("d1/out/a", "2"), WRITE("d1/in", "1"), RUN("back:one/d1"), MINE,
         TEXT("d1/out/a", "1"), TEXT("d1/out/b", "mine"), TEXT(LEFT "/a", "2"),
         TEXT(LEFT "/config", "-"), RUN(""));
}

static void test_a_run_that_is_killed_loses_nothing(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), WRITE("d1/in", "2"), KILL("recorded"), MINE, KILL("moved"),
         MINE, KILL("commanded"), MINE, KILL("succeeded"), MINE, RUN(""), MINE,
         TEXT("d1/out/a", "2"), TEXT(GOOD "/a", "-"));
}

/* What the command changes is its product. */
static void test_what_the_command_writes_is_its_own(void **state)
{
    (void)state;
    PLAY(PLAIN, WRITE("d1/in", "1"), WRITE("d1/out/a", "older"), WRITE("d1/out/c", "mine"),
         NO_ADOPT, RUN("one/d1"), TEXT("d1/out/a", "1"), RUN(""), WRITE("d1/out/a", "edited"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), RUN("one/d1"), TEXT("d1/out/a", "1"),
         TEXT(KEPT "/a", "edited"), TEXT("d1/out/c", "mine"), RUN(""));
}

/* ---- After a success ---- */

static void test_a_kept_folder_is_never_deleted(void **state)
{
    (void)state;
    PLAY(PLAIN, WRITE("d1/in", "1"), WRITE("d1/out/c", "mine"), NO_ADOPT, RUN("one/d1"),
         WRITE("d1/out/notes", "first"), RUN("one/d1"), WRITE("d1/out/notes", "second"),
         RUN("one/d1"), WRITE("d1/out/a", "third"), RUN("one/d1"), TEXT(KEPT "/a", "third"),
         TEXT(KEPT "-2/notes", "first"), TEXT(KEPT "-3/notes", "second"), RUN(""));
}

/* Somebody puts a file into the backup; the names that don't count aren't looked for. */
static void test_a_backup_that_differs_is_not_deleted(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), REMOVE("d1/ok"), WRITE("d1/in", "2"), RUN("one/d1"),
         WRITE(GOOD "/notes", "by hand"), WRITE("d1/ok", ""), RUN("one/d1"),
         TEXT(KEPT "/notes", "by hand"), TEXT(GOOD "/notes", "-"), MINE, RUN(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_there_first_stays),
        cmocka_unit_test(test_it_is_outside_of_the_digest),
        cmocka_unit_test(test_it_stays_over_failures),
        cmocka_unit_test(test_it_stays_when_results_come_back),
        cmocka_unit_test(test_a_run_that_is_killed_loses_nothing),
        cmocka_unit_test(test_what_the_command_writes_is_its_own),
        cmocka_unit_test(test_a_kept_folder_is_never_deleted),
        cmocka_unit_test(test_a_backup_that_differs_is_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
