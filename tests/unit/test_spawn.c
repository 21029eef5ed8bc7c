#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const plain_environment[] = {(char *)"PATH=/usr/bin:/bin", NULL};

struct folder {
    char path[64];
    int fd;
    int output;
};

static int make_folder(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof folder.path, "/tmp/rowbuild-test-spawn-XXXXXX");
    assert_non_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder.fd >= 0);
    folder.output = openat(folder.fd, "output", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    assert_true(folder.output >= 0);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    close(folder->fd);
    close(folder->output);
    return file_remove_tree(AT_FDCWD, folder->path);
}

/* A request that runs `argv` in the folder with output to its file. */
static struct spawn_request request_of(const struct folder *folder, char *const *argv)
{
    return (struct spawn_request){
        .argv = argv, .envp = plain_environment, .directory = folder->fd, .output = folder->output};
}

static struct child start_shell(const struct folder *folder, const char *command)
{
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    struct spawn_request request = request_of(folder, argv);
    struct child child;
    assert_int_equal(spawn_child(&request, &child), 0);
    return child;
}

static struct child_end wait_for(struct child *child)
{
    struct pollfd readable = {.fd = child->pidfd, .events = POLLIN};
    struct child_end end;
    while (poll(&readable, 1, -1) != 1) {
    }
    assert_int_equal(child_reap(child, &end), 0);
    assert_int_equal(child->pidfd, -1);
    return end;
}

static void output_is(const struct folder *folder, const char *expected)
{
    struct buf content = BUF_EMPTY;
    assert_int_equal(file_read(folder->fd, "output", 1 << 20, &content), 0);
    assert_string_equal(buf_string(&content), expected);
    buf_release(&content);
    assert_int_equal(ftruncate(folder->output, 0), 0);
}

static void output_has(const struct folder *folder, const char *expected)
{
    struct buf content = BUF_EMPTY;
    assert_int_equal(file_read(folder->fd, "output", 1 << 20, &content), 0);
    assert_non_null(strstr(buf_string(&content), expected));
    buf_release(&content);
}

static void write_script(const struct folder *folder, const char *name, const char *text,
                         mode_t mode)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* Waits until the running child has made a file, by its own hand and not after some time. */
static void wait_for_file(const struct folder *folder, const char *name)
{
    struct file_stat stat;
    do {
        sched_yield();
        assert_int_equal(file_stat(folder->fd, name, &stat), 0);
    } while (stat.kind == FILE_MISSING || stat.size == 0);
}

static pid_t pid_in_file(const struct folder *folder, const char *name)
{
    struct buf content = BUF_EMPTY;
    wait_for_file(folder, name);
    assert_int_equal(file_read(folder->fd, name, 100, &content), 0);
    pid_t pid = (pid_t)strtol(buf_string(&content), NULL, 10);
    buf_release(&content);
    return pid;
}

static void runs_and_reaps(void **state)
{
    const struct folder *folder = *state;
    struct child child = start_shell(folder, "echo out; echo err >&2; pwd; exit 5");
    struct child_end end = wait_for(&child);
    assert_false(end.signalled);
    assert_int_equal(end.status, 5);
    assert_true(end.peak_rss_bytes > 0);
    assert_true(end.cpu_seconds >= 0 && end.cpu_seconds < 100);
    char expected[128];
    snprintf(expected, sizeof expected, "out\nerr\n%s\n", folder->path);
    output_is(folder, expected);
    child = start_shell(folder, "kill -9 $$");
    end = wait_for(&child);
    assert_true(end.signalled);
    assert_int_equal(end.status, SIGKILL);
}

