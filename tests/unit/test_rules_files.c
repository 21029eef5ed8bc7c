/* Which files are read to decide what is out of date, and what is decided where they can't be
 * (docs/internals/rules.md, rule 1 and "Failed looks"). */
#include "simulated_study.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char chain[] = "[default.action]\n"
                            "scope = 'directory'\n"
                            "[[action]]\n"
                            "name = 'first'\n"
                            "inputs = ['in']\n"
                            "products = ['a']\n"
                            "command = 'sort in a'\n"
                            "[[action]]\n"
                            "name = 'second'\n"
                            "inputs = ['a']\n"
                            "products = ['b']\n"
                            "command = 'upper a b'\n";

#define IN "/project/workspace/d1/in"
#define A "/project/workspace/d1/a"
#define B "/project/workspace/d1/b"

static void begin_finished(struct study *study)
{
    study_begin(study, chain);
    study_write(study, "d1/in", "three");
    study_write(study, "d2/in", "three");
    study_run(study);
    study_expect(study, "");
    simulated_forget_reads();
}

static void expect_reads(size_t in, size_t a, size_t b)
{
    assert_int_equal(simulated_reads(IN), in);
    assert_int_equal(simulated_reads(A), a);
    assert_int_equal(simulated_reads(B), b);
    simulated_forget_reads();
}

/* ---- What is read ---- */

static void test_what_did_not_move_is_not_read(void **state)
{
    struct study study;
    (void)state;
    begin_finished(&study);
    study_expect(&study, "");
    expect_reads(0, 0, 0);
    study_look(&study);
    study_close(&study);
    expect_reads(0, 0, 0);
    study_end(&study);
}

static void test_only_what_moved_is_read_and_only_once(void **state)
{
    struct study study;
    (void)state;
    begin_finished(&study);
    simulated_set_time(A, simulated_now());
    study_expect(&study, "");
    expect_reads(0, 1, 0);
    assert_int_equal(simulated_reads("/project/workspace/d2/a"), 0);
    study_expect(&study, "");
    expect_reads(0, 0, 0);
    simulated_rename(IN, "/project/workspace/d1/moved"); /* its ctime alone */
    simulated_rename("/project/workspace/d1/moved", IN);
    study_expect(&study, "");
    expect_reads(1, 0, 0);
    study_end(&study);
}

/* git's rule: equal size and times say nothing of a file that was read within the tick. */
static void test_what_was_read_within_its_tick_is_read_again(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, chain);
    study.is_hasty = true;
    study_write(&study, "d1/in", "three");
    study_expect(&study, "first/d1 second/d1");
    struct stat before;
    struct stat after;
    assert_int_equal(disk->stat(AT_FDCWD, IN, &before, 0), 0);
    study_write(&study, "d1/in", "THREE"); /* all within one tick of the file system's clock */
    assert_int_equal(disk->stat(AT_FDCWD, IN, &after, 0), 0);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
                before.st_ctim.tv_nsec == after.st_ctim.tv_nsec && before.st_size == after.st_size);
    study_expect(&study, "first/d1 second/d1");
    study.is_hasty = false;
    simulated_pass(INT64_C(1000000000));
    simulated_forget_reads();
    study_expect(&study, ""); /* now the rows are settled… */
    assert_true(simulated_reads(IN) > 0);
    simulated_forget_reads();
    study_expect(&study, ""); /* …and nothing is read any more */
    expect_reads(0, 0, 0);
    study_end(&study);
}

static void test_a_run_leaves_nothing_unsettled(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, chain);
    study_write(&study, "d1/in", "three");
    study_run(&study);
    simulated_forget_reads();
    study_expect(&study, "");
    expect_reads(0, 0, 0);
    study_end(&study);
}

static void test_large_products_are_adopted_unread(void **state)
{
    struct study study;
    struct buf large = BUF_EMPTY;
    (void)state;
    study_begin(&study, chain);
    for (int i = 0; i < 3 << 20; i++) {
        buf_add_char(&large, 'x');
    }
    study_write(&study, "d1/in", "three");
    study_write(&study, "d1/a", large.at);
    study_write(&study, "d1/b", "small");
    simulated_forget_reads();
    study_expect(&study, "");
    assert_int_equal(study.adopted, 2);
    assert_int_equal(simulated_reads(A), 0);
    assert_true(simulated_reads(B) > 0);
    study_write(&study, "d1/b", "small");
    study_expect(&study, "");
    assert_int_equal(simulated_reads(A), 0);
    simulated_set_time(A, simulated_now()); /* digested when it first moves: its size stands */
    study_expect(&study, "");
    assert_true(simulated_reads(A) > 0);
    study_write(&study, "d1/a", "not what it was");
    study_expect_why(&study, "first/d1", "stale: PRODUCT_CHANGED a");
    study_end(&study);
    buf_release(&large);
}

