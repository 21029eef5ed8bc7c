#include "backup.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "mounts.h"
#include "reserved.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LONGEST_NAME = 255,
    LONGEST_SUFFIX = 20, /* ".rowbuild-kept-99999" */
    LAST_NUMBER = 99999,
    DIGEST_DIGITS = 32,
};

/* ---- names ---- */

bool backup_is_name(struct slice file_name)
{
    return reserved_is_backup(file_name);
}

/* The last part of a path, without slashes at its end. */
static struct slice last_part(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    size_t start = len;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    return slice_make(path + start, len - start);
}

/* "dir/.a.out" of "dir/a.out", shortened so that any suffix fits. */
static void add_stem(const char *path, struct buf *out)
{
    struct slice name = last_part(path);
    buf_add(out, path, (size_t)(name.at - path));
    buf_add_char(out, '.');
    if (1 + name.len + LONGEST_SUFFIX <= LONGEST_NAME) {
        buf_add_slice(out, name);
        return;
    }
    buf_add(out, name.at, LONGEST_NAME - LONGEST_SUFFIX - 2 - DIGEST_DIGITS);
    buf_add_char(out, '~');
    digest_format(digest_of(name), out);
}

static void add_sibling(const char *path, enum backup_place place, struct buf *out)
{
    add_stem(path, out);
    buf_add_string(out, place == BACKUP_GOOD   ? RESERVED_GOOD
                        : place == BACKUP_LEFT ? RESERVED_LEFT
                                               : RESERVED_KEPT);
}

void backup_good_path(const char *path, struct buf *out)
{
    add_sibling(path, BACKUP_GOOD, out);
}

/* ---- moves ---- */

struct move {
    struct buf from;
    struct buf to;
    bool displaces; /* what has the name `to` makes way for another */
};

typedef VEC(struct move) move_list;

static void release_moves(move_list *moves)
{
    vec_each (struct move, move, moves) {
        buf_release(&move->from);
        buf_release(&move->to);
    }
    vec_release(moves);
}

static const char *reason_of(int error)
{
    return error == ELOOP ? "its folder leads through a symbolic link that wasn't there before"
                          : strerror(error);
}

static const char *rename_reason(int error)
{
    return error == EBUSY ? "it is a mount point; use a file or folder in it as the product"
                          : reason_of(error);
}

static void close_folder(int folder)
{
    if (folder >= 0) {
        disk->close(folder);
    }
}

static int report_reason(const char *what, const char *path, const char *reason, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, slice_of(path));
    diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what, buf_string(&name),
                     reason);
    buf_release(&name);
    return -1;
}

static int report(const char *what, const char *path, int error, struct diag *diag)
{
    return report_reason(what, path, reason_of(error), diag);
}

/* 1: something is there, be it a dangling link; 0: nothing; -1 with an error added. */
static int exists(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    struct file_stat stat = {.kind = FILE_MISSING};
    int folder = folders_open_parent(folders, path, &name);
    if (folder < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    if (folder < 0 || file_lstat(folder, name, &stat) != 0) {
        int error = errno;
        close_folder(folder);
        return report("look at", path, error, diag);
    }
    disk->close(folder);
    return stat.kind != FILE_MISSING;
}

static bool is_folder(const struct folders *folders, const char *path)
{
    const char *name;
    struct file_stat stat = {.kind = FILE_MISSING};
    int folder = folders_open_parent(folders, path, &name);
    bool found = folder >= 0 && file_lstat(folder, name, &stat) == 0 && stat.kind == FILE_DIRECTORY;
    close_folder(folder);
    return found;
}

/* A file system in a folder that moves would move with it, and be emptied when the folder is deleted. */
static int check_mounts(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    struct buf below = BUF_EMPTY;
    int folder = folders_open_parent(folders, path, &name);
    bool is_mounted = folder >= 0 && mounts_in_folder(folder, name, &below);
    close_folder(folder);
    if (is_mounted && below.len == 0) {
        report_reason("rename", path, rename_reason(EBUSY), diag);
    } else if (is_mounted) {
        struct buf mount = BUF_EMPTY;
        struct buf reason = BUF_EMPTY;
        buf_addf(&mount, "%s/%s", path, below.at);
        text_add_name(&reason, buf_slice(&mount));
        buf_release(&mount);
        buf_add_string(&reason, " is a mount point; unmount it first");
        report_reason("rename", path, buf_string(&reason), diag);
        buf_release(&reason);
    }
    buf_release(&below);
    return is_mounted ? -1 : 0;
}

static int check_folder(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    int folder = folders_open_parent(folders, path, &name);
    int result = folder < 0 ? -1 : disk->may(folder, ".", W_OK | X_OK);
    int error = errno;
    close_folder(folder);
    return result == 0 ? 0 : report("back up", path, error, diag);
}

/* Both names lie in one folder. -1 with errno. */
static int rename_in_folder(const struct folders *folders, const char *from, const char *to)
{
    const char *unused;
    struct buf old_name = BUF_EMPTY;
    struct buf new_name = BUF_EMPTY;
    int result = -1;
    int folder = folders_open_parent(folders, from, &unused);
    if (folder >= 0) {
        buf_add_slice(&old_name, last_part(from));
        buf_add_slice(&new_name, last_part(to));
        result = file_rename_new(folder, buf_string(&old_name), buf_string(&new_name));
    }
    int error = errno;
    close_folder(folder);
    buf_release(&old_name);
    buf_release(&new_name);
    errno = error;
    return result;
}

static void report_in_the_way(const struct move *move, struct diag *diag)
{
    struct buf from = BUF_EMPTY;
    struct buf to = BUF_EMPTY;
    text_add_name(&from, buf_slice(&move->from));
    text_add_name(&to, buf_slice(&move->to));
    diag_state_error(diag, FINDING_FILE_TROUBLE, "can't rename %s: %s is in the way",
                     buf_string(&from), buf_string(&to));
    buf_release(&from);
    buf_release(&to);
}

/* Whether one of the first `count` moves takes the path away. */
static bool makes_way(const move_list *moves, size_t count, const struct buf *path)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(buf_slice(&moves->at[i].from), buf_slice(path))) {
            return true;
        }
    }
    return false;
}

