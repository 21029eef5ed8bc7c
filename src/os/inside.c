#include "inside.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int fail(int error)
{
    errno = error;
    return -1;
}

static int close_and_fail(int fd, int error)
{
    disk->close(fd);
    return fail(error);
}

/* ---- The folder itself ---- */

static void add_parent(const char *path, struct buf *parent)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        buf_add_char(parent, '.');
    } else {
        buf_add(parent, path, slash == path ? 1 : (size_t)(slash - path));
    }
}

/* The kernel's own rule for links in shared folders, and root's. */
static bool may_follow(int dir, const char *path, const struct stat *link)
{
    struct buf parent = BUF_EMPTY;
    struct stat above;
    add_parent(path, &parent);
    bool may = link->st_uid == geteuid() || link->st_uid == 0 ||
               (disk->stat(dir, parent.at, &above, 0) == 0 && above.st_uid == link->st_uid);
    buf_release(&parent);
    return may;
}

static int open_root(int dir, const char *path)
{
    int fd = disk->open(dir, path, FOLDER_FLAGS, 0);
    if (fd >= 0 || (errno != ELOOP && errno != ENOTDIR)) {
        return fd;
    }
    struct stat link;
    if (disk->stat(dir, path, &link, AT_SYMLINK_NOFOLLOW) != 0) {
        return -1;
    }
    if (!S_ISLNK(link.st_mode)) {
        return fail(ENOTDIR);
    }
    return may_follow(dir, path, &link)
               ? disk->open(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
               : fail(EXDEV);
}

/* The folder that path[0..len) lies in. */
static void sync_parent(int dir, const char *path, size_t len)
{
    struct buf parent = BUF_EMPTY;
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    buf_add(&parent, path, len);
    buf_add_char(&parent, '.');
    (void)file_sync_folder(dir, parent.at);
    buf_release(&parent);
}

/* The folder was just made: a name that isn't synced is lost when the power goes, with all that is
 * synced in it. */
static void sync_names(int dir, const char *path)
{
    for (size_t len = strlen(path); len > 0;) {
        sync_parent(dir, path, len);
        while (len > 0 && path[len - 1] != '/') {
            len--;
        }
        while (len > 0 && path[len - 1] == '/') {
            len--;
        }
    }
}

int inside_root(int dir, const char *path, bool make)
{
    struct buf whole = BUF_EMPTY;
    buf_add_string(&whole, path);
    while (whole.len > 1 && whole.at[whole.len - 1] == '/') {
        whole.at[--whole.len] = '\0';
    }
    int fd = open_root(dir, buf_string(&whole));
    if (fd < 0 && errno == ENOENT && make) {
        buf_add_string(&whole, "/.");
        if (file_make_parents(dir, buf_string(&whole)) == 0) {
            whole.at[whole.len - 2] = '\0';
            sync_names(dir, buf_string(&whole));
            fd = open_root(dir, buf_string(&whole));
        }
    }
    int error = errno;
    buf_release(&whole);
    errno = error;
    return fd;
}

/* ---- Below it ---- */

/* O_DIRECTORY | O_NOFOLLOW says ENOTDIR of a link, too. */
static int open_step(int at, const char *name, bool make)
{
    if (strcmp(name, "..") == 0) {
        return fail(ELOOP);
    }
    int fd = disk->open(at, name, FOLDER_FLAGS, 0);
    if (fd < 0 && errno == ENOENT && make &&
        (disk->make_folder(at, name, 0777) == 0 || errno == EEXIST)) {
        fd = disk->open(at, name, FOLDER_FLAGS, 0);
    }
    struct stat found;
    if (fd < 0 && errno == ENOTDIR && disk->stat(at, name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = S_ISLNK(found.st_mode) ? ELOOP : ENOTDIR;
    }
    return fd;
}

/* The part up to the next '/', which is cut off; "" at the end. */
static char *next_part(char **rest)
{
    char *part = *rest + strspn(*rest, "/");
    char *end = part + strcspn(part, "/");
    *rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return part;
}

/* Opens the folder that path[0..len) names. */
static int walk(int root, const char *path, size_t len, bool make)
{
    struct buf parts = BUF_EMPTY;
    buf_add(&parts, path, len);
    char *rest = len > 0 ? parts.at : (char[]){""};
    char *part = next_part(&rest);
    int fd = *part == '\0' ? disk->duplicate(root) : open_step(root, part, make);
    for (part = next_part(&rest); fd >= 0 && *part != '\0'; part = next_part(&rest)) {
        int next = open_step(fd, part, make);
        int error = errno;
        disk->close(fd);
        errno = error;
        fd = next;
    }
    int error = errno;
    buf_release(&parts);
    errno = error;
    return fd;
}

int inside_folder(int root, const char *path, bool make)
{
    return walk(root, path, strlen(path), make);
}

/* Where the last part is: `at` is the root itself or a folder that `close_parent` closes. */
struct place {
    int at;
    bool is_root;
    const char *name;
};

static int find_place(int root, const char *path, struct place *place)
{
    const char *slash = strrchr(path, '/');
    place->name = slash != NULL ? slash + 1 : path;
    place->is_root = slash == NULL;
    place->at = slash == NULL ? root : walk(root, path, (size_t)(slash - path), false);
    if (place->at >= 0 && (place->name[0] == '\0' || strcmp(place->name, "..") == 0)) {
        return place->is_root ? fail(ELOOP) : close_and_fail(place->at, ELOOP);
    }
    return place->at >= 0 ? 0 : -1;
}

static void close_place(const struct place *place)
{
    int error = errno;
    if (!place->is_root) {
        disk->close(place->at);
    }
    errno = error;
}

static int refusal_of(const struct stat *found)
{
    return S_ISREG(found->st_mode)   ? 0
           : S_ISLNK(found->st_mode) ? ELOOP
           : S_ISDIR(found->st_mode) ? EISDIR
                                     : ENXIO;
}

int inside_accept(int fd, bool writes)
{
    struct stat found;
    if (disk->stat_open(fd, &found) != 0) {
        return close_and_fail(fd, errno);
    }
    int error = refusal_of(&found);
    if (error == 0 && writes && found.st_nlink > 1) {
        error = EMLINK;
    }
    return error == 0 ? fd : close_and_fail(fd, error);
}

/* A FIFO that nobody reads must not make rowbuild wait, and a terminal must not become the
 * controlling one. */
static int open_at(const struct place *place, int flags)
{
    int fd = disk->open(place->at, place->name,
                        flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    return fd < 0 ? -1 : inside_accept(fd, (flags & O_ACCMODE) != O_RDONLY);
}

int inside_open(int root, const char *path, int flags)
{
    struct place place;
    if (find_place(root, path, &place) != 0) {
        return -1;
    }
    int fd = open_at(&place, flags);
    close_place(&place);
    return fd;
}

/* 0: nothing is there, or a regular file. */
static int check_kind(const struct place *place)
{
    struct stat found;
    if (disk->stat(place->at, place->name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    int error = refusal_of(&found);
    return error == 0 ? 0 : fail(error);
}

int inside_create(int root, const char *path, int flags)
{
    enum { MOST_TRIES = 10 }; /* while somebody else makes it, too */
    struct place place;
    int fd = -1;
    if (find_place(root, path, &place) != 0) {
        return -1;
    }
    for (int i = 0; fd < 0 && i < MOST_TRIES; i++) {
        fd = disk->open(place.at, place.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | flags, 0666);
        if (fd >= 0 || errno != EEXIST || check_kind(&place) != 0 ||
            (disk->unlink(place.at, place.name, 0) != 0 && errno != ENOENT)) {
            break;
        }
        errno = EEXIST;
    }
    close_place(&place);
    return fd;
}

int inside_read(int root, const char *path, size_t limit, struct buf *out)
{
    int fd = inside_open(root, path, O_RDONLY);
    if (fd < 0) {
        return -1;
    }
    int result = file_read_fd(fd, limit, out);
    int error = errno;
    disk->close(fd);
    errno = error;
    return result;
}

int inside_replace(int root, const char *path, struct slice content)
{
    struct place place;
    if (find_place(root, path, &place) != 0) {
        return -1;
    }
    int result = check_kind(&place);
    if (result == 0) {
        result = file_replace(place.at, place.name, content);
    }
    close_place(&place);
    return result;
}

int inside_list(int root, const char *path, file_entry_fn *entry, void *context)
{
    int fd = inside_folder(root, path, false);
    if (fd < 0) {
        return -1;
    }
    int result = file_list(fd, ".", entry, context);
    int error = errno;
    disk->close(fd);
    errno = error;
    return result;
}

int inside_remove(int root, const char *path)
{
    struct place place;
    if (find_place(root, path, &place) != 0) {
        return -1;
    }
    int result = disk->unlink(place.at, place.name, 0);
    close_place(&place);
    return result;
}

/* ---- Words ---- */

bool inside_is_refusal(int error)
{
    return error == ELOOP || error == ENXIO || error == EISDIR || error == ENOTDIR ||
           error == EMLINK || error == EXDEV;
}

const char *inside_error(int error)
{
    switch (error) {
    case ELOOP:
        return "a symbolic link in the state folder is never followed; remove it";
    case ENXIO:
        return "it is not a regular file; remove it";
    case EMLINK:
        return "it is a hard link to another file, which would be changed, too; remove it";
    case EXDEV:
        return "it is a symbolic link that another user made; replace it with a folder or a link "
               "of your own";
    case EFBIG:
        return "File too large; raise the limit that `ulimit -f` prints";
    case ESTALE:
        return "Stale file handle; mount its file system again";
    case ENOTCONN:
        return "Transport endpoint is not connected; mount its file system again";
    default:
        return strerror(error);
    }
}
