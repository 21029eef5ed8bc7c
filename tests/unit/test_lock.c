#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "file.h"
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct folder {
    char path[64];
    int fd;
};

static int make_folder(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof folder.path, "/tmp/rowbuild-test-lock-XXXXXX");
    assert_non_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder.fd >= 0);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    close(folder->fd);
    return file_remove_tree(AT_FDCWD, folder->path);
}

static int dir_of(void **state)
{
    return ((struct folder *)*state)->fd;
}

static void acquires(int dir, struct lock *lock)
{
    struct diag diag;
    diag_init(&diag);
    int result = lock_acquire(lock, dir, "lock", "lock", &diag);
    if (result != 0) {
        print_error("%s\n", diag.entries.at[0].message);
    }
    assert_int_equal(result, 0);
    assert_int_equal(diag.errors, 0);
    assert_true(lock->fd >= 0);
    diag_release(&diag);
}

/* The message must hold all parts. */
static void refuses(int dir, const char *path, const char *const *parts)
{
    struct lock lock;
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(lock_acquire(&lock, dir, path, path, &diag), -1);
    assert_int_equal(lock.fd, -1);
    assert_int_equal(diag.errors, 1);
    assert_int_equal(diag.entries.at[0].blame, DIAG_STATE);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strstr(diag.entries.at[0].message, parts[i]) == NULL) {
            fail_msg("no \"%s\" in: %s", parts[i], diag.entries.at[0].message);
        }
    }
    diag_release(&diag);
}

static void content_of(int dir, struct buf *content)
{
    buf_clear(content);
    assert_int_equal(file_read(dir, "lock", 1000, content), 0);
}

