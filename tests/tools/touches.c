/* touches WAY [FILE]…: opens, makes or deletes files in the way that is named, for tests of what
 * watches it. Linked statically, so that nothing can be put in front of its calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int read_file(const char *path)
{
    char byte;
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, &byte, 1) >= 0 && close(file) == 0 ? 0 : 1;
}

static void *in_thread(void *path)
{
    return (void *)(intptr_t)read_file(path);
}

static int by_thread(const char *path)
{
    pthread_t thread;
    void *result;
    return pthread_create(&thread, NULL, in_thread, (void *)path) != 0 ||
           pthread_join(thread, &result) != 0 || result != NULL;
}

static int wait_for(pid_t pid)
{
    int status;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : 1;
}

static int by_spawn(const char *self, const char *path)
{
    pid_t pid;
    char *argv[] = {(char *)self, (char *)"read", (char *)path, NULL};
    return posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0 ? wait_for(pid) : 1;
}

static int by_vfork(const char *self, const char *path)
{
    char *argv[] = {(char *)self, (char *)"read", (char *)path, NULL};
    pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
    if (pid == 0) {
        execve(self, argv, environ);
        _exit(127);
    }
    return wait_for(pid);
}

/* A grandchild in a session of its own, which outlives its parents. */
static int by_daemon(const char *path)
{
    int gone[2];
    char byte;
    if (pipe(gone) != 0) {
        return 1;
    }
    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0) {
            close(gone[1]);
            (void)!read(gone[0], &byte, 1); /* until both have ended */
            _exit(read_file(path));
        }
        _exit(0);
    }
    return 0;
}

static int by_openat2(const char *folder, const char *path)
{
    struct open_how how = {.flags = O_RDONLY};
    int at = open(folder, O_PATH | O_DIRECTORY);
    return syscall(SYS_openat2, at, path, &how, sizeof how) >= 0 ? 0 : 1;
}

static int by_old_call(const char *path)
{
#if defined(__x86_64__)
    /* What a program for i386 calls. Its pointers have 32 bits. */
    char *low =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    long result = 5; /* open */
    if (low == MAP_FAILED) {
        return 1;
    }
    strcpy(low, path); /* NOLINT */
    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"(low), "c"((long)O_RDONLY), "d"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    return result >= 0 ? 0 : 1;
#else
    return read_file(path);
#endif
}

static void nothing(int number)
{
    (void)number;
}

/* Signals come while calls are watched; none of them may fail for that. */
static int under_signals(const char *path)
{
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval often = {.it_interval = {.tv_usec = 200}, .it_value = {.tv_usec = 200}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 2000; i++) {
        int file = open(path, O_RDONLY);
        if (file < 0) {
            return 1;
        }
        close(file);
    }
    return 0;
}

/* As a debugger does: a child that stops at each of its calls, and is made to continue. */
static int under_debugger(const char *path)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0) {
            _exit(1);
        }
        _exit(read_file(path));
    }
    while (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) != 0) {
            return 1;
        }
    }
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    const char *path = argc > 2 ? argv[2] : "";
    const char *other = argc > 3 ? argv[3] : "";
    if (strcmp(way, "read") == 0) {
        return read_file(path);
    }
    if (strcmp(way, "thread") == 0) {
        return by_thread(path);
    }
    if (strcmp(way, "spawn") == 0) {
        return by_spawn(argv[0], path);
    }
    if (strcmp(way, "vfork") == 0) {
        return by_vfork(argv[0], path);
    }
    if (strcmp(way, "daemon") == 0) {
        return by_daemon(path);
    }
    if (strcmp(way, "openat2") == 0) {
        return by_openat2(path, other);
    }
    if (strcmp(way, "old") == 0) {
        return by_old_call(path);
    }
    if (strcmp(way, "chdir") == 0) {
        return chdir(path) != 0 || read_file(other);
    }
    if (strcmp(way, "look") == 0) {
        struct stat status;
        return stat(path, &status) != 0 || open(path, O_PATH) < 0 || access(path, R_OK) != 0;
    }
    if (strcmp(way, "update") == 0) {
        return open(path, O_RDWR) < 0;
    }
    if (strcmp(way, "unnamed") == 0) {
        return open(path, O_TMPFILE | O_WRONLY, 0600) < 0;
    }
    if (strcmp(way, "cut") == 0) {
        return truncate(path, 0) != 0;
    }
    if (strcmp(way, "ptrace") == 0) {
        return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
    }
    if (strcmp(way, "debug") == 0) {
        return under_debugger(path);
    }
    if (strcmp(way, "ring") == 0) {
        char parameters[256] = {0};
        return syscall(SYS_io_uring_setup, 4, parameters) != -1 || errno != ENOSYS;
    }
    return strcmp(way, "signals") == 0 ? under_signals(path) : 2;
}
