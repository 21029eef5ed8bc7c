/* A whole run, on a disk in memory and with commands that are functions: in which order what is
 * started, when what is ended, and what is told of it. Each line of a log begins with the
 * milliseconds since the run began. */
#include "simulated_study.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECONDS(n) ((int64_t)((n)*1e9))

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

static void send(void *context)
{
    simulated_signal(*(const int *)context);
}

static void send_after(int64_t ns, const int *signal)
{
    simulated_after(STUDY_WHILE_NS + ns, send, (void *)signal);
}

static const int INTERRUPT = SIGINT;

/* ---- The budget ---- */

static const char of_many[] =
    "[[action]]\nname = 'a'\ncommand = 'last 2; copy in out # {directory}'\n"
    "products = ['out']\n";

static void test_as_many_at_a_time_as_there_are_cores(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 3);
    study.jobs = 2;
    expect_log(&study, "0 start a d1\n0 start a d2\n2000 succeeded a d1\n2000 start a d3\n"
                       "2000 succeeded a d2\n4000 succeeded a d3\n");
    assert_int_equal(simulated_most_at_once(), 2);
    expect_log(&study, "");
    study_end(&study);
    begin(&study, of_many, 3);
    expect_log(&study, "0 start a d1\n2000 succeeded a d1\n2000 start a d2\n4000 succeeded a d2\n"
                       "4000 start a d3\n6000 succeeded a d3\n");
    study_end(&study);
}

static void test_a_pool_is_shared_by_the_commands_of_a_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[pools]\nlicence = 2\nseat = 1\n"
          "[[action]]\nname = 'a'\ncommand = 'last 2; copy in out # {directory}'\n"
          "products = ['out']\nresources.pools.licence = 1\n"
          "[[action]]\nname = 'b'\ncommand = 'last 1; copy in two # {directory}'\n"
          "products = ['two']\nresources.pools = {licence = 2, seat = 1}\n"
          "[[action]]\nname = 'c'\ncommand = 'last 1; copy in free # {directory}'\n"
          "products = ['free']\n",
          2);
    study.jobs = 4;
    expect_log(&study, "0 start a d1\n0 start c d1\n0 start a d2\n0 start c d2\n"
                       "1000 succeeded c d1\n1000 succeeded c d2\n2000 succeeded a d1\n"
                       "2000 succeeded a d2\n2000 start b d1\n3000 succeeded b d1\n"
                       "3000 start b d2\n4000 succeeded b d2\n");
    study_end(&study);
}

static void lighten(void *context)
{
    (void)context;
    simulated_set_load(1.5);
    simulated_set_memory_left(1 << 30);
}

/* One command always runs. */
static void test_a_busy_machine_gets_one_command_at_a_time(void **state)
{
    static const char *const notices[] = {
        "0 notice the load average is 2.0: while something runs, nothing new is started until it "
        "is below 2\n",
        "0 notice only 1.0 MiB of memory is free: while something runs, nothing new is started "
        "until there is 2.0 MiB\n"};
    (void)state;
    for (int by_memory = 0; by_memory < 2; by_memory++) {
        struct study study;
        struct buf expected = BUF_EMPTY;
        begin(&study, of_many, 4);
        study.jobs = 4;
        study.max_load = by_memory ? 0 : 2;
        study.keep_free_bytes = by_memory ? 2 << 20 : 0;
        simulated_set_load(2);
        simulated_set_memory_left(1 << 20);
        /* While the second one runs, it becomes quiet. */
        simulated_after(STUDY_WHILE_NS + 2500000000, lighten, NULL);
        buf_addf(&expected,
                 "0 start a d1\n%s2000 succeeded a d1\n2000 start a d2\n3000 start a d3\n"
                 "3000 start a d4\n4000 succeeded a d2\n5000 succeeded a d3\n"
                 "5000 succeeded a d4\n",
                 notices[by_memory]);
        expect_log(&study, buf_string(&expected));
        buf_release(&expected);
        study_end(&study);
    }
}

/* Neither is looked at where nothing could be started. */
static void test_a_machine_is_looked_at_only_when_it_matters(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 3);
    study.jobs = 1;
    study.max_load = 1;
    study.keep_free_bytes = 1;
    size_t before = simulated_looks();
    study_run(&study);
    assert_int_equal(simulated_looks(), before);
    study_end(&study);
}

static void test_more_cores_than_there_are_is_an_error(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'read in # {directory}'\n"
          "resources.threads_per_process = 64\n",
          1);
    assert_int_equal(study_try(&study), -1);
    assert_non_null(strstr(buf_string(&study.text), "64 cores"));
    assert_int_equal(simulated_started(), 0);
    study_end(&study);
}

static void test_a_wide_task_takes_its_cores(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 1; copy in out # {directory}'\n"
          "products = ['out']\nresources.threads_per_process = 2\n",
          2);
    study.jobs = 3;
    expect_log(&study, "0 start a d1\n1000 succeeded a d1\n1000 start a d2\n2000 succeeded a d2\n");
    study_end(&study);
}

/* Runs `short` in d2, unless it is to be new, then all of d1: which of the two chains comes first? */
static void expect_first(const char *rowfile, bool is_new, const char *first)
{
    struct study study;
    begin(&study, rowfile, 2);
    study_write(&study, "d1/v.json", "{\"e\": 1}");
    study_write(&study, "d2/v.json", "{\"e\": 2}");
    study.by_length = true;
    study.action = "short";
    study.target = "d2";
    if (!is_new) {
        study_run(&study);
        assert_non_null(strstr(buf_string(&study.log), "succeeded short d2"));
    }
    study.action = NULL;
    study.target = "d1";
    study_run(&study);
    assert_ptr_equal(strstr(buf_string(&study.log), first), buf_string(&study.log));
    study_end(&study);
}

/* By the number of tasks and the time that they ask for where nothing is on record, else by the median of
 * the tasks beside it, of the same element or of another one of the action. */
static void test_the_longest_path_first(void **state)
{
#define SHORT(more)                                                                                \
    "[[action]]\nname = 'short'\nproducts = ['s']\ncommand = 'last 9000; copy in s'\n" more
#define CHAIN                                                                                      \
    "[[action]]\nname = 'one'\ncommand = 'copy in 1'\nproducts = ['1']\n"                          \
    "[[action]]\nname = 'two'\ncommand = 'copy 1 2'\ninputs = ['1']\nproducts = ['2']\n"
#define VALUES "[workspace]\nvalue_file = 'v.json'\n[default.action]\nscope = 'directory'\n"
    (void)state;
    expect_first(VALUES SHORT("") CHAIN, true, "0 start one d1\n120 succeeded one d1\n");
    expect_first(VALUES SHORT("resources.walltime.per_directory = '5 days, 00:00:00'\n") CHAIN,
                 true, "0 start short d1\n");
    expect_first(VALUES SHORT("") CHAIN, false, "0 start short d1\n");
    expect_first(VALUES SHORT("group.where = '/e == 1'\n") SHORT("group.where = '/e == 2'\n") CHAIN,
                 false, "0 start short d1\n");
}

