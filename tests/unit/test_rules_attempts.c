/* Attempts that don't succeed (docs/internals/rules.md, rules 5, 8 and 9): what they leave, what
 * becomes of it before the next one, and that good results are never lost over it. */
#include "simulated_study.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Does nothing where its product exists, and leaves half of it where it fails. */
#define COMMAND "command = 'stop_if a; write half a; read ok; copy in a # {directory}'\n"
#define ONE(more)                                                                                  \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['a']\n" more COMMAND

#define LEFT "d1/.a~.rowbuild-kept"
#define KEPT "d1/.a.rowbuild-kept"
#define GOOD "d1/.a.rowbuild-good"

/* ---- Half a product ---- */

static void test_what_a_failed_attempt_left_is_out_of_the_way(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "whole"), RUN("one/d1"), TEXT("d1/a", "half"),
         WHY("one/d1", "stale: FAILED"), WRITE("d1/ok", ""), RUN("one/d1"), TEXT("d1/a", "whole"),
         TEXT(LEFT, "half"), TEXT(KEPT, "-"), RUN(""));
}

static void test_what_a_killed_attempt_left_is_out_of_the_way(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "whole"), KILL("commanded"), TEXT("d1/a", "half"),
         WHY("one/d1", "stale: INTERRUPTED"), KILL("recorded"), TEXT("d1/a", "half"), KILL("moved"),
         TEXT("d1/a", "-"), TEXT(LEFT, "half"), WRITE("d1/ok", ""), RUN("one/d1"),
         TEXT("d1/a", "whole"), RUN(""));
}

static void test_what_was_there_before_the_first_attempt_is_kept(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "whole"), WRITE("d1/a", "older"), WRITE("d1/ok", ""), NO_ADOPT,
         RUN("one/d1"), TEXT("d1/a", "whole"), TEXT(KEPT, "older"), RUN(""));
}

static void test_where_the_next_attempt_continues_it_stays(void **state)
{
    (void)state;
    PLAY(ONE("resumable = []\n"), WRITE("d1/in", "whole"), RUN("one/d1"), TEXT("d1/a", "half"),
         RUN("one/d1"), TEXT("d1/a", "half"), TEXT(LEFT, "-"), RUN(""));
    PLAY(ONE("resumable = []\n"), WRITE("d1/in", "whole"), KILL("commanded"), RUN("one/d1"),
         TEXT("d1/a", "half"), RUN(""));
    PLAY(ONE(""), ROWS, WRITE("d1/in", "whole"), RUN("one/d1"), TEXT("d1/a", "half"), RUN("one/d1"),
         TEXT("d1/a", "half"), RUN(""));
}

static void test_another_input_is_no_continuation(void **state)
{
    (void)state;
    PLAY(ONE("resumable = []\n"), WRITE("d1/in", "1"), RUN("one/d1"), WRITE("d1/in", "2"),
         WRITE("d1/ok", ""), RUN("one/d1"), TEXT("d1/a", "2"), TEXT(LEFT, "half"), RUN(""));
}

/* ---- Row's contract ---- */

#define BACKGROUND                                                                                 \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['a', 'b']\n"                                                                      \
    "command = 'copy in a; stop_if later; copy in b # {directory}'\n"                              \
    "[[action]]\n"                                                                                 \
    "name = 'two'\n"                                                                               \
    "previous_actions = ['one']\n"                                                                 \
    "products = ['c']\n"                                                                           \
    "command = 'copy b c # {directory}'\n"

static void test_unfinished_work_is_complete_when_its_products_are_there(void **state)
{
    (void)state;
    PLAY(BACKGROUND, ROWS, WRITE("d1/in", "1"), WRITE("d1/later", ""), RUN("one/d1"),
         WHY("one/d1", "stale: UNFINISHED"), WRITE("d1/b", "finished"), WHY("one/d1", "fresh:"),
         RUN("two/d1"), TEXT("d1/b", "finished"), TEXT("d1/c", "finished"), RUN(""),
         WRITE("d1/b", "edited"), RUN("one/d1"));
}

