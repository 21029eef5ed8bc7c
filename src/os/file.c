#include "file.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t READ_STEP = (size_t)64 << 10;

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void convert(const struct stat *from, struct file_stat *to)
{
    *to = (struct file_stat){
        .kind = S_ISREG(from->st_mode)   ? FILE_REGULAR
                : S_ISDIR(from->st_mode) ? FILE_DIRECTORY
                                         : FILE_OTHER,
        .size = (uint64_t)from->st_size,
        .mtime_ns = nanoseconds(from->st_mtim),
        .ctime_ns = nanoseconds(from->st_ctim),
        .inode = from->st_ino,
        .device = from->st_dev,
        .links = from->st_nlink,
    };
}

static int stat_at(int dir, const char *path, int flags, struct file_stat *stat)
{
    struct stat raw;
    if (disk->stat(dir, path, &raw, flags) == 0) {
        convert(&raw, stat);
        return 0;
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        *stat = (struct file_stat){.kind = FILE_MISSING};
        return 0;
    }
    return -1;
}

int file_stat(int dir, const char *path, struct file_stat *stat)
{
    return stat_at(dir, path, 0, stat);
}

int file_lstat(int dir, const char *path, struct file_stat *stat)
{
    return stat_at(dir, path, AT_SYMLINK_NOFOLLOW, stat);
}

int file_stat_fd(int fd, struct file_stat *stat)
{
    struct stat raw;
    if (disk->stat_open(fd, &raw) != 0) {
        return -1;
    }
    convert(&raw, stat);
    return 0;
}

bool file_stat_equal(const struct file_stat *a, const struct file_stat *b)
{
    return a->kind == b->kind && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->inode == b->inode;
}

static int close_failed(int fd)
{
    int error = errno;
    disk->close(fd);
    errno = error;
    return -1;
}