/* ---- Failed looks ---- */

static void move(const char *path)
{
    simulated_set_time(path, simulated_now());
}

static void test_an_input_that_can_not_be_read_blocks(void **state)
{
    static const int errors[] = {EIO, EACCES, ENOMEM};
    struct study study;
    (void)state;
    begin_finished(&study);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        move(IN);
        simulated_fail(SIMULATED_OPEN, IN, 0, errors[i]);
        study_expect_why(&study, "first/d1", "blocked: INPUT_UNREADABLE workspace/d1/in");
        study_expect(&study, "");
        simulated_heal();
        study_expect(&study, "");
    }
    study_end(&study);
}

static void test_a_product_that_can_not_be_read_reruns_nothing(void **state)
{
    struct study study;
    (void)state;
    begin_finished(&study);
    move(B);
    simulated_fail(SIMULATED_READ, B, 0, EIO);
    study_expect_why(&study, "second/d1", "blocked: PRODUCT_UNREADABLE b");
    study_expect(&study, "");
    simulated_heal();
    simulated_fail(SIMULATED_STAT, B, 0, ESTALE);
    study_expect_why(&study, "second/d1", "blocked: PRODUCT_UNREADABLE b");
    simulated_heal();
    study_expect(&study, "");
    study_end(&study);
}

static void test_a_look_that_fails_once_or_twice_is_tried_again(void **state)
{
    struct study study;
    (void)state;
    begin_finished(&study);
    move(A);
    simulated_fail(SIMULATED_OPEN, A, 1, EMFILE);
    simulated_fail(SIMULATED_READ, A, 1, EIO);
    study_expect(&study, "");
    study_expect_why(&study, "first/d1", "fresh:");
    study_end(&study);
}

static void test_an_edit_is_seen_after_a_failed_look(void **state)
{
    struct study study;
    (void)state;
    begin_finished(&study);
    study_write(&study, "d1/in", "other");
    simulated_fail(SIMULATED_READ, IN, 0, EIO);
    study_expect(&study, "");
    simulated_heal();
    study_expect_why(&study, "first/d1", "stale: INPUT in");
    study_expect(&study, "first/d1 second/d1");
    study_expect(&study, "");
    study_end(&study);
}

/* ---- What a crash leaves of the state ---- */

/* Whatever of an edit and a run is on the disk after the power went, the next run ends with
 * products that are those of the input. */
static void test_after_a_crash_the_next_run_puts_all_right(void **state)
{
    struct study study;
    (void)state;
    for (uint64_t seed = 0; seed < 64; seed++) {
        begin_finished(&study);
        study_write(&study, "d1/in", "fresh");
        study_run(&study);
        simulated_crash(seed);
        simulated_pass(120 * INT64_C(1000000000)); /* the machine starts; a lock is old by then */
        study.project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        assert_true(study.project >= 0);
        study_run(&study);
        assert_string_equal(study_text(&study, "d1/a"), "efhrs");
        assert_string_equal(study_text(&study, "d1/b"), "EFHRS");
        study_expect(&study, "");
        study_end(&study);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_did_not_move_is_not_read),
        cmocka_unit_test(test_only_what_moved_is_read_and_only_once),
        cmocka_unit_test(test_what_was_read_within_its_tick_is_read_again),
        cmocka_unit_test(test_a_run_leaves_nothing_unsettled),
        cmocka_unit_test(test_large_products_are_adopted_unread),
        cmocka_unit_test(test_an_input_that_can_not_be_read_blocks),
        cmocka_unit_test(test_a_product_that_can_not_be_read_reruns_nothing),
        cmocka_unit_test(test_a_look_that_fails_once_or_twice_is_tried_again),
        cmocka_unit_test(test_an_edit_is_seen_after_a_failed_look),
        cmocka_unit_test(test_after_a_crash_the_next_run_puts_all_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
