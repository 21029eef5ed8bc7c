/* What rowbuild-trace sees of real programs. */
#include "trace_read.h"

#include "buf.h"
#include "file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char folder[64]; /* without links; holds `p`, the project, and the log */
    struct deeds deeds;
    int status; /* of the last command, as from wait */
};

static char *path_in(const struct world *world, const char *name)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", world->folder, name);
    return path[next];
}

static void put(const struct world *world, const char *name, const char *text)
{
    FILE *file = fopen(path_in(world, name), "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char made[] = "/tmp/rowbuild-trace-XXXXXX";
    char *real = mkdtemp(made) != NULL ? realpath(made, NULL) : NULL;
    if (world == NULL || real == NULL) {
        return -1;
    }
    (void)snprintf(world->folder, sizeof world->folder, "%s", real);
    free(real);
    assert_int_equal(mkdir(path_in(world, "p"), 0700), 0);
    assert_int_equal(mkdir(path_in(world, "p/sub"), 0700), 0);
    put(world, "p/in", "in\n");
    put(world, "p/sub/deep", "deep\n");
    put(world, "away", "away\n");
    *state = world;
    return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); /* to await the watching process */
}

static int tear_down(void **state)
{
    struct world *world = *state;
    deeds_release(&world->deeds);
    assert_int_equal(file_remove_tree(AT_FDCWD, world->folder), 0);
    free(world);
    return 0;
}

/* Runs words in the project, and reads what was written down. */
static void watch_words(struct world *world, const char *const *words)
{
    const char *argv[16] = {TRACE_PROGRAM_PATH, "--root", path_in(world, "p"),
                            path_in(world, "log")};
    size_t count = 4;
    for (; *words != NULL; words++) {
        argv[count++] = *words;
    }
    argv[count] = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (chdir(path_in(world, "p")) == 0 && dup2(null, STDOUT_FILENO) >= 0) {
            execv(argv[0], (char *const *)argv);
        }
        _exit(125);
    }
    assert_true(pid > 0);
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, 0)) > 0) {
        world->status = ended == pid ? status : world->status;
    }
    deeds_release(&world->deeds);
    assert_int_equal(deeds_read(&world->deeds, path_in(world, "log")), 0);
    assert_int_equal(world->deeds.lost, 0);
    assert_int_equal(world->deeds.unknown, 0);
}
#define watch(world, ...) watch_words(world, (const char *const[]){__VA_ARGS__, NULL})

static void watch_shell(struct world *world, const char *text)
{
    watch(world, "sh", "-ec", text);
    assert_int_equal(world->status, 0);
}

static const struct deed *find(const struct world *world, enum trace_kind kind, const char *name)
{
    const char *path = name[0] == '/' ? name : path_in(world, name);
    vec_each (const struct deed, deed, &world->deeds.all) {
        if (deed->kind == kind && slice_is(deed->path, path)) {
            return deed;
        }
    }
    return NULL;
}

static bool did(const struct world *world, enum trace_kind kind, const char *name)
{
    return find(world, kind, name) != NULL;
}

/* Some kernels refuse the calls of 32-bit programs. */
static bool runs_old_calls(const struct world *world)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl(TOUCHES, TOUCHES, "old", path_in(world, "p/in"), (char *)NULL);
        _exit(125);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_ways_to_read(void **state)
{
    struct world *world = *state;
    static const char *const ways[] = {"read",   "thread", "spawn",  "vfork",
                                       "daemon", "old",    "signals"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i], "old") == 0 && !runs_old_calls(world)) {
            continue;
        }
        watch(world, TOUCHES, ways[i], "in");
        assert_int_equal(world->status, 0);
        const struct deed *deed = find(world, TRACE_READ, "p/in");
        assert_non_null(deed);
        assert_true(slice_is(deed->program, "touches"));
        struct stat status;
        assert_int_equal(stat(path_in(world, "p/in"), &status), 0);
        assert_int_equal(deed->inode, status.st_ino);
        assert_int_equal(deed->device, status.st_dev);
    }
}