static void test_unfinished_work_on_another_input_is_not(void **state)
{
    (void)state;
    PLAY(BACKGROUND, ROWS, WRITE("d1/in", "1"), WRITE("d1/later", ""), RUN("one/d1"),
         WRITE("d1/b", "finished"), WRITE("d1/in", "2"), REMOVE("d1/later"), RUN("one/d1 two/d1"),
         TEXT("d1/b", "2"));
}

/* A failure isn't unfinished work, and a Rowfile's action has to end well itself. */
static void test_failed_work_is_not_completed(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "products = ['a']\n"
         "command = 'write x a; fail # {directory}'\n",
         ROWS, WRITE("d1/in", ""), RUN("one/d1"), WHY("one/d1", "stale: FAILED"), RUN("one/d1"));
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "products = ['a']\n"
         "resumable = []\n"
         "command = 'stop_if later; write x a # {directory}'\n",
         WRITE("d1/later", ""), RUN("one/d1"), WRITE("d1/a", "y"), REMOVE("d1/later"),
         RUN("one/d1"), TEXT("d1/a", "x"));
}

/* ---- Generations ---- */

static void test_a_leftover_never_displaces_what_was_edited(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "1"), WRITE("d1/ok", ""), RUN("one/d1"), WRITE("d1/a", "by hand"),
         REMOVE("d1/ok"), RUN("one/d1"), TEXT(KEPT, "by hand"), RUN("one/d1"), RUN("one/d1"),
         TEXT(KEPT, "by hand"), TEXT(LEFT, "half"), TEXT("d1/.a~.rowbuild-kept-2", "-"));
}

static void test_an_edit_after_a_failure_is_no_leftover(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "1"), RUN("one/d1"), WRITE("d1/a", "by hand"), RUN("one/d1"),
         RUN("one/d1"), RUN("one/d1"), TEXT(KEPT, "by hand"), TEXT(LEFT, "half"));
}

static void test_a_good_backup_outlives_failures(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "1"), WRITE("d1/ok", ""), RUN("one/d1"), REMOVE("d1/ok"),
         WRITE("d1/in", "2"), RUN("one/d1"), RUN("one/d1"), KILL("commanded"), TEXT(GOOD, "1"),
         TEXT("d1/a", "half"), WRITE("d1/in", "1"), WHY("one/d1", "restore:"), RUN("back:one/d1"),
         TEXT("d1/a", "1"), TEXT(LEFT, "half"), TEXT(GOOD, "-"), RUN(""));
}

/* The failed attempt ends with the bytes that the last success made. */
static void test_the_same_bytes_from_a_failed_attempt_are_no_success(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "half"), WRITE("d1/ok", ""), RUN("one/d1"), REMOVE("d1/ok"),
         WRITE("d1/in", "2"), RUN("one/d1"), TEXT("d1/a", "half"), TEXT(GOOD, "half"),
         WRITE("d1/ok", ""), RUN("one/d1"), TEXT("d1/a", "2"), TEXT(GOOD, "-"), RUN(""));
}

static void test_edits_leave_one_good_set_and_one_checkpoint(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "scope = 'directory'\n"
         "inputs = ['in']\n"
         "products = ['a']\n"
         "resumable = ['p']\n"
         "command = 'append x p; copy in a'\n",
         WRITE("d1/in", "1"), RUN("one/d1"), WRITE("d1/in", "2"), RUN("one/d1"),
         WRITE("d1/in", "3"), RUN("one/d1"), WRITE("d1/in", "4"), RUN("one/d1"), TEXT("d1/p", "x"),
         TEXT("d1/.p~.rowbuild-kept", "x"), TEXT("d1/.p~.rowbuild-kept-2", "-"),
         TEXT("d1/.p.rowbuild-kept", "-"), TEXT(GOOD, "-"), TEXT(LEFT, "-"), TEXT(KEPT, "-"),
         RUN(""));
}