static void put(int dir, const char *text, int64_t mtime_ns)
{
    int fd = openat(dir, "lock", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {mtime_ns / 1000000000, mtime_ns % 1000000000}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* A process that takes the lock and keeps it; ended with kill_holder. */
static pid_t start_holder(int dir)
{
    int pipes[2];
    char byte;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct lock lock;
        struct diag diag;
        diag_init(&diag);
        if (lock_acquire(&lock, dir, "lock", "lock", &diag) != 0 || write(pipes[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    return pid;
}

static void kill_holder(pid_t pid)
{
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void names_its_holder(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    struct buf content = BUF_EMPTY;
    char expected[64];
    char host[256] = "";
    acquires(dir, &lock);
    assert_int_equal(fcntl(lock.fd, F_GETFD), FD_CLOEXEC);
    content_of(dir, &content);
    snprintf(expected, sizeof expected, "\npid %d\n", (int)getpid());
    assert_non_null(strstr(content.at, expected));
    gethostname(host, sizeof host - 1);
    assert_memory_equal(content.at, "host ", 5);
    assert_memory_equal(content.at + 5, host, strlen(host));
    lock_release(&lock);
    assert_int_equal(lock.fd, -1);
    content_of(dir, &content);
    assert_int_equal(content.len, 0);
    lock_release(&lock);
    lock_beat(&lock);
    acquires(dir, &lock);
    lock_release(&lock);
    buf_release(&content);
}

static void excludes_and_frees_at_once(void **state)
{
    int dir = dir_of(state);
    char pid_part[32];
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    pid_t pid = start_holder(dir);
    snprintf(pid_part, sizeof pid_part, "in use by pid %d on host ", (int)pid);
    const char *const parts[] = {pid_part, host, " since 2", "; wait for it or end it", NULL};
    refuses(dir, "lock", parts);
    refuses(dir, "lock", parts);
    kill_holder(pid);
    struct lock lock;
    acquires(dir, &lock);
    /* Also within one process: an OFD lock belongs to the descriptor. */
    snprintf(pid_part, sizeof pid_part, "in use by pid %d on host ", (int)getpid());
    refuses(dir, "lock", parts);
    lock_release(&lock);
}

static void message_says_since_when(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    acquires(dir, &lock);
    int fd = openat(dir, "lock", O_WRONLY | O_TRUNC | O_CLOEXEC);
    const char *text = "host a\033b\nboot x\npid 123\nsince 1795168800\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    setenv("TZ", "UTC0", 1);
    tzset();
    static const char *const parts[] = {
        "the state is in use by pid 123 on host $'a\\033b' since 2026-11-20 10:00:00; wait for "
        "it or end it",
        NULL};
    refuses(dir, "lock", parts);
    /* The record is another's now: it is not wiped. */
    struct buf content = BUF_EMPTY;
    lock_release(&lock);
    content_of(dir, &content);
    assert_string_equal(content.at, text);
    buf_release(&content);
}

static void dead_holders_are_followed(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    struct buf content = BUF_EMPTY;
    char own_pid[64];
    kill_holder(start_holder(dir));
    content_of(dir, &content);
    assert_non_null(strstr(content.at, "\npid ")); /* it had no time to clean up */
    acquires(dir, &lock);
    content_of(dir, &content);
    snprintf(own_pid, sizeof own_pid, "\npid %d\n", (int)getpid());
    assert_non_null(strstr(content.at, own_pid));
    lock_release(&lock);
    buf_release(&content);
}

static const char foreign[] = "host elsewhere\nboot 0-0\npid 1\nsince 1795168800\n"
                              "what a later version may add 1\n";

static void foreign_standing_still_is_gone(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    struct buf content = BUF_EMPTY;
    int64_t now = file_system_now(dir);
    put(dir, foreign, now - (int64_t)(LOCK_STALE_S + 5) * 1000000000);
    acquires(dir, &lock);
    content_of(dir, &content);
    assert_null(strstr(content.at, "elsewhere"));
    lock_release(&lock);
    /* A beat that isn't old enough yet is watched until it is: a second after `now`, less a tick.
     */
    int64_t before = clock_monotonic_ns();
    now = file_system_now(dir);
    put(dir, foreign, now - (int64_t)(LOCK_STALE_S - 1) * 1000000000);
    acquires(dir, &lock);
    assert_true(clock_monotonic_ns() - before > 900000000);
    lock_release(&lock);
    buf_release(&content);
}

static pid_t start_beating(int dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            struct timespec pause_ns = {.tv_nsec = 20000000};
            utimensat(dir, "lock", NULL, 0);
            nanosleep(&pause_ns, NULL);
        }
    }
    return pid;
}

static void foreign_beating_is_alive(void **state)
{
    int dir = dir_of(state);
    static const char *const parts[] = {"pid 1 on host elsewhere since ", NULL};
    put(dir, foreign, file_system_now(dir));
    pid_t pid = start_beating(dir);
    refuses(dir, "lock", parts);
    kill_holder(pid);
    struct buf content = BUF_EMPTY;
    content_of(dir, &content);
    assert_string_equal(content.at, foreign);
    buf_release(&content);
}

static void watching_ends_with_a_release(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    put(dir, foreign, file_system_now(dir));
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec pause_ns = {.tv_nsec = 200000000};
        nanosleep(&pause_ns, NULL);
        int fd = openat(dir, "lock", O_WRONLY | O_TRUNC | O_CLOEXEC);
        _exit(fd < 0);
    }
    acquires(dir, &lock);
    lock_release(&lock);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void watching_ends_when_asked(void **state)
{
    int dir = dir_of(state);
    static const char *const parts[] = {"on host elsewhere", NULL};
    sigset_t interrupt;
    sigset_t before;
    siginfo_t info;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &before);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    put(dir, foreign, file_system_now(dir));
    refuses(dir, "lock", parts); /* unasked, it would wait and then take over */
    assert_int_equal(sigwaitinfo(&interrupt, &info), SIGINT);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void beats_move_the_time(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    struct file_stat stat;
    acquires(dir, &lock);
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(futimens(lock.fd, old), 0);
    lock_beat(&lock);
    assert_int_equal(file_stat_fd(lock.fd, &stat), 0);
    assert_true(stat.mtime_ns > INT64_C(1500000000) * 1000000000);
    lock_release(&lock);
}

static void keep_note(void *context, const struct diag_entry *entry)
{
    struct buf *notes = context;
    assert_int_equal(entry->severity, DIAG_NOTE);
    buf_addf(notes, "%s\n", entry->message);
}

static void longer_waits_are_told(void **state)
{
    int dir = dir_of(state);
    struct lock lock;
    struct diag diag;
    struct buf notes = BUF_EMPTY;
    diag_init(&diag);
    diag.listener = (struct diag_listener){keep_note, &notes};
    put(dir, foreign, file_system_now(dir) - (int64_t)(LOCK_STALE_S - 3) * 1000000000);
    assert_int_equal(lock_acquire(&lock, dir, "lock", "lock", &diag), 0);
    lock_release(&lock);
    assert_int_equal(diag.entries.count, 0);
    assert_non_null(strstr(buf_string(&notes), "locked by pid 1 on host elsewhere since "));
    const char *wait = strstr(buf_string(&notes), "waiting up to ");
    assert_non_null(wait);
    assert_in_range(strtol(wait + strlen("waiting up to "), NULL, 10), 1, 2);
    assert_ptr_equal(strchr(wait, '\n') + 1, buf_string(&notes) + notes.len); /* once */
    diag_release(&diag);
    /* Nobody listens: it is kept. */
    diag_init(&diag);
    put(dir, foreign, file_system_now(dir) - (int64_t)(LOCK_STALE_S - 2) * 1000000000);
    assert_int_equal(lock_acquire(&lock, dir, "lock", "lock", &diag), 0);
    lock_release(&lock);
    assert_int_equal(diag.entries.count, 1);
    diag_release(&diag);
    buf_release(&notes);
}

/* Allows so many more descriptors; returns what was allowed. */
static struct rlimit leave_descriptors(int more)
{
    struct rlimit before;
    int next = open("/", O_RDONLY | O_CLOEXEC);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit limit = {(rlim_t)next + (rlim_t)more, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void a_lock_that_cannot_be_read_is_not_taken(void **state)
{
    int dir = dir_of(state);
    static const char *const parts[] = {"can't read the lock lock: Too many open files", NULL};
    static const char *const texts[] = {"", foreign};
    struct buf content = BUF_EMPTY;
    for (size_t i = 0; i < 2; i++) {
        put(dir, texts[i], file_system_now(dir));
        struct rlimit before = leave_descriptors(1);
        refuses(dir, "lock", parts);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        content_of(dir, &content);
        assert_string_equal(buf_string(&content), texts[i]); /* a living holder keeps it */
    }
    buf_release(&content);
}

static void strange_contents_are_nobodys(void **state)
{
    int dir = dir_of(state);
    static const char *const texts[] = {"",        "\n", "garbage", "pid x\n", "pid -4\nhost h\n",
                                        "pid\npid"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lock lock;
        put(dir, texts[i], file_system_now(dir));
        acquires(dir, &lock);
        lock_release(&lock);
    }
}

static void failures_are_state_errors(void **state)
{
    int dir = dir_of(state);
    static const char *const missing[] = {"can't open the lock no/lock: No such file", NULL};
    refuses(dir, "no/lock", missing);
    assert_int_equal(mkdirat(dir, "d", 0777), 0);
    static const char *const directory[] = {"can't open the lock d: ", NULL};
    refuses(dir, "d", directory);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(names_its_holder),
        in_folder(excludes_and_frees_at_once),
        in_folder(message_says_since_when),
        in_folder(dead_holders_are_followed),
        in_folder(foreign_standing_still_is_gone),
        in_folder(foreign_beating_is_alive),
        in_folder(watching_ends_with_a_release),
        in_folder(watching_ends_when_asked),
        in_folder(beats_move_the_time),
        in_folder(longer_waits_are_told),
        in_folder(a_lock_that_cannot_be_read_is_not_taken),
        in_folder(strange_contents_are_nobodys),
        in_folder(failures_are_state_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
