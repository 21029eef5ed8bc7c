/* Programs that are run for their answer. */
#include "program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run_shell(const char *text, const struct program_request *others,
                      struct program_answer *answer)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)text, NULL};
    struct program_request request = *others;
    request.argv = argv;
    request.environment = environ;
    *answer = (struct program_answer){0};
    assert_int_equal(program_run(&request, answer), 0);
}

static void test_answer_and_errors_are_kept_apart(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("echo out; echo err >&2; cat; exit 3", &(struct program_request){0}, &answer);
    assert_string_equal(buf_string(&answer.output), "out\n");
    assert_string_equal(buf_string(&answer.errors), "err\n");
    assert_false(answer.signalled);
    assert_false(answer.timed_out);
    assert_int_equal(answer.status, 3);
    program_release(&answer);
}

static void test_more_input_than_a_pipe_holds(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (int i = 0; i < 300000; i++) {
        buf_add_char(&text, (char)('a' + i % 26));
    }
    struct program_answer answer;
    run_shell("cat; cat >&2", &(struct program_request){.input = buf_slice(&text)}, &answer);
    assert_true(slice_equal(buf_slice(&answer.output), buf_slice(&text)));
    assert_int_equal(answer.errors.len, 0);
    program_release(&answer);
    buf_release(&text);
}

static void test_directory(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("pwd", &(struct program_request){.directory = "/"}, &answer);
    assert_string_equal(buf_string(&answer.output), "/\n");
    program_release(&answer);

    char *argv[] = {(char *)"true", NULL};
    struct program_request request = {
        .argv = argv, .environment = environ, .directory = "/nowhere/at/all"};
    assert_int_equal(program_run(&request, &answer), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_the_given_path_is_searched(void **state)
{
    (void)state;
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"true", NULL};
    char *environment[] = {(char *)"PATH=/nowhere/at/all", NULL};
    struct program_request request = {.argv = argv, .environment = environment};
    struct program_answer answer = {0};
    assert_int_equal(program_run(&request, &answer), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_time_limit_ends_the_whole_group(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("echo said; sleep 1000 & sleep 1000", &(struct program_request){.limit_ms = 50},
              &answer);
    assert_true(answer.timed_out);
    assert_true(answer.signalled);
    assert_int_equal(answer.status, SIGKILL);
    program_release(&answer);
}

static void test_enough_was_said(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("echo waiting >&2; echo it is retrying >&2; exec sleep 1000",
              &(struct program_request){.enough = "retrying"}, &answer);
    assert_true(answer.cut_short);
    assert_false(answer.timed_out);
    assert_string_equal(buf_string(&answer.errors), "waiting\nit is retrying\n");
    program_release(&answer);
}

/* A child that it leaves behind with its descriptors isn't waited for. */
static void test_orphans_are_not_waited_for(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("sleep 1000 & echo $!", &(struct program_request){0}, &answer);
    assert_false(answer.timed_out);
    assert_int_equal(answer.status, 0);
    pid_t orphan = (pid_t)strtol(buf_string(&answer.output), NULL, 10);
    assert_true(orphan > 1);
    assert_int_equal(kill(orphan, SIGKILL), 0);
    program_release(&answer);
}

static void test_it_is_out_of_reach_of_the_terminal(void **state)
{
    (void)state;
    struct program_answer answer;
    run_shell("ps -o pgid= -p $$ | tr -d ' '; echo $$", &(struct program_request){0}, &answer);
    const char *newline = strchr(buf_string(&answer.output), '\n');
    assert_non_null(newline);
    size_t len = (size_t)(newline - answer.output.at);
    assert_memory_equal(answer.output.at, newline + 1, len);
    program_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_and_errors_are_kept_apart),
        cmocka_unit_test(test_more_input_than_a_pipe_holds),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_the_given_path_is_searched),
        cmocka_unit_test(test_time_limit_ends_the_whole_group),
        cmocka_unit_test(test_enough_was_said),
        cmocka_unit_test(test_orphans_are_not_waited_for),
        cmocka_unit_test(test_it_is_out_of_reach_of_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
