#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run_mark.h"
#include "spawn.h"
#include "usage.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct run_mark own_mark(void)
{
    struct run_mark mark;
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    run_mark_of_this(&mark, folder);
    close(folder);
    return mark;
}

static bool parses(const char *text)
{
    struct run_mark mark;
    return run_mark_parse(slice_of(text), &mark);
}

static void test_what_is_spelt_is_read(void **state)
{
    (void)state;
    struct run_mark mark = own_mark();
    struct run_mark found;
    struct buf text = BUF_EMPTY;
    run_mark_spell(&mark, &text);
    assert_true(run_mark_parse(buf_slice(&text), &found));
    assert_memory_equal(&found, &mark, sizeof mark);
    for (size_t len = 0; len < text.len; len++) { /* cut off anywhere */
        assert_false(run_mark_parse(slice_make(text.at, len), &found));
    }
    buf_add(&text, "\0\0\0", 3);
    assert_true(run_mark_parse(buf_slice(&text), &found));
    buf_add_char(&text, 'x');
    assert_false(run_mark_parse(buf_slice(&text), &found));
    buf_release(&text);
}

static void test_other_forms_are_not_read(void **state)
{
    (void)state;
#define HEAD "rowbuild run 2\nhost h\nboot b\n"
    assert_true(parses(HEAD "pid 5\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_true(parses(HEAD "pid 18446744073709551615\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid 18446744073709551616\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid -5\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid +5\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid 05\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid  5\nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid \nstart 6\nspace 7\nfolder 8 9\n"));
    assert_false(parses(HEAD "pid 5\nstart 6\nspace 7\nfolder 8\n"));
    assert_false(parses(HEAD "pid 5\nstart 6\nspace 7\nfolder 8 9\nmore\n"));
    assert_false(parses("ROWBUILD_RUN=5-6"));
    assert_false(parses(""));
#undef HEAD
}

static void test_who_is_meant(void **state)
{
    (void)state;
    struct run_mark own = own_mark();
    struct run_mark found = own;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_LIVES);
    found.start_ticks++; /* the number is somebody else's by now */
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_DEAD);
    const uint64_t impossible[] = {0, (uint64_t)INT_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        found = own;
        found.pid = impossible[i];
        assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    }
    found = own;
    found.inode++;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    found = own;
    found.device++;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    found = own;
    found.pid_space++;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    found = own;
    found.host[0] ^= 1;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    found = own;
    found.boot[0] ^= 1;
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
    found = own;
    own.boot[0] = found.boot[0] = '\0'; /* two hosts that don't know theirs */
    assert_int_equal(run_mark_compare(&found, &own), RUN_MARK_ELSEWHERE);
}

/* Who ends what carries a mark must not end itself by it, nor whoever called it. */
static void test_ancestors_are_spared(void **state)
{
    (void)state;
    char mark[64];
    snprintf(mark, sizeof mark, "ROWBUILD_RUN=test-%d", (int)getpid());
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* a shell that carries the mark, and this program again below it */
        char *argv[] = {
            (char *)"sh", (char *)"-c", (char *)"\"$0\" \"$1\"; exit $?", (char *)"/proc/self/exe",
            mark,         NULL};
        char self[PATH_MAX];
        ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
        self[len > 0 ? len : 0] = '\0';
        argv[3] = self;
        char *envp[] = {mark, (char *)"PATH=/usr/bin:/bin", NULL};
        execve("/bin/sh", argv, envp);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1); /* one other process was ended */
}

/* Below the marked shell: starts a process of the same mark, and ends what is marked. */
static int end_marked(const char *mark)
{
    pid_t sleeper = fork();
    if (sleeper == 0) {
        char *argv[] = {(char *)"sleep", (char *)"1000", NULL};
        char *envp[] = {(char *)mark, NULL};
        execve("/bin/sleep", argv, envp);
        _exit(127);
    }
    char name[64];
    struct buf value = BUF_EMPTY;
    for (int i = 0; i < 100000 && value.len == 0; i++) { /* until it has become the other program */
        snprintf(name, sizeof name, "/proc/%d/comm", (int)sleeper);
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        char comm[16] = "";
        if (fd >= 0 && read(fd, comm, sizeof comm - 1) > 0 && strncmp(comm, "sleep", 5) == 0) {
            buf_add_string(&value, "yes");
        }
        if (fd >= 0) {
            close(fd);
        }
        usleep(2000);
    }
    buf_release(&value);
    signal(SIGCHLD, SIG_IGN); /* so that what was ended is gone at once */
    return (int)spawn_kill_marked(mark, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return end_marked(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_spelt_is_read),
        cmocka_unit_test(test_other_forms_are_not_read),
        cmocka_unit_test(test_who_is_meant),
        cmocka_unit_test(test_ancestors_are_spared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
