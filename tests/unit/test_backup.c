#include "backup.h"
#include "file.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char path[64];
    int directory;
    struct folders folders;
    struct diag diag;
};

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-backup-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(place->directory, "d", 0777), 0);
    folders_init(&place->folders, place->directory);
    diag_init(&place->diag);
    *data = place;
    return 0;
}

static int remove_place(void **data)
{
    struct place *place = *data;
    folders_release(&place->folders);
    close(place->directory);
    file_remove_tree(AT_FDCWD, place->path);
    diag_release(&place->diag);
    free(place);
    return 0;
}

static void write_file(const struct place *place, const char *path, const char *content)
{
    int fd = openat(place->directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
}

/* `content` NULL: there must be nothing. */
static void expect(const struct place *place, const char *path, const char *content)
{
    struct buf found = BUF_EMPTY;
    int result = file_read(place->directory, path, 1000, &found);
    if (content == NULL) {
        assert_int_equal(result, -1);
        assert_int_equal(errno, ENOENT);
    } else {
        assert_int_equal(result, 0);
        assert_string_equal(buf_string(&found), content);
    }
    buf_release(&found);
}

enum { MOST = 8 };

static int move_all(const struct folders *folders, const char *const *paths, size_t count,
                    enum backup_place place, struct diag *diag)
{
    struct backup_item items[MOST];
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct backup_item){paths[i], place, false};
    }
    return backup_move(folders, items, count, diag);
}

static int restore_all(const struct folders *folders, const char *const *paths, size_t count,
                       struct diag *diag)
{
    struct backup_item items[MOST];
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct backup_item){paths[i], BACKUP_LEFT, false};
    }
    return backup_restore(folders, items, count, diag);
}

static const char *const PATHS[] = {"d/a.out", "b", "d/none"};

static void names(void **data)
{
    (void)data;
    static const char *const yes[] = {".a.rowbuild-good", ".a.rowbuild-kept", ".a.rowbuild-kept-2",
                                      ".\n\xff.rowbuild-kept-12"};
    static const char *const no[] = {"a.rowbuild-good",
                                     ".rowbuild-good",
                                     ".rowbuild-kept",
                                     ".rowbuild-kept-2",
                                     ".a.rowbuild-kept-",
                                     "",
                                     "-2",
                                     "2",
                                     ".a.rowbuild-good-2",
                                     ".a",
                                     ".rowbuild",
                                     ".a.rowbuild-kept-2x"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        assert_true(backup_is_name(slice_of(yes[i])));
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        assert_false(backup_is_name(slice_of(no[i])));
    }
    struct buf path = BUF_EMPTY;
    backup_good_path("dir/sub/a.out", &path);
    assert_string_equal(buf_string(&path), "dir/sub/.a.out.rowbuild-good");
    buf_clear(&path);
    backup_good_path("tree/", &path);
    assert_string_equal(buf_string(&path), ".tree.rowbuild-good");
    buf_release(&path);
}

static void move_and_restore(void **data)
{
    struct place *place = *data;
    write_file(place, "d/a.out", "good a");
    write_file(place, "b", "good b");
    assert_int_equal(move_all(&place->folders, PATHS, 3, BACKUP_GOOD, &place->diag), 0);
    expect(place, "d/a.out", NULL);
    expect(place, "d/.a.out.rowbuild-good", "good a");
    expect(place, ".b.rowbuild-good", "good b");
    write_file(place, "d/a.out", "failed");
    assert_int_equal(restore_all(&place->folders, PATHS, 3, &place->diag), 0);
    expect(place, "d/a.out", "good a");
    expect(place, "b", "good b");
    expect(place, "d/.a.out~.rowbuild-kept", "failed");
    expect(place, "d/.a.out.rowbuild-good", NULL);
    assert_int_equal(restore_all(&place->folders, PATHS, 3, &place->diag), 0);
    expect(place, "d/a.out", "good a");
    assert_int_equal(place->diag.entries.count, 0);
}

static void one_generation_of_each(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"d/a.out", "d/tree"};
    write_file(place, "d/.a.out.rowbuild-kept-2", "of an older version");
    for (int i = 0; i < 3; i++) {
        write_file(place, "d/a.out", "by hand");
        assert_int_equal(move_all(&place->folders, paths, 2, BACKUP_KEPT, &place->diag), 0);
    }
    for (int i = 0; i < 3; i++) {
        char text[] = "0";
        text[0] = (char)('0' + i);
        write_file(place, "d/a.out", text);
        assert_int_equal(mkdirat(place->directory, "d/tree", 0777), 0);
        write_file(place, "d/tree/leaf", text);
        assert_int_equal(move_all(&place->folders, paths, 2, BACKUP_LEFT, &place->diag), 0);
    }
    expect(place, "d/.a.out.rowbuild-kept", "by hand");
    expect(place, "d/.a.out.rowbuild-kept-2", "of an older version");
    expect(place, "d/.a.out.rowbuild-kept-3", NULL);
    expect(place, "d/.a.out~.rowbuild-kept", "2");
    expect(place, "d/.a.out~.rowbuild-kept-2", NULL);
    expect(place, "d/.tree~.rowbuild-kept/leaf", "2");
    expect(place, "d/.tree~.rowbuild-kept-2/leaf", NULL);
    assert_int_equal(place->diag.entries.count, 0);
}

