/* What tasks are likely to take, by the records, and how long a run still takes. */
#include "simulated_study.h"

#include "plan.h"
#include "report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct study *study, const char *rowfile, unsigned directories)
{
    study_begin(study, rowfile);
    study->grace_s = 1;
    for (unsigned d = 1; d <= directories; d++) {
        char path[16];
        (void)snprintf(path, sizeof path, "d%u/in", d);
        study_write(study, path, "x");
    }
}

static void expect_log(struct study *study, const char *expected)
{
    study_run(study);
    if (strcmp(buf_string(&study->log), expected) != 0) {
        fail_msg("expected:\n%sbut:\n%s", expected, buf_string(&study->log));
    }
}

#define LASTS(seconds)                                                                             \
    "[[action]]\nname = 'a'\ncommand = 'last " seconds "; copy in out # {directory}'\n"            \
    "products = ['out']\n"

static void run_one(struct study *study, const char *rowfile, const char *directory)
{
    study->rowfile = rowfile;
    study->target = directory;
    study_run(study);
    study->target = NULL;
}

static void expect_seconds(struct study *study, const char *key, double expected)
{
    study_look(study);
    assert_float_equal(plan_core_seconds(study->plan, study_task(study, key)), expected, 1e-6);
    study_close(study);
}

/* ---- Records ---- */

static void what_never_ran_takes_the_median_of_its_siblings(void **state)
{
    struct study study;
    (void)state;
    begin(&study, LASTS("1"), 5);
    expect_seconds(&study, "a/d1", -1);
    run_one(&study, LASTS("1"), "d1");
    expect_seconds(&study, "a/d1", 1);
    expect_seconds(&study, "a/d5", 1);
    run_one(&study, LASTS("3"), "d2");
    expect_seconds(&study, "a/d5", 2);
    run_one(&study, LASTS("100"), "d3");
    expect_seconds(&study, "a/d5", 3);
    expect_seconds(&study, "a/d3", 100);
    expect_seconds(&study, "a/d1", 1); /* stale now, and still what it took */
    study_end(&study);
}

static void cores_count(void **state)
{
    struct study study;
    (void)state;
    begin(&study, LASTS("2") "resources.threads_per_process = 3\n", 2);
    study.jobs = 3;
    run_one(&study, LASTS("2") "resources.threads_per_process = 3\n", "d1");
    expect_seconds(&study, "a/d1", 6);
    expect_seconds(&study, "a/d2", 6);
    study_end(&study);
}

static const char batch[] =
    "[[action]]\nname = 'a'\ncommand = 'last 6; copy in out # {directories}'\n"
    "products = ['out']\n";

static void a_batch_is_counted_once(void **state)
{
    struct study study;
    (void)state;
    begin(&study, batch, 3);
    study_run(&study);
    expect_seconds(&study, "a/d1", 2);
    study_write(&study, "d4/in", "x");
    expect_seconds(&study, "a/d4", 2);
    study_end(&study);
}

#define ELEMENT(number)                                                                            \
    "[[action]]\nname = 'a'\ncommand = 'last 6; copy in out # {directories}'\n"                    \
    "products = ['out']\nvalue_inputs = []\ngroup.where = '/e == " number "'\n"

/* Two elements of one name make batches of their own. What one of them ran costs no more when a directory has
 * moved to the other since, and its record, which is the whole batch's, with it. */
static void a_batch_of_elements_with_one_name_is_counted_once(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[workspace]\nvalue_file = 'in'\n" ELEMENT("1") ELEMENT("2"), 0);
    study_write(&study, "d1/in", "{\"e\": 1}");
    study_write(&study, "d2/in", "{\"e\": 1}");
    study_write(&study, "d3/in", "{\"e\": 1}");
    study_write(&study, "d4/in", "{\"e\": 2}");
    study_write(&study, "d5/in", "{\"e\": 2}");
    study_run(&study);
    expect_seconds(&study, "a/d1", 2);
    expect_seconds(&study, "a/d4", 3);
    study_write(&study, "d3/in", "{\"e\": 2}");
    expect_seconds(&study, "a/d1", 2);
    expect_seconds(&study, "a/d3", 2);
    expect_seconds(&study, "a/d4", 3);
    study_end(&study);
}