static void running_child_is_not_reaped(void **state)
{
    struct child child = start_shell(*state, "exec sleep 1000");
    struct child_end end;
    assert_int_equal(child_reap(&child, &end), 1);
    assert_true(child.pidfd >= 0);
    assert_int_equal(fcntl(child.pidfd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(getpgid(child.pid), child.pid);
    assert_int_equal(getsid(child.pid), child.pid); /* no terminal to be stopped by */
    spawn_signal_child(&child, SIGTERM);
    end = wait_for(&child);
    assert_true(end.signalled);
    assert_int_equal(end.status, SIGTERM);
    assert_false(child_group_alive(child.pid));
}

static void cpu_time_is_measured(void **state)
{
    struct child child = start_shell(*state, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    assert_true(wait_for(&child).cpu_seconds > 0);
}

static void fails_with(const struct spawn_request *request, int error)
{
    struct child child = {.pid = -7, .pidfd = -7};
    errno = 0;
    assert_int_equal(spawn_child(request, &child), -1);
    assert_int_equal(errno, error);
    assert_int_equal(child.pid, -7);
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *listing = opendir("/proc/self/fd");
    while (readdir(listing) != NULL) {
        count++;
    }
    closedir(listing);
    return count;
}

static void failures_come_back(void **state)
{
    const struct folder *folder = *state;
    int before = open_descriptors();
    char *const missing[] = {(char *)"/no/such/program", NULL};
    char *const nowhere[] = {(char *)"no-such-program-anywhere", NULL};
    char *const nameless[] = {(char *)"", NULL};
    char *const a_folder[] = {(char *)"./.", NULL};
    char *const forbidden[] = {(char *)"./data", NULL};
    write_script(folder, "data", "#!/bin/sh\n", 0666);

    struct spawn_request request = request_of(folder, missing);
    fails_with(&request, ENOENT);
    request.argv = nowhere;
    fails_with(&request, ENOENT);
    request.argv = nameless;
    fails_with(&request, ENOENT);
    request.argv = forbidden;
    fails_with(&request, EACCES);
    request.argv = a_folder;
    fails_with(&request, EACCES);
    assert_int_equal(open_descriptors(), before);
}

/* A sandbox, or a cpuset that has changed meanwhile. */
static void where_binding_is_refused_it_runs_unbound(void **state)
{
    struct cpumask none = {0};
    struct child child;
    char *const argv[] = {(char *)"/bin/true", NULL};
    struct spawn_request request = request_of(*state, argv);
    request.bind = &none;
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(child.unbound, EINVAL);
    assert_int_equal(wait_for(&child).status, 0);
    request.bind = NULL;
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(child.unbound, 0);
    assert_int_equal(wait_for(&child).status, 0);
}

static void bad_directory_and_output(void **state)
{
    const struct folder *folder = *state;
    int before = open_descriptors();
    char *const argv[] = {(char *)"/bin/true", NULL};
    struct spawn_request request = request_of(folder, argv);
    request.directory = folder->output;
    fails_with(&request, ENOTDIR);
    request = request_of(folder, argv);
    request.output = 12345;
    fails_with(&request, EBADF);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void too_long_an_environment(void **state)
{
    enum { HUGE = 1 << 20 };
    char *huge = malloc(HUGE);
    memset(huge, 'x', HUGE - 1);
    huge[HUGE - 1] = '\0';
    char *const argv[] = {(char *)"/bin/true", huge, NULL};
    struct spawn_request request = request_of(*state, argv);
    fails_with(&request, E2BIG);
    free(huge);
}

static void looks_in_the_given_path(void **state)
{
    const struct folder *folder = *state;
    char with_folder[128];
    snprintf(with_folder, sizeof with_folder, "PATH=/no/such:%s:/bin", folder->path);
    char *const envp[] = {(char *)"OTHER=1", with_folder, NULL};
    char *const argv[] = {(char *)"tool", (char *)"a b", NULL};
    struct spawn_request request = request_of(folder, argv);
    request.envp = envp;
    write_script(folder, "tool", "#!/bin/sh\necho \"tool $1 $OTHER\"\n", 0777);
    struct child child;
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(wait_for(&child).status, 0);
    output_is(folder, "tool a b 1\n");

    /* Relative entries, and empty ones, are seen from the child's directory. */
    static const char *const paths[] = {"PATH=/no:.", "PATH=:/no", "PATH=/no:", "PATH="};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *const relative[] = {(char *)paths[i], NULL};
        request.envp = relative;
        write_script(folder, "tool", "#!/bin/sh\necho \"tool $1 $OTHER\"\n", 0777);
        assert_int_equal(spawn_child(&request, &child), 0);
        assert_int_equal(wait_for(&child).status, 0);
        output_is(folder, "tool a b \n");
    }

    /* What can't be executed, and a directory, are passed over; they decide the error. */
    assert_int_equal(fchmodat(folder->fd, "tool", 0666, 0), 0);
    request.envp = envp;
    fails_with(&request, EACCES);
    assert_int_equal(unlinkat(folder->fd, "tool", 0), 0);
    assert_int_equal(mkdirat(folder->fd, "tool", 0777), 0);
    fails_with(&request, EACCES);

    char *const no_path[] = {NULL};
    char *const true_program[] = {(char *)"true", NULL};
    request.argv = true_program;
    request.envp = no_path;
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(wait_for(&child).status, 0);
}

static void scripts_without_interpreter(void **state)
{
    const struct folder *folder = *state;
    write_script(folder, "plain", "echo \"$# $1 $2\"\nexit 4\n", 0777);
    char *const argv[] = {(char *)"./plain", (char *)"x y", (char *)"z", NULL};
    struct spawn_request request = request_of(folder, argv);
    struct child child;
    assert_int_equal(spawn_child(&request, &child), 0);
    assert_int_equal(wait_for(&child).status, 4);
    output_is(folder, "2 x y z\n");
}

static void inherits_three_descriptors(void **state)
{
    const struct folder *folder = *state;
    struct child child =
        start_shell(folder, "ls /proc/self/fd; cd /proc/self/fd; readlink 0 1 2; cat");
    assert_int_equal(wait_for(&child).status, 0);
    char expected[512];
    /* 3 is the listing that ls reads, hence was free. */
    snprintf(expected, sizeof expected, "0\n1\n2\n3\n/dev/null\n%s/output\n%s/output\n",
             folder->path, folder->path);
    output_is(folder, expected);
}

/* Whoever closed its standard streams gets low numbers for everything else. */
static void low_descriptors(void **state)
{
    const struct folder *folder = *state;
    for (int output = 0; output < 3; output++) {
        pid_t pid = fork();
        if (pid == 0) {
            int high = fcntl(folder->output, F_DUPFD_CLOEXEC, 20);
            close(0);
            close(1);
            close(2);
            dup3(high, output, O_CLOEXEC);
            char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"cat; echo out; echo err >&2",
                                  NULL};
            struct spawn_request request = request_of(folder, argv);
            request.output = output;
            struct child child;
            struct child_end end;
            if (spawn_child(&request, &child) != 0) {
                _exit(1);
            }
            struct pollfd readable = {.fd = child.pidfd, .events = POLLIN};
            poll(&readable, 1, -1);
            _exit(child_reap(&child, &end) == 0 && !end.signalled ? end.status : 2);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        output_is(folder, "out\nerr\n");
    }
}

static void do_nothing(int number)
{
    (void)number;
}

static void signals_are_reset(void **state)
{
    const struct folder *folder = *state;
    sigset_t blocked;
    sigset_t before;
    sigset_t after;
    struct sigaction caught = {.sa_handler = do_nothing};
    struct sigaction old_caught;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    void (*old_pipe)(int) = signal(SIGPIPE, SIG_IGN);
    void (*old_xfsz)(int) = signal(SIGXFSZ, SIG_IGN);
    sigaction(SIGUSR2, &caught, &old_caught);
    char *const argv[] = {(char *)"cat", (char *)"/proc/self/status", NULL};
    struct spawn_request request = request_of(folder, argv);
    struct child child;
    assert_int_equal(spawn_child(&request, &child), 0);
    pthread_sigmask(SIG_SETMASK, &before, &after);
    assert_int_equal(wait_for(&child).status, 0);
    output_has(folder, "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
                       "SigCgt:\t0000000000000000\n");
    assert_int_equal(sigismember(&after, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGSEGV), 0);
    struct sigaction now;
    sigaction(SIGUSR2, &old_caught, &now);
    assert_ptr_equal(now.sa_handler, do_nothing);
    assert_ptr_equal(signal(SIGXFSZ, old_xfsz), SIG_IGN);
    assert_ptr_equal(signal(SIGPIPE, old_pipe), SIG_IGN);
}

static void affinity_is_the_childs(void **state)
{
    const struct folder *folder = *state;
    cpu_set_t own;
    cpu_set_t own_after;
    assert_int_equal(sched_getaffinity(0, sizeof own, &own), 0);
    char *const argv[] = {(char *)"grep", (char *)"Cpus_allowed_list:", (char *)"/proc/self/status",
                          NULL};
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &own)) {
            continue;
        }
        struct cpumask mask = {0};
        struct child child;
        char expected[64];
        cpumask_set(&mask, cpu);
        struct spawn_request request = request_of(folder, argv);
        request.bind = &mask;
        assert_int_equal(spawn_child(&request, &child), 0);
        assert_int_equal(wait_for(&child).status, 0);
        snprintf(expected, sizeof expected, "Cpus_allowed_list:\t%u\n", cpu);
        output_is(folder, expected);
    }
    assert_int_equal(sched_getaffinity(0, sizeof own_after, &own_after), 0);
    assert_true(CPU_EQUAL(&own, &own_after));
}