/* What is displaced is back where a later move isn't possible. */
static void what_is_displaced_comes_back(void **data)
{
    struct place *place = *data;
    static const struct backup_item items[] = {{"d/a.out", BACKUP_KEPT, false},
                                               {"b", BACKUP_GOOD, false}};
    static const struct backup_item twice[] = {
        {"d/a.out", BACKUP_KEPT, false}, {"b", BACKUP_GOOD, false}, {"b", BACKUP_GOOD, false}};
    write_file(place, "d/a.out", "new");
    write_file(place, "d/.a.out.rowbuild-kept", "old");
    write_file(place, "b", "b");
    assert_int_equal(backup_move(&place->folders, twice, 3, &place->diag), -1);
    write_file(place, ".b.rowbuild-good", "in the way");
    assert_int_equal(backup_move(&place->folders, items, 2, &place->diag), -1);
    expect(place, "d/a.out", "new");
    expect(place, "b", "b");
    expect(place, "d/.a.out.rowbuild-kept", "old");
    expect(place, "d/.a.out.rowbuild-kept-2", NULL);
}

static void an_old_good_one_makes_way(void **data)
{
    struct place *place = *data;
    static const struct backup_item items[] = {{"b", BACKUP_LEFT, true}, {"b", BACKUP_GOOD, false}};
    write_file(place, "b", "new");
    write_file(place, ".b.rowbuild-good", "old");
    assert_int_equal(backup_move(&place->folders, items, 2, &place->diag), 0);
    expect(place, "b", NULL);
    expect(place, ".b.rowbuild-good", "new");
    expect(place, ".b~.rowbuild-kept", "old");
}

static void nothing_is_replaced(void **data)
{
    struct place *place = *data;
    write_file(place, "d/a.out", "a");
    write_file(place, "b", "b");
    write_file(place, ".b.rowbuild-good", "in the way");
    assert_int_equal(move_all(&place->folders, PATHS, 3, BACKUP_GOOD, &place->diag), -1);
    assert_non_null(strstr(place->diag.entries.at[0].message, ".b.rowbuild-good"));
    expect(place, "d/a.out", "a");
    expect(place, "b", "b");
    expect(place, ".b.rowbuild-good", "in the way");
}

static void unwritable_folder(void **data)
{
    struct place *place = *data;
    if (geteuid() == 0) {
        skip();
    }
    write_file(place, "d/a.out", "a");
    write_file(place, "b", "b");
    assert_int_equal(fchmodat(place->directory, "d", 0500, 0), 0);
    assert_int_equal(move_all(&place->folders, PATHS, 3, BACKUP_GOOD, &place->diag), -1);
    assert_int_equal(fchmodat(place->directory, "d", 0700, 0), 0);
    assert_non_null(strstr(place->diag.entries.at[0].message, "d/a.out"));
    expect(place, "b", "b");
}

/* A rename that fails midway, after all checks: the folder disappears into itself. */
static void earlier_moves_are_undone(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"b", "d/a.out", "d"};
    static const char *const twice[] = {"b", "d/a.out", "d/a.out"};
    write_file(place, "b", "b");
    write_file(place, "d/a.out", "a");
    assert_int_equal(move_all(&place->folders, twice, 3, BACKUP_GOOD, &place->diag), -1);
    expect(place, "b", "b");
    expect(place, "d/a.out", "a");
    expect(place, ".b.rowbuild-good", NULL);
    assert_int_equal(move_all(&place->folders, paths, 3, BACKUP_GOOD, &place->diag), 0);
    expect(place, ".d.rowbuild-good/.a.out.rowbuild-good", "a");
}

static void longest_names(void **data)
{
    struct place *place = *data;
    char long_names[3][258] = {"d/", "d/", "d/"};
    const char *paths[3];
    for (size_t i = 0; i < 3; i++) {
        memset(long_names[i] + 2, 'n', i == 2 ? 236 : 255);
        paths[i] = long_names[i];
    }
    long_names[1][256] = 'x'; /* differs at its end only */
    for (size_t i = 0; i < 3; i++) {
        write_file(place, paths[i], i == 0 ? "0" : i == 1 ? "1" : "2");
    }
    assert_int_equal(move_all(&place->folders, paths, 3, BACKUP_GOOD, &place->diag), 0);
    for (size_t i = 0; i < 3; i++) {
        struct buf good = BUF_EMPTY;
        expect(place, paths[i], NULL);
        backup_good_path(paths[i], &good);
        assert_true(backup_is_name(slice_of(buf_string(&good) + 2)));
        expect(place, buf_string(&good), i == 0 ? "0" : i == 1 ? "1" : "2");
        write_file(place, paths[i], "again");
        buf_release(&good);
    }
    assert_int_equal(restore_all(&place->folders, paths, 3, &place->diag), 0);
    expect(place, paths[1], "1");
}

