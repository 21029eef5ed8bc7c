#include "aside.h"

#include "digest.h"
#include "file.h"
#include "text.h"
#include "vec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char GOOD[] = ".rowbuild-good";
static const char KEPT[] = ".rowbuild-kept";

enum {
    LONGEST_NAME = 255,
    LONGEST_SUFFIX = 20, /* ".rowbuild-kept-99999" */
    LAST_NUMBER = 99999,
    DIGEST_DIGITS = 32,
};

/* ---- names ---- */

static bool has_suffix(struct slice name, struct slice suffix)
{
    /* A dot and at least one more byte stand before it. */
    return name.len > suffix.len + 1 && name.at[0] == '.' &&
           slice_equal(slice_make(name.at + name.len - suffix.len, suffix.len), suffix);
}

bool aside_is_name(struct slice file_name)
{
    if (has_suffix(file_name, slice_of(GOOD)) || has_suffix(file_name, slice_of(KEPT))) {
        return true;
    }
    size_t digits = 0;
    while (digits < file_name.len &&
           isdigit((unsigned char)file_name.at[file_name.len - digits - 1])) {
        digits++;
    }
    if (digits == 0 || digits == file_name.len || file_name.at[file_name.len - digits - 1] != '-') {
        return false;
    }
    return has_suffix(slice_make(file_name.at, file_name.len - digits - 1), slice_of(KEPT));
}

/* "dir/.a.out" of "dir/a.out", shortened so that any suffix fits. */
static void add_stem(const char *path, struct buf *out)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    size_t start = len;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    struct slice name = slice_make(path + start, len - start);
    buf_add(out, path, start);
    buf_add_char(out, '.');
    if (1 + name.len + LONGEST_SUFFIX <= LONGEST_NAME) {
        buf_add_slice(out, name);
        return;
    }
    buf_add(out, name.at, LONGEST_NAME - LONGEST_SUFFIX - 2 - DIGEST_DIGITS);
    buf_add_char(out, '~');
    digest_format(digest_of(name), out);
}

void aside_good_path(const char *path, struct buf *out)
{
    add_stem(path, out);
    buf_add_string(out, GOOD);
}

static void add_kept_path(const char *path, int number, struct buf *out)
{
    add_stem(path, out);
    buf_add_string(out, KEPT);
    if (number > 1) {
        buf_addf(out, "-%d", number);
    }
}

/* ---- moves ---- */

struct move {
    struct buf from;
    struct buf to;
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

static int report(const char *what, const char *path, int error, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, slice_of(path));
    diag_state_error(diag, "can't %s %s: %s", what, buf_string(&name), strerror(error));
    buf_release(&name);
    return -1;
}

/* 1: something is there, be it a dangling link; 0: nothing; -1 with an error added. */
static int exists(int directory, const char *path, struct diag *diag)
{
    struct file_stat stat;
    if (file_lstat(directory, path, &stat) != 0) {
        return report("look at", path, errno, diag);
    }
    return stat.kind != FILE_MISSING;
}

static int check_folder(int directory, const char *path, struct diag *diag)
{
    struct buf folder = BUF_EMPTY;
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        buf_add_char(&folder, '.');
    } else {
        buf_add(&folder, path, (size_t)(slash - path) + 1);
    }
    int result = 0;
    if (faccessat(directory, folder.at, W_OK | X_OK, AT_EACCESS) != 0) {
        result = report("set aside", path, errno, diag);
    }
    buf_release(&folder);
    return result;
}

static int check_moves(int directory, const move_list *moves, struct diag *diag)
{
    int result = 0;
    vec_each (const struct move, move, moves) {
        int in_the_way = exists(directory, buf_string(&move->to), diag);
        if (in_the_way > 0) {
            report("rename to", buf_string(&move->to), EEXIST, diag);
        }
        if (in_the_way != 0 || check_folder(directory, buf_string(&move->from), diag) != 0) {
            result = -1;
        }
    }
    return result;
}