/* Whatever their widths and durations are. */
static void test_cores_are_never_shared(void **state)
{
    struct study study;
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct buf text = BUF_EMPTY;
        buf_add_string(&text, "[default.action]\nscope = 'directory'\n");
        for (unsigned a = 0; a < 4; a++) {
            unsigned mixed = seed * 7919 + a * 104729;
            buf_addf(
                &text,
                "[[action]]\nname = 'a%u'\ncommand = 'last %u.%u; copy in o%u'\n"
                "products = ['o%u']\nlaunchers = ['process']\n"
                "resources.threads_per_process = %u\nresources.processes.per_submission = %u\n",
                a, mixed % 3, mixed % 10, a, a, 1 + mixed % 3, 1 + mixed / 3 % 2);
        }
        begin(&study, text.at, 6);
        study.jobs = 6 + seed % 5;
        study.by_length = seed % 2 == 0;
        study_run(&study);
        assert_int_equal(study.result.failed + study.result.not_started, 0);
        assert_int_equal(simulated_shared_cpus(), 0);
        assert_true(simulated_most_at_once() > 1);
        study_end(&study);
        buf_release(&text);
    }
}

/* ---- Failures ---- */

static const char failing[] =
    "[[action]]\nname = 'a'\ncommand = 'fail_if bad in; copy in out # {directory}'\n"
    "products = ['out']\n";

static void begin_failing(struct study *study)
{
    begin(study, failing, 5);
    study_write(study, "d2/in", "bad");
    study_write(study, "d4/in", "bad");
}

static void test_after_a_failure_nothing_new_is_started(void **state)
{
    struct study study;
    (void)state;
    begin_failing(&study);
    study.keep_going = 1;
    expect_log(&study, "0 start a d1\n120 succeeded a d1\n120 start a d2\n"
                       "240 failed a d2: exit 1\n240 stopping\n");
    assert_int_equal(study.result.failed, 1);
    assert_int_equal(study.result.not_started, 3);
    assert_false(study.result.interrupted);
    study_end(&study);
}

static void test_so_many_failures_are_allowed(void **state)
{
    struct study study;
    (void)state;
    begin_failing(&study);
    study.keep_going = 2;
    study_expect(&study, "a/d1 a/d2 a/d3 a/d4");
    study.keep_going = SIZE_MAX;
    study_expect(&study, "a/d2 a/d4 a/d5");
    assert_int_equal(study.result.failed, 2);
    assert_int_equal(study.result.not_started, 0);
    study_end(&study);
}

static void test_what_depends_on_a_failure_does_not_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[default.action]\nscope = 'directory'\n"
          "[[action]]\nname = 'a'\ncommand = 'fail_if bad in; copy in 1'\nproducts = ['1']\n"
          "[[action]]\nname = 'b'\ncommand = 'copy 1 2'\ninputs = ['1']\nproducts = ['2']\n"
          "[[action]]\nname = 'c'\ncommand = 'copy 2 3'\ninputs = ['2']\nproducts = ['3']\n",
          2);
    study_write(&study, "d1/in", "bad");
    study_expect(&study, "a/d1 a/d2 b/d2 c/d2");
    assert_int_equal(study.result.failed, 1);
    assert_int_equal(study.result.not_started, 2);
    study_end(&study);
}

/* Each task is told of exactly once, by its end or at the end of the run. */
static void test_the_rest_is_told_with_what_held_it_up(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[default.action]\nscope = 'directory'\n"
          "[[action]]\nname = 'a'\ncommand = 'fail_if bad in; copy in 1'\ninputs = "
          "['in']\nproducts = ['1']\n"
          "[[action]]\nname = 'b'\ncommand = 'copy 1 2'\ninputs = ['1']\nproducts = ['2']\n"
          "[[action]]\nname = 'c'\ncommand = 'copy 2 3'\ninputs = ['2']\nproducts = ['3']\n",
          2);
    study_write(&study, "d1/in", "bad");
    study.tells_rest = true;
    expect_log(&study, "0 start a d1\n120 failed a d1: exit 1\n120 start a d2\n240 succeeded a d2\n"
                       "240 start b d2\n360 succeeded b d2\n360 start c d2\n480 succeeded c d2\n"
                       "left b d1: not started: a d1 didn't succeed\n"
                       "left c d1: not started: b d1 wasn't started\n");
    study_write(&study, "d1/in", "good");
    study_write(&study, "d2/in", "bad");
    study.action = "a";
    study.target = "d1";
    expect_log(&study, "0 start a d1\n120 succeeded a d1\n");
    study.action = NULL;
    study.target = NULL;
    study.keep_going = 1;
    expect_log(&study, "0 start a d2\n120 failed a d2: exit 1\n120 stopping\n"
                       "left a d1: up to date\n"
                       "left b d1: not started: the run stopped after a failure\n"
                       "left b d2: not started: a d2 didn't succeed\n"
                       "left c d1: not started: the run stopped after a failure\n"
                       "left c d2: not started: b d2 wasn't started\n");
    study_end(&study);
}

static void test_an_interruption_leaves_the_rest(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 2);
    study.tells_rest = true;
    send_after(SECONDS(1), &INTERRUPT);
    expect_log(&study, "0 start a d1\n1000 stopping\n1000 cancelled a d1: killed by SIGTERM\n"
                       "left a d2: not started: the run was interrupted\n");
    study_end(&study);
}

static void test_what_runs_goes_on_after_a_failure_beside_it(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 3; fail_if bad in; copy in out # {directory}'\n"
          "products = ['out']\n[[action]]\nname = 'b'\ncommand = 'fail # {directory}'\n",
          1);
    study.jobs = 2;
    study.keep_going = 1;
    expect_log(&study, "0 start a d1\n0 start b d1\n120 failed b d1: exit 1\n120 stopping\n"
                       "3000 succeeded a d1\n");
    study_end(&study);
}

static void test_retries_are_attempts_more(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'append x count; exit 9 # {directory}'\nretries = 2\n",
          1);
    expect_log(&study, "0 start a d1\n120 retrying a d1: exit 9\n120 start a d1\n"
                       "240 retrying a d1: exit 9\n240 start a d1\n360 failed a d1: exit 9\n");
    assert_string_equal(study_text(&study, "d1/count"), "xxx");
    assert_int_equal(study.result.failed, 1);
    study_end(&study);
}

static void test_a_retry_may_succeed(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'stop_if half; write x half; fail # {directory}'\n"
          "retries = 2\n",
          1);
    expect_log(&study, "0 start a d1\n120 retrying a d1: exit 1\n120 start a d1\n"
                       "240 succeeded a d1\n");
    study_end(&study);
}

static void test_a_signal_is_named(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'die 11 # {directory}'\n", 1);
    expect_log(&study, "0 start a d1\n120 failed a d1: killed by SIGSEGV\n");
    study_expect_why(&study, "a/d1", "stale: FAILED");
    study_end(&study);
}