/* ---- Kills and power cuts ---- */

static bool lies_about(struct study *study, const char *text)
{
    static const char *const places[] = {"d1/a", GOOD, KEPT, LEFT};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *found = study_text(study, places[i]);
        if (found != NULL && strcmp(found, text) == 0) {
            return true;
        }
    }
    return false;
}

/* The power goes; the machine starts again, and by then a lock is old. */
static void cut_power(struct study *study, uint64_t seed)
{
    simulated_crash(seed);
    simulated_pass(120 * INT64_C(1000000000));
    study->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(study->project >= 0);
}

static void expect_end(struct study *study, const char *text)
{
    study_write(study, "d1/ok", "");
    study_run(study);
    assert_string_equal(study_text(study, "d1/a"), text);
    study_expect(study, "");
}

/* Success on "1", an edit to "2", and a run that is killed, or whose machine loses power. Whatever
 * is undone then, "1" isn't lost, and half a product is never taken for one. */
static void test_whenever_it_ends_nothing_good_is_lost(void **state)
{
    enum { SEEDS = 48 };
    (void)state;
    for (enum death death = DEATH_RECORDED; death <= DEATH_SUCCEEDED; death++) {
        for (uint64_t seed = 0; seed < (uint64_t)SEEDS * 2; seed++) {
            struct study study;
            study_begin(&study, ONE(""));
            simulated_keep_order();
            study_write(&study, "d1/in", "1");
            study_write(&study, "d1/ok", "");
            study_run(&study);
            if (death < DEATH_SUCCEEDED) {
                simulated_remove("/project/workspace/d1/ok");
            }
            study_write(&study, "d1/in", "2");
            study.death = death;
            study_run(&study);
            assert_true(study.is_dead);
            if (seed > 0) {
                cut_power(&study, seed);
            }
            assert_true(lies_about(&study, "1"));
            if (seed % 2 == 0) {
                study_write(&study, "d1/in", "1");
                expect_end(&study, "1");
            } else {
                expect_end(&study, "2");
            }
            study_end(&study);
        }
    }
}

/* The very first attempt, of which nothing but its start may be on record. */
static void test_half_a_first_product_is_never_adopted(void **state)
{
    enum { SEEDS = 64 };
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct study study;
        study_begin(&study, ONE(""));
        simulated_keep_order();
        study_write(&study, "d1/in", "1");
        study.death = DEATH_COMMANDED;
        study_run(&study);
        assert_string_equal(study_text(&study, "d1/a"), "half");
        if (seed > 0) {
            cut_power(&study, seed);
        }
        expect_end(&study, "1");
        study_end(&study);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_failed_attempt_left_is_out_of_the_way),
        cmocka_unit_test(test_what_a_killed_attempt_left_is_out_of_the_way),
        cmocka_unit_test(test_what_was_there_before_the_first_attempt_is_kept),
        cmocka_unit_test(test_where_the_next_attempt_continues_it_stays),
        cmocka_unit_test(test_another_input_is_no_continuation),
        cmocka_unit_test(test_unfinished_work_is_complete_when_its_products_are_there),
        cmocka_unit_test(test_unfinished_work_on_another_input_is_not),
        cmocka_unit_test(test_failed_work_is_not_completed),
        cmocka_unit_test(test_a_leftover_never_displaces_what_was_edited),
        cmocka_unit_test(test_an_edit_after_a_failure_is_no_leftover),
        cmocka_unit_test(test_a_good_backup_outlives_failures),
        cmocka_unit_test(test_the_same_bytes_from_a_failed_attempt_are_no_success),
        cmocka_unit_test(test_edits_leave_one_good_set_and_one_checkpoint),
        cmocka_unit_test(test_whenever_it_ends_nothing_good_is_lost),
        cmocka_unit_test(test_half_a_first_product_is_never_adopted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
