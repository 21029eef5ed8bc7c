/* Groups that run without the members for which a task failed (group.skip_failed;
 * docs/internals/rules.md): who is left out, when a group waits instead, and what is recorded. */
#include "simulated_study.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ONE_WITH(more, command)                                                                    \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['o']\n" more "command = '" command " # {directory}'\n"
#define ONE ONE_WITH("", "fail_if bad in; copy in o")
#define SUM_WITH(more)                                                                             \
    "[[action]]\n"                                                                                 \
    "name = 'sum'\n"                                                                               \
    "scope = 'group'\n"                                                                            \
    "inputs = ['o']\n"                                                                             \
    "products = ['//sum']\n"                                                                       \
    "command = 'gather o //sum; variable ACTION_SKIPPED //out'\n" more
#define SUM SUM_WITH("group.skip_failed = true\n")
#define THREE WRITE("a/in", "A"), WRITE("b/in", "bad"), WRITE("c/in", "C")

static void begin(struct study *study, const char *rowfile)
{
    study_begin(study, rowfile);
    study_write(study, "a/in", "A");
    study_write(study, "b/in", "bad");
    study_write(study, "c/in", "C");
}

static void expect_in_log(struct study *study, const char *line, bool is_there)
{
    if ((strstr(buf_string(&study->log), line) != NULL) != is_there) {
        fail_msg("%s `%s` in:\n%s", is_there ? "there is no" : "there is", line,
                 buf_string(&study->log));
    }
}

static void send_interrupt(void *context)
{
    (void)context;
    simulated_signal(SIGINT);
}

/* ---- Who is left out ---- */

static void test_the_group_runs_over_those_that_succeeded(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), TEXT("../sum", "AC"),
         TEXT("../out", "b"));
    PLAY(ONE SUM_WITH(""), THREE, RUN("one/a one/b one/c"), TEXT("../sum", "-"));
}

static void test_the_same_failures_do_not_rerun_it(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), RUN("one/b"),
         WHY("sum///sum", "maybe: UPSTREAM_PENDING"), RUN("one/b"));
}

static void test_it_runs_again_when_one_of_them_succeeds(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), WRITE("b/in", "B"),
         RUN("one/b sum///sum"), TEXT("../sum", "ABC"), TEXT("../out", ""), RUN(""));
}

static void test_it_runs_again_when_another_one_fails(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), WRITE("c/in", "bad"),
         RUN("one/b one/c sum///sum"), TEXT("../sum", "A"), TEXT("../out", "b\nc"),
         RUN("one/b one/c"), WRITE("c/in", "D"), RUN("one/b one/c sum///sum"), TEXT("../sum", "AD"),
         TEXT("../out", "b"), RUN("one/b"));
}

static void test_one_that_takes_the_place_of_another_reruns_it(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), WRITE("b/in", "B"),
         WRITE("c/in", "bad"), RUN("one/b one/c sum///sum"), TEXT("../sum", "AB"),
         TEXT("../out", "c"));
}

static void test_a_member_that_joins_and_fails_is_left_out_too(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), WRITE("d/in", "bad"),
         RUN("one/b one/d sum///sum"), TEXT("../sum", "AC"), TEXT("../out", "b\nd"),
         RUN("one/b one/d"));
}

static void test_reasons_name_who_is_left_out(void **state)
{
    (void)state;
    /* --only: what comes before counts by its record. */
    PLAY(ONE SUM, THREE, RUN("one/a one/b one/c sum///sum"), WRITE("c/in", "bad"),
         SELECT("one", NULL), RUN("one/b one/c"), SELECT("sum", "only"),
         WHY("sum///sum", "stale: SKIPPED c"), SELECT("sum", "only"), RUN("sum///sum"),
         TEXT("../out", "b\nc"), WRITE("b/in", "B"), SELECT("one", NULL), RUN("one/b one/c"),
         SELECT("sum", "only"), WHY("sum///sum", "stale: RESUMED b, UPSTREAM_MADE workspace/b/o"));
}