/* ---- Time limits ---- */

static void test_a_timeout_ends_the_command(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 100 # {directory}'\ntimeout = '00:00:05'\n"
          "retries = 1\n",
          1);
    expect_log(&study, "0 start a d1\n5000 retrying a d1: timed out after 5.0s\n5000 start a d1\n"
                       "10000 timed out a d1: timed out after 5.0s\n");
    study_end(&study);
}

static void test_what_ignores_its_timeout_is_killed_after_the_grace(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 100; deaf; leave 2 # {directory}'\n"
          "timeout = '00:00:05'\n",
          1);
    study.grace_s = 3;
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "8000 timed out a d1"));
    study_end(&study);
}

/* ---- Interruptions ---- */

static void test_an_interruption_ends_all(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct study study;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        begin(&study, of_many, 3);
        study.jobs = 2;
        send_after(SECONDS(1), &signals[i]);
        expect_log(&study, "0 start a d1\n0 start a d2\n1000 stopping\n"
                           "1000 cancelled a d1: killed by SIGTERM\n"
                           "1000 cancelled a d2: killed by SIGTERM\n");
        assert_true(study.result.interrupted);
        assert_int_equal(study.result.failed, 0);
        assert_int_equal(simulated_alive(), 0);
        study_expect_why(&study, "a/d1", "stale: INTERRUPTED");
        study_expect_why(&study, "a/d3", "stale: NEVER_RAN");
        study_expect(&study, "a/d1 a/d2 a/d3");
        study_end(&study);
    }
}

/* Half a product of an attempt that was cut short doesn't count, and one that lacks its input by now
 * keeps the record of it. */
static void test_what_was_interrupted_runs_again(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'early; last 5; append x out # {directory}'\n"
          "inputs = ['in']\nproducts = ['out']\n",
          2);
    send_after(SECONDS(7), &INTERRUPT);
    study_run(&study);
    assert_string_equal(study_text(&study, "d2/out"), "x");
    simulated_remove("/project/workspace/d2/in");
    study_run(&study);
    assert_int_equal(study.result.failed, 1);
    study_write(&study, "d2/in", "x");
    study_expect_why(&study, "a/d2", "stale: INTERRUPTED");
    study_expect(&study, "a/d2");
    study_end(&study);
}

static const char deaf[] = "[[action]]\nname = 'a'\ncommand = 'last 100; deaf # {directory}'\n";

static void test_what_ignores_term_is_killed_after_the_grace(void **state)
{
    struct study study;
    (void)state;
    begin(&study, deaf, 1);
    study.grace_s = 7;
    send_after(SECONDS(1), &INTERRUPT);
    expect_log(&study, "0 start a d1\n1000 stopping\n8000 cancelled a d1: killed by SIGKILL\n");
    study_end(&study);
}

static void test_a_second_interruption_skips_the_grace(void **state)
{
    struct study study;
    (void)state;
    begin(&study, deaf, 1);
    study.grace_s = 1000;
    send_after(SECONDS(1), &INTERRUPT);
    send_after(SECONDS(3), &INTERRUPT);
    expect_log(&study, "0 start a d1\n1000 stopping\n3000 cancelled a d1: killed by SIGKILL\n");
    study_end(&study);
}

static void test_quit_has_no_patience(void **state)
{
    static const int quit = SIGQUIT;
    struct study study;
    (void)state;
    begin(&study, deaf, 1);
    study.grace_s = 1000;
    send_after(SECONDS(1), &quit);
    expect_log(&study, "0 start a d1\n1000 stopping\n1000 cancelled a d1: killed by SIGKILL\n");
    study_end(&study);
}

static void test_a_command_may_end_well_within_the_grace(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'last 100; heed 2 # {directory}'\n", 1);
    study.grace_s = 5;
    send_after(SECONDS(1), &INTERRUPT);
    expect_log(&study, "0 start a d1\n1000 stopping\n3000 cancelled a d1: exit 0\n");
    study_end(&study);
}

static void test_an_interruption_leaves_nothing_running(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 1; leave 2 # {directory}'\n"
          "[[action]]\nname = 'b'\ncommand = 'last 9 # {directory}'\n",
          1);
    study.jobs = 2;
    send_after(SECONDS(3), &INTERRUPT);
    study_run(&study);
    assert_int_equal(simulated_alive(), 0);
    study_end(&study);
}

/* ---- Pauses ---- */

static const char limited[] =
    "[[action]]\nname = 'a'\ncommand = 'last 3; copy in out # {directory}'\n"
    "products = ['out']\ntimeout = '00:00:05'\n";
static const char too_long[] =
    "[[action]]\nname = 'a'\ncommand = 'last 100 # {directory}'\ntimeout = '00:00:05'\n";

static const int CTRL_Z = SIGTSTP;

static void test_ctrl_z_stops_the_commands_and_all_clocks(void **state)
{
    struct study study;
    (void)state;
    begin(&study, limited, 2);
    study.tells_seconds = true;
    study.jobs = 2;
    simulated_set_stop(SECONDS(100));
    send_after(SECONDS(1), &CTRL_Z);
    send_after(SECONDS(102), &CTRL_Z);
    expect_log(&study, "0 start a d1\n0 start a d2\n1000 suspended\n102000 suspended\n"
                       "203000 succeeded a d1 (3.0 s)\n203000 succeeded a d2 (3.0 s)\n");
    study_end(&study);
}

static void test_a_timeout_waits_for_the_end_of_a_pause(void **state)
{
    struct study study;
    (void)state;
    begin(&study, too_long, 1);
    study.tells_seconds = true;
    simulated_set_stop(SECONDS(100));
    send_after(SECONDS(1), &CTRL_Z);
    expect_log(&study,
               "0 start a d1\n1000 suspended\n105000 timed out a d1: timed out after 5.0s\n");
    study_end(&study);
}

static void test_so_does_a_grace(void **state)
{
    struct study study;
    (void)state;
    begin(&study, deaf, 1);
    study.tells_seconds = true;
    study.grace_s = 7;
    simulated_set_stop(SECONDS(100));
    send_after(SECONDS(1), &INTERRUPT);
    send_after(SECONDS(2), &CTRL_Z);
    expect_log(&study, "0 start a d1\n1000 stopping\n2000 suspended\n"
                       "108000 cancelled a d1: killed by SIGKILL\n");
    study_end(&study);
}

static void test_an_interruption_of_a_stopped_run_is_heeded_when_it_continues(void **state)
{
    struct study study;
    (void)state;
    begin(&study, limited, 1);
    study.tells_seconds = true;
    simulated_set_stop(SECONDS(100));
    send_after(SECONDS(1), &CTRL_Z);
    send_after(SECONDS(50), &INTERRUPT);
    expect_log(&study, "0 start a d1\n1000 suspended\n101000 stopping\n"
                       "101000 cancelled a d1: killed by SIGTERM\n");
    study_end(&study);
}