static void move_back(int directory, const move_list *moves, size_t done, struct diag *diag)
{
    while (done > 0) {
        done--;
        const struct move *move = &moves->at[done];
        if (file_rename_new(directory, buf_string(&move->to), buf_string(&move->from)) != 0) {
            report("move back", buf_string(&move->to), errno, diag);
        }
    }
}

static int make_moves(int directory, const move_list *moves, struct diag *diag)
{
    if (check_moves(directory, moves, diag) != 0) {
        return -1;
    }
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        if (file_rename_new(directory, buf_string(&move->from), buf_string(&move->to)) != 0) {
            report("rename", buf_string(&move->from), errno, diag);
            move_back(directory, moves, i, diag);
            return -1;
        }
    }
    return 0;
}

static void add_move(move_list *moves, const char *from)
{
    struct move move = {0};
    buf_add_string(&move.from, from);
    vec_push(moves, move);
}

/* Fills in where kept files go: one number for all, the first that is free for each of them. */
static int number_kept(int directory, move_list *moves, struct diag *diag)
{
    for (int number = 1; number <= LAST_NUMBER; number++) {
        int taken = 0;
        for (size_t i = 0; taken == 0 && i < moves->count; i++) {
            struct move *move = &moves->at[i];
            buf_clear(&move->to);
            add_kept_path(buf_string(&move->from), number, &move->to);
            taken = exists(directory, buf_string(&move->to), diag);
        }
        if (taken <= 0) {
            return taken;
        }
    }
    return report("find a free name beside", buf_string(&moves->at[0].from), EEXIST, diag);
}

int aside_move(int directory, const char *const *paths, size_t count, enum aside_place place,
               struct diag *diag)
{
    move_list moves = {0};
    int result = -1;
    for (size_t i = 0; i < count; i++) {
        int there = exists(directory, paths[i], diag);
        if (there < 0) {
            goto out;
        }
        if (there > 0) {
            add_move(&moves, paths[i]);
            aside_good_path(paths[i], &moves.at[moves.count - 1].to);
        }
    }
    if (place == ASIDE_KEPT && number_kept(directory, &moves, diag) != 0) {
        goto out;
    }
    result = make_moves(directory, &moves, diag);
out:
    release_moves(&moves);
    return result;
}

/* The good siblings that are there, and what stands where they belong. */
static int find_restored(int directory, const char *const *paths, size_t count,
                         move_list *returning, move_list *in_the_way, struct diag *diag)
{
    struct buf good = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        buf_clear(&good);
        aside_good_path(paths[i], &good);
        int there = exists(directory, buf_string(&good), diag);
        int taken = there > 0 ? exists(directory, paths[i], diag) : 0;
        result = there < 0 || taken < 0 ? -1 : 0;
        if (there > 0) {
            add_move(returning, buf_string(&good));
            buf_add_string(&returning->at[returning->count - 1].to, paths[i]);
        }
        if (taken > 0) {
            add_move(in_the_way, paths[i]);
        }
    }
    buf_release(&good);
    return result;
}

int aside_restore(int directory, const char *const *paths, size_t count, struct diag *diag)
{
    move_list returning = {0};
    move_list in_the_way = {0};
    int result = -1;
    if (find_restored(directory, paths, count, &returning, &in_the_way, diag) != 0 ||
        number_kept(directory, &in_the_way, diag) != 0 ||
        make_moves(directory, &in_the_way, diag) != 0) {
        goto out;
    }
    result = make_moves(directory, &returning, diag);
    if (result != 0) {
        move_back(directory, &in_the_way, in_the_way.count, diag);
    }
out:
    release_moves(&returning);
    release_moves(&in_the_way);
    return result;
}

void aside_discard_good(int directory, const char *const *paths, size_t count, struct diag *diag)
{
    struct buf good = BUF_EMPTY;
    for (size_t i = 0; i < count; i++) {
        buf_clear(&good);
        aside_good_path(paths[i], &good);
        if (file_remove_tree(directory, buf_string(&good)) != 0) {
            int error = errno;
            struct buf name = BUF_EMPTY;
            text_add_name(&name, buf_slice(&good));
            diag_warning(diag, "can't delete %s: %s", buf_string(&name), strerror(error));
            buf_release(&name);
        }
    }
    buf_release(&good);
}