static int check_moves(const struct folders *folders, const move_list *moves, struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        int in_the_way =
            makes_way(moves, i, &move->to) ? 0 : exists(folders, buf_string(&move->to), diag);
        if (in_the_way > 0) {
            report_in_the_way(move, diag);
        }
        if (in_the_way != 0 || check_folder(folders, buf_string(&move->from), diag) != 0 ||
            (is_folder(folders, buf_string(&move->from)) &&
             check_mounts(folders, buf_string(&move->from), diag) != 0)) {
            result = -1;
        }
    }
    return result;
}

static void move_back(const struct folders *folders, const move_list *moves, size_t done,
                      struct diag *diag)
{
    while (done > 0) {
        done--;
        const struct move *move = &moves->at[done];
        if (rename_in_folder(folders, buf_string(&move->to), buf_string(&move->from)) != 0) {
            report("move back", buf_string(&move->to), errno, diag);
        }
    }
}

static int make_moves(const struct folders *folders, const move_list *moves, struct diag *diag)
{
    if (check_moves(folders, moves, diag) != 0) {
        return -1;
    }
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        if (rename_in_folder(folders, buf_string(&move->from), buf_string(&move->to)) != 0) {
            report_reason("rename", buf_string(&move->from), rename_reason(errno), diag);
            move_back(folders, moves, i, diag);
            return -1;
        }
    }
    return 0;
}

static void add_move(move_list *moves, const char *from, const char *to)
{
    struct move move = {0};
    buf_add_string(&move.from, from);
    buf_add_string(&move.to, to);
    vec_push(moves, move);
}

/* Appends the first name with a number that nothing has. */
static int add_free_name(const struct folders *folders, const char *sibling, struct buf *out,
                         struct diag *diag)
{
    for (int number = 2; number <= LAST_NUMBER; number++) {
        buf_clear(out);
        buf_addf(out, "%s-%d", sibling, number);
        int taken = exists(folders, buf_string(out), diag);
        if (taken <= 0) {
            return taken;
        }
    }
    return report("find a free name beside", sibling, EEXIST, diag);
}

/* Adds the move of `from` to a sibling of `path`, and before it the one that makes way. */
static int add_backup(const struct folders *folders, move_list *moves, const char *from,
                      const char *path, enum backup_place place, struct diag *diag)
{
    struct buf to = BUF_EMPTY;
    struct buf elsewhere = BUF_EMPTY;
    add_sibling(path, place, &to);
    int taken = place != BACKUP_GOOD ? exists(folders, buf_string(&to), diag) : 0;
    int result = taken < 0 ? -1 : 0;
    if (taken > 0) {
        result = add_free_name(folders, buf_string(&to), &elsewhere, diag);
    }
    if (taken > 0 && result == 0) {
        add_move(moves, buf_string(&to), buf_string(&elsewhere));
        moves->at[moves->count - 1].displaces =
            place != BACKUP_KEPT || !is_folder(folders, buf_string(&to));
    }
    if (result == 0) {
        add_move(moves, from, buf_string(&to));
    }
    buf_release(&to);
    buf_release(&elsewhere);
    return result;
}

