/* rowbuild-trace [--notification] [--outside] [--root FOLDER]… LOG PROGRAM [ARGUMENT]…: becomes the program, while a
 * process of its own, which is nobody's child, writes down in LOG what the program and all that it
 * starts do to files below the roots: by ptrace, or by seccomp's user notification.
 * rowbuild-trace [--notification] --try: says whether that is possible here.
 *
 * Since the program has this process's number, its parent can wait for it, signal it and stop it as if
 * it weren't watched. The watching process ends with the last process that it watches. If the system
 * doesn't let it watch, nothing is executed. */
#include "listener.h"
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STATUS_NOT_FOUND = 127,
    STATUS_NOT_STARTED = 126,
    STATUS_USAGE = 2,
    STATUS_FORBIDDEN = 3,
    STATUS_ADVISED = 4, /* likewise, and what was said tells what to do */
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

/* Answers with an error number. */
static bool tell(int answer, int error)
{
    return write(answer, &error, sizeof error) == (ssize_t)sizeof error && error == 0;
}

/* In a process of its own: watches `pid`, once it has said through `answer` that it does. */
static void watch(pid_t pid, enum trace_way way, int log, int answer,
                  const struct watch_options *options)
{
    struct trace_writer writer;
    int listener = -1;
    ignore_signals();
    close_all_but(log, answer);
    clear_environment();
    (void)prctl(PR_SET_NAME, "rowbuild-trace", 0UL, 0UL, 0UL);
    int error = trace_writer_open(&writer, log);
    if (error == 0 && way == TRACE_BY_PTRACE) {
        error = tracer_attach(pid);
    }
    if (!tell(answer, error)) {
        _exit(0);
    }
    if (way == TRACE_BY_PTRACE) {
        close(answer);
        tracer_follow(&writer, options);
    } else if (tell(answer, listener_receive(answer, &listener))) {
        close(answer);
        listener_follow(listener, &writer, options);
    }
    _exit(0);
}

static int hear(int answer)
{
    int error;
    return read(answer, &error, sizeof error) == (ssize_t)sizeof error ? error : EAGAIN;
}

/* Starts the watching process, which isn't a child of this one afterwards, and is heard through *answer.
 * 0, or an error number. */
static int be_watched(enum trace_way way, int log, const struct watch_options *options, int *answer)
{
    int ends[2];
    pid_t pid = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    pid_t between = fork();
    if (between == 0) {
        (void)setsid();
        pid_t watcher = fork();
        if (watcher == 0) {
            close(ends[0]);
            watch(pid, way, log, ends[1], options);
        }
        _exit(watcher < 0 ? errno : 0);
    }
    int error = between < 0 ? errno : 0;
    close(ends[1]);
    *answer = ends[0];
    if (error == 0) {
        int status;
        while (waitpid(between, &status, 0) < 0 && errno == EINTR) {
        }
        error = hear(*answer);
    }
    return error;
}

static int forbidden(const char *what, int error)
{
    fprintf(stderr, "rowbuild-trace: %s: %s\n", what, strerror(error));
    return STATUS_FORBIDDEN;
}

static int forbidden_filter(enum trace_way way, int error)
{
    if (way == TRACE_BY_NOTIFICATION && error == EBUSY) {
        fputs("rowbuild-trace: this process is already watched by seccomp notification, which "
              "can't be "
              "nested: leave out `--watch-by notification`\n",
              stderr);
        return STATUS_ADVISED;
    }
    return way == TRACE_BY_NOTIFICATION && (error == EINVAL || error == EOPNOTSUPP)
               ? forbidden("this kernel has no seccomp notification", error)
               : forbidden("a seccomp filter can't be loaded", error);
}

static int begin(enum trace_way way, int log, const struct watch_options *options)
{
    int answer = -1;
    int listener = -1;
    /* Yama lets a process be watched by its ancestors, and by whom it names. */
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0UL, 0UL, 0UL);
    int error = be_watched(way, log, options, &answer);
    int status = error != 0
                     ? forbidden(way == TRACE_BY_PTRACE ? "this process can't be watched by ptrace"
                                                        : "the watching process can't begin",
                                 error)
                     : 0;
    if (status == 0) {
        error = trace_filter_load(way, geteuid() == 0 && getuid() == 0, &listener);
        if (error == EACCES || error == EPERM) { /* root without the capability for it */
            error = trace_filter_load(way, false, &listener);
        }
        status = error != 0 ? forbidden_filter(way, error) : 0;
    }
    if (status == 0 && way == TRACE_BY_NOTIFICATION) {
        error = listener_send(answer, listener);
        error = error == 0 ? hear(answer) : error;
        close(listener); /* the watching process has it */
        status = error != 0 ? forbidden("notifications can't be passed on", error) : 0;
    }
    if (way == TRACE_BY_PTRACE) { /* else its memory is to be read from now on */
        (void)prctl(PR_SET_PTRACER, 0UL, 0UL, 0UL, 0UL);
    }
    if (answer >= 0) {
        close(answer);
    }
    return status;
}

/* Whether paths could be read that processes have in their memory. */
static int check_memory(int log)
{
    struct trace_header header;
    char scope = '0';
    if (pread(log, &header, sizeof header, 0) == (ssize_t)sizeof header && header.unknown == 0) {
        return 0;
    }
    int file = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    if (file >= 0 && read(file, &scope, 1) == 1 && scope != '0') {
        fprintf(
            stderr,
            "rowbuild-trace: kernel.yama.ptrace_scope is %c, so the memory of processes can't be "
            "read: set it to 0 with sysctl, or leave out `--watch-by notification`\n",
            scope);
        return STATUS_ADVISED;
    }
    return forbidden("the memory of processes can't be read", EPERM);
}

/* Lets a child open something that the filter stops at: succeeds only if all parts work together. */
static int try_it(enum trace_way way)
{
    char *roots[] = {(char *)"/dev"};
    struct watch_options options = {.roots = roots, .root_count = 1};
    int log = memfd_create("log", MFD_CLOEXEC);
    if (log < 0) {
        return forbidden("a file in memory can't be made", errno);
    }
    int status = begin(way, log, &options);
    if (status != 0) {
        return status;
    }
    int ended = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno);
    }
    while (child > 0 && waitpid(child, &ended, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
        return forbidden("watched calls fail", child < 0 ? errno : WEXITSTATUS(ended));
    }
    return check_memory(log);
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
    struct watch_options options = {.outside = false};
    enum trace_way way = TRACE_BY_PTRACE;
    char *roots[MOST_ROOTS];
    int at = 1;
    for (; at < argc; at++) {
        if (strcmp(argv[at], "--notification") == 0) {
            way = TRACE_BY_NOTIFICATION;
        } else if (strcmp(argv[at], "--try") == 0) {
            return try_it(way);
        } else if (strcmp(argv[at], "--outside") == 0) {
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
        fprintf(stderr, "usage: rowbuild-trace [--notification] [--outside] [--root FOLDER]... LOG "
                        "PROGRAM [ARGUMENT]...\n");
        return STATUS_USAGE;
    }
    int log = open(argv[at], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) {
        return forbidden(argv[at], errno);
    }
    int status = begin(way, log, &options);
    close(log);
    return status == 0 ? become(argv + at + 1) : status;
}
