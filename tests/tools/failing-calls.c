/* A library for LD_PRELOAD: calls on some files fail, as on a disk or a network that has trouble.
 *
 * From the environment: FAIL_CALL is openat, read, statx, getdents, unlinkat or renameat; FAIL_NAME is the
 * end of the paths it is about (of a renaming: the old one); FAIL_ERRNO is the number of the error, or 0: the
 * process is killed (kill -9) instead. It fails while the file FAIL_WHILE
 * exists, or without that the first FAIL_TIMES times in each process. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int failed;

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

static bool fails(const char *call, const char *path)
{
    const char *wanted = getenv("FAIL_CALL");
    const char *name = getenv("FAIL_NAME");
    const char *flag = getenv("FAIL_WHILE");
    const char *times = getenv("FAIL_TIMES");
    if (wanted == NULL || name == NULL || strcmp(call, wanted) != 0 || !ends_with(path, name)) {
        return false;
    }
    if (flag != NULL ? access(flag, F_OK) != 0
                     : atomic_fetch_add(&failed, 1) >= (times != NULL ? atoi(times) : 0)) {
        return false;
    }
    const char *error = getenv("FAIL_ERRNO");
    errno = error != NULL ? atoi(error) : EIO;
    if (errno == 0) {
        (void)raise(SIGKILL);
    }
    return true;
}

/* The path that a descriptor was opened by, as the kernel knows it; "" where there is none. */
static const char *path_of(int fd, char path[static PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len < 0 ? 0 : len] = '\0';
    return path;
}

/* How a function of the C library is found behind the one here; ISO C has no cast for it. */
#define FIND(function) (*(void **)&(function) = dlsym(RTLD_NEXT, __func__))

int openat(int directory, const char *path, int flags, ...)
{
    static int (*next)(int, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    FIND(next);
    return fails("openat", path) ? -1 : next(directory, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    static int (*next)(const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    FIND(next);
    return fails("openat", path) ? -1 : next(path, flags, mode);
}

ssize_t read(int fd, void *into, size_t bytes)
{
    static ssize_t (*next)(int, void *, size_t);
    char path[PATH_MAX];
    FIND(next);
    return fails("read", path_of(fd, path)) ? -1 : next(fd, into, bytes);
}

int statx(int directory, const char *restrict path, int flags, unsigned mask,
          struct statx *restrict found)
{
    static int (*next)(int, const char *restrict, int, unsigned, struct statx *restrict);
    FIND(next);
    return fails("statx", path) ? -1 : next(directory, path, flags, mask, found);
}

int fstatat(int directory, const char *restrict path, struct stat *restrict found, int flags)
{
    static int (*next)(int, const char *restrict, struct stat *restrict, int);
    FIND(next);
    return fails("statx", path) ? -1 : next(directory, path, found, flags);
}

int unlinkat(int directory, const char *path, int flags)
{
    static int (*next)(int, const char *, int);
    FIND(next);
    return fails("unlinkat", path) ? -1 : next(directory, path, flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    static int (*next)(int, const char *, int, const char *);
    FIND(next);
    return fails("renameat", from) ? -1 : next(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    static int (*next)(int, const char *, int, const char *, unsigned);
    FIND(next);
    return fails("renameat", from) ? -1 : next(from_folder, from, to_folder, to, flags);
}

struct dirent *readdir(DIR *directory)
{
    static struct dirent *(*next)(DIR *);
    char path[PATH_MAX];
    FIND(next);
    return fails("getdents", path_of(dirfd(directory), path)) ? NULL : next(directory);
}