struct hold {
    int64_t ns;
    bool all;
    bool tells;
};

static void hold(void *context)
{
    const struct hold *how = context;
    simulated_hold(how->ns, how->all, how->tells);
}

/* By SIGSTOP, a scheduler, or a frozen control group. */
static void test_a_stop_that_nobody_told_of_is_seen(void **state)
{
    static const struct hold holds[] = {{SECONDS(100), true, true}, {SECONDS(100), true, false}};
    struct study study;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&study, limited, 1);
        study.tells_seconds = true;
        simulated_after(STUDY_WHILE_NS + SECONDS(1.25), hold, (void *)&holds[i]);
        study_run(&study);
        assert_non_null(strstr(buf_string(&study.log), "103000 succeeded a d1 (3."));
        study_end(&study);
        begin(&study, too_long, 1);
        study.tells_seconds = true;
        simulated_after(STUDY_WHILE_NS + SECONDS(1.25), hold, (void *)&holds[i]);
        study_run(&study);
        const char *line = strstr(buf_string(&study.log), " timed out");
        assert_non_null(line);
        long at_ms = strtol(buf_string(&study.log) + strlen("0 start a d1\n"), NULL, 10);
        assert_in_range(at_ms, 104700, 105000);
        study_end(&study);
    }
}

static void test_commands_may_run_while_the_run_itself_is_stopped(void **state)
{
    static const struct hold alone = {SECONDS(100), false, true};
    struct study study;
    (void)state;
    begin(&study, limited, 1);
    study.tells_seconds = true;
    simulated_after(STUDY_WHILE_NS + SECONDS(1.25), hold, (void *)&alone);
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "101250 succeeded a d1 (1."));
    study_end(&study);
}

static void stop_first(void *context)
{
    (void)context;
    simulated_signal_process(0, SIGSTOP);
}

static void continue_first(void *context)
{
    (void)context;
    simulated_signal_process(0, SIGCONT);
}

static void test_a_command_that_is_stopped_alone_has_no_clock(void **state)
{
    struct study study;
    (void)state;
    begin(&study, limited, 1);
    study.tells_seconds = true;
    simulated_after(STUDY_WHILE_NS + SECONDS(1), stop_first, NULL);
    simulated_after(STUDY_WHILE_NS + SECONDS(51), continue_first, NULL);
    expect_log(&study, "0 start a d1\n53000 succeeded a d1 (3.0 s)\n");
    study_end(&study);
    begin(&study, too_long, 1);
    study.tells_seconds = true;
    simulated_after(STUDY_WHILE_NS + SECONDS(1), stop_first, NULL);
    simulated_after(STUDY_WHILE_NS + SECONDS(51), continue_first, NULL);
    expect_log(&study, "0 start a d1\n55000 timed out a d1: timed out after 5.0s\n");
    study_end(&study);
}

static void test_a_stopped_command_can_be_interrupted(void **state)
{
    struct study study;
    (void)state;
    begin(&study, limited, 1);
    study.tells_seconds = true;
    simulated_after(STUDY_WHILE_NS + SECONDS(1), stop_first, NULL);
    send_after(SECONDS(60), &INTERRUPT);
    expect_log(&study, "0 start a d1\n60000 stopping\n60000 cancelled a d1: killed by SIGTERM\n");
    study_end(&study);
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'last 100; deaf # {directory}'\n", 1);
    study.grace_s = 7;
    simulated_after(STUDY_WHILE_NS + SECONDS(1), stop_first, NULL);
    send_after(SECONDS(60), &INTERRUPT);
    expect_log(&study, "0 start a d1\n60000 stopping\n67000 cancelled a d1: killed by SIGKILL\n");
    study_end(&study);
}

/* ---- What is left ---- */

static void test_what_runs_in_the_background_is_counted_not_ended(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'leave 2 # {directory}'\n", 2);
    expect_log(&study, "0 start a d1\n120 succeeded a d1\n120 start a d2\n240 succeeded a d2\n"
                       "290 notice `a`: 4 processes still run after its command ended\n");
    assert_int_equal(simulated_alive(), 4);
    study_end(&study);
}

static void test_what_several_processes_leave_is_killed(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'leave 1 # {directory}'\nlaunchers = ['process']\n"
          "resources.processes.per_submission = 3\n",
          1);
    study.jobs = 3;
    expect_log(&study, "0 start a d1\n122 succeeded a d1\n"); /* a look after the kill */
    assert_int_equal(simulated_started(), 3);
    assert_int_equal(simulated_alive(), 0);
    study_end(&study);
}

static void kill_second(void *context)
{
    (void)context;
    simulated_signal_process(1, SIGKILL);
}

static void test_the_first_process_that_fails_ends_the_others(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 5 # {directory}'\nlaunchers = ['process']\n"
          "resources.processes.per_submission = 3\n",
          1);
    study.jobs = 3;
    simulated_after(STUDY_WHILE_NS + SECONDS(2), kill_second, NULL);
    expect_log(&study, "0 start a d1\n2000 failed a d1: process 1: killed by SIGKILL\n");
    study_end(&study);
}

/* Nothing has moved then: what had, is moved back. */
static void test_a_product_that_is_a_mount_point_can_not_move(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in one; copy in two # {directory}'\n"
          "inputs = ['in']\nproducts = ['one', 'two']\n",
          1);
    study_expect(&study, "a/d1");
    study_write(&study, "d1/in", "y");
    simulated_fail(SIMULATED_RENAME, "/project/workspace/d1/two", 0, EBUSY);
    expect_log(&study, "0 failed a d1: can't rename workspace/d1/two: it is a mount point; use a "
                       "file or folder in it as the product\n");
    simulated_heal();
    assert_string_equal(study_text(&study, "d1/one"), "x");
    assert_null(study_text(&study, "d1/.one.rowbuild-good"));
    study_expect(&study, "a/d1");
    study_end(&study);
}

/* A file system in a folder that moved would be emptied with it. */
static void test_a_mount_point_in_a_product_can_not_move(void **state)
{
    static const char list[] = "/proc/self/mountinfo";
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in out/a; copy in two # {directory}'\n"
          "inputs = ['in']\nproducts = ['two', 'out']\n",
          1);
    study_expect(&study, "a/d1");
    study_write(&study, "d1/in", "y");
    study_write(&study, "d1/out/a disk/deep/x", "mine");
    simulated_write(list,
                    "21 1 0:1 / / rw - ext4 /dev/sda rw\n"
                    "22 21 0:2 / /project/workspace/d1/out2 rw - tmpfs none rw\n"
                    "23 21 0:2 / /project/workspace/d1/out/a\\040disk/deep rw - tmpfs none rw");
    expect_log(&study,
               "0 failed a d1: can't rename workspace/d1/out: workspace/d1/out/a disk/deep is "
               "a mount point; unmount it first\n");
    assert_string_equal(study_text(&study, "d1/out/a"), "x");
    assert_string_equal(study_text(&study, "d1/two"), "x");
    assert_null(study_text(&study, "d1/.two.rowbuild-good"));
    simulated_write(list, "23 21 0:2 / /project/workspace/d1/out rw - tmpfs none rw\n");
    expect_log(&study, "0 failed a d1: can't rename workspace/d1/out: it is a mount point; use a "
                       "file or folder in it as the product\n");
    assert_string_equal(study_text(&study, "d1/two"), "x");
    simulated_write(list, "");
    study_expect(&study, "a/d1");
    assert_string_equal(study_text(&study, "d1/out/a disk/deep/x"), "mine");
    study_end(&study);
}

