#include "tracee.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* An address of the other process; nothing here looks at it. */
static void *foreign(uint64_t at)
{
    return (void *)(uintptr_t)at; /* NOLINT(performance-no-int-to-ptr) */
}

bool tracee_read_string(pid_t tid, uint64_t at, char out[PATH_MAX])
{
    size_t len = 0;
    while (len < PATH_MAX) {
        /* The next page may not be mapped. */
        size_t piece = PAGE - (size_t)((at + len) % PAGE);
        piece = piece < PATH_MAX - len ? piece : PATH_MAX - len;
        struct iovec here = {.iov_base = out + len, .iov_len = piece};
        struct iovec there = {.iov_base = foreign(at + len), .iov_len = piece};
        ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
        if (got <= 0) {
            return false;
        }
        if (memchr(out + len, '\0', (size_t)got) != NULL) {
            return true;
        }
        len += (size_t)got;
    }
    return false;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes to it */
bool tracee_read_number(pid_t tid, uint64_t at, uint64_t *number)
{
    struct iovec here = {.iov_base = number, .iov_len = sizeof *number};
    struct iovec there = {.iov_base = foreign(at), .iov_len = sizeof *number};
    return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)sizeof *number;
}

static bool format_ok(int length)
{
    return length >= 0 && length < PATH_MAX;
}

/* Names of the system that lead to whoever asks: each is somebody else here. */
static const struct {
    const char *name;
    const char *place; /* below /proc/TID/ */
} own_names[] = {{"/proc/self/", ""},    {"/proc/thread-self/", ""}, {"/dev/fd/", "fd/"},
                 {"/dev/stdin", "fd/0"}, {"/dev/stdout", "fd/1"},    {"/dev/stderr", "fd/2"}};

bool tracee_reach(pid_t tid, int folder, const char *path, char out[PATH_MAX])
{
    if (path[0] == '/') {
        for (size_t i = 0; i < sizeof own_names / sizeof own_names[0]; i++) {
            const char *name = own_names[i].name;
            size_t len = strlen(name);
            if (strncmp(path, name, len) == 0 && (name[len - 1] == '/' || path[len] == '\0')) {
                return format_ok(snprintf(out, PATH_MAX, "/proc/%d/%s%s", (int)tid,
                                          own_names[i].place, path + len));
            }
        }
        return format_ok(snprintf(out, PATH_MAX, "/proc/%d/root%s", (int)tid, path));
    }
    return folder == AT_FDCWD
               ? format_ok(snprintf(out, PATH_MAX, "/proc/%d/cwd/%s", (int)tid, path))
               : format_ok(snprintf(out, PATH_MAX, "/proc/%d/fd/%d/%s", (int)tid, folder, path));
}

static bool read_link(const char *link, char out[PATH_MAX])
{
    ssize_t len = readlink(link, out, PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    out[len] = '\0';
    return true;
}

bool tracee_descriptor_path(pid_t tid, int descriptor, char out[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)tid, descriptor);
    return read_link(link, out);
}

bool tracee_descriptor_stat(pid_t tid, int descriptor, struct stat *status)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)tid, descriptor);
    return stat(link, status) == 0;
}

/* `status` may be NULL. */
static bool find_real(const char *path, int flags, char out[PATH_MAX], struct stat *status)
{
    char link[64];
    int opened = open(path, O_PATH | O_CLOEXEC | flags);
    if (opened < 0) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", opened);
    bool found = read_link(link, out) && (status == NULL || fstat(opened, status) == 0);
    close(opened);
    return found;
}

static bool real_path(const char *path, int flags, char out[PATH_MAX])
{
    return find_real(path, flags, out, NULL);
}

bool tracee_find(pid_t tid, int folder, const char *path, bool follows, char out[PATH_MAX],
                 struct stat *status)
{
    char reached[PATH_MAX];
    return tracee_reach(tid, folder, path, reached) &&
           find_real(reached, follows ? 0 : O_NOFOLLOW, out, status);
}

bool tracee_resolve(pid_t tid, int folder, const char *path, bool follows, char out[PATH_MAX])
{
    char reached[PATH_MAX];
    if (!tracee_reach(tid, folder, path, reached)) {
        return false;
    }
    if (follows) {
        return real_path(reached, 0, out);
    }
    size_t len = strlen(reached);
    while (len > 1 && reached[len - 1] == '/') {
        reached[--len] = '\0';
    }
    char *slash = strrchr(reached, '/');
    char *name = slash + 1;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return real_path(reached, 0, out);
    }
    *slash = '\0';
    if (!real_path(reached, O_DIRECTORY, out)) {
        return false;
    }
    size_t at = strcmp(out, "/") == 0 ? 0 : strlen(out);
    return at + 1 + strlen(name) < PATH_MAX &&
           format_ok(snprintf(out + at, PATH_MAX - at, "/%s", name));
}

bool tracee_resolve_new(pid_t tid, int folder, const char *path, char out[PATH_MAX])
{
    enum { MOST_LINKS = 40 };
    char link[PATH_MAX];
    char next[PATH_MAX];
    if (!tracee_resolve(tid, folder, path, false, out)) {
        return false;
    }
    for (int i = 0; i < MOST_LINKS; i++) {
        if (!read_link(out, link)) {
            return true; /* it isn't a link, or doesn't exist */
        }
        size_t len = link[0] == '/' ? 0 : (size_t)(strrchr(out, '/') - out) + 1;
        if (!format_ok(snprintf(next, sizeof next, "%.*s%s", (int)len, out, link)) ||
            !tracee_resolve(tid, AT_FDCWD, next, false, out)) {
            return false;
        }
    }
    return false;
}

/* Takes away ".", ".." and doubled slashes. */
static void normalise(char *path)
{
    char *out = path;
    const char *at = path;
    while (*at != '\0') {
        while (*at == '/') {
            at++;
        }
        size_t len = strcspn(at, "/");
        if (len == 2 && at[0] == '.' && at[1] == '.') {
            while (out > path && *--out != '/') {
            }
        } else if (len > 0 && !(len == 1 && at[0] == '.')) {
            *out++ = '/';
            memmove(out, at, len);
            out += len;
        }
        at += len;
    }
    if (out == path) {
        *out++ = '/';
    }
    *out = '\0';
}

bool tracee_asked_path(pid_t tid, int folder, const char *path, char out[PATH_MAX])
{
    size_t len = 0;
    if (path[0] != '/') {
        char link[64];
        if (folder == AT_FDCWD) {
            (void)snprintf(link, sizeof link, "/proc/%d/cwd", (int)tid);
        } else {
            (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)tid, folder);
        }
        if (!read_link(link, out)) {
            return false;
        }
        len = strlen(out);
    }
    if (len + 1 + strlen(path) >= PATH_MAX) {
        return false;
    }
    out[len] = '/';
    memcpy(out + len + 1, path, strlen(path) + 1);
    normalise(out);
    return true;
}

void tracee_program(pid_t tid, char *out, size_t size)
{
    char path[64];
    memset(out, 0, size);
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)tid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? read(file, out, size - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}