static void test_a_failure_further_back_counts(void **state)
{
    (void)state;
    PLAY(ONE "[[action]]\n"
             "name = 'two'\n"
             "inputs = ['o']\n"
             "products = ['p']\n"
             "command = 'copy o p # {directory}'\n"
             "[[action]]\n"
             "name = 'sum'\n"
             "scope = 'group'\n"
             "inputs = ['p']\n"
             "products = ['//sum']\n"
             "command = 'gather p //sum'\n"
             "group.skip_failed = true\n",
         THREE, RUN("one/a one/b one/c two/a two/c sum///sum"), TEXT("../sum", "AC"), RUN("one/b"),
         WRITE("b/in", "B"), RUN("one/b two/b sum///sum"), TEXT("../sum", "ABC"), RUN(""));
}

static void test_what_a_member_makes_elsewhere_is_left_out_as_well(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "inputs = ['in']\n"
         "products = ['//results/{directory}']\n"
         "command = 'fail_if bad in; copy in //results/{directory}'\n"
         "[[action]]\n"
         "name = 'sum'\n"
         "scope = 'group'\n"
         "inputs = ['//results/*']\n"
         "products = ['//sum']\n"
         "command = 'write {inputs} //sum'\n"
         "group.skip_failed = true\n",
         WRITE("a/in", "A"), WRITE("b/in", "bad"), RUN("one/a one/b sum///sum"),
         TEXT("../sum", "results/a"), RUN("one/b"));
}

static void test_tasks_without_products_count_as_well(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "inputs = ['in']\n"
         "command = 'fail_if bad in # {directory}'\n"
         "[[action]]\n"
         "name = 'sum'\n"
         "scope = 'group'\n"
         "previous_actions = ['one']\n"
         "products = ['//sum']\n"
         "command = 'gather in //sum'\n"
         "group.skip_failed = true\n",
         THREE, RUN("one/a one/b one/c sum///sum"), TEXT("../sum", "AC"), RUN("one/b"),
         WRITE("c/in", "D"), RUN("one/b one/c sum///sum"), TEXT("../sum", "AD"), RUN("one/b"),
         WRITE("b/in", "B"), RUN("one/b sum///sum"), TEXT("../sum", "ABD"), RUN(""));
}

static void test_a_group_after_such_a_group_leaves_out_the_same(void **state)
{
    (void)state;
    PLAY(ONE SUM "[[action]]\n"
                 "name = 'figure'\n"
                 "scope = 'group'\n"
                 "previous_actions = ['sum']\n"
                 "products = ['//figure']\n"
                 "command = 'gather o //figure'\n"
                 "group.skip_failed = true\n",
         THREE, RUN("one/a one/b one/c sum///sum figure///figure"), TEXT("../figure", "AC"),
         RUN("one/b"), WRITE("b/in", "B"), RUN("one/b sum///sum figure///figure"),
         TEXT("../figure", "ABC"), RUN(""));
}

static void test_each_group_has_its_own(void **state)
{
    (void)state;
    PLAY("[workspace]\nvalue_file = 'v'\n" ONE "[[action]]\n"
         "name = 'sum'\n"
         "inputs = ['o']\n"
         "products = ['//sum{/k}']\n"
         "command = 'gather o //sum{/k}; variable ACTION_SKIPPED //out{/k}'\n"
         "group.sort_by = ['/k']\n"
         "group.split_by_sort_key = true\n"
         "group.skip_failed = true\n",
         THREE, WRITE("a/v", "{\"k\":1}"), WRITE("b/v", "{\"k\":1}"), WRITE("c/v", "{\"k\":2}"),
         RUN("one/a one/b one/c sum///sum1 sum///sum2"), TEXT("../sum1", "A"), TEXT("../out1", "b"),
         TEXT("../sum2", "C"), TEXT("../out2", ""), RUN("one/b"));
    /* The first member, whose value stands for all, is out. */
    PLAY("[workspace]\nvalue_file = 'v'\n" ONE "[[action]]\n"
         "name = 'sum'\n"
         "inputs = ['o']\n"
         "products = ['//sum{/k}']\n"
         "command = 'gather o //sum{/k}'\n"
         "group.sort_by = ['/k']\n"
         "group.split_by_sort_key = true\n"
         "group.skip_failed = true\n",
         WRITE("a/in", "bad"), WRITE("a/v", "{\"k\":1}"), WRITE("b/in", "B"),
         WRITE("b/v", "{\"k\":1}"), RUN("one/a one/b sum///sum1"), TEXT("../sum1", "B"));
}

