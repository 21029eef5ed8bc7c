#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* "outside" holds a file and a folder; "root" is what may be reached. */
struct place {
    char path[64];
    int dir;
    int root;
};

static void put(int dir, const char *path, const char *text)
{
    assert_int_equal(file_replace(dir, path, slice_of(text)), 0);
}

static void holds(int dir, const char *path, const char *text)
{
    struct buf content = BUF_EMPTY;
    assert_int_equal(file_read(dir, path, 1000, &content), 0);
    assert_string_equal(buf_string(&content), text);
    buf_release(&content);
}

static int make_place(void **state)
{
    static struct place place;
    snprintf(place.path, sizeof place.path, "/tmp/rowbuild-test-inside-XXXXXX");
    assert_non_null(mkdtemp(place.path));
    place.dir = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place.dir >= 0);
    assert_int_equal(mkdirat(place.dir, "outside", 0777), 0);
    put(place.dir, "outside/file", "precious");
    place.root = inside_root(place.dir, "root", true);
    assert_true(place.root >= 0);
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    close(place->root);
    close(place->dir);
    return file_remove_tree(AT_FDCWD, place->path);
}

static void refuses_all(int root, const char *path, int error)
{
    struct buf content = BUF_EMPTY;
    const int flags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        errno = 0;
        assert_int_equal(inside_open(root, path, flags[i]), -1);
        assert_int_equal(errno, error);
    }
    assert_int_equal(inside_create(root, path, 0), -1);
    assert_int_equal(errno, error);
    assert_int_equal(inside_read(root, path, 1000, &content), -1);
    assert_int_equal(errno, error);
    assert_int_equal(inside_replace(root, path, SLICE_LITERAL("x")), -1);
    assert_int_equal(errno, error);
    assert_true(inside_is_refusal(errno));
    assert_int_equal(content.len, 0);
    buf_release(&content);
}

static void test_links_are_not_followed(void **state)
{
    struct place *place = *state;
    assert_int_equal(symlinkat("../outside/file", place->root, "link"), 0);
    assert_int_equal(symlinkat("../outside/none", place->root, "dangling"), 0);
    assert_int_equal(symlinkat("../outside", place->root, "folder"), 0);
    refuses_all(place->root, "link", ELOOP);
    refuses_all(place->root, "dangling", ELOOP);
    refuses_all(place->root, "folder", ELOOP);
    refuses_all(place->root, "folder/file", ELOOP);
    refuses_all(place->root, "folder/new", ELOOP);
    refuses_all(place->root, "../outside/file", ELOOP);
    assert_int_equal(inside_folder(place->root, "folder", true), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(inside_folder(place->root, "folder/new", true), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(inside_remove(place->root, "folder/file"), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(inside_list(place->root, "folder", NULL, NULL), -1);
    holds(place->dir, "outside/file", "precious");
    assert_int_equal(faccessat(place->dir, "outside/none", F_OK, 0), -1);
    assert_int_equal(faccessat(place->dir, "outside/new", F_OK, 0), -1);
    assert_int_equal(inside_remove(place->root, "link"), 0); /* the link, not its file */
    holds(place->dir, "outside/file", "precious");
}

static void test_only_regular_files_are_opened(void **state)
{
    struct place *place = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_int_equal(mkfifoat(place->root, "fifo", 0666), 0);
    assert_int_equal(mkdirat(place->root, "folder", 0777), 0);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/root/socket", place->path);
    assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof address), 0);
    refuses_all(place->root, "fifo", ENXIO);
    refuses_all(place->root, "socket", ENXIO);
    close(socket_fd);
    assert_int_equal(inside_open(place->root, "folder", O_RDONLY), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(inside_replace(place->root, "folder", SLICE_LITERAL("x")), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(inside_folder(place->root, "fifo", true), -1);
    assert_int_equal(errno, ENOTDIR);
}

static void test_a_second_name_keeps_its_content(void **state)
{
    struct place *place = *state;
    assert_int_equal(linkat(place->dir, "outside/file", place->root, "hard", 0), 0);
    assert_int_equal(inside_open(place->root, "hard", O_RDWR), -1);
    assert_int_equal(errno, EMLINK);
    int fd = inside_open(place->root, "hard", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
    fd = inside_create(place->root, "hard", O_APPEND);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "new", 3), 3);
    close(fd);
    holds(place->root, "hard", "new");
    holds(place->dir, "outside/file", "precious");
}

static void test_files_and_folders(void **state)
{
    struct place *place = *state;
    struct buf content = BUF_EMPTY;
    assert_int_equal(inside_open(place->root, "a/b/file", O_RDONLY), -1);
    assert_int_equal(errno, ENOENT);
    int folder = inside_folder(place->root, "a//b/", true);
    assert_true(folder >= 0);
    close(folder);
    assert_int_equal(inside_replace(place->root, "a/b/file", SLICE_LITERAL("text")), 0);
    assert_int_equal(inside_read(place->root, "a/b/file", 1000, &content), 0);
    assert_string_equal(buf_string(&content), "text");
    assert_int_equal(inside_read(place->root, "a/b/file", 3, &content), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(inside_remove(place->root, "a/b/file"), 0);
    assert_int_equal(inside_open(place->root, "a/b/file", O_RDONLY), -1);
    assert_int_equal(errno, ENOENT);
    buf_release(&content);
}

static void test_the_folder_itself_may_be_a_link(void **state)
{
    struct place *place = *state;
    assert_int_equal(symlinkat("outside", place->dir, "own"), 0);
    int root = inside_root(place->dir, "own/", false);
    assert_true(root >= 0);
    holds(root, "file", "precious");
    close(root);
    assert_int_equal(inside_root(place->dir, "outside/file", false), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(inside_root(place->dir, "none", false), -1);
    assert_int_equal(errno, ENOENT);
    if (geteuid() != 0) {
        return; /* nobody else's link can be made */
    }
    assert_int_equal(symlinkat("outside", place->dir, "foreign"), 0);
    assert_int_equal(fchownat(place->dir, "foreign", 4711, 4711, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(inside_root(place->dir, "foreign", false), -1);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(fchown(place->dir, 4711, 4711), 0); /* the project is theirs */
    root = inside_root(place->dir, "foreign", false);
    assert_true(root >= 0);
    close(root);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_links_are_not_followed),          TEST(test_only_regular_files_are_opened),
        TEST(test_a_second_name_keeps_its_content), TEST(test_files_and_folders),
        TEST(test_the_folder_itself_may_be_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
