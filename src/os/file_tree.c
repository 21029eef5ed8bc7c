/* Folders: creating parents, listing entries, removing whole trees. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    result = mkdirat(dir, path, 0777);
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

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static DIR *open_directory(int dir, const char *path, int flags)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
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

static bool entry_is_directory(DIR *listing, const struct dirent *entry)
{
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    struct file_stat stat;
    return file_lstat(dirfd(listing), entry->d_name, &stat) == 0 && stat.kind == FILE_DIRECTORY;
}

int file_list(int dir, const char *path, file_entry_fn *entry, void *context)
{
    DIR *listing = open_directory(dir, path, 0);
    if (listing == NULL) {
        return -1;
    }
    int result = 0;
    struct dirent *next;
    while (result == 0 && (next = next_entry(listing)) != NULL) {
        result =
            entry(context, next->d_name, strlen(next->d_name), entry_is_directory(listing, next));
    }
    int error = errno;
    if (result == 0 && error != 0) {
        result = -1;
    }
    closedir(listing);
    errno = error;
    return result;
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

static int remove_entries(DIR *listing, bool *removed_any)
{
    int error = 0;
    struct dirent *entry;
    *removed_any = false;
    while ((entry = next_entry(listing)) != NULL) {
        if (file_remove_tree(dirfd(listing), entry->d_name) == 0) {
            *removed_any = true;
        } else if (error == 0) {
            error = errno;
        }
    }
    errno = error != 0 ? error : errno;
    return errno == 0 ? 0 : -1;
}

static int remove_directory(int dir, const char *path)
{
    DIR *listing = open_directory(dir, path, O_NOFOLLOW);
    if (listing == NULL) {
        return errno == ENOENT ? 0 : -1;
    }
    bool removed_any = true;
    int result = -1;
    /* A listing may skip names while others are removed: again, as long as that gets on. */
    while (removed_any) {
        if (remove_entries(listing, &removed_any) != 0) {
            break;
        }
        if (unlinkat(dir, path, AT_REMOVEDIR) == 0 || errno == ENOENT) {
            result = 0;
            break;
        }
        if (errno != ENOTEMPTY && errno != EEXIST) {
            break;
        }
        rewinddir(listing);
    }
    int error = errno;
    closedir(listing);
    errno = error;
    return result;
}

int file_remove_tree(int dir, const char *path)
{
    if (unlinkat(dir, path, 0) == 0 || errno == ENOENT || errno == ENOTDIR) {
        return 0;
    }
    /* Linux says EISDIR of a directory, POSIX EPERM. */
    if (errno != EISDIR && errno != EPERM) {
        return -1;
    }
    int error = errno;
    struct file_stat stat;
    if (file_lstat(dir, path, &stat) == 0 && stat.kind == FILE_DIRECTORY) {
        return remove_directory(dir, path);
    }
    errno = error;
    return -1;
}