/* It was mounted after the move. */
static void test_a_backup_is_not_deleted_through_a_mount_point(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in out/a # {directory}'\n"
          "inputs = ['in']\nproducts = ['out']\n",
          1);
    study_expect(&study, "a/d1");
    study_write(&study, "d1/in", "y");
    study.death = DEATH_SUCCEEDED;
    study_run(&study);
    simulated_write("/proc/self/mountinfo",
                    "23 21 0:2 / /project/workspace/d1/.out.rowbuild-good/m rw - tmpfs none rw\n");
    study_expect(&study, "");
    assert_string_equal(study_text(&study, "d1/.out.rowbuild-good/a"), "x");
    simulated_write("/proc/self/mountinfo", "");
    study_expect(&study, "");
    assert_null(study_text(&study, "d1/.out.rowbuild-good/a"));
    study_end(&study);
}

/* As of a folder without write permission, which is lent one. */
static void test_what_stays_comes_back_though_it_may_not_be_moved(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in out/a # {directory}'\n"
          "inputs = ['in']\nproducts = ['out']\n",
          1);
    study_expect(&study, "a/d1");
    study_write(&study, "d1/out/mine/notes", "kept");
    study_write(&study, "d1/in", "y");
    simulated_fail(SIMULATED_RENAME, "/project/workspace/d1/.out.rowbuild-good/mine", 1, EACCES);
    study_expect(&study, "a/d1");
    simulated_heal();
    assert_string_equal(study_text(&study, "d1/out/mine/notes"), "kept");
    study_end(&study);
}

/* ---- Batches and groups ---- */

static const char batched[] =
    "[[action]]\nname = 'a'\ncommand = 'fail_if bad in; copy in out # {directories}'\n"
    "inputs = ['in']\nproducts = ['out']\ngroup.maximum_size = 2\n";

static void test_a_batch_is_one_command(void **state)
{
    struct study study;
    (void)state;
    begin(&study, batched, 3);
    expect_log(&study, "0 start a (2 directories)\n120 succeeded a (2 directories)\n"
                       "120 start a d3\n240 succeeded a d3\n");
    study_write(&study, "d2/in", "y");
    expect_log(&study, "0 start a d2\n120 succeeded a d2\n");
    study_end(&study);
}

static void test_a_batch_fails_as_a_whole_but_for_what_lacks_its_input(void **state)
{
    struct study study;
    (void)state;
    begin(&study, batched, 2);
    study_write(&study, "d2/in", "bad");
    expect_log(&study, "0 start a (2 directories)\n120 failed a (2 directories): exit 1\n");
    assert_int_equal(study.result.failed, 2);
    study_write(&study, "d2/in", "good");
    study_expect(&study, "a/d1 a/d2");
    study_end(&study);
}

/* What ends a run from outside says nothing about the members. */
static void test_a_batch_whose_run_was_killed_is_a_batch_again(void **state)
{
    struct study study;
    (void)state;
    begin(&study, batched, 2);
    study.death = DEATH_COMMANDED;
    study_run(&study);
    assert_true(study.is_dead);
    study.death = DEATH_NONE;
    expect_log(&study, "0 start a (2 directories)\n120 succeeded a (2 directories)\n");
    study_end(&study);
}

static void test_a_group_runs_once_for_all_its_members(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in out # {directory}'\ninputs = ['in']\n"
          "products = ['out']\n"
          "[[action]]\nname = 'all'\nscope = 'group'\ncommand = 'gather out //sum'\n"
          "inputs = ['out']\nproducts = ['//sum']\n",
          2);
    study_expect(&study, "a/d1 a/d2 all///sum");
    assert_string_equal(simulated_text("/project/sum"), "xx");
    study_write(&study, "d2/in", "bad");
    study_expect(&study, "a/d2 all///sum");
    study_end(&study);
}

/* ---- What changes while it runs ---- */

static void test_an_input_that_goes_before_the_start_blocks(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[default.action]\nscope = 'directory'\n"
          "[[action]]\nname = 'a'\ncommand = 'copy in mid; remove other'\ninputs = ['in']\n"
          "products = ['mid']\n"
          "[[action]]\nname = 'b'\ncommand = 'copy mid out'\ninputs = ['mid', 'other']\n"
          "products = ['out']\n",
          1);
    study_write(&study, "d1/other", "x");
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "120 failed b d1: "));
    assert_non_null(strstr(buf_string(&study.log), "(blocked)"));
    assert_int_equal(simulated_started(), 1);
    assert_int_equal(study.result.failed, 1);
    study_write(&study, "d1/other", "x");
    study_expect(&study, "b/d1");
    study_end(&study);
}

/* Where many tasks come between, such products are looked at for several tasks together. */
static void test_a_product_that_tasks_further_down_changed_is_recorded_anew(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'make'\ncommand = 'write made shared # {directories}'\n"
          "products = ['shared']\n"
          "[[action]]\nname = 'gather'\nscope = 'project'\ncommand = 'write x //all'\n"
          "inputs = ['//workspace/*/shared']\nproducts = ['//all']\n"
          "[[action]]\nname = 'append'\nprevious_actions = ['gather']\n"
          "command = 'append more shared; write x done # {directory}'\nproducts = ['done']\n",
          80);
    study_run(&study);
    assert_non_null(
        strstr(buf_string(&study.log), "changed `workspace/d50/shared`, a product of `make`"));
    assert_non_null(strstr(buf_string(&study.log), "one of "));
    study_expect(&study, "");
    study_write(&study, "d50/shared", "again");
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "start make"));
    assert_non_null(strstr(buf_string(&study.log), "start gather"));
    assert_null(strstr(buf_string(&study.log), "start append d9"));
    study_end(&study);
}

static void test_an_identical_product_ends_it(void **state)
{
    struct study study;
    (void)state;
    begin(
        &study,
        "[default.action]\nscope = 'directory'\n"
        "[[action]]\nname = 'a'\ncommand = 'count in mid'\ninputs = ['in']\nproducts = ['mid']\n"
        "[[action]]\nname = 'b'\ncommand = 'copy mid out'\ninputs = ['mid']\nproducts = ['out']\n",
        1);
    study_expect(&study, "a/d1 b/d1");
    study_write(&study, "d1/in", "y");
    expect_log(&study, "0 start a d1\n120 succeeded a d1\n");
    study_end(&study);
}