static void many_starts_leave_nothing(void **state)
{
    const struct folder *folder = *state;
    char *const good[] = {(char *)"/bin/true", NULL};
    char *const bad[] = {(char *)"/no/such", NULL};
    int before = open_descriptors();
    for (int i = 0; i < 300; i++) {
        struct spawn_request request = request_of(folder, good);
        struct child child;
        assert_int_equal(spawn_child(&request, &child), 0);
        assert_int_equal(wait_for(&child).status, 0);
        request.argv = bad;
        fails_with(&request, ENOENT);
    }
    assert_int_equal(open_descriptors(), before);
}

/* Everybody below this process gets TERM, then KILL, until nobody is left. */
static void end_all(int first_signal)
{
    int signal = first_signal;
    while (spawn_signal_descendants(signal) > 0) {
        signal = SIGKILL;
        sched_yield();
        spawn_reap_orphans();
    }
    spawn_reap_orphans();
}

static void *stop_and_tell(void *pipe)
{
    spawn_stop_self();
    (void)!write(*(const int *)pipe, "x", 1);
    return NULL;
}

/* The caller doesn't get further, whichever of several threads it is. */
static void stops_itself(void **state)
{
    int ends[2];
    int status;
    char byte;
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, stop_and_tell, &ends[1]);
        pthread_join(thread, NULL);
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(read(ends[0], &byte, 1), -1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
}

