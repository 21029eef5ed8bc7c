#include "spawn.h"

#include "buf.h"
#include "unreaped.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child runs in this process's memory until it executes its program. Its code must do nothing
 * but system calls, and sanitizers must not count its calls as this thread's: they never return. */
#if defined(__has_attribute) && __has_attribute(disable_sanitizer_instrumentation)
#define CHILD_SIDE __attribute__((disable_sanitizer_instrumentation))
#else
#define CHILD_SIDE __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

/* Newer thread sanitizers replace clone() by a function that does in the child what fork() needs,
 * which breaks their own state when the memory is shared. glibc has the true one under this
 * name. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER
#endif
#elif defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER
#endif
#ifdef UNDER_THREAD_SANITIZER
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
#define clone __clone
#endif

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
    CHILD_STACK = 32 << 10,
    SIGNALS = 64,             /* the kernel's */
    SIGNAL_SET = SIGNALS / 8, /* bytes of the kernel's signal set */
};

/* Children that are started and yet to be reaped; the kernel keeps its list for the process,
 * too. */
static VEC(pid_t) unreaped;

struct launch {
    const struct spawn_request *request;
    const char *program;
    char *const *argv;
    long parent;    /* this process */
    int error;      /* written by the child */
    int bind_error; /* likewise */
};

CHILD_SIDE static void reset_signals(void)
{
    /* All zero is SIG_DFL without flags; more than any architecture's struct sigaction. */
    unsigned long nothing[32] = {0};
    for (long number = 1; number <= SIGNALS; number++) {
        syscall(SYS_rt_sigaction, number, nothing, NULL, (long)SIGNAL_SET);
    }
    syscall(SYS_rt_sigprocmask, (long)SIG_SETMASK, nothing, NULL, (long)SIGNAL_SET);
}

CHILD_SIDE static long place(long fd, long at)
{
    return fd == at ? syscall(SYS_fcntl, fd, (long)F_SETFD, 0L) : syscall(SYS_dup3, fd, at, 0L);
}

CHILD_SIDE static long connect_streams(long input, long output, long errors)
{
    if (output >= 0 && (place(output, STDOUT_FILENO) < 0 || place(output, STDERR_FILENO) < 0)) {
        return -1;
    }
    if (errors > 0 && place(errors, STDERR_FILENO) < 0) {
        return -1;
    }
    if (input > 0) {
        return place(input, STDIN_FILENO);
    }
    long null = syscall(SYS_openat, (long)AT_FDCWD, "/dev/null", (long)(O_RDONLY | O_CLOEXEC));
    return null < 0 ? -1 : place(null, STDIN_FILENO);
}

