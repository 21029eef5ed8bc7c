/* What stays in a folder is put back after the folder has moved (backup.h). */
#include "backup_place.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void add_entry(const char *folder, struct slice entry, struct buf *path)
{
    buf_clear(path);
    buf_add_string(path, folder);
    buf_add_char(path, '/');
    buf_add_slice(path, entry);
}

/* Makes a folder where there is none, of the mode that another one has; its owner may write to it, as
 * the command that comes next must. -1 with errno. */
static int make_like(const struct folders *folders, const char *path, const char *like)
{
    const char *name;
    struct stat found;
    int folder = folders_open_parent(folders, like, &name);
    int result = folder < 0 ? -1 : disk->stat(folder, name, &found, AT_SYMLINK_NOFOLLOW);
    int error = errno;
    backup_close(folder);
    if (result == 0) {
        folder = folders_open_parent(folders, path, &name);
        result =
            folder < 0 ? -1 : disk->make_folder(folder, name, (found.st_mode & 07777) | S_IRWXU);
        error = errno;
        result = result != 0 && error == EEXIST ? 0 : result;
        backup_close(folder);
    }
    errno = error;
    return result;
}

/* Makes the folder and those on the way to its entry, like the ones in its sibling. */
static int make_way(const struct folders *folders, const char *path, const char *sibling,
                    struct slice entry)
{
    struct buf made = BUF_EMPTY;
    struct buf like = BUF_EMPTY;
    int result = make_like(folders, path, sibling);
    for (size_t i = 0; i < entry.len && result == 0; i++) {
        if (entry.at[i] == '/') {
            add_entry(path, slice_make(entry.at, i), &made);
            add_entry(sibling, slice_make(entry.at, i), &like);
            result = make_like(folders, buf_string(&made), buf_string(&like));
        }
    }
    int error = errno;
    buf_release(&made);
    buf_release(&like);
    errno = error;
    return result;
}

/* A folder that may be written to for a while. */
struct lent {
    int fd; /* -1: it may be anyway, or isn't a folder */
    mode_t mode;
};

static struct lent lend(int folder, const char *name)
{
    struct lent lent = {
        .fd = disk->open(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)};
    struct stat found;
    if (lent.fd >= 0 && (disk->stat_open(lent.fd, &found) != 0 || (found.st_mode & S_IWUSR) != 0 ||
                         disk->set_mode(lent.fd, (found.st_mode & 07777) | S_IWUSR) != 0)) {
        disk->close(lent.fd);
        lent.fd = -1;
    }
    if (lent.fd >= 0) {
        lent.mode = found.st_mode & 07777;
    }
    return lent;
}

static void give_back(const struct lent *lent)
{
    if (lent->fd >= 0) {
        (void)disk->set_mode(lent->fd, lent->mode);
        disk->close(lent->fd);
    }
}

/* -1 with errno. */
static int rename_into(int old_folder, const char *old_name, int new_folder, const char *new_name)
{
    int result = disk->rename(old_folder, old_name, new_folder, new_name, RENAME_NOREPLACE);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
        result = disk->rename(old_folder, old_name, new_folder, new_name, 0);
    }
    return result;
}

/* What stays may be a folder without write permission, or lie in one. */
static int rename_unwritable(int old_folder, const char *old_name, int new_folder,
                             const char *new_name)
{
    struct lent lent[] = {lend(old_folder, "."), lend(new_folder, "."), lend(old_folder, old_name)};
    int result = rename_into(old_folder, old_name, new_folder, new_name);
    int error = errno;
    for (size_t i = 0; i < sizeof lent / sizeof *lent; i++) {
        give_back(&lent[i]);
    }
    errno = error;
    return result;
}

/* -1 with errno. */
static int move_entry(const struct folders *folders, const char *from, const char *to)
{
    const char *old_name;
    const char *new_name;
    int old_folder = folders_open_parent(folders, from, &old_name);
    int new_folder = old_folder < 0 ? -1 : folders_open_parent(folders, to, &new_name);
    int result = new_folder < 0 ? -1 : rename_into(old_folder, old_name, new_folder, new_name);
    if (new_folder >= 0 && result != 0 && errno == EACCES) {
        result = rename_unwritable(old_folder, old_name, new_folder, new_name);
    }
    int error = errno;
    backup_close(old_folder);
    backup_close(new_folder);
    errno = error;
    return result;
}

/* A sibling that held nothing else is none. */
static void remove_empty(const struct folders *folders, const char *sibling)
{
    const char *name;
    int folder = folders_open_parent(folders, sibling, &name);
    if (folder >= 0) {
        (void)disk->unlink(folder, name, AT_REMOVEDIR);
        disk->close(folder);
    }
}

int backup_return(const struct folders *folders, const char *path, struct slice entry,
                  struct diag *diag)
{
    static const enum backup_place places[] = {BACKUP_GOOD, BACKUP_LEFT, BACKUP_KEPT};
    struct buf place = BUF_EMPTY;
    struct buf sibling = BUF_EMPTY;
    struct buf from = BUF_EMPTY;
    add_entry(path, entry, &place);
    int there = backup_exists(folders, buf_string(&place), diag);
    int result = there < 0 ? -1 : 0;
    for (size_t i = 0; i < sizeof places / sizeof *places && there == 0 && result == 0; i++) {
        buf_clear(&sibling);
        backup_add_sibling(path, places[i], &sibling);
        add_entry(buf_string(&sibling), entry, &from);
        there = backup_exists(folders, buf_string(&from), diag);
        result = there < 0 ? -1 : 0;
        if (there > 0 && (make_way(folders, path, buf_string(&sibling), entry) != 0 ||
                          move_entry(folders, buf_string(&from), buf_string(&place)) != 0)) {
            result = backup_report("put back", buf_string(&place), errno, diag);
        } else if (there > 0 && places[i] != BACKUP_GOOD) {
            remove_empty(folders, buf_string(&sibling));
        }
    }
    buf_release(&place);
    buf_release(&sibling);
    buf_release(&from);
    return result;
}