static int next_change(const struct child *child)
{
    int change;
    while ((change = child_look(child)) == 0) {
        usleep(1000);
    }
    return change;
}

static void looks_at_stops(void **state)
{
    struct child child = start_shell(*state, "exec sleep 1000");
    assert_int_equal(child_look(&child), 0);
    spawn_signal_child(&child, SIGSTOP);
    assert_int_equal(next_change(&child), 1);
    assert_int_equal(child_look(&child), 0);
    spawn_signal_child(&child, SIGCONT);
    assert_int_equal(next_change(&child), -1);
    spawn_signal_child(&child, SIGKILL);
    assert_true(wait_for(&child).signalled);
}

static void daemons_are_found(void **state)
{
    const struct folder *folder = *state;
    struct child child =
        start_shell(folder, "setsid sh -c 'trap \"\" TERM; (sleep 1000 & echo $! >inner); "
                            "echo $$ >outer; while :; do sleep 1000; done' & wait");
    pid_t inner = pid_in_file(folder, "inner");
    pid_t outer = pid_in_file(folder, "outer");
    assert_true(getpgid(outer) != child.pid);
    /* The daemon becomes an orphan as its starter is killed. */
    assert_int_equal(kill(child.pid, SIGKILL), 0);
    assert_true(wait_for(&child).signalled);
    assert_true(spawn_signal_descendants(0) >= 2);
    end_all(SIGTERM);
    assert_int_equal(spawn_signal_descendants(0), 0);
    assert_int_equal(kill(outer, 0), -1);
    assert_int_equal(kill(inner, 0), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void one_childs_descendants(void **state)
{
    const struct folder *folder = *state;
    struct child other = start_shell(folder, "exec sleep 1000");
    struct child child =
        start_shell(folder, "setsid sh -c 'echo $$ >other_session; exec sleep 1000' & "
                            "sh -c 'echo $$ >same_group; exec sleep 1000' & wait");
    pid_t other_session = pid_in_file(folder, "other_session");
    pid_t same_group = pid_in_file(folder, "same_group");
    assert_true(getpgid(other_session) != child.pid);
    spawn_signal_child(&child, SIGKILL);
    assert_int_equal(wait_for(&child).status, SIGKILL);
    /* Both died of it and are this process's by now, or will be in a moment. */
    int status;
    while (waitpid(other_session, &status, 0) != other_session) {
        sched_yield();
    }
    assert_int_equal(status, SIGKILL);
    while (waitpid(same_group, &status, 0) != same_group) {
        sched_yield();
    }
    assert_int_equal(status, SIGKILL);
    struct child_end end;
    assert_int_equal(child_reap(&other, &end), 1);
    spawn_signal_child(&other, SIGKILL);
    assert_int_equal(wait_for(&other).status, SIGKILL);
}

static void group_outlives_its_leader(void **state)
{
    const struct folder *folder = *state;
    struct child child = start_shell(folder, "sleep 1000 & echo $! >pid");
    pid_t pid = pid_in_file(folder, "pid");
    assert_int_equal(wait_for(&child).status, 0);
    assert_true(child_group_alive(child.pid));
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (child_group_alive(child.pid)) {
        sched_yield();
    }
    assert_int_equal(kill(pid, 0), -1);
}

static void wait_until_ended(pid_t pid)
{
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void orphans_are_reaped_statuses_stay(void **state)
{
    const struct folder *folder = *state;
    struct child first = start_shell(folder, "exit 11");
    wait_until_ended(first.pid);
    struct child parent = start_shell(folder, "setsid sh -c 'echo $$ >orphan; exec sleep 1000' & "
                                              "while [ ! -s orphan ]; do :; done; exit 12");
    wait_until_ended(parent.pid);
    pid_t orphan = pid_in_file(folder, "orphan");
    struct child last = start_shell(folder, "exit 13");
    wait_until_ended(last.pid);
    spawn_reap_orphans();
    assert_int_equal(kill(orphan, SIGKILL), 0);
    wait_until_ended(orphan);
    assert_int_equal(spawn_signal_descendants(0), 0); /* the ended ones don't count */
    spawn_reap_orphans();
    assert_int_equal(kill(orphan, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_true(child_group_alive(first.pid)); /* doesn't steal it either */
    assert_int_equal(wait_for(&last).status, 13);
    assert_int_equal(wait_for(&first).status, 11);
    assert_int_equal(wait_for(&parent).status, 12);
    spawn_reap_orphans();
}

static void status_taken_by_another(void **state)
{
    const struct folder *folder = *state;
    struct child child = start_shell(folder, "exit 0");
    assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
    struct child_end end;
    assert_int_equal(child_reap(&child, &end), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(child.pidfd, -1);
}

static int prepare(void **state)
{
    (void)state;
    /* What the tests' starter left open isn't this process's doing. */
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    spawn_become_subreaper();
    return 0;
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(runs_and_reaps),
        in_folder(running_child_is_not_reaped),
        in_folder(cpu_time_is_measured),
        in_folder(failures_come_back),
        in_folder(bad_directory_and_output),
        in_folder(where_binding_is_refused_it_runs_unbound),
        in_folder(too_long_an_environment),
        in_folder(looks_in_the_given_path),
        in_folder(scripts_without_interpreter),
        in_folder(inherits_three_descriptors),
        in_folder(low_descriptors),
        in_folder(signals_are_reset),
        in_folder(affinity_is_the_childs),
        in_folder(many_starts_leave_nothing),
        in_folder(stops_itself),
        in_folder(looks_at_stops),
        in_folder(daemons_are_found),
        in_folder(one_childs_descendants),
        in_folder(group_outlives_its_leader),
        in_folder(orphans_are_reaped_statuses_stay),
        in_folder(status_taken_by_another),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
