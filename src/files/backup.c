#include "backup_place.h"

#include "disk.h"
#include "file.h"
#include "mounts.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { LAST_NUMBER = 99999 }; /* of a backup that makes way */

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

static const char *rename_reason(int error)
{
    return error == EBUSY ? "it is a mount point; use a file or folder in it as the product"
                          : backup_reason(error);
}

static bool is_folder(const struct folders *folders, const char *path)
{
    const char *name;
    struct file_stat stat = {.kind = FILE_MISSING};
    int folder = folders_open_parent(folders, path, &name);
    bool found = folder >= 0 && file_lstat(folder, name, &stat) == 0 && stat.kind == FILE_DIRECTORY;
    backup_close(folder);
    return found;
}

/* A file system in a folder that moves would move with it, and be emptied when the folder is deleted. */
static int check_mounts(const struct folders *folders, const char *path, struct diag *diag)
{
    const char *name;
    struct buf below = BUF_EMPTY;
    int folder = folders_open_parent(folders, path, &name);
    bool is_mounted = folder >= 0 && mounts_in_folder(folder, name, &below);
    backup_close(folder);
    if (is_mounted && below.len == 0) {
        backup_report_reason("rename", path, rename_reason(EBUSY), diag);
    } else if (is_mounted) {
        struct buf mount = BUF_EMPTY;
        struct buf reason = BUF_EMPTY;
        buf_addf(&mount, "%s/%s", path, below.at);
        text_add_name(&reason, buf_slice(&mount));
        buf_release(&mount);
        buf_add_string(&reason, " is a mount point; unmount it first");
        backup_report_reason("rename", path, buf_string(&reason), diag);
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
    backup_close(folder);
    return result == 0 ? 0 : backup_report("back up", path, error, diag);
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
        buf_add_slice(&old_name, backup_last_part(from));
        buf_add_slice(&new_name, backup_last_part(to));
        result = file_rename_new(folder, buf_string(&old_name), buf_string(&new_name));
    }
    int error = errno;
    backup_close(folder);
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
        int in_the_way = makes_way(moves, i, &move->to)
                             ? 0
                             : backup_exists(folders, buf_string(&move->to), diag);
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
            backup_report("move back", buf_string(&move->to), errno, diag);
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
            backup_report_reason("rename", buf_string(&move->from), rename_reason(errno), diag);
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
        int taken = backup_exists(folders, buf_string(out), diag);
        if (taken <= 0) {
            return taken;
        }
    }
    return backup_report("find a free name beside", sibling, EEXIST, diag);
}

/* Adds the move of `from` to a sibling of `path`, and before it the one that makes way. */
static int add_backup(const struct folders *folders, move_list *moves, const char *from,
                      const char *path, enum backup_place place, struct diag *diag)
{
    struct buf to = BUF_EMPTY;
    struct buf elsewhere = BUF_EMPTY;
    backup_add_sibling(path, place, &to);
    int taken = place != BACKUP_GOOD ? backup_exists(folders, buf_string(&to), diag) : 0;
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
    backup_close(folder);
    if (result == 0 || error == ENOENT || error == ENOTDIR) {
        return true;
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(path));
    diag_warning(diag, FINDING_FILE_TROUBLE, "can't delete %s: %s", buf_string(&shown),
                 error == EBUSY ? file_removal_error(error) : backup_reason(error));
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

/* Makes the moves if it went well so far (`result` 0), and forgets them. */
static int carry_out(const struct folders *folders, move_list *moves, int result, struct diag *diag)
{
    if (result == 0) {
        result = make_moves(folders, moves, diag);
    }
    if (result == 0) {
        remove_displaced(folders, moves, diag);
    }
    release_moves(moves);
    return result;
}

static int add_moves(const struct folders *folders, const struct backup_item *items, size_t count,
                     move_list *moves, struct diag *diag)
{
    struct buf good = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const char *from = items[i].path;
        if (items[i].is_good_sibling) {
            buf_clear(&good);
            backup_good_path(from, &good);
            from = buf_string(&good);
        }
        int there = backup_exists(folders, from, diag);
        result = there > 0 ? add_backup(folders, moves, from, items[i].path, items[i].place, diag)
                           : there;
    }
    buf_release(&good);
    return result;
}

int backup_check(const struct folders *folders, const struct backup_item *items, size_t count,
                 struct diag *diag)
{
    move_list moves = {0};
    int result = add_moves(folders, items, count, &moves, diag);
    if (result == 0) {
        result = check_moves(folders, &moves, diag);
    }
    release_moves(&moves);
    return result;
}

int backup_move(const struct folders *folders, const struct backup_item *items, size_t count,
                struct diag *diag)
{
    move_list moves = {0};
    int result = add_moves(folders, items, count, &moves, diag);
    return carry_out(folders, &moves, result, diag);
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
        int there = backup_exists(folders, buf_string(&good), diag);
        int taken = there > 0 ? backup_exists(folders, path, diag) : 0;
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
    return carry_out(folders, &moves, result, diag);
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
