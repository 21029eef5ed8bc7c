#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "loop.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { LIMIT = 16 };

static struct child start(const char *command)
{
    char *const argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)command, NULL};
    char *const envp[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    struct spawn_request request = {.argv = argv, .envp = envp, .directory = -1, .output = -1};
    struct child child;
    assert_int_equal(spawn_child(&request, &child), 0);
    return child;
}

/* Waits for an event of the kind, passing over others. */
static struct loop_event expect(struct loop *loop, enum loop_event_kind kind)
{
    for (;;) {
        struct loop_event events[LIMIT];
        int count = loop_wait(loop, events, LIMIT, 60000);
        assert_true(count > 0);
        for (int i = 0; i < count; i++) {
            if (events[i].kind == kind) {
                return events[i];
            }
        }
    }
}

static void child_ends(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    assert_non_null(loop);
    struct child child = start("exit 7");
    uint64_t token = UINT64_C(0xfedcba9876543210);
    assert_int_equal(loop_watch(loop, child.pidfd, token), 0);
    assert_true(expect(loop, LOOP_CHILD).token == token);
    loop_unwatch(loop, child.pidfd);
    struct child_end end;
    assert_int_equal(child_reap(&child, &end), 0);
    assert_int_equal(end.status, 7);
    assert_int_equal(child.pidfd, -1);
    loop_free(loop);
}

static void unwatched_is_silent(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(loop_watch(loop, pipes[0], 5), 0);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    struct loop_event events[LIMIT];
    assert_int_equal(loop_wait(loop, events, LIMIT, 60000), 1);
    loop_unwatch(loop, pipes[0]);
    assert_int_equal(loop_wait(loop, events, LIMIT, 0), 0);
    assert_int_equal(loop_watch(loop, -1, 5), -1);
    assert_int_equal(errno, EBADF);
    close(pipes[0]);
    close(pipes[1]);
    loop_free(loop);
}

static void signals_come_as_events(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    unsigned seen = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t number = expect(loop, LOOP_SIGNAL).token;
        seen |= number == SIGUSR1 ? 1U : 0U;
        seen |= number == SIGTERM ? 2U : 0U;
    }
    assert_int_equal(seen, 3);
    struct child child = start("exit 0");
    assert_int_equal(expect(loop, LOOP_SIGNAL).token, SIGCHLD);
    struct child_end end;
    assert_int_equal(child_reap(&child, &end), 0);
    loop_free(loop);
}

static void masks_are_restored(void **state)
{
    (void)state;
    sigset_t first;
    sigset_t before;
    sigset_t now;
    sigset_t hup;
    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &hup, &first);
    loop_block_signals(&before, false);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGINT), 1);
    assert_int_equal(sigismember(&now, SIGCHLD), 1);
    loop_restore_signals(&before);
    struct loop *loop = loop_new(false);
    loop_free(loop);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGINT), 0);
    assert_int_equal(sigismember(&now, SIGHUP), 1);
    pthread_sigmask(SIG_SETMASK, &first, NULL);
}

static void timer_rings_once(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    struct loop_event events[LIMIT];
    int64_t when = clock_monotonic_ns() + 20000000;
    loop_set_timer(loop, when);
    assert_int_equal(expect(loop, LOOP_TIMER).kind, LOOP_TIMER);
    assert_true(clock_monotonic_ns() >= when);
    assert_int_equal(loop_wait(loop, events, LIMIT, 0), 0);
    loop_set_timer(loop, 1); /* long past */
    assert_int_equal(expect(loop, LOOP_TIMER).kind, LOOP_TIMER);
    loop_set_timer(loop, 1);
    loop_set_timer(loop, 0);
    assert_int_equal(loop_wait(loop, events, LIMIT, 0), 0);
    loop_free(loop);
}

static void timeout_gives_nothing(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    struct loop_event event;
    int64_t before = clock_monotonic_ns();
    assert_int_equal(loop_wait(loop, &event, 1, 10), 0);
    assert_true(clock_monotonic_ns() - before >= 9000000);
    assert_int_equal(loop_wait(loop, &event, 0, 0), -1);
    assert_int_equal(errno, EINVAL);
    loop_free(loop);
    loop_free(NULL);
}

static void ignore_alarm(int number)
{
    (void)number;
}

static void interruption_is_no_error(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    struct sigaction action = {.sa_handler = ignore_alarm};
    struct sigaction before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    struct itimerval often = {{.tv_usec = 20000}, {.tv_usec = 20000}};
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    struct loop_event event;
    assert_int_equal(loop_wait(loop, &event, 1, -1), 0);
    struct itimerval never = {0};
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    loop_free(loop);
}

static void many_children(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static struct child children[MANY];
    struct loop *loop = loop_new(false);
    for (unsigned i = 0; i < MANY; i++) {
        children[i] = start("exit 3");
        assert_int_equal(loop_watch(loop, children[i].pidfd, i), 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        uint64_t token = expect(loop, LOOP_CHILD).token;
        assert_true(token < MANY && children[token].pidfd >= 0);
        loop_unwatch(loop, children[token].pidfd);
        struct child_end end;
        assert_int_equal(child_reap(&children[token], &end), 0);
        assert_int_equal(end.status, 3);
    }
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_ends),
        cmocka_unit_test(unwatched_is_silent),
        cmocka_unit_test(signals_come_as_events),
        cmocka_unit_test(masks_are_restored),
        cmocka_unit_test(timer_rings_once),
        cmocka_unit_test(timeout_gives_nothing),
        cmocka_unit_test(interruption_is_no_error),
        cmocka_unit_test(many_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