static bool remove_sibling(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    int folder = folders_open_parent(folders, path, &name);
    int result = folder < 0 ? -1 : file_remove_tree(folder, name);
    int error = errno;
    close_folder(folder);
    if (result == 0 || error == ENOENT || error == ENOTDIR) {
        return true;
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(path));
    diag_warning(diag, FINDING_FILE_TROUBLE, "can't delete %s: %s", buf_string(&shown),
                 error == EBUSY ? "a file system is mounted in it" : reason_of(error));
    buf_release(&shown);
    return false;
}

static void remove_displaced(const struct folders *folders, const move_list *moves,
                             struct diag *diag)
{
    vec_each (const struct move, move, moves) {
        if (move->displaces) {
            (void)remove_sibling(folders, buf_string(&move->to), diag);
        }
    }
}

int backup_move(const struct folders *folders, const struct backup_item *items, size_t count,
                struct diag *diag)
{
    move_list moves = {0};
    struct buf good = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const char *from = items[i].path;
        if (items[i].is_good_sibling) {
            buf_clear(&good);
            backup_good_path(from, &good);
            from = buf_string(&good);
        }
        int there = exists(folders, from, diag);
        result = there > 0 ? add_backup(folders, &moves, from, items[i].path, items[i].place, diag)
                           : there;
    }
    if (result == 0) {
        result = make_moves(folders, &moves, diag);
    }
    if (result == 0) {
        remove_displaced(folders, &moves, diag);
    }
    release_moves(&moves);
    buf_release(&good);
    return result;
}

/* First what stands where good siblings belong, then these. */
static int add_restores(const struct folders *folders, const struct backup_item *items,
                        size_t count, move_list *moves, struct diag *diag)
{
    move_list returning = {0};
    struct buf good = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        const char *path = items[i].path;
        buf_clear(&good);
        backup_good_path(path, &good);
        int there = exists(folders, buf_string(&good), diag);
        int taken = there > 0 ? exists(folders, path, diag) : 0;
        result = there < 0 || taken < 0 ? -1 : 0;
        if (there > 0 && result == 0) {
            add_move(&returning, buf_string(&good), path);
        }
        if (taken > 0) {
            result = add_backup(folders, moves, path, path, items[i].place, diag);
        }
    }
    vec_each (struct move, move, &returning) {
        vec_push(moves, *move);
    }
    vec_release(&returning);
    buf_release(&good);
    return result;
}

int backup_restore(const struct folders *folders, const struct backup_item *items, size_t count,
                   struct diag *diag)
{
    move_list moves = {0};
    int result = add_restores(folders, items, count, &moves, diag);
    if (result == 0) {
        result = make_moves(folders, &moves, diag);
    }
    if (result == 0) {
        remove_displaced(folders, &moves, diag);
    }
    release_moves(&moves);
    return result;
}

/* ---- What stays ---- */

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
    close_folder(folder);
    if (result == 0) {
        folder = folders_open_parent(folders, path, &name);
        result =
            folder < 0 ? -1 : disk->make_folder(folder, name, (found.st_mode & 07777) | S_IRWXU);
        error = errno;
        result = result != 0 && error == EEXIST ? 0 : result;
        close_folder(folder);
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
    close_folder(old_folder);
    close_folder(new_folder);
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
    int there = exists(folders, buf_string(&place), diag);
    int result = there < 0 ? -1 : 0;
    for (size_t i = 0; i < sizeof places / sizeof *places && there == 0 && result == 0; i++) {
        buf_clear(&sibling);
        add_sibling(path, places[i], &sibling);
        add_entry(buf_string(&sibling), entry, &from);
        there = exists(folders, buf_string(&from), diag);
        result = there < 0 ? -1 : 0;
        if (there > 0 && (make_way(folders, path, buf_string(&sibling), entry) != 0 ||
                          move_entry(folders, buf_string(&from), buf_string(&place)) != 0)) {
            result = report("put back", buf_string(&place), errno, diag);
        } else if (there > 0 && places[i] != BACKUP_GOOD) {
            remove_empty(folders, buf_string(&sibling));
        }
    }
    buf_release(&place);
    buf_release(&sibling);
    buf_release(&from);
    return result;
}

bool backup_discard_good(const struct folders *folders, const char *const *paths, size_t count,
                         struct diag *diag)
{
    struct buf good = BUF_EMPTY;
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        buf_clear(&good);
        backup_good_path(paths[i], &good);
        all = remove_sibling(folders, buf_string(&good), diag) && all;
    }
    buf_release(&good);
    return all;
}
