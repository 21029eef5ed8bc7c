/* Empty products stand for their maker's run (rule 3 of docs/internals/rules.md): when their readers
 * run, and what doesn't change a stamp. */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SCOPE                                                                                      \
    "[default.action]\n"                                                                           \
    "scope = 'directory'\n"
#define ACTION(name)                                                                               \
    "[[action]]\n"                                                                                 \
    "name = '" name "'\n"
#define MAKE                                                                                       \
    "inputs = ['in']\n"                                                                            \
    "products = ['done']\n"                                                                        \
    "command = 'fail_if bad in; copy in data; empty done'\n"
#define READ                                                                                       \
    "products = ['out']\n"                                                                         \
    "command = 'copy data out'\n"
#define READER ACTION("read") "inputs = ['done']\n" READ
static const char stamped[] = SCOPE ACTION("make") MAKE READER;
static const char always[] = SCOPE ACTION("make") MAKE "always = true\n" READER;

#define FINISHED WRITE("d1/in", "one"), RUN("make/d1 read/d1"), RUN("")

static void test_other_inputs_of_its_maker_rerun_a_reader(void **state)
{
    (void)state;
    PLAY(stamped, FINISHED, WRITE("d1/in", "two"), WHY("read/d1", "maybe: UPSTREAM_PENDING"),
         RUN("make/d1 read/d1"), TEXT("d1/out", "two"), RUN(""), WRITE("d1/in", "one"),
         RUN("make/d1 read/d1"), TEXT("d1/out", "one"), RUN(""));
}

static void test_a_reader_that_did_not_run_then_runs_later(void **state)
{
    (void)state;
    PLAY(stamped, FINISHED, WRITE("d1/in", "two"), SELECT("make", NULL), RUN("make/d1"),
         WHY("read/d1", "stale: UPSTREAM_RAN done"), RUN("read/d1"), TEXT("d1/out", "two"),
         RUN(""));
}

static void test_the_same_inputs_leave_a_reader_up_to_date(void **state)
{
    (void)state;
    PLAY(stamped, FINISHED, REMOVE("d1/done"), RUN("make/d1"), RUN(""), SELECT("make", NULL), RERUN,
         RUN("make/d1"), RUN(""), TOUCH("d1/in"), TOUCH("d1/done"), RUN(""));
}

static void test_what_comes_back_from_a_backup_is_the_old_stamp(void **state)
{
    (void)state;
    PLAY(stamped, FINISHED, WRITE("d1/in", "bad"), RUN("make/d1"), WRITE("d1/in", "one"),
         RUN("back:make/d1"), RUN(""));
}

static void test_a_folder_without_files_is_a_stamp(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION(
             "make") "inputs = ['in']\n"
                     "products = ['done']\n"
                     "command = 'copy in data; write x done/inner/x; remove done/inner/x'\n" READER,
         FINISHED, WRITE("d1/in", "two"), RUN("make/d1 read/d1"), TEXT("d1/out", "two"), RUN(""),
         REMOVE("d1/done"), RUN("make/d1"), RUN(""));
}

static void test_all_kinds_of_readers(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") MAKE ACTION("read") "inputs = ['d*e']\n" READ, FINISHED,
         WRITE("d1/in", "two"), RUN("make/d1 read/d1"), RUN(""));
    PLAY(SCOPE ACTION("make") MAKE ACTION("read") "previous_actions = ['make']\n" READ, FINISHED,
         WRITE("d1/in", "two"), RUN("make/d1 read/d1"), RUN(""));
    PLAY(SCOPE ACTION("make") MAKE ACTION("all") "scope = 'group'\n"
                                                 "inputs = ['done']\n"
                                                 "products = ['//sum']\n"
                                                 "command = 'gather data //sum'\n",
         WRITE("d1/in", "one"), WRITE("d2/in", "one"), RUN("make/d1 make/d2 all///sum"),
         WRITE("d2/in", "two"), RUN("make/d2 all///sum"), RUN(""), REMOVE("d1/done"),
         RUN("make/d1"));
}

static void test_a_stamp_after_a_stamp(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make")
             MAKE ACTION("more") "inputs = ['done']\n"
                                 "products = ['more']\n"
                                 "command = 'copy data data2; empty more'\n" ACTION(
                                     "read") "inputs = ['more']\n"
                                             "products = ['out']\n"
                                             "command = 'copy data2 out'\n",
         WRITE("d1/in", "one"), RUN("make/d1 more/d1 read/d1"), WRITE("d1/in", "two"),
         RUN("make/d1 more/d1 read/d1"), TEXT("d1/out", "two"), RUN(""), REMOVE("d1/more"),
         RUN("more/d1"));
}

