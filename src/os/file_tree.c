/* Folders: creating parents, listing entries, removing whole trees. */
#include "file.h"

#include "disk.h"
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Makes the directory path[0..len) and what is missing above it. `path` is changed and restored. */
static int make_directory(int dir, char *path, size_t len)
{
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    char behind = path[len];
    path[len] = '\0';
    int result = -1;
    struct file_stat stat;
    if (file_stat(dir, path, &stat) != 0) {
        goto out;
    }
    if (stat.kind != FILE_MISSING) {
        errno = ENOTDIR;
        result = stat.kind == FILE_DIRECTORY ? 0 : -1;
        goto out;
    }
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path && make_directory(dir, path, (size_t)(slash - path)) != 0) {
        goto out;
    }
    result = disk->make_folder(dir, path, 0777);
    if (result != 0 && errno == EEXIST) {
        /* Somebody else was faster, or it is a dangling link. */
        result = file_stat(dir, path, &stat) == 0 && stat.kind == FILE_DIRECTORY ? 0 : -1;
        errno = ENOTDIR;
    }
out:
    path[len] = behind;
    return result;
}

int file_make_parents(int dir, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return 0;
    }
    struct buf parent = BUF_EMPTY;
    buf_add(&parent, path, (size_t)(slash - path));
    int result = make_directory(dir, parent.at, parent.len);
    int error = errno;
    buf_release(&parent);
    errno = error;
    return result;
}

/* What file_list tells of each name, and to whom. */
struct entries {
    file_entry_fn *entry;
    void *context;
};

static int tell_entry(void *context, int folder, const char *name, unsigned char type)
{
    const struct entries *entries = context;
    bool is_directory = type == DT_DIR;
    if (type == DT_UNKNOWN) {
        struct file_stat stat;
        is_directory = file_lstat(folder, name, &stat) == 0 && stat.kind == FILE_DIRECTORY;
    }
    return entries->entry(entries->context, name, strlen(name), is_directory);
}

int file_list(int dir, const char *path, file_entry_fn *entry, void *context)
{
    struct entries entries = {entry, context};
    return disk->list(dir, path, 0, tell_entry, &entries);
}

static int ignore_entry(void *context, const char *name, size_t len, bool is_directory)
{
    (void)context;
    (void)name;
    (void)len;
    (void)is_directory;
    return 0;
}

void file_refresh_parent(int dir, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct buf parent = BUF_EMPTY;
    if (slash != NULL) {
        buf_add(&parent, path, (size_t)(slash - path) + 1);
    } else {
        buf_add_char(&parent, '.');
    }
    (void)file_list(dir, parent.at, ignore_entry, NULL);
    buf_release(&parent);
}

static int remove_tree(int dir, const char *path);

struct removal {
    bool any;  /* something was removed */
    int error; /* the first that kept something from being removed; 0: none */
};

static int remove_entry(void *context, int folder, const char *name, unsigned char type)
{
    struct removal *removal = context;
    (void)type;
    if (remove_tree(folder, name) == 0) {
        removal->any = true;
    } else if (removal->error == 0) {
        removal->error = errno;
    }
    return 0;
}

/* Gives the owner all rights to a folder that is to be removed; says which it had. False: it has
 * them, or isn't the caller's. */
static bool unlock_folder(int dir, const char *path, mode_t *before)
{
    struct stat found;
    bool is_unlocked = false;
    int fd = disk->open(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    if (disk->stat_open(fd, &found) == 0 && (found.st_mode & S_IRWXU) != S_IRWXU) {
        *before = found.st_mode & 07777;
        is_unlocked = disk->set_mode(fd, *before | S_IRWXU) == 0;
    }
    disk->close(fd);
    return is_unlocked;
}

static void lock_folder(int dir, const char *path, mode_t mode)
{
    int fd = disk->open(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)disk->set_mode(fd, mode);
        disk->close(fd);
    }
}

static int remove_entries(int dir, const char *path)
{
    struct removal removal = {.any = true};
    /* A listing may skip names while others are removed: again, as long as that gets on. */
    while (removal.any) {
        removal.any = false;
        if (disk->list(dir, path, O_NOFOLLOW, remove_entry, &removal) != 0) {
            return errno == ENOENT ? 0 : -1;
        }
        if (removal.error != 0) {
            errno = removal.error;
            return -1;
        }
        if (disk->unlink(dir, path, AT_REMOVEDIR) == 0 || errno == ENOENT) {
            return 0;
        }
        if (errno != ENOTEMPTY && errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

/* A folder without write permission, as some programs leave them, is in the way only if it is
 * somebody else's. Where it can't be removed after all it gets its mode back. */
static int remove_directory(int dir, const char *path)
{
    mode_t before;
    int result = remove_entries(dir, path);
    if (result != 0 && (errno == EACCES || errno == EPERM)) {
        int error = errno;
        if (unlock_folder(dir, path, &before)) {
            result = remove_entries(dir, path);
            error = errno;
            if (result != 0) {
                lock_folder(dir, path, before);
            }
        }
        errno = error;
    }
    return result;
}

/* Removes what isn't a folder. 1: it is one. */
static int remove_file(int dir, const char *path)
{
    if (disk->unlink(dir, path, 0) == 0 || errno == ENOENT || errno == ENOTDIR) {
        return 0;
    }
    /* Linux says EISDIR of a directory, POSIX EPERM. */
    if (errno != EISDIR && errno != EPERM) {
        return -1;
    }
    int error = errno;
    struct file_stat stat;
    if (file_lstat(dir, path, &stat) == 0 && stat.kind == FILE_DIRECTORY) {
        return 1;
    }
    errno = error;
    return -1;
}

static int remove_tree(int dir, const char *path)
{
    int result = remove_file(dir, path);
    return result == 1 ? remove_directory(dir, path) : result;
}

int file_remove_tree(int dir, const char *path)
{
    int result = remove_file(dir, path);
    if (result == 1 && mounts_in_folder(dir, path, NULL)) {
        errno = EBUSY;
        return -1;
    }
    return result == 1 ? remove_directory(dir, path) : result;
}

const char *file_removal_error(int error)
{
    /* NFS keeps a deleted file that is open under the name .nfs…, which can't be deleted. */
    return error == EBUSY ? "one of its files is open, or a file system is mounted in it"
                          : strerror(error);
}