CHILD_SIDE static long hand_down(const struct spawn_request *request)
{
    for (size_t i = 0; i < request->inherit_count; i++) {
        if (place(request->inherit[i], SPAWN_FIRST_INHERITED + (long)i) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Of the process alone: what it starts lives on. The parent may have been killed before the kernel was told. */
CHILD_SIDE static long die_with(long parent)
{
    if (syscall(SYS_prctl, (long)PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) < 0) {
        return -1;
    }
    if (syscall(SYS_getppid) != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

CHILD_SIDE static long prepare(const struct launch *launch, int *bind_error)
{
    const struct spawn_request *request = launch->request;
    if (syscall(SYS_setsid) < 0 || (request->dies_with_us && die_with(launch->parent) < 0)) {
        return -1;
    }
    if (request->bind != NULL &&
        syscall(SYS_sched_setaffinity, 0L, sizeof request->bind->words, request->bind->words) < 0) {
        *bind_error = errno; /* a sandbox, or a cpuset that has changed: nothing to fail for */
    }
    if (request->directory >= 0 && syscall(SYS_fchdir, (long)request->directory) < 0) {
        return -1;
    }
    if (connect_streams(request->input, request->output, request->errors) < 0 ||
        hand_down(request) < 0) {
        return -1;
    }
    return request->open_files == NULL
               ? 0
               : syscall(SYS_prlimit64, 0L, (long)RLIMIT_NOFILE, request->open_files, NULL);
}

CHILD_SIDE static int run_child(void *argument)
{
    struct launch *launch = argument;
    if (prepare(launch, &launch->bind_error) == 0) {
        reset_signals();
        syscall(SYS_execve, launch->program, launch->argv, launch->request->envp);
    }
    launch->error = errno;
    syscall(SYS_exit_group, 127L);
    return 127;
}

/* Clones and waits until the child has executed its program, or failed to. */
static int start(struct launch *launch, struct child *child)
{
    _Alignas(64) char stack[CHILD_STACK];
    sigset_t all;
    sigset_t before;
    int pidfd = -1;
    /* A handler must not run in the child: it would change this process's memory. */
    memset(&all, 0xff, sizeof all);
    syscall(SYS_rt_sigprocmask, (long)SIG_SETMASK, &all, &before, (long)SIGNAL_SET);
    launch->error = 0;
    launch->bind_error = 0;
    launch->parent = getpid();
    pid_t pid = clone(run_child, stack + sizeof stack,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch, &pidfd);
    int error = pid < 0 ? errno : launch->error;
    syscall(SYS_rt_sigprocmask, (long)SIG_SETMASK, &before, NULL, (long)SIGNAL_SET);
    if (error == 0) {
        *child = (struct child){.pid = pid, .pidfd = pidfd, .unbound = launch->bind_error};
        return 0;
    }
    if (pid > 0) {
        siginfo_t info;
        while (waitid(P_PID, (id_t)pid, &info, WEXITED) != 0 && errno == EINTR) {
        }
        close(pidfd);
    }
    errno = error;
    return -1;
}

static const char *search_path(char *const *envp)
{
    for (size_t i = 0; envp[i] != NULL; i++) {
        if (strncmp(envp[i], "PATH=", 5) == 0) {
            return envp[i] + 5;
        }
    }
    return "/bin:/usr/bin"; /* as execvp(3) does */
}

/* 0 and the path of what is to be executed, as seen from the child's directory; -1 with errno. */
static int find_program(const struct spawn_request *request, struct buf *program)
{
    const char *name = request->argv[0];
    if (strchr(name, '/') != NULL || name[0] == '\0') {
        buf_add_string(program, name);
        return 0;
    }
    int dir = request->directory >= 0 ? request->directory : AT_FDCWD;
    int error = ENOENT;
    for (const char *at = search_path(request->envp);; at++) {
        size_t len = strcspn(at, ":");
        struct stat stat;
        buf_clear(program);
        buf_add(program, len > 0 ? at : ".", len > 0 ? len : 1);
        buf_addf(program, "/%s", name);
        if (faccessat(dir, program->at, X_OK, AT_EACCESS) != 0) {
            error = errno == EACCES ? EACCES : error;
        } else if (fstatat(dir, program->at, &stat, 0) == 0 && S_ISREG(stat.st_mode)) {
            return 0;
        } else {
            error = EACCES;
        }
        at += len;
        if (*at == '\0') {
            errno = error;
            return -1;
        }
    }
}

/* A script without "#!" is the shell's, as in execvp(3). */
static int start_script(struct launch *launch, struct child *child)
{
    char *const *given = launch->argv;
    VEC(char *) argv = {0};
    vec_push(&argv, (char *)"sh");
    vec_push(&argv, (char *)launch->program);
    for (size_t i = 1; given[0] != NULL && given[i] != NULL; i++) {
        vec_push(&argv, given[i]);
    }
    vec_push(&argv, NULL);
    launch->program = "/bin/sh";
    launch->argv = argv.at;
    int result = start(launch, child);
    int error = errno;
    vec_release(&argv);
    errno = error;
    return result;
}

int spawn_child(const struct spawn_request *request, struct child *child)
{
    struct buf program = BUF_EMPTY;
    int result = find_program(request, &program);
    if (result == 0) {
        struct launch launch = {.request = request, .program = program.at, .argv = request->argv};
        result = start(&launch, child);
        if (result != 0 && errno == ENOEXEC) {
            result = start_script(&launch, child);
        }
    }
    int error = errno;
    if (result == 0) {
        vec_push(&unreaped, child->pid);
    }
    buf_release(&program);
    errno = error;
    return result;
}

bool spawn_is_unreaped(pid_t pid)
{
    for (size_t i = 0; i < unreaped.count; i++) {
        if (unreaped.at[i] == pid) {
            return true;
        }
    }
    return false;
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < unreaped.count; i++) {
        if (unreaped.at[i] == pid) {
            unreaped.at[i] = unreaped.at[--unreaped.count];
            return;
        }
    }
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

int child_reap(struct child *child, struct child_end *end)
{
    siginfo_t info = {0};
    struct rusage usage = {0};
    /* glibc's waitid() has no rusage. */
    long result = syscall(SYS_waitid, (long)P_PIDFD, (long)child->pidfd, &info,
                          (long)(WEXITED | WNOHANG), &usage);
    int error = errno;
    if (result == 0 && info.si_pid == 0) {
        return 1;
    }
    forget(child->pid);
    close(child->pidfd);
    child->pidfd = -1;
    if (result != 0) {
        errno = error;
        return -1;
    }
    *end = (struct child_end){
        .signalled = info.si_code != CLD_EXITED,
        .status = info.si_status,
        .cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
        .peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024,
    };
    return 0;
}

int child_look(const struct child *child)
{
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WSTOPPED | WCONTINUED | WNOHANG) !=
        0) {
        return 0;
    }
    return info.si_pid == 0                ? 0
           : info.si_code == CLD_STOPPED   ? 1
           : info.si_code == CLD_CONTINUED ? -1
                                           : 0;
}

void spawn_stop_self(void)
{
    /* To this thread, which doesn't get further then until it is continued. Not SIGTSTP: without a
     * parent in its session that could continue it, a process ignores that. */
    (void)raise(SIGSTOP);
}

bool spawn_reap_one(idtype_t kind, pid_t id)
{
    siginfo_t info = {0};
    return waitid(kind, (id_t)id, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0;
}

bool child_group_alive(pid_t leader)
{
    while (!spawn_is_unreaped(leader) && spawn_reap_one(P_PGID, leader)) {
    }
    return kill(-leader, 0) == 0 || errno == EPERM;
}

size_t spawn_raise_open_files(size_t wanted, struct rlimit *before)
{
    if (getrlimit(RLIMIT_NOFILE, before) != 0) {
        *before = (struct rlimit){.rlim_cur = 0, .rlim_max = 0};
        return wanted; /* what can't be known isn't obeyed */
    }
    if (before->rlim_cur >= wanted) {
        return before->rlim_cur;
    }
    struct rlimit raised = *before;
    raised.rlim_cur = wanted < before->rlim_max ? wanted : before->rlim_max;
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : before->rlim_cur;
}

void spawn_restore_open_files(const struct rlimit *before)
{
    if (before->rlim_max > 0) {
        (void)setrlimit(RLIMIT_NOFILE, before);
    }
}

void spawn_become_subreaper(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
}