ssize_t file_read_fully(int fd, char *into, size_t want)
{
    size_t got = 0;
    while (got < want) {
        ssize_t part = disk->read(fd, into + got, want - got);
        if (part == 0) {
            break;
        }
        if (part > 0) {
            got += (size_t)part;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)got;
}

/* `stat` is what is known of the open file; only a regular file's size is believed. */
static int read_all(int fd, const struct file_stat *stat, size_t limit, struct buf *out)
{
    size_t size = stat->kind == FILE_REGULAR ? (size_t)stat->size : 0;
    if (size > limit) {
        errno = EFBIG;
        return -1;
    }
    size_t step = size > 0 ? size : READ_STEP;
    for (size_t total = 0;;) {
        size_t left = limit - total;
        /* One byte more than is allowed tells a file that ends there from one that is too long. */
        size_t want = step <= left ? step : left + 1;
        buf_reserve(out, want);
        ssize_t got = file_read_fully(fd, out->at + out->len, want);
        if (got < 0) {
            return -1;
        }
        if ((size_t)got > left) {
            errno = EFBIG;
            return -1;
        }
        total += (size_t)got;
        out->len += (size_t)got;
        out->at[out->len] = '\0';
        if ((size_t)got < want || (size > 0 && total == size)) {
            return 0; /* a size that was told and reached needs no read that returns 0 */
        }
        step = READ_STEP;
    }
}

static int read_or_restore(int fd, const struct file_stat *stat, size_t limit, struct buf *out)
{
    size_t before = out->len;
    int result = read_all(fd, stat, limit, out);
    if (result != 0 && out->at != NULL) {
        out->len = before;
        out->at[before] = '\0';
    }
    return result;
}

int file_read_fd(int fd, size_t limit, struct buf *out)
{
    struct file_stat stat;
    return file_stat_fd(fd, &stat) == 0 ? read_or_restore(fd, &stat, limit, out) : -1;
}

int file_read(int dir, const char *path, size_t limit, struct buf *out)
{
    /* Opening a FIFO must not wait for a writer. */
    int fd = disk->open(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return -1;
    }
    if (file_read_fd(fd, limit, out) != 0) {
        return close_failed(fd);
    }
    disk->close(fd);
    return 0;
}

int file_read_between(int dir, const char *path, size_t limit, struct buf *out,
                      struct file_stat *before, struct file_stat *after)
{
    int fd = disk->open(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return -1;
    }
    if (file_stat_fd(fd, before) != 0 || read_or_restore(fd, before, limit, out) != 0 ||
        file_stat_fd(fd, after) != 0) {
        return close_failed(fd);
    }
    disk->close(fd);
    return 0;
}

int file_write_fully(int fd, struct slice content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t part = disk->write(fd, content.at + done, content.len - done);
        if (part >= 0) {
            done += (size_t)part;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

/* Makes a new hidden file beside `path` ("" means in `dir` itself) and leaves its path in
 * `name`. */
static int open_temporary(int dir, const char *path, struct buf *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    for (int attempt = 0; attempt < 100; attempt++) {
        uint64_t number = 0;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            number = (uint64_t)getpid() * 1000 + (uint64_t)attempt;
        }
        buf_clear(name);
        buf_add(name, path, folder);
        buf_addf(name, FILE_TEMPORARY_PREFIX "%016llx", (unsigned long long)number);
        int fd = disk->open(dir, name->at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

int file_sync_folder(int dir, const char *path)
{
    int fd = disk->open(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        /* A folder that may be written but not listed can't be opened, hence not synced. */
        return errno == EACCES ? 0 : -1;
    }
    /* Some file systems refuse to sync a directory: theirs are in order by themselves. */
    if (disk->sync(fd) != 0 && errno != EINVAL && errno != EBADF && errno != ENOTSUP) {
        return close_failed(fd);
    }
    disk->close(fd);
    return 0;
}

static int sync_parent(int dir, const char *path)
{
    struct buf folder = BUF_EMPTY;
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        buf_add(&folder, path, (size_t)(slash - path) + 1);
    } else {
        buf_add_char(&folder, '.');
    }
    int result = file_sync_folder(dir, folder.at);
    int error = errno;
    buf_release(&folder);
    errno = error;
    return result;
}

/* Writes and closes; the file has the mode of the one it is to replace. */
static int fill(int fd, int dir, const char *path, struct slice content, bool syncs)
{
    struct stat old;
    if (disk->stat(dir, path, &old, 0) == 0 && S_ISREG(old.st_mode)) {
        (void)!disk->set_mode(fd, old.st_mode & 07777);
    }
    if (file_write_fully(fd, content) != 0 || (syncs && disk->sync(fd) != 0)) {
        return close_failed(fd);
    }
    return disk->close(fd);
}

/* The same for the temporary `name`, which goes where that fails. `fd`: it was opened, or -1. */
static int fill_temporary(int fd, int dir, const char *path, struct slice content, bool syncs,
                          const struct buf *name)
{
    if (fd < 0) {
        return -1;
    }
    if (fill(fd, dir, path, content, syncs) != 0) {
        int error = errno;
        disk->unlink(dir, name->at, 0);
        errno = error;
        return -1;
    }
    return 0;
}

int file_prepare(int dir, const char *path, struct slice content, struct buf *temporary)
{
    const char *slash = strrchr(path, '/');
    buf_clear(temporary);
    buf_add(temporary, path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
    buf_add_string(temporary, FILE_TEMPORARY_PREFIX "prepared");
    (void)disk->unlink(dir, temporary->at, 0); /* of a writer that was killed */
    int fd = disk->open(dir, temporary->at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fill_temporary(fd, dir, path, content, false, temporary);
}

int file_replace(int dir, const char *path, struct slice content)
{
    struct buf name = BUF_EMPTY;
    int result = -1;
    int fd = open_temporary(dir, path, &name);
    if (fill_temporary(fd, dir, path, content, true, &name) != 0) {
        goto out;
    }
    if (disk->rename(dir, name.at, dir, path, 0) != 0) {
        int error = errno;
        disk->unlink(dir, name.at, 0);
        errno = error;
        goto out;
    }
    result = sync_parent(dir, path);
out:;
    int error = errno;
    buf_release(&name);
    errno = error;
    return result;
}

int file_rename_new(int dir, const char *from, const char *to)
{
    if (disk->rename(dir, from, dir, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
        return -1;
    }
    struct stat there;
    if (disk->stat(dir, to, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? disk->rename(dir, from, dir, to, 0) : -1;
}

static int64_t written_now(int fd, bool local)
{
    struct stat raw;
    /* The sync makes a network file system's server, whose clock it is, set the time. */
    if (file_write_fully(fd, SLICE_LITERAL("\n")) != 0 || (!local && disk->sync(fd) != 0) ||
        disk->stat_open(fd, &raw) != 0) {
        return -1;
    }
    return nanoseconds(raw.st_mtim);
}

int64_t file_system_now(int dir)
{
    struct buf name = BUF_EMPTY;
    int fd = disk->open(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    bool local = fd >= 0; /* network file systems have no nameless files */
    if (!local) {
        fd = open_temporary(dir, "", &name);
    }
    int64_t now = -1;
    int error = errno;
    if (fd >= 0) {
        now = written_now(fd, local);
        error = errno;
        disk->close(fd);
        if (name.len > 0) {
            disk->unlink(dir, name.at, 0);
        }
    }
    buf_release(&name);
    errno = error;
    return now;
}
