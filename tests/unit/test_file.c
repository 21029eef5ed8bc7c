#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct folder {
    char path[64];
    int fd;
};

static int make_folder(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof folder.path, "/tmp/rowbuild-test-file-XXXXXX");
    assert_non_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder.fd >= 0);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    close(folder->fd);
    return file_remove_tree(AT_FDCWD, folder->path);
}

static int dir_of(void **state)
{
    return ((struct folder *)*state)->fd;
}

static void put(int dir, const char *path, const char *text)
{
    int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void holds(int dir, const char *path, const char *text)
{
    struct buf content = BUF_EMPTY;
    assert_int_equal(file_read(dir, path, 1000, &content), 0);
    assert_string_equal(buf_string(&content), text);
    buf_release(&content);
}

static enum file_kind kind_of(int dir, const char *path)
{
    struct file_stat stat;
    assert_int_equal(file_lstat(dir, path, &stat), 0);
    return stat.kind;
}

static int count_entry(void *context, const char *name, size_t len, bool is_directory)
{
    (void)is_directory;
    assert_int_equal(strlen(name), len);
    (*(int *)context)++;
    return 0;
}

static int entries(int dir, const char *path)
{
    int count = 0;
    assert_int_equal(file_list(dir, path, count_entry, &count), 0);
    return count;
}

static void stat_tells_kinds(void **state)
{
    int dir = dir_of(state);
    struct file_stat stat;
    struct file_stat again;
    put(dir, "a", "12345");
    assert_int_equal(mkdirat(dir, "d", 0777), 0);
    assert_int_equal(symlinkat("a", dir, "to_a"), 0);
    assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
    assert_int_equal(symlinkat("loop", dir, "loop"), 0);
    assert_int_equal(mkfifoat(dir, "fifo", 0666), 0);

    assert_int_equal(file_stat(dir, "a", &stat), 0);
    assert_int_equal(stat.kind, FILE_REGULAR);
    assert_int_equal(stat.size, 5);
    assert_int_equal(stat.links, 1);
    assert_true(stat.mtime_ns > INT64_C(1500000000) * 1000000000);
    assert_int_equal(file_stat(dir, "to_a", &again), 0);
    assert_int_equal(again.kind, FILE_REGULAR);
    assert_int_equal(again.inode, stat.inode);
    assert_int_equal(again.device, stat.device);
    assert_int_equal(again.mtime_ns, stat.mtime_ns);
    assert_int_equal(again.ctime_ns, stat.ctime_ns);
    assert_int_equal(file_lstat(dir, "to_a", &stat), 0);
    assert_int_equal(stat.kind, FILE_OTHER);
    assert_int_equal(file_stat(dir, "d", &stat), 0);
    assert_int_equal(stat.kind, FILE_DIRECTORY);
    assert_int_equal(file_stat(dir, "fifo", &stat), 0);
    assert_int_equal(stat.kind, FILE_OTHER);
    static const char *const missing[] = {"b", "d/b", "a/b", "dangling", "loop", "no/b"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        assert_int_equal(file_stat(dir, missing[i], &stat), 0);
        assert_int_equal(stat.kind, FILE_MISSING);
    }
    char long_name[300];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(file_stat(dir, long_name, &stat), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(file_stat_fd(dir, &stat), 0);
    assert_int_equal(stat.kind, FILE_DIRECTORY);
    assert_int_equal(file_stat_fd(-1, &stat), -1);
}

static void reads_whole_files(void **state)
{
    int dir = dir_of(state);
    struct buf content = BUF_EMPTY;
    put(dir, "a", "12345");
    put(dir, "empty", "");
    buf_add_string(&content, "before:");
    assert_int_equal(file_read(dir, "a", 5, &content), 0);
    assert_string_equal(content.at, "before:12345");
    assert_int_equal(file_read(dir, "a", 4, &content), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(file_read(dir, "b", 4, &content), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_read(dir, ".", 4, &content), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(file_read(dir, "empty", 0, &content), 0);
    assert_string_equal(content.at, "before:12345");
    assert_int_equal(mkfifoat(dir, "fifo", 0666), 0);
    assert_int_equal(file_read(dir, "fifo", 10, &content), 0); /* doesn't wait */
    assert_string_equal(content.at, "before:12345");
    buf_release(&content);
}

/* Files of /proc say that they are empty. */
static void reads_files_of_unknown_size(void **state)
{
    (void)state;
    struct buf content = BUF_EMPTY;
    assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &content), 0);
    assert_non_null(strstr(content.at, "Cpus_allowed_list"));
    size_t len = content.len;
    assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 100, &content), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(content.len, len);
    assert_int_equal(content.at[len], '\0');
    buf_release(&content);
}

static void makes_parents(void **state)
{
    int dir = dir_of(state);
    assert_int_equal(file_make_parents(dir, "one"), 0);
    assert_int_equal(kind_of(dir, "one"), FILE_MISSING);
    assert_int_equal(file_make_parents(dir, "p/q//r/file"), 0);
    assert_int_equal(kind_of(dir, "p/q/r"), FILE_DIRECTORY);
    assert_int_equal(kind_of(dir, "p/q/r/file"), FILE_MISSING);
    assert_int_equal(file_make_parents(dir, "p/q/r/file"), 0);
    put(dir, "p/file", "");
    assert_int_equal(file_make_parents(dir, "p/file/x"), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(file_make_parents(dir, "p/file/x/y"), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
    assert_int_equal(file_make_parents(dir, "dangling/x"), -1);
    assert_int_equal(symlinkat("p", dir, "link"), 0);
    assert_int_equal(file_make_parents(dir, "link/new/x"), 0);
    assert_int_equal(kind_of(dir, "p/new"), FILE_DIRECTORY);
    char absolute[128];
    snprintf(absolute, sizeof absolute, "%s/u/v/w", ((struct folder *)*state)->path);
    assert_int_equal(file_make_parents(AT_FDCWD, absolute), 0);
    assert_int_equal(kind_of(dir, "u/v"), FILE_DIRECTORY);
}

static void replaces(void **state)
{
    int dir = dir_of(state);
    struct stat raw;
    assert_int_equal(file_replace(dir, "a", SLICE_LITERAL("first")), 0);
    holds(dir, "a", "first");
    assert_int_equal(fchmodat(dir, "a", 0640, 0), 0);
    assert_int_equal(file_replace(dir, "a", SLICE_LITERAL("second")), 0);
    holds(dir, "a", "second");
    assert_int_equal(fstatat(dir, "a", &raw, 0), 0);
    assert_int_equal(raw.st_mode & 07777, 0640);
    assert_int_equal(file_replace(dir, "a", slice_make(NULL, 0)), 0);
    holds(dir, "a", "");
    assert_int_equal(file_replace(dir, "no/a", SLICE_LITERAL("x")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkdirat(dir, "d", 0777), 0);
    assert_int_equal(file_replace(dir, "d", SLICE_LITERAL("x")), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(file_replace(dir, "d/b", SLICE_LITERAL("x")), 0);
    holds(dir, "d/b", "x");
    assert_int_equal(entries(dir, "d"), 1);
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    assert_int_equal(file_replace(dir, name, SLICE_LITERAL("x")), 0);
    holds(dir, name, "x");
    assert_int_equal(entries(dir, "."), 3);
}

/* A limit on the size of files fails a write half-way, as a full file system does. */
static void full_disk_leaves_the_old(void **state)
{
    int dir = dir_of(state);
    put(dir, "a", "old");
    pid_t pid = fork();
    if (pid == 0) {
        static char bytes[100000];
        struct rlimit limit = {.rlim_cur = 50000, .rlim_max = 50000};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            _exit(2);
        }
        int result = file_replace(dir, "a", slice_make(bytes, sizeof bytes));
        _exit(result == -1 && errno == EFBIG ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    holds(dir, "a", "old");
    assert_int_equal(entries(dir, "."), 1);
}

static void renames_only_to_new_names(void **state)
{
    int dir = dir_of(state);
    put(dir, "a", "A");
    put(dir, "b", "B");
    assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
    assert_int_equal(file_rename_new(dir, "a", "b"), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(file_rename_new(dir, "a", "dangling"), -1);
    assert_int_equal(errno, EEXIST);
    holds(dir, "a", "A");
    holds(dir, "b", "B");
    assert_int_equal(file_rename_new(dir, "a", "c"), 0);
    holds(dir, "c", "A");
    assert_int_equal(file_rename_new(dir, "a", "d"), -1);
    assert_int_equal(errno, ENOENT);
}

static void removes_trees_but_not_through_links(void **state)
{
    int dir = dir_of(state);
    assert_int_equal(mkdirat(dir, "kept", 0777), 0);
    put(dir, "kept/precious", "gold");
    assert_int_equal(file_make_parents(dir, "t/1/2/3/4/x"), 0);
    put(dir, "t/1/2/3/4/x", "");
    put(dir, "t/\xff\xfe\n", "");
    assert_int_equal(symlinkat("../kept", dir, "t/link"), 0);
    assert_int_equal(symlinkat("../../kept", dir, "t/1/link"), 0);
    assert_int_equal(symlinkat("kept", dir, "top"), 0);
    assert_int_equal(file_remove_tree(dir, "top"), 0);
    assert_int_equal(kind_of(dir, "top"), FILE_MISSING);
    assert_int_equal(file_remove_tree(dir, "t"), 0);
    assert_int_equal(kind_of(dir, "t"), FILE_MISSING);
    holds(dir, "kept/precious", "gold");
    assert_int_equal(symlinkat("kept", dir, "top"), 0);
    (void)file_remove_tree(dir, "top/");
    holds(dir, "kept/precious", "gold");
    assert_int_equal(file_remove_tree(dir, "t"), 0);
    assert_int_equal(file_remove_tree(dir, "no/t"), 0);
    assert_int_equal(file_remove_tree(dir, "kept/precious"), 0);
    assert_int_equal(entries(dir, "kept"), 0);
}

/* Root may write everywhere: as nobody, then. */
static void removes_folders_without_write_permission(void **state)
{
    enum { NOBODY = 65534 };
    int dir = dir_of(state);
    bool is_root = geteuid() == 0;
    struct stat found;
    assert_int_equal(file_make_parents(dir, "t/1/2/x"), 0);
    put(dir, "t/1/2/x", "");
    put(dir, "t/1/y", "");
    assert_int_equal(file_make_parents(dir, "u/mine/x"), 0);
    assert_int_equal(file_make_parents(dir, "u/others/x"), 0);
    put(dir, "u/others/x", "");
    static const char *const own[] = {"t/1/2", "t/1", "t", "u/mine", "u"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        assert_true(!is_root || fchownat(dir, own[i], NOBODY, NOBODY, 0) == 0);
        assert_int_equal(fchmodat(dir, own[i], 0555, 0), 0);
    }
    assert_int_equal(fchmod(dir, 0777), 0);
    assert_true(!is_root || seteuid(NOBODY) == 0);
    int removed = file_remove_tree(dir, "t");
    int refused = file_remove_tree(dir, "u");
    int error = errno;
    assert_true(!is_root || seteuid(0) == 0);
    assert_int_equal(removed, 0);
    assert_int_equal(kind_of(dir, "t"), FILE_MISSING);
    if (is_root) { /* what is another's stays, and so do the modes */
        assert_int_equal(refused, -1);
        assert_int_equal(error, EACCES);
        assert_int_equal(fstatat(dir, "u", &found, 0), 0);
        assert_int_equal(found.st_mode & 07777, 0555);
        assert_int_equal(kind_of(dir, "u/others/x"), FILE_REGULAR);
    }
}

struct swapping {
    int dir;
    atomic_bool ends;
};

/* Exchanges a folder of the tree with a link that leads out of it, as fast as it can. */
static void *swap_entries(void *context)
{
    struct swapping *swapping = context;
    while (!atomic_load(&swapping->ends)) {
        (void)renameat2(swapping->dir, "t/1/2", swapping->dir, "link", RENAME_EXCHANGE);
    }
    return NULL;
}

static void removing_follows_no_link_that_comes_meanwhile(void **state)
{
    int dir = dir_of(state);
    struct swapping swapping = {.dir = dir};
    pthread_t thread;
    assert_int_equal(mkdirat(dir, "kept", 0777), 0);
    put(dir, "kept/precious", "gold");
    assert_int_equal(pthread_create(&thread, NULL, swap_entries, &swapping), 0);
    for (int i = 0; i < 300; i++) {
        (void)mkdirat(dir, "t", 0777);
        (void)mkdirat(dir, "t/1", 0777);
        (void)mkdirat(dir, "t/1/2", 0777);
        (void)symlinkat("kept", dir, "link");
        (void)file_remove_tree(dir, "t"); /* may fail: names change under its hands */
        holds(dir, "kept/precious", "gold");
        (void)file_remove_tree(dir, "link");
        holds(dir, "kept/precious", "gold");
    }
    atomic_store(&swapping.ends, true);
    pthread_join(thread, NULL);
    assert_int_equal(file_remove_tree(dir, "t"), 0);
    assert_int_equal(file_remove_tree(dir, "link"), 0);
    holds(dir, "kept/precious", "gold");
}

static void removes_thousands(void **state)
{
    int dir = dir_of(state);
    assert_int_equal(mkdirat(dir, "t", 0777), 0);
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "t/%d", i);
        put(dir, name, "");
    }
    assert_int_equal(entries(dir, "t"), 3000);
    assert_int_equal(file_remove_tree(dir, "t"), 0);
    assert_int_equal(entries(dir, "."), 0);
}

static void file_systems_now(void **state)
{
    int dir = dir_of(state);
    struct file_stat stat;
    put(dir, "a", "");
    assert_int_equal(file_stat(dir, "a", &stat), 0);
    int64_t now = file_system_now(dir);
    assert_true(now >= stat.mtime_ns);
    put(dir, "b", "");
    assert_int_equal(file_stat(dir, "b", &stat), 0);
    assert_true(stat.mtime_ns >= now);
    assert_int_equal(entries(dir, "."), 2);
    assert_int_equal(file_system_now(-1), -1);
    assert_int_equal(errno, EBADF);
}

struct listed {
    int directories;
    int others;
    int odd;
};

static int note_entry(void *context, const char *name, size_t len, bool is_directory)
{
    struct listed *listed = context;
    *(is_directory ? &listed->directories : &listed->others) += 1;
    listed->odd += len == 4 && memcmp(name, "\xff\x80\n\x01", 4) == 0;
    return 0;
}

static int stop_at_once(void *context, const char *name, size_t len, bool is_directory)
{
    (void)name;
    (void)len;
    (void)is_directory;
    (*(int *)context)++;
    return 17;
}

static void lists_any_names(void **state)
{
    int dir = dir_of(state);
    struct listed listed = {0};
    int calls = 0;
    put(dir, "\xff\x80\n\x01", "");
    put(dir, ".hidden", "");
    put(dir, "...", "");
    assert_int_equal(mkdirat(dir, "d", 0777), 0);
    assert_int_equal(symlinkat("d", dir, "to_d"), 0);
    assert_int_equal(file_list(dir, ".", note_entry, &listed), 0);
    assert_int_equal(listed.directories, 1);
    assert_int_equal(listed.others, 4);
    assert_int_equal(listed.odd, 1);
    assert_int_equal(file_list(dir, ".", stop_at_once, &calls), 17);
    assert_int_equal(calls, 1);
    assert_int_equal(file_list(dir, "no", note_entry, &listed), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_list(dir, ".hidden", note_entry, &listed), -1);
    assert_int_equal(errno, ENOTDIR);
    file_refresh_parent(dir, "x");
    file_refresh_parent(dir, "d/x");
    file_refresh_parent(dir, "no/x");
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(stat_tells_kinds),
        in_folder(reads_whole_files),
        in_folder(reads_files_of_unknown_size),
        in_folder(makes_parents),
        in_folder(replaces),
        in_folder(full_disk_leaves_the_old),
        in_folder(renames_only_to_new_names),
        in_folder(removes_trees_but_not_through_links),
        in_folder(removes_folders_without_write_permission),
        in_folder(removing_follows_no_link_that_comes_meanwhile),
        in_folder(removes_thousands),
        in_folder(file_systems_now),
        in_folder(lists_any_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
