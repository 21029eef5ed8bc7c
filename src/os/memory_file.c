#include "memory_file.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3, which may insist on it (vm.memfd_noexec) */
#endif

static int make(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC) : fd;
}

int memory_file_show(int *fd, const char *name, struct slice content)
{
    int new_fd = make(name);
    size_t at = 0;
    while (new_fd >= 0 && at < content.len) {
        ssize_t written = write(new_fd, content.at + at, content.len - at);
        if (written < 0 && errno != EINTR) {
            close(new_fd);
            return -1;
        }
        at += written > 0 ? (size_t)written : 0;
    }
    if (new_fd < 0 || *fd < 0) {
        *fd = new_fd;
        return new_fd < 0 ? -1 : 0;
    }
    int result =
        dup3(new_fd, *fd, O_CLOEXEC); /* the old content is gone for whoever opens it now */
    close(new_fd);
    return result < 0 ? -1 : 0;
}

bool memory_file_read(pid_t pid, int fd, const char *name, size_t limit, struct buf *out)
{
    char path[64];
    char target[128];
    char wanted[128];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    snprintf(wanted, sizeof wanted, "/memfd:%s (deleted)", name);
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len < 0) {
        return false;
    }
    target[len] = '\0';
    return strcmp(target, wanted) == 0 && file_read(AT_FDCWD, path, limit, out) == 0;
}