/* ---- When the group waits ---- */

static void test_retries_are_spent_first(void **state)
{
    struct study study;
    (void)state;
    /* The second attempt succeeds. */
    begin(&study,
          ONE_WITH("retries = 1\n", "copy in o; stop_if again; write x again; fail_if bad in") SUM);
    study_expect(&study, "one/a one/b one/b one/c sum///sum");
    assert_string_equal(study_text(&study, "../sum"), "AbadC");
    assert_string_equal(study_text(&study, "../out"), "");
    study_end(&study);
}

static void test_an_unfinished_member_holds_the_group_up(void **state)
{
    (void)state;
    PLAY(ONE_WITH("resumable = []\n", "stop_if never; copy in half; fail_if bad in; copy in o") SUM,
         WRITE("a/in", "A"), WRITE("b/in", "B"), WRITE("b/never", ""), RUN("one/a one/b"),
         TEXT("../sum", "-"), RUN("one/b"), TEXT("../sum", "-"));
}

static void test_a_blocked_member_holds_the_group_up(void **state)
{
    (void)state;
    PLAY(ONE SUM, THREE, WRITE("d/x", ""), RUN("one/a one/b one/c"), TEXT("../sum", "-"),
         WHY("sum///sum", "blocked: UPSTREAM_BLOCKED"), WRITE("d/in", "D"),
         RUN("one/b one/d sum///sum"), TEXT("../sum", "ACD"));
}

static void test_a_cancelled_member_holds_the_group_up(void **state)
{
    struct study study;
    (void)state;
    begin(&study, ONE_WITH("", "last 5; fail_if bad in; copy in o") SUM);
    study.jobs = 1;
    simulated_after(STUDY_WHILE_NS + 7000000000, send_interrupt, NULL); /* while b runs */
    study_expect(&study, "one/a one/b");
    assert_true(study.result.interrupted);
    study_expect(&study, "one/b one/c sum///sum");
    study_end(&study);
}

static void test_what_comes_before_the_group_itself_holds_it_up(void **state)
{
    (void)state;
    PLAY(ONE "[[action]]\n"
             "name = 'all'\n"
             "scope = 'project'\n"
             "products = ['style']\n"
             "inputs = ['//setting']\n"
             "command = 'fail_if bad //setting; copy //setting //style'\n" SUM_WITH(
                 "group.skip_failed = true\nprevious_actions = ['all']\n"),
         THREE, WRITE("../setting", "bad"), RUN("one/a one/b one/c all"), TEXT("../sum", "-"),
         WRITE("../setting", "x"), RUN("one/b all sum///sum"), TEXT("../sum", "AC"));
}