/* ---- What the system refuses ---- */

static void heal_starts(void *context)
{
    (void)context;
    simulated_refuse_start(0, 0);
    simulated_limit_processes(0, 0);
}

static void test_fewer_run_at_a_time_where_more_are_refused(void **state)
{
    static const int errors[] = {EAGAIN, ENOMEM, EMFILE, ENFILE};
    struct study study;
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        begin(&study, of_many, 7);
        study.jobs = 7;
        study.keep_going = 1;
        simulated_limit_processes(3, errors[i]);
        study_expect(&study, "a/d1 a/d2 a/d3 a/d4 a/d5 a/d6 a/d7");
        assert_int_equal(simulated_most_at_once(), 3);
        assert_int_equal(study.result.failed, 0);
        const char *note = strstr(buf_string(&study.log), "notice the system has no more ");
        assert_non_null(note);
        assert_null(strstr(note + 1, "notice the system"));
        study_expect(&study, "");
        study_end(&study);
    }
}

static void test_so_do_several_processes_of_one_command(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'last 1; read in # {directory}'\n"
          "launchers = ['process']\nresources.processes.per_submission = 3\n",
          2);
    study.jobs = 6;
    simulated_limit_processes(5, EAGAIN);
    study_expect(&study, "a/d1 a/d2");
    assert_int_equal(study.result.failed, 0);
    assert_int_equal(simulated_alive(), 0);
    study_end(&study);
}

/* What a command starts itself is refused as well. */
static void test_a_command_that_lacked_something_is_attempted_again(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'crowd 2; read in # {directory}'\n", 7);
    study.jobs = 7;
    study.keep_going = 1;
    simulated_limit_processes(5, EAGAIN);
    study_run(&study);
    assert_int_equal(study.result.failed + study.result.not_started, 0);
    study_expect(&study, "");
    study_end(&study);
}

/* Alone it had all that there is. */
static void test_a_command_that_fails_alone_has_failed(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'crowd 0; read in # {directory}'\n", 7);
    study.jobs = 7;
    simulated_limit_processes(5, EAGAIN);
    study_run(&study);
    assert_int_equal(study.result.failed, 7);
    study_end(&study);
}

static void test_an_idle_run_waits_a_while_for_what_is_refused(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 2);
    simulated_limit_processes(1, EAGAIN);
    simulated_refuse_start(0, EAGAIN);
    simulated_after(STUDY_WHILE_NS + SECONDS(2), heal_starts, NULL);
    study_expect(&study, "a/d1 a/d2");
    assert_int_equal(study.result.failed, 0);
    study_end(&study);
}

/* One clear error, and nothing else fails alike. */
static void test_a_run_that_can_start_nothing_ends(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 9);
    study.jobs = 3;
    simulated_refuse_start(0, EAGAIN);
    study_run(&study);
    assert_int_equal(study.result.failed, 1);
    assert_int_equal(study.result.not_started, 8);
    assert_non_null(strstr(buf_string(&study.log), "can't be started: Resource temporarily"));
    simulated_refuse_start(0, 0);
    study_run(&study);
    assert_int_equal(study.result.failed, 0);
    study_end(&study);
}

static void test_what_was_refused_does_not_count_as_an_attempt(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 2);
    study.jobs = 2;
    simulated_limit_processes(1, EAGAIN);
    send_after(SECONDS(1), &INTERRUPT);
    study_run(&study);
    study_expect_why(&study, "a/d1", "stale: INTERRUPTED");
    study_expect_why(&study, "a/d2", "stale: NEVER_RAN");
    study_end(&study);
}

static void test_a_log_that_can_not_be_opened_now_is_opened_later(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 2);
    study.jobs = 2;
    simulated_fail(SIMULATED_OPEN, "/project/.rowbuild/logs/.slot-1", 1, EMFILE);
    study_expect(&study, "a/d1 a/d2");
    assert_int_equal(study.result.failed, 0);
    study_end(&study);
}

/* The look at an input is tried again a few times at once, and then when the task is next started. */
static void test_inputs_that_can_not_be_opened_now_are_opened_later(void **state)
{
    static const char rowfile[] = "[[action]]\nname = 'a'\ncommand = 'copy in mid # {directory}'\n"
                                  "inputs = ['in']\nproducts = ['mid']\n"
                                  "[[action]]\nname = 'b'\ncommand = 'copy mid out # {directory}'\n"
                                  "inputs = ['mid', 'also']\nproducts = ['out']\n";
    struct study study;
    (void)state;
    for (unsigned nth = 1; nth < 8; nth++) {
        begin(&study, rowfile, 2);
        study_write(&study, "d1/also", "");
        study_write(&study, "d2/also", "");
        study.jobs = 2;
        for (unsigned more = 0; more < 16; more++) {
            simulated_fail(SIMULATED_OPEN, "/project/workspace/d2/also", nth + more, EMFILE);
        }
        study_run(&study);
        simulated_heal();
        assert_int_equal(study.result.failed, 0);
        assert_non_null(study_text(&study, "d2/out"));
        study_end(&study);
    }
}

static void test_an_input_that_can_never_be_opened_ends_the_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'copy in out # {directory}'\n"
          "inputs = ['in']\nproducts = ['out']\n",
          2);
    simulated_fail(SIMULATED_OPEN, "/project/workspace/d1/in", 0, EMFILE);
    study_run(&study);
    assert_int_equal(study.result.failed, 1);
    assert_non_null(strstr(buf_string(&study.log), "can't be read: Too many open files"));
    simulated_heal();
    study_run(&study);
    assert_int_equal(study.result.failed, 0);
    study_end(&study);
}

static void test_where_binding_is_refused_commands_run_unbound(void **state)
{
    static const int errors[] = {EPERM, EINVAL};
    struct study study;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&study, of_many, 3);
        study.jobs = 2;
        simulated_refuse_binding(errors[i]);
        study_run(&study);
        assert_int_equal(study.result.failed, 0);
        const char *note = strstr(buf_string(&study.log), "can't be bound to cores here");
        assert_non_null(note);
        assert_null(strstr(note + 1, "can't be bound"));
        study_end(&study);
    }
}

/* ---- Contracts, logs, errors ---- */

static void test_rows_contract_knows_unfinished_work(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'stop_if half; write x half # {directory}'\n"
          "products = ['out']\n",
          1);
    study.is_workflow = true;
    expect_log(&study, "0 start a d1\n120 unfinished a d1: exit 0, but product out "
                       "is missing\n");
    assert_int_equal(study.result.unfinished, 1);
    assert_int_equal(study.result.failed, 0);
    study_expect(&study, "a/d1");
    study_end(&study);
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'read in # {directory}'\nproducts = ['out']\n",
          1);
    expect_log(&study, "0 start a d1\n120 failed a d1: exit 0, but product out is missing\n");
    study_end(&study);
}

