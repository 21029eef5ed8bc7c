#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobserver.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t count_tokens(int fd)
{
    char bytes[64];
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    ssize_t got = read(fd, bytes, sizeof bytes);
    fcntl(fd, F_SETFL, flags);
    return got > 0 ? (size_t)got : 0;
}

static void test_server(void **state)
{
    (void)state;
    struct jobserver server;
    assert_int_equal(jobserver_open(&server, 3), 0);
    for (int end = 0; end < JOBSERVER_ENDS; end++) {
        assert_true(server.ends[end] >= SPAWN_FIRST_INHERITED + JOBSERVER_ENDS);
        assert_true((fcntl(server.ends[end], F_GETFD) & FD_CLOEXEC) != 0);
    }
    assert_int_equal(count_tokens(server.ends[0]), 3);
    jobserver_close(&server);
    assert_int_equal(server.ends[0], -1);
    jobserver_close(&server);
    assert_int_equal(jobserver_open(&server, 0), 0);
    assert_int_equal(count_tokens(server.ends[0]), 0);
    jobserver_close(&server);
    /* more than a pipe holds: an error, and no wait */
    assert_int_equal(jobserver_open(&server, 1U << 30), -1);
    assert_int_equal(errno, EOVERFLOW);
}

static void test_inheritance(void **state)
{
    (void)state;
    struct jobserver server;
    int output[2];
    char text[16] = "";
    struct child child;
    struct child_end end;
    char *const argv[] = {(char *)"sh", (char *)"-c",
                          (char *)"head -c 2 <&3; printf z >&4; [ ! -e /dev/fd/5 ]", NULL};
    char *const envp[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    assert_int_equal(jobserver_open(&server, 2), 0);
    struct spawn_request request = {.argv = argv,
                                    .envp = envp,
                                    .directory = -1,
                                    .output = output[1],
                                    .inherit = server.ends,
                                    .inherit_count = JOBSERVER_ENDS};
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(read(output[0], text, sizeof text), 2);
    assert_string_equal(text, "++");
    while (child_reap(&child, &end) == 1) {
        usleep(1000);
    }
    assert_false(end.signalled);
    assert_int_equal(end.status, 0);
    assert_int_equal(read(server.ends[0], text, sizeof text), 1);
    assert_int_equal(text[0], 'z');
    jobserver_close(&server);
    close(output[0]);
    close(output[1]);
}

static void assert_environment(char *const *got, const char *const *expected)
{
    size_t i = 0;
    for (; got[i] != NULL && expected[i] != NULL; i++) {
        assert_string_equal(got[i], expected[i]);
    }
    assert_null(got[i]);
    assert_null(expected[i]);
}

static void test_environment(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *const mine[] = {(char *)"A=b", (char *)"MAKEFLAGS=-s", (char *)"MFLAGS=-s",
                          (char *)"CARGO_MAKEFLAGS=-j2", NULL};
    assert_environment(jobserver_strip_environment(mine, &arena), (const char *const *)mine);
    char *const makes[] = {(char *)"MAKEFLAGS=s",
                           (char *)"A=b",
                           (char *)"MFLAGS=-s",
                           (char *)"MAKELEVEL=1",
                           (char *)"MAKEFLAGSX=",
                           (char *)"CARGO_MAKEFLAGS=-j --jobserver-fds=3,4",
                           NULL};
    const char *const stripped[] = {"A=b", "MAKEFLAGSX=", NULL};
    assert_environment(jobserver_strip_environment(makes, &arena), stripped);
    char *const cargos[] = {(char *)"MAKEFLAGS=-j --jobserver-auth=3,4", (char *)"C=d", NULL};
    const char *const rest[] = {"C=d", NULL};
    assert_environment(jobserver_strip_environment(cargos, &arena), rest);
    const char *const set[] = {"A=b", "MAKEFLAGS= -j4 --jobserver-auth=3,4", NULL};
    assert_environment(jobserver_set_environment(mine, 4, &arena), set);
    arena_release(&arena);
}

static void test_flags_without_jobserver(void **state)
{
    (void)state;
    static const char *const flags[] = {NULL, "", " -j", "ks", " -j4", "-- X=--jobserver-auth=0,1"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct jobclient client;
        assert_int_equal(jobclient_open(&client, flags[i]), JOBCLIENT_NONE);
        assert_int_equal(client.in, -1);
        jobclient_close(&client);
    }
}

static void test_flags_with_closed_jobserver(void **state)
{
    (void)state;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    char not_a_pipe[64];
    snprintf(not_a_pipe, sizeof not_a_pipe, "-j2 --jobserver-auth=%d,%d", null, null);
    const char *const flags[] = {" -j2 --jobserver-auth=998,999", " -j2 --jobserver-auth=-2,-2",
                                 " --jobserver-auth=x",           " --jobserver-auth=fifo:/nowhere",
                                 " --jobserver-auth=fifo:/",      " --jobserver-fds=3",
                                 "--jobserver-auth=fifo:",        not_a_pipe};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct jobclient client;
        assert_int_equal(jobclient_open(&client, flags[i]), JOBCLIENT_CLOSED);
        assert_int_equal(client.in, -1);
        assert_int_equal(client.out, -1);
    }
    close(null);
}

