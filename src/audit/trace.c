/* rowbuild-trace [--outside] [--root FOLDER]… LOG PROGRAM [ARGUMENT]…: becomes the program, while a
 * process of its own, which is nobody's child, writes down in LOG what the program and all that it
 * starts do to files below the roots. rowbuild-trace --try: says whether that is possible here.
 *
 * Since the program has this process's number, its parent can wait for it, signal it and stop it as if
 * it weren't watched. The watching process ends with the last process that it watches. If the system
 * doesn't let it watch, nothing is executed. */
#include "trace_filter.h"
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STATUS_NOT_FOUND = 127,
    STATUS_NOT_STARTED = 126,
    STATUS_USAGE = 2,
    STATUS_FORBIDDEN = 3,
    MOST_ROOTS = 16,
};

extern char **environ;

/* What others look for in the environment of a process to know whose it is. */
static void clear_environment(void)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        memset(*entry, 0, strlen(*entry));
    }
}

static void close_all_but(int first, int second)
{
    int low = first < second ? first : second;
    int high = first < second ? second : first;
    if (low > 0) {
        (void)close_range(0, (unsigned)low - 1, 0);
    }
    if (high > low + 1) {
        (void)close_range((unsigned)low + 1, (unsigned)high - 1, 0);
    }
    (void)close_range((unsigned)high + 1, ~0U, 0);
}

/* Only the end of what it watches ends it. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1,
                                  SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        (void)signal(ignored[i], SIG_IGN);
    }
    (void)signal(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a process of its own: watches `pid`, once it has said through `answer` that it does. */
static void watch(pid_t pid, int log, int answer, const struct tracer_options *options)
{
    struct trace_writer writer;
    ignore_signals();
    close_all_but(log, answer);
    clear_environment();
    (void)prctl(PR_SET_NAME, "rowbuild-trace", 0UL, 0UL, 0UL);
    int error = trace_writer_open(&writer, log);
    if (error == 0) {
        error = tracer_attach(pid);
    }
    if (write(answer, &error, sizeof error) == (ssize_t)sizeof error && error == 0) {
        close(answer);
        tracer_follow(&writer, options);
    }
    _exit(0);
}

/* Starts the watching process, which isn't a child of this one afterwards. 0, or an error number. */
static int be_watched(int log, const struct tracer_options *options)
{
    int answer[2];
    int error = 0;
    pid_t pid = getpid();
    if (pipe2(answer, O_CLOEXEC) != 0) {
        return errno;
    }
    /* Yama lets a process be watched by its ancestors, and by whom it names. */
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0UL, 0UL, 0UL);
    pid_t between = fork();
    if (between == 0) {
        (void)setsid();
        pid_t watcher = fork();
        if (watcher == 0) {
            close(answer[0]);
            watch(pid, log, answer[1], options);
        }
        _exit(watcher < 0 ? errno : 0);
    }
    close(answer[1]);
    error = between < 0 ? errno : 0;
    if (error == 0) {
        int status;
        while (waitpid(between, &status, 0) < 0 && errno == EINTR) {
        }
        if (read(answer[0], &error, sizeof error) != (ssize_t)sizeof error) {
            error = EAGAIN;
        }
    }
    (void)prctl(PR_SET_PTRACER, 0UL, 0UL, 0UL, 0UL);
    close(answer[0]);
    return error;
}

static int forbidden(const char *what, int error)
{
    fprintf(stderr, "rowbuild-trace: %s: %s\n", what, strerror(error));
    return STATUS_FORBIDDEN;
}

static int begin(int log, const struct tracer_options *options)
{
    int error = be_watched(log, options);
    if (error != 0) {
        return forbidden("this process can't be watched by ptrace", error);
    }
    error = trace_filter_load(geteuid() == 0 && getuid() == 0);
    if (error == EACCES || error == EPERM) { /* root without the capability for it */
        error = trace_filter_load(false);
    }
    return error == 0 ? 0 : forbidden("a seccomp filter can't be loaded", error);
}

/* Opens something that the filter stops at: succeeds only if all parts work together. */
static int try_it(void)
{
    char *roots[] = {(char *)"/dev"};
    struct tracer_options options = {.roots = roots, .root_count = 1};
    int log = memfd_create("log", MFD_CLOEXEC);
    if (log < 0) {
        return forbidden("a file in memory can't be made", errno);
    }
    int status = begin(log, &options);
    int opened = status == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (status == 0 && opened < 0) {
        status = forbidden("watched calls fail", errno);
    }
    return status;
}

static int become(char **argv)
{
    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "rowbuild-trace: `%s` can't be started: %s\n", argv[0], strerror(error));
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_STARTED;
}

int main(int argc, char **argv)
{
    struct tracer_options options = {.outside = false};
    char *roots[MOST_ROOTS];
    int at = 1;
    if (argc == 2 && strcmp(argv[1], "--try") == 0) {
        return try_it();
    }
    for (; at < argc; at++) {
        if (strcmp(argv[at], "--outside") == 0) {
            options.outside = true;
        } else if (strcmp(argv[at], "--root") == 0 && at + 1 < argc &&
                   options.root_count < MOST_ROOTS) {
            roots[options.root_count++] = argv[++at];
        } else {
            break;
        }
    }
    options.roots = roots;
    if (argc - at < 2) {
        fprintf(stderr, "usage: rowbuild-trace [--outside] [--root FOLDER]... LOG PROGRAM "
                        "[ARGUMENT]...\n");
        return STATUS_USAGE;
    }
    int log = open(argv[at], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) {
        return forbidden(argv[at], errno);
    }
    int status = begin(log, &options);
    close(log);
    return status == 0 ? become(argv + at + 1) : status;
}