static void test_unfinished_work_stops_nothing_and_is_no_failure(void **state)
{
    struct study study;
    (void)state;
    begin(&study, "[[action]]\nname = 'a'\ncommand = 'read in # {directory}'\nproducts = ['out']\n",
          3);
    study.is_workflow = true;
    study.keep_going = 1;
    study_expect(&study, "a/d1 a/d2 a/d3");
    assert_int_equal(study.result.unfinished, 3);
    study_end(&study);
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'read in # {directory}'\nproducts = ['out']\n"
          "resumable = []\n",
          1);
    study_run(&study);
    assert_int_equal(study.result.unfinished, 1);
    study_expect(&study, "a/d1");
    study_end(&study);
}

/* ---- The end of a job's time ---- */

static const char two_lengths[] =
    "[[action]]\nname = 'a'\ncommand = 'last 30; copy in out # {directory}'\ninputs = ['in']\n"
    "products = ['out']\n"
    "[[action]]\nname = 'b'\ncommand = 'last 2; copy in b # {directory}'\ninputs = ['in']\n"
    "products = ['b']\n";

/* A study all of whose tasks have run, which are to run anew in a job that ends after `left_s`. */
static void begin_job(struct study *study, unsigned directories, int left_s, const char *squeue)
{
    begin(study, two_lengths, directories);
    study_run(study);
    for (unsigned d = 1; d <= directories; d++) {
        char path[16];
        (void)snprintf(path, sizeof path, "d%u/in", d);
        study_write(study, path, "y");
    }
    study->end_ns = simulated_now() + STUDY_WHILE_NS + SECONDS(left_s);
    study->squeue = squeue;
}

/* What squeue says of a job that ends so long after the run's end as it is known. */
static const char *ends_at(const struct study *study, int64_t later_s, char *text, size_t size)
{
    (void)snprintf(text, size, "rowbuild|%lld|1:00",
                   (long long)(study->end_ns / 1000000000 + later_s));
    return text;
}

static void test_more_time_is_asked_for_before_a_task_is_not_started(void **state)
{
    struct study study;
    char text[64];
    (void)state;
    begin_job(&study, 1, 20, NULL);
    study.squeue = ends_at(&study, 100, text, sizeof text);
    expect_log(&study,
               "0 start b d1\n2000 succeeded b d1\n2000 start a d1\n32000 succeeded a d1\n");
    assert_int_equal(study.asked, 1);
    assert_true(study.result.end_ns > study.end_ns);
    study_end(&study);
}

static void test_without_an_answer_the_known_time_counts(void **state)
{
    static const char *const answers[] = {
        "",
        "rowbuild|NONE|INVALID",
        "slurm_load_jobs error",
        "rowbuild|",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct study study;
        begin_job(&study, 2, 20, answers[i]);
        study_run(&study);
        assert_null(strstr(buf_string(&study.log), "start a"));
        assert_non_null(strstr(buf_string(&study.log), "start b d2"));
        assert_non_null(strstr(buf_string(&study.log), "2 tasks were not started: the time left"));
        assert_int_equal(study.asked, 1);
        assert_int_equal(study.result.not_started, 2);
        study_end(&study);
    }
}

static void test_a_job_without_a_limit_has_no_end(void **state)
{
    struct study study;
    (void)state;
    begin_job(&study, 2, 20, "rowbuild|NONE|UNLIMITED");
    study_run(&study);
    assert_int_equal(study.result.not_started, 0);
    assert_int_equal(study.result.end_ns, 0);
    study_end(&study);
}

static void test_an_assumed_end_is_asked_for_at_once(void **state)
{
    struct study study;
    char text[64];
    (void)state;
    begin_job(&study, 1, 4000, NULL);
    study.is_assumed = true;
    study.squeue = ends_at(&study, -3990, text, sizeof text); /* it is much shorter */
    expect_log(&study, "0 start a d1\n30000 succeeded a d1\n30000 notice 1 task was not started: "
                       "the time left is too short for tasks that take 2.0s\n");
    assert_int_equal(study.asked, 1);
    study_end(&study);
}

/* The next job would be as long. */
static void test_what_takes_longer_than_the_whole_job_is_tried_once(void **state)
{
    struct study study;
    (void)state;
    begin_job(&study, 2, 1, "");
    study.action = "a";
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "start a d1"));
    assert_null(strstr(buf_string(&study.log), "start a d2"));
    assert_int_equal(study.result.not_started, 1);
    study_end(&study);
}

static void test_the_end_of_a_job_says_what_to_raise(void **state)
{
    static const int TERM = SIGTERM;
    struct study study;
    (void)state;
    begin(&study, of_many, 1);
    study.squeue = "";
    study.end_ns = simulated_now() + SECONDS(2);
    send_after(SECONDS(1), &TERM);
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log),
                           "the job's time limit ended a d1 after 1.0s; raise "
                           "`resources.walltime` of `a`"));
    study_end(&study);
}

static void test_an_action_without_products_is_done_once_in_a_rowfile(void **state)
{
    static const char text[] = "[[action]]\nname = 'a'\ncommand = 'read in # {directory}'\n";
    struct study study;
    (void)state;
    begin(&study, text, 1);
    study_expect(&study, "a/d1");
    study_expect(&study, "");
    study_end(&study);
    begin(&study, text, 1);
    study.is_workflow = true;
    study_expect(&study, "a/d1");
    study_expect(&study, "a/d1");
    study_end(&study);
}

static void test_a_log_is_there_where_there_is_output(void **state)
{
    struct study study;
    (void)state;
    begin(&study,
          "[[action]]\nname = 'a'\ncommand = 'print hello # {directory}'\n"
          "[[action]]\nname = 'b'\ncommand = 'read in # {directory}'\n",
          1);
    expect_log(&study, "0 start a d1\n120 succeeded a d1\noutput hello\n\n120 start b d1\n"
                       "240 succeeded b d1\n");
    assert_string_equal(simulated_text("/project/.rowbuild/logs/a/d1.log"),
                        "$ print hello # {directory}\nhello\n");
    assert_null(simulated_text("/project/.rowbuild/logs/b/d1.log"));
    study_end(&study);
}

static void test_a_program_that_is_not_there_fails_its_task_only(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 3);
    simulated_refuse_start(2, ENOENT);
    study_run(&study);
    assert_non_null(strstr(buf_string(&study.log), "failed a d2: action `a`: `sh` can't be "
                                                   "started: No such file or directory"));
    assert_int_equal(study.result.failed, 1);
    study_expect(&study, "a/d2");
    study_end(&study);
}