static const char two_actions[] =
    LASTS("1") "[[action]]\nname = 'b'\ncommand = 'last 1; copy out b'\n"
               "inputs = ['out']\nproducts = ['b']\n";

static void an_estimate_counts_what_is_unknown(void **state)
{
    struct study study;
    struct rowbuild_estimate estimate;
    (void)state;
    begin(&study, two_actions, 3);
    study.action = "a";
    run_one(&study, two_actions, "d1");
    study.action = NULL;
    study_look(&study);
    report_estimate(study.plan, &estimate, &study.diag);
    assert_int_equal(estimate.will_run, 5);
    assert_int_equal(estimate.unknown, 3);
    assert_float_equal(estimate.least_core_hours, 2.0 / 3600, 1e-9);
    study_close(&study);
    study_end(&study);
}

/* ---- The time left ---- */

static void it_is_known_as_soon_as_one_has_ended(void **state)
{
    struct study study;
    (void)state;
    begin(&study, two_actions, 2);
    study.tells_left = true;
    expect_log(&study, "0 start a d1\n4 unknown\n"
                       "1000 succeeded a d1\n1.0 s left, 2 unknown\n"
                       "1000 start a d2\n1.0 s left, 2 unknown\n"
                       "2000 succeeded a d2\n2 unknown\n"
                       "2000 start b d1\n2 unknown\n"
                       "3000 succeeded b d1\n1.0 s left\n"
                       "3000 start b d2\n1.0 s left\n"
                       "4000 succeeded b d2\n0.0 s left\n");
    assert_int_equal(study.bare_events, 0);
    study_end(&study);
}

/* One of 100 s among short ones, beside which those that are left end. */
static void a_long_task_counts_its_own_record(void **state)
{
    struct study study;
    (void)state;
    begin(&study, LASTS("2"), 4);
    study_run(&study);
    study.rerun = true;
    run_one(&study, LASTS("100"), "d1");
    study.jobs = 2;
    study.tells_left = true;
    study.rowfile = "[[action]]\nname = 'a'\ncommand = 'last 10; copy in out # {directory}'\n"
                    "products = ['out']\n";
    expect_log(&study, "0 start a d1\n100.0 s left\n"
                       "0 start a d2\n100.0 s left\n"
                       "10000 succeeded a d1\n2.0 s left, 1 unknown\n"
                       "10000 start a d3\n2.0 s left, 1 unknown\n"
                       "10000 succeeded a d2\n2.0 s left\n"
                       "10000 start a d4\n2.0 s left\n"
                       "20000 succeeded a d3\n1 unknown\n"
                       "20000 succeeded a d4\n0.0 s left\n");
    study_end(&study);
}

static void what_runs_is_named_with_every_event(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 2; fail_if bad in; copy in out # {directory}'\n"
          "products = ['out']\nretries = 1\n",
          12);
    study_write(&study, "d3/in", "bad");
    study.tells_left = true;
    study.jobs = 4;
    study_run(&study);
    assert_int_equal(study.result.failed, 1);
    assert_int_equal(study.bare_events, 0);
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_never_ran_takes_the_median_of_its_siblings),
        cmocka_unit_test(cores_count),
        cmocka_unit_test(a_batch_is_counted_once),
        cmocka_unit_test(a_batch_of_elements_with_one_name_is_counted_once),
        cmocka_unit_test(an_estimate_counts_what_is_unknown),
        cmocka_unit_test(it_is_known_as_soon_as_one_has_ended),
        cmocka_unit_test(a_long_task_counts_its_own_record),
        cmocka_unit_test(what_runs_is_named_with_every_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
