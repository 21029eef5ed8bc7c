#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_path(int folder, const char *path, int flags, mode_t mode)
{
    return openat(folder, path, flags, mode);
}

static int duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int touch(int fd)
{
    return futimens(fd, NULL);
}

static int lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &whole);
}

static int may(int folder, const char *path, int how)
{
    return faccessat(folder, path, how, AT_EACCESS);
}

static DIR *open_listing(int folder, const char *path, int flags)
{
    int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (fd < 0) {
        return NULL;
    }
    DIR *listing = fdopendir(fd);
    if (listing == NULL) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return listing;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next name but . and ..; NULL at the end (errno 0) and on failure (errno set). */
static struct dirent *next_entry(DIR *listing)
{
    struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(listing);
    } while (entry != NULL && is_dot(entry->d_name));
    return entry;
}

static int list(int folder, const char *path, int flags, disk_name_fn *name, void *context)
{
    DIR *listing = open_listing(folder, path, flags);
    if (listing == NULL) {
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = next_entry(listing)) != NULL) {
        result = name(context, dirfd(listing), entry->d_name, entry->d_type);
    }
    int error = errno;
    if (result == 0 && error != 0) {
        result = -1;
    }
    closedir(listing);
    errno = error;
    return result;
}

static int link_name(int folder, const char *existing, int to_folder, const char *name)
{
    return linkat(folder, existing, to_folder, name, 0);
}

static char *real_path(const char *path)
{
    return realpath(path, NULL);
}

static char *path_of(int folder)
{
    char link[sizeof "/proc/self/fd/" + 3 * sizeof folder];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    return realpath(link, NULL);
}

const struct disk disk_of_kernel = {
    .open = open_path,
    .close = close,
    .duplicate = duplicate,
    .read = read,
    .read_at = pread,
    .write = write,
    .write_at = pwrite,
    .truncate = ftruncate,
    .sync = fsync,
    .sync_data = fdatasync,
    .sync_all = syncfs,
    .set_mode = fchmod,
    .touch = touch,
    .lock = lock,
    .stat_open = fstat,
    .stat = fstatat,
    .may = may,
    .read_link = readlinkat,
    .list = list,
    .make_folder = mkdirat,
    .rename = renameat2,
    .unlink = unlinkat,
    .link = link_name,
    .path_of = path_of,
    .real_path = real_path,
};

const struct disk *disk = &disk_of_kernel;

void disk_use(const struct disk *table)
{
    disk = table;
}