/* Tokens keep their bytes, and reading never waits. */
static void use(const char *flags, int read_end, int write_end)
{
    struct jobclient client;
    char left[8] = "";
    assert_int_equal(write(write_end, "abc", 3), 3);
    assert_int_equal(jobclient_open(&client, flags), JOBCLIENT_OPEN);
    assert_int_equal(client.slots, 4);
    assert_int_equal(jobclient_take(&client, 2), 2);
    assert_int_equal(jobclient_take(&client, 2), 1);
    assert_int_equal(jobclient_take(&client, 1), 0);
    assert_int_equal(client.held.count, 3);
    jobclient_give(&client, 1);
    assert_int_equal(read(read_end, left, sizeof left), 1);
    assert_string_equal(left, "c");
    jobclient_give(&client, 9);
    assert_int_equal(client.held.count, 0);
    assert_int_equal(jobclient_take(&client, 1), 1);
    jobclient_close(&client);
    assert_int_equal(read(read_end, left, sizeof left), 2);
    assert_true(strcmp(left, "ab") == 0 || strcmp(left, "ba") == 0);
}

static void test_pipe_client(void **state)
{
    (void)state;
    int ends[2];
    char flags[128];
    assert_int_equal(pipe(ends), 0);
    snprintf(flags, sizeof flags, "kw -j4 --jobserver-auth=998,999 --jobserver-auth=%d,%d -- X=1",
             ends[0], ends[1]);
    use(flags, ends[0], ends[1]);
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0); /* others read it as before */
    assert_true((fcntl(ends[0], F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(ends[1], F_GETFD) & FD_CLOEXEC) != 0);
    snprintf(flags, sizeof flags, "-j4 --jobserver-fds=%d,%d", ends[0], ends[1]);
    use(flags, ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
}

static void test_fifo_client(void **state)
{
    (void)state;
    char path[] = "/tmp/rowbuild-test-fifo-XXXXXX";
    char flags[128];
    int ends[2];
    assert_non_null(mkdtemp(path));
    snprintf(flags, sizeof flags, "%s/f", path);
    assert_int_equal(mkfifo(flags, 0600), 0);
    int fifo = open(flags, O_RDWR | O_CLOEXEC);
    snprintf(flags, sizeof flags, " -j4 --jobserver-auth=fifo:%s/f", path);
    use(flags, fifo, fifo);
    close(fifo);
    snprintf(flags, sizeof flags, "%s/f", path);
    unlink(flags);
    rmdir(path);
    /* a pipe under its name in /dev/fd, as our own server's is offered */
    assert_int_equal(pipe(ends), 0);
    snprintf(flags, sizeof flags, " -j4 --jobserver-auth=fifo:/dev/fd/%d", ends[0]);
    use(flags, ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_flags_without_jobserver),
        cmocka_unit_test(test_flags_with_closed_jobserver),
        cmocka_unit_test(test_pipe_client),
        cmocka_unit_test(test_fifo_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