static void test_without_any_member_it_does_not_run(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, ONE SUM);
    study_write(&study, "a/in", "bad");
    study_write(&study, "b/in", "bad");
    study.tells_rest = true;
    study_expect(&study, "one/a one/b");
    assert_null(study_text(&study, "../sum"));
    assert_int_equal(study.result.failed, 2);
    assert_int_equal(study.result.not_started, 1);
    expect_in_log(&study,
                  "notice `sum //sum` didn't run, since a task failed for each of its directories: "
                  "`a`, `b`\n",
                  true);
    expect_in_log(&study,
                  "left sum //sum: not started: for each of its directories, a task that it "
                  "needs failed\n",
                  true);
    study_write(&study, "b/in", "B");
    study_expect(&study, "one/a one/b sum///sum");
    assert_string_equal(study_text(&study, "../sum"), "B");
    study_end(&study);
}

/* ---- The run ---- */

static void test_the_run_names_who_was_left_out_and_has_failed(void **state)
{
    struct study study;
    (void)state;
    begin(&study, ONE SUM);
    for (int time = 0; time < 2; time++) {
        study_run(&study);
        assert_int_equal(study.result.failed, 1);
        expect_in_log(
            &study,
            "notice `sum //sum` left out 1 of 3 directories, for which a task failed: `b`\n", true);
    }
    study_write(&study, "b/in", "B");
    study_run(&study);
    assert_int_equal(study.result.failed, 0);
    expect_in_log(&study, "left out", false);
    study_end(&study);
}

static void test_such_failures_do_not_stop_the_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study, ONE SUM);
    study.keep_going = 1;
    study_expect(&study, "one/a one/b one/c sum///sum");
    expect_in_log(&study, "stopping", false);
    study_end(&study);
    begin(&study, ONE SUM_WITH(""));
    study.keep_going = 1;
    study_expect(&study, "one/a one/b");
    expect_in_log(&study, "stopping", true);
    study_end(&study);
    /* The group isn't part of the run. */
    begin(&study, ONE SUM);
    study.keep_going = 1;
    study.action = "one";
    study_expect(&study, "one/a one/b");
    study_end(&study);
}

static void test_the_group_asks_for_those_that_are_left(void **state)
{
    struct study study;
    (void)state;
    begin(&study, ONE SUM_WITH("group.skip_failed = true\n"
                               "resources.memory.per_directory = '1 MB'\n"
                               "resources.processes.per_directory = 1\n"));
    study.jobs = 3;
    study_expect(&study, "one/a one/b one/c sum///sum");
    study_look(&study);
    assert_int_equal(state_task(study.state, study_task(&study, "sum///sum").at)->cores, 2);
    study_close(&study);
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_group_runs_over_those_that_succeeded),
        cmocka_unit_test(test_the_same_failures_do_not_rerun_it),
        cmocka_unit_test(test_it_runs_again_when_one_of_them_succeeds),
        cmocka_unit_test(test_it_runs_again_when_another_one_fails),
        cmocka_unit_test(test_one_that_takes_the_place_of_another_reruns_it),
        cmocka_unit_test(test_a_member_that_joins_and_fails_is_left_out_too),
        cmocka_unit_test(test_reasons_name_who_is_left_out),
        cmocka_unit_test(test_a_failure_further_back_counts),
        cmocka_unit_test(test_what_a_member_makes_elsewhere_is_left_out_as_well),
        cmocka_unit_test(test_tasks_without_products_count_as_well),
        cmocka_unit_test(test_a_group_after_such_a_group_leaves_out_the_same),
        cmocka_unit_test(test_each_group_has_its_own),
        cmocka_unit_test(test_retries_are_spent_first),
        cmocka_unit_test(test_an_unfinished_member_holds_the_group_up),
        cmocka_unit_test(test_a_blocked_member_holds_the_group_up),
        cmocka_unit_test(test_a_cancelled_member_holds_the_group_up),
        cmocka_unit_test(test_what_comes_before_the_group_itself_holds_it_up),
        cmocka_unit_test(test_without_any_member_it_does_not_run),
        cmocka_unit_test(test_the_run_names_who_was_left_out_and_has_failed),
        cmocka_unit_test(test_such_failures_do_not_stop_the_run),
        cmocka_unit_test(test_the_group_asks_for_those_that_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