static void test_paths_by_folder(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "openat2", "sub", "deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    watch(world, TOUCHES, "chdir", "sub", "../sub/./deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    watch_shell(world, "ln -s sub link; cat link/deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    assert_true(did(world, TRACE_WRITE, "p/link"));
    watch_shell(world, "ln -s ../away out; cat out"); /* by its name in the project */
    assert_true(did(world, TRACE_READ, "p/out"));
    watch_shell(world, "cd ..; ln -s p q; cat \"$PWD/q/in\"");
    assert_true(did(world, TRACE_READ, "p/in"));
    watch_shell(world, "exec 3<in; cat /dev/fd/3; cat /proc/self/cwd/sub/deep");
    assert_true(did(world, TRACE_READ, "p/in"));
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
}

static void test_what_is_no_reading(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "look", "in");
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "read", "missing");
    assert_int_not_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "read", "../away");
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "unnamed", ".");
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
}

static void test_writing(void **state)
{
    struct world *world = *state;
    watch_shell(world, "echo x >new; echo y >in; touch sub/deep; mkdir f; mknod f/pipe p");
    assert_true(find(world, TRACE_WRITE, "p/new")->is_new);
    assert_false(find(world, TRACE_WRITE, "p/in")->is_new);
    assert_true(did(world, TRACE_SUSPECT, "p/sub/deep"));
    assert_false(did(world, TRACE_WRITE, "p/sub/deep"));
    assert_true(did(world, TRACE_FOLDER, "p/f"));
    assert_true(did(world, TRACE_WRITE, "p/f/pipe"));
    watch(world, TOUCHES, "update", "in");
    assert_true(did(world, TRACE_READ, "p/in"));
    struct stat status;
    assert_int_equal(stat(path_in(world, "p/in"), &status), 0);
    assert_int_equal(find(world, TRACE_SUSPECT, "p/in")->mtime_ns,
                     (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
    watch(world, TOUCHES, "cut", "in");
    assert_true(did(world, TRACE_WRITE, "p/in"));
}

static void test_renaming_and_deleting(void **state)
{
    struct world *world = *state;
    watch_shell(world, "echo x >tmp; mv tmp sub/final; mv in sub; rm sub/deep; mkdir d; rmdir d");
    const struct deed *deed = find(world, TRACE_RENAME, "p/tmp");
    assert_non_null(deed);
    assert_true(slice_is(deed->other, path_in(world, "p/sub/final")));
    deed = find(world, TRACE_RENAME, "p/in");
    assert_non_null(deed);
    assert_true(slice_is(deed->other, path_in(world, "p/sub/in")));
    assert_true(did(world, TRACE_DELETE, "p/sub/deep"));
    assert_true(did(world, TRACE_DELETE, "p/d"));
    watch_shell(world, "cd sub; ln in hard; mv hard ../../elsewhere");
    assert_true(did(world, TRACE_READ, "p/sub/in"));
    assert_true(did(world, TRACE_WRITE, "p/sub/hard"));
    assert_true(did(world, TRACE_RENAME, "p/sub/hard"));
}

static void test_listing(void **state)
{
    struct world *world = *state;
    watch_shell(world, "ls sub; cd sub");
    assert_true(did(world, TRACE_LIST, "p/sub"));
    assert_false(did(world, TRACE_LIST, "p"));
    assert_false(did(world, TRACE_READ, "p/sub"));
}

static void test_execution(void **state)
{
    struct world *world = *state;
    put(world, "p/script", "#!/bin/sh\ncat in\n");
    put(world, "p/plain", "cat in\n");
    assert_int_equal(chmod(path_in(world, "p/script"), 0700), 0);
    assert_int_equal(chmod(path_in(world, "p/plain"), 0700), 0);
    watch(world, "./script");
    assert_int_equal(world->status, 0);
    assert_true(did(world, TRACE_READ, "p/script"));
    assert_true(did(world, TRACE_READ, "p/in"));
    watch_shell(world, "./plain");
    assert_true(did(world, TRACE_READ, "p/plain"));
    watch(world, "/usr/bin/python3", "-c",
          "import json; open('in').read(); open('new', 'w').write('x')");
    assert_int_equal(world->status, 0);
    assert_true(did(world, TRACE_READ, "p/in"));
    assert_true(did(world, TRACE_WRITE, "p/new"));
}

/* Whoever waits for the command sees it end as if it weren't watched. */
static void test_status(void **state)
{
    struct world *world = *state;
    watch(world, "sh", "-c", "exit 7");
    assert_int_equal(WEXITSTATUS(world->status), 7);
    watch(world, "sh", "-c", "kill -9 $$");
    assert_true(WIFSIGNALED(world->status));
    assert_int_equal(WTERMSIG(world->status), SIGKILL);
    watch(world, "sh", "-c", "kill -TERM $$");
    assert_int_equal(WTERMSIG(world->status), SIGTERM);
    watch(world, "no-such-program");
    assert_int_equal(WEXITSTATUS(world->status), 127);
}

/* A command that is stopped stays stopped, is seen to be, and continues. */
static void test_stopping(void **state)
{
    struct world *world = *state;
    pid_t pid = fork();
    if (pid == 0) {
        execl(TRACE_PROGRAM_PATH, TRACE_PROGRAM_PATH, "--root", path_in(world, "p"),
              path_in(world, "log"), "sh", "-c", "kill -STOP $$; exit 3", (char *)NULL);
        _exit(125);
    }
    int status = 0;
    do {
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    } while (!WIFSTOPPED(status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 3);
}

static void test_calls_that_are_refused(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "ring");
    assert_int_equal(world->status, 0);
    watch(world, TOUCHES, "ptrace");
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 1);
    assert_int_equal(world->deeds.all.at[0].kind, TRACE_PTRACE);
    assert_true(slice_is(world->deeds.all.at[0].program, "touches"));
}

static void test_many_files(void **state)
{
    struct world *world = *state;
    watch_shell(world, "i=0; while [ $i -lt 3000 ]; do : >sub/a-name-that-is-rather-long-$i; "
                       "i=$((i + 1)); done; : >sub/a-name-that-is-rather-long-0");
    size_t written = 0;
    vec_each (const struct deed, deed, &world->deeds.all) {
        written += deed->kind == TRACE_WRITE;
    }
    assert_int_equal(written, 3000);
}

static void test_log_that_is_broken(void **state)
{
    struct world *world = *state;
    watch_shell(world, "cat in >out; mv out out2");
    struct buf text = BUF_EMPTY;
    assert_int_equal(file_read(AT_FDCWD, path_in(world, "log"), SIZE_MAX, &text), 0);
    for (size_t len = 0; len < 600; len += 7) { /* any beginning of it is refused or read */
        struct deeds deeds;
        FILE *file = fopen(path_in(world, "cut"), "we");
        assert_non_null(file);
        assert_int_equal(fwrite(text.at, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
        (void)deeds_read(&deeds, path_in(world, "cut"));
        deeds_release(&deeds);
    }
    buf_release(&text);
    put(world, "cut", "This is a text that is long enough for a header, but it isn't one.");
    struct deeds deeds;
    assert_int_equal(deeds_read(&deeds, path_in(world, "cut")), -1);
    deeds_release(&deeds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ways_to_read),
        TEST(test_paths_by_folder),
        TEST(test_what_is_no_reading),
        TEST(test_writing),
        TEST(test_renaming_and_deleting),
        TEST(test_listing),
        TEST(test_execution),
        TEST(test_status),
        TEST(test_stopping),
        TEST(test_calls_that_are_refused),
        TEST(test_many_files),
        TEST(test_log_that_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