/* What can't be recorded isn't done. */
static void test_a_journal_that_can_not_be_written_ends_the_run(void **state)
{
    struct study study;
    (void)state;
    begin(&study, of_many, 3);
    study_expect(&study, "a/d1 a/d2 a/d3");
    for (unsigned d = 1; d <= 3; d++) {
        char path[16];
        (void)snprintf(path, sizeof path, "d%u/out", d);
        study_write(&study, path, "edited");
    }
    simulated_fail(SIMULATED_WRITE, "/project/.rowbuild/journal", 2, ENOSPC);
    assert_int_equal(study_try(&study), -1);
    assert_non_null(strstr(buf_string(&study.log), "No space left on device"));
    assert_int_equal(simulated_alive(), 0);
    simulated_heal();
    study_run(&study);
    for (unsigned d = 1; d <= 3; d++) {
        char path[16];
        (void)snprintf(path, sizeof path, "d%u/out", d);
        assert_string_equal(study_text(&study, path), "x");
    }
    study_expect(&study, "");
    study_end(&study);
}

static void test_a_file_system_without_locks_is_used(void **state)
{
    static const int errors[] = {ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL,
                                 524 /* the kernel's ENOTSUPP */};
    struct study study;
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        begin(&study, of_many, 1);
        simulated_fail(SIMULATED_OTHER, "/project/.rowbuild/lock", 0, errors[i]);
        study_expect(&study, "a/d1");
        study_end(&study);
    }
    begin(&study, of_many, 1);
    simulated_fail(SIMULATED_OTHER, "/project/.rowbuild/lock", 0, EIO);
    assert_int_equal(study_try(&study), -1);
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_at_a_time_as_there_are_cores),
        cmocka_unit_test(test_a_pool_is_shared_by_the_commands_of_a_run),
        cmocka_unit_test(test_a_busy_machine_gets_one_command_at_a_time),
        cmocka_unit_test(test_a_machine_is_looked_at_only_when_it_matters),
        cmocka_unit_test(test_more_cores_than_there_are_is_an_error),
        cmocka_unit_test(test_a_wide_task_takes_its_cores),
        cmocka_unit_test(test_the_longest_path_first),
        cmocka_unit_test(test_cores_are_never_shared),
        cmocka_unit_test(test_after_a_failure_nothing_new_is_started),
        cmocka_unit_test(test_so_many_failures_are_allowed),
        cmocka_unit_test(test_what_depends_on_a_failure_does_not_run),
        cmocka_unit_test(test_the_rest_is_told_with_what_held_it_up),
        cmocka_unit_test(test_an_interruption_leaves_the_rest),
        cmocka_unit_test(test_what_runs_goes_on_after_a_failure_beside_it),
        cmocka_unit_test(test_retries_are_attempts_more),
        cmocka_unit_test(test_a_retry_may_succeed),
        cmocka_unit_test(test_a_signal_is_named),
        cmocka_unit_test(test_a_timeout_ends_the_command),
        cmocka_unit_test(test_what_ignores_its_timeout_is_killed_after_the_grace),
        cmocka_unit_test(test_an_interruption_ends_all),
        cmocka_unit_test(test_what_was_interrupted_runs_again),
        cmocka_unit_test(test_what_ignores_term_is_killed_after_the_grace),
        cmocka_unit_test(test_a_second_interruption_skips_the_grace),
        cmocka_unit_test(test_quit_has_no_patience),
        cmocka_unit_test(test_a_command_may_end_well_within_the_grace),
        cmocka_unit_test(test_an_interruption_leaves_nothing_running),
        cmocka_unit_test(test_ctrl_z_stops_the_commands_and_all_clocks),
        cmocka_unit_test(test_a_timeout_waits_for_the_end_of_a_pause),
        cmocka_unit_test(test_so_does_a_grace),
        cmocka_unit_test(test_an_interruption_of_a_stopped_run_is_heeded_when_it_continues),
        cmocka_unit_test(test_a_stop_that_nobody_told_of_is_seen),
        cmocka_unit_test(test_commands_may_run_while_the_run_itself_is_stopped),
        cmocka_unit_test(test_a_command_that_is_stopped_alone_has_no_clock),
        cmocka_unit_test(test_a_stopped_command_can_be_interrupted),
        cmocka_unit_test(test_what_runs_in_the_background_is_counted_not_ended),
        cmocka_unit_test(test_what_several_processes_leave_is_killed),
        cmocka_unit_test(test_the_first_process_that_fails_ends_the_others),
        cmocka_unit_test(test_a_product_that_is_a_mount_point_can_not_move),
        cmocka_unit_test(test_a_mount_point_in_a_product_can_not_move),
        cmocka_unit_test(test_a_backup_is_not_deleted_through_a_mount_point),
        cmocka_unit_test(test_what_stays_comes_back_though_it_may_not_be_moved),
        cmocka_unit_test(test_a_batch_is_one_command),
        cmocka_unit_test(test_a_batch_fails_as_a_whole_but_for_what_lacks_its_input),
        cmocka_unit_test(test_a_batch_whose_run_was_killed_is_a_batch_again),
        cmocka_unit_test(test_a_group_runs_once_for_all_its_members),
        cmocka_unit_test(test_an_input_that_goes_before_the_start_blocks),
        cmocka_unit_test(test_a_product_that_tasks_further_down_changed_is_recorded_anew),
        cmocka_unit_test(test_an_identical_product_ends_it),
        cmocka_unit_test(test_fewer_run_at_a_time_where_more_are_refused),
        cmocka_unit_test(test_so_do_several_processes_of_one_command),
        cmocka_unit_test(test_a_command_that_lacked_something_is_attempted_again),
        cmocka_unit_test(test_a_command_that_fails_alone_has_failed),
        cmocka_unit_test(test_an_idle_run_waits_a_while_for_what_is_refused),
        cmocka_unit_test(test_a_run_that_can_start_nothing_ends),
        cmocka_unit_test(test_what_was_refused_does_not_count_as_an_attempt),
        cmocka_unit_test(test_a_log_that_can_not_be_opened_now_is_opened_later),
        cmocka_unit_test(test_inputs_that_can_not_be_opened_now_are_opened_later),
        cmocka_unit_test(test_an_input_that_can_never_be_opened_ends_the_run),
        cmocka_unit_test(test_where_binding_is_refused_commands_run_unbound),
        cmocka_unit_test(test_rows_contract_knows_unfinished_work),
        cmocka_unit_test(test_unfinished_work_stops_nothing_and_is_no_failure),
        cmocka_unit_test(test_more_time_is_asked_for_before_a_task_is_not_started),
        cmocka_unit_test(test_without_an_answer_the_known_time_counts),
        cmocka_unit_test(test_a_job_without_a_limit_has_no_end),
        cmocka_unit_test(test_an_assumed_end_is_asked_for_at_once),
        cmocka_unit_test(test_what_takes_longer_than_the_whole_job_is_tried_once),
        cmocka_unit_test(test_the_end_of_a_job_says_what_to_raise),
        cmocka_unit_test(test_an_action_without_products_is_done_once_in_a_rowfile),
        cmocka_unit_test(test_a_log_is_there_where_there_is_output),
        cmocka_unit_test(test_a_program_that_is_not_there_fails_its_task_only),
        cmocka_unit_test(test_a_journal_that_can_not_be_written_ends_the_run),
        cmocka_unit_test(test_a_file_system_without_locks_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