static void test_what_has_bytes_cuts_off_as_before(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "inputs = ['in']\n"
                              "products = ['done']\n"
                              "command = 'copy in data; write x done'\n" READER,
         FINISHED, WRITE("d1/in", "two"), RUN("make/d1"), RUN(""));
}

static void test_empty_and_not_empty_in_turn(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "inputs = ['in']\n"
                              "products = ['done']\n"
                              "command = 'copy in done; copy in data'\n" READER,
         FINISHED, WRITE("d1/in", ""), RUN("make/d1 read/d1"), RUN(""), WRITE("d1/in", "one"),
         RUN("make/d1 read/d1"), RUN(""));
}

static void test_of_an_always_maker_only_the_order_counts(void **state)
{
    (void)state;
    PLAY(always, WRITE("d1/in", "one"), RUN("make/d1 read/d1"), RUN("make/d1"),
         WRITE("d1/in", "two"), RUN("make/d1"), ROWFILE(stamped), RUN(""), WRITE("d1/in", "three"),
         RUN("make/d1 read/d1"), TEXT("d1/out", "three"), ROWFILE(always), RUN("make/d1"));
}

/* ---- What doesn't change a stamp ---- */

static void test_changes_of_the_description(void **state)
{
    (void)state;
    PLAY(stamped, WRITE("d1/old", "x"), FINISHED,
         ROWFILE(
             SCOPE ACTION("make") "inputs = ['in', 'old']\n"
                                  "products = ['done', 'data']\n"
                                  "command = 'fail_if bad in; copy in data; empty done'\n" READER),
         RUN(""), ROWFILE(stamped), RUN(""), ROWFILE(SCOPE ACTION("built") MAKE READER), RUN(""),
         RUN(""), WRITE("d1/in", "two"), RUN("built/d1 read/d1"));
    PLAY(stamped, FINISHED,
         ROWFILE("[workspace]\ndigest_limit = 1\n" SCOPE ACTION("make") MAKE READER), RUN(""),
         RUN(""));
}

static void test_records_without_stamps_rerun_nothing(void **state)
{
    (void)state;
    /* As earlier versions wrote them: the maker's success has none. */
    PLAY(always, WRITE("d1/in", "one"), RUN("make/d1 read/d1"), ROWFILE(stamped), RUN(""),
         WRITE("d1/in", "two"), RUN("make/d1 read/d1"), TEXT("d1/out", "two"), RUN(""));
    /* The maker's new success is older than the reader's. */
    PLAY(always, WRITE("d1/in", "one"), RUN("make/d1 read/d1"), ROWFILE(stamped), RUN(""),
         SELECT("make", NULL), RERUN, RUN("make/d1"), RUN("read/d1"), RUN(""));
}

static void test_adopted_results_rerun_nothing(void **state)
{
    (void)state;
    PLAY(stamped, WRITE("d1/in", "one"), WRITE("d1/data", "one"), WRITE("d1/done", ""),
         WRITE("d1/out", "one"), RUN(""), ADOPTED("2"), RUN(""), WRITE("d1/in", "two"),
         RUN("make/d1 read/d1"), TEXT("d1/out", "two"), RUN(""), FORGET, RUN(""), ADOPTED("2"),
         RUN(""));
}

static void test_a_reader_that_fills_the_stamp_reruns_nothing(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") MAKE ACTION("read") "inputs = ['done']\n"
                                                  "products = ['out']\n"
                                                  "command = 'copy data out; write read done'\n",
         FINISHED, WRITE("d1/in", "two"), RUN("make/d1 read/d1"), RUN(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_inputs_of_its_maker_rerun_a_reader),
        cmocka_unit_test(test_a_reader_that_did_not_run_then_runs_later),
        cmocka_unit_test(test_the_same_inputs_leave_a_reader_up_to_date),
        cmocka_unit_test(test_what_comes_back_from_a_backup_is_the_old_stamp),
        cmocka_unit_test(test_a_folder_without_files_is_a_stamp),
        cmocka_unit_test(test_all_kinds_of_readers),
        cmocka_unit_test(test_a_stamp_after_a_stamp),
        cmocka_unit_test(test_what_has_bytes_cuts_off_as_before),
        cmocka_unit_test(test_empty_and_not_empty_in_turn),
        cmocka_unit_test(test_of_an_always_maker_only_the_order_counts),
        cmocka_unit_test(test_changes_of_the_description),
        cmocka_unit_test(test_records_without_stamps_rerun_nothing),
        cmocka_unit_test(test_adopted_results_rerun_nothing),
        cmocka_unit_test(test_a_reader_that_fills_the_stamp_reruns_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
