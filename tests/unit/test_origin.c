/* What records say of the run in which a success came about. */
#include "facts_json.h"
#include "run_facts.h"
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char ROWFILE_TEXT[] = "[[action]]\n"
                                   "name = 'one'\n"
                                   "inputs = ['in']\n"
                                   "products = ['a']\n"
                                   "command = 'fail_if bad in; last 2; copy in a # {directory}'\n"
                                   "[[action]]\n"
                                   "name = 'two'\n"
                                   "inputs = ['a']\n"
                                   "products = ['b']\n"
                                   "command = 'copy a b # {directory}'\n";

/* The host that a task's record names, "-" where it names no run; and how long it took from start
 * to end, -1 where no start is known. */
static void expect_host(struct study *study, const char *key, const char *host, int64_t seconds)
{
    study_look(study);
    const struct task_row *row = state_task(study->state, study_task(study, key).at);
    struct run_facts facts = run_facts_of(state_text(study->state, row->origin));
    assert_true(slice_is(facts.host, host[0] == '-' ? "" : host));
    if (seconds < 0) {
        assert_int_equal(row->started_at_ns, 0);
    } else {
        int64_t took_ns = row->finished_at_ns - row->started_at_ns;
        assert_true(row->started_at_ns > 0);
        assert_int_equal(took_ns / 1000000000, seconds);
    }
    study_close(study);
}

static void begin(struct study *study)
{
    study_begin(study, ROWFILE_TEXT);
    study_write(study, "d1/in", "1");
    study->host = "north";
    study_expect(study, "one/d1 two/d1");
    expect_host(study, "one/d1", "north", 2);
    expect_host(study, "two/d1", "north", 0);
    study->host = "south";
}

static void test_each_record_names_its_own_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    study_write(&study, "d2/in", "2");
    study_expect(&study, "one/d2 two/d2");
    expect_host(&study, "one/d1", "north", 2);
    expect_host(&study, "one/d2", "south", 2);
    study_write(&study, "d1/in", "3");
    study_expect(&study, "one/d1 two/d1");
    expect_host(&study, "one/d1", "south", 2);
    study_end(&study);
}

/* A part of what JSON says of the last attempt; NULL: nothing is known. */
static void expect_attempt(struct study *study, const char *key, const char *expected)
{
    struct buf out = BUF_EMPTY;
    study_look(study);
    struct run_facts facts;
    struct task_id task = study_task(study, key);
    bool is_known = plan_attempt_facts(study->plan, task, &facts);
    buf_add_char(&out, '{');
    facts_add_attempt(&out, study->plan, task);
    buf_add_char(&out, '}');
    assert_int_equal(is_known, expected != NULL);
    if (expected == NULL) {
        assert_string_equal(buf_string(&out), "{\"last_attempt\":null}");
    } else {
        assert_non_null(strstr(buf_string(&out), expected));
        assert_true(slice_is(facts.host, "south"));
        assert_true(facts.shell.len > 0);
        assert_int_equal(facts.cores, 1);
        assert_int_equal((facts.ended_at_ns - facts.started_at_ns) / 1000000000, 2);
    }
    study_close(study);
    buf_release(&out);
}

static void test_a_failed_attempt_names_its_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    expect_attempt(&study, "one/d1", NULL);
    study_write(&study, "d1/in", "bad");
    study_write(&study, "d2/in", "bad"); /* never succeeded */
    study_expect(&study, "one/d1 one/d2");
    expect_attempt(&study, "one/d1", "\"outcome\":\"failed\",\"exit_status\":1,\"signal\":null");
    expect_attempt(&study, "one/d2", "\"host\":\"south\"");
    expect_attempt(&study, "two/d1", NULL);
    expect_host(&study, "one/d1", "north", 2); /* its success is still what it was */
    study_expect_why(&study, "one/d1", "stale: INPUT in, FAILED, PRODUCT_MISSING a");
    study.host = "south"; /* again, and the facts replace those before */
    study_expect(&study, "one/d1 one/d2");
    expect_attempt(&study, "one/d1", "\"cores\":1");
    study_write(&study, "d1/in", "good");
    study_expect(&study, "one/d1 one/d2 two/d1");
    expect_attempt(&study, "one/d1", NULL);
    expect_host(&study, "one/d1", "south", 2);
    study_write(&study, "d1/in", "bad");
    study_expect(&study, "one/d1 one/d2");
    study_write(&study, "d1/in", "good"); /* what succeeded comes back */
    study_expect(&study, "back:one/d1 one/d2");
    expect_attempt(&study, "one/d1", NULL);
    study_end(&study);
}

static void test_a_run_with_nothing_to_do_leaves_no_trace(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    study_expect(&study, "");
    expect_host(&study, "one/d1", "north", 2);
    study_look(&study);
    struct buf text = BUF_EMPTY;
    run_facts_add(&(struct run_facts){.host = SLICE_LITERAL("south")}, &text);
    assert_null(state_text(study.state, digest_of(buf_slice(&text))).at);
    buf_release(&text);
    study_close(&study);
    study_end(&study);
}

/* What a failure, a kill and an edit leave is the story of the success that is on record. */
static void test_a_failure_keeps_the_run_of_the_last_success(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    study_write(&study, "d1/in", "bad");
    study_expect(&study, "one/d1");
    expect_host(&study, "one/d1", "north", 2);
    study_write(&study, "d1/in", "1");
    study_expect(&study, "back:one/d1");
    expect_host(&study, "one/d1", "north", 2);
    study_write(&study, "d1/in", "4");
    study.death = DEATH_RECORDED;
    (void)study_try(&study);
    expect_host(&study, "one/d1", "north", 2);
    study_expect(&study, "one/d1 two/d1");
    expect_host(&study, "one/d1", "south", 2);
    study_end(&study);
}

/* A record that is written in other terms is of the same success. */
static void test_a_record_in_other_terms_keeps_its_run(void **state)
{
    static const char MORE[] = "[[action]]\n"
                               "name = 'one'\n"
                               "inputs = ['in', 'note']\n"
                               "products = ['a']\n"
                               "command = 'fail_if bad in; last 2; copy in a # {directory}'\n";
    struct study study;
    (void)state;
    begin(&study);
    study_write(&study, "d1/note", "");
    study.rowfile = MORE;
    study_expect(&study, "one/d1"); /* the note is younger than the success */
    study.rowfile = ROWFILE_TEXT;
    study.host = "west";
    study_expect(&study, "");
    expect_host(&study, "one/d1", "south", 2);
    study_end(&study);
}

static void test_adopted_products_have_no_run(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, ROWFILE_TEXT);
    study_write(&study, "d1/in", "1");
    study_write(&study, "d1/a", "1");
    study.host = "north";
    study_expect(&study, "two/d1");
    assert_int_equal(study.adopted, 1);
    expect_host(&study, "one/d1", "-", -1);
    expect_host(&study, "two/d1", "north", 0);
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_record_names_its_own_run),
        cmocka_unit_test(test_a_run_with_nothing_to_do_leaves_no_trace),
        cmocka_unit_test(test_a_failed_attempt_names_its_run),
        cmocka_unit_test(test_a_failure_keeps_the_run_of_the_last_success),
        cmocka_unit_test(test_a_record_in_other_terms_keeps_its_run),
        cmocka_unit_test(test_adopted_products_have_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