static void strange_names_and_trees(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"d/\n\xff", "d/tree"};
    write_file(place, "d/\n\xff", "x");
    assert_int_equal(mkdirat(place->directory, "d/tree", 0777), 0);
    write_file(place, "d/tree/leaf", "y");
    assert_int_equal(symlinkat("gone", place->directory, "link"), 0);
    static const char *const link[] = {"link"};
    assert_int_equal(move_all(&place->folders, paths, 2, BACKUP_GOOD, &place->diag), 0);
    assert_int_equal(move_all(&place->folders, link, 1, BACKUP_GOOD, &place->diag), 0);
    expect(place, "d/.\n\xff.rowbuild-good", "x");
    expect(place, "d/.tree.rowbuild-good/leaf", "y");
    struct file_stat stat;
    assert_int_equal(file_lstat(place->directory, ".link.rowbuild-good", &stat), 0);
    assert_int_equal(stat.kind, FILE_OTHER);
    backup_discard_good(&place->folders, paths, 2, &place->diag);
    backup_discard_good(&place->folders, link, 1, &place->diag);
    backup_discard_good(&place->folders, link, 1, &place->diag);
    expect(place, "d/.\n\xff.rowbuild-good", NULL);
    assert_int_equal(file_lstat(place->directory, "d/.tree.rowbuild-good", &stat), 0);
    assert_int_equal(stat.kind, FILE_MISSING);
    assert_int_equal(place->diag.entries.count, 0);
}

/* A folder that a link replaced, with the same names where it leads. */
static void replace_by_link(const struct place *place)
{
    assert_int_equal(mkdirat(place->directory, "outside", 0777), 0);
    write_file(place, "outside/a.out", "outside");
    write_file(place, "outside/.a.out.rowbuild-good", "outside's");
    write_file(place, "d/a.out", "a");
    write_file(place, "d/.a.out.rowbuild-good", "good a");
    assert_int_equal(renameat(place->directory, "d", place->directory, "was"), 0);
    assert_int_equal(symlinkat("outside", place->directory, "d"), 0);
}

static void a_link_leads_nowhere(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"d/a.out"};
    replace_by_link(place);
    assert_int_equal(move_all(&place->folders, paths, 1, BACKUP_KEPT, &place->diag), -1);
    assert_non_null(strstr(place->diag.entries.at[0].message, "d/a.out: its folder leads through"));
    assert_int_equal(restore_all(&place->folders, paths, 1, &place->diag), -1);
    assert_false(backup_discard_good(&place->folders, paths, 1, &place->diag));
    expect(place, "outside/a.out", "outside");
    expect(place, "outside/.a.out.rowbuild-good", "outside's");
    expect(place, "outside/.a.out.rowbuild-kept", NULL);
    expect(place, "was/.a.out.rowbuild-good", "good a");
}

static void a_learnt_link_is_followed_as_long_as_it_leads_there(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"d/a.out"};
    struct folders folders;
    replace_by_link(place);
    folders_init(&folders, place->directory);
    folders_learn(&folders, slice_of("d"));
    assert_true(backup_discard_good(&folders, paths, 1, &place->diag));
    expect(place, "outside/.a.out.rowbuild-good", NULL);
    assert_int_equal(move_all(&folders, paths, 1, BACKUP_GOOD, &place->diag), 0);
    expect(place, "outside/.a.out.rowbuild-good", "outside");
    assert_int_equal(unlinkat(place->directory, "d", 0), 0);
    assert_int_equal(symlinkat("was", place->directory, "d"), 0);
    assert_int_equal(restore_all(&folders, paths, 1, &place->diag), -1);
    assert_false(backup_discard_good(&folders, paths, 1, &place->diag));
    expect(place, "was/.a.out.rowbuild-good", "good a");
    assert_int_equal(move_all(&folders, paths, 1, BACKUP_KEPT, &place->diag), -1);
    expect(place, "was/a.out", "a");
    folders_release(&folders);
}

static void missing_folders_hold_nothing(void **data)
{
    struct place *place = *data;
    static const char *const paths[] = {"no/a.out", "d/a.out/b"};
    write_file(place, "d/a.out", "a");
    assert_int_equal(move_all(&place->folders, paths, 2, BACKUP_GOOD, &place->diag), 0);
    assert_int_equal(restore_all(&place->folders, paths, 2, &place->diag), 0);
    assert_true(backup_discard_good(&place->folders, paths, 2, &place->diag));
    assert_int_equal(place->diag.entries.count, 0);
    expect(place, "d/a.out", "a");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(names),
        TEST(move_and_restore),
        TEST(one_generation_of_each),
        TEST(what_is_displaced_comes_back),
        TEST(an_old_good_one_makes_way),
        TEST(nothing_is_replaced),
        TEST(unwritable_folder),
        TEST(earlier_moves_are_undone),
        TEST(longest_names),
        TEST(strange_names_and_trees),
        TEST(a_link_leads_nowhere),
        TEST(a_learnt_link_is_followed_as_long_as_it_leads_there),
        TEST(missing_folders_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
