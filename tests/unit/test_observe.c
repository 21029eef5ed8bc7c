#include "buf.h"
#include "file.h"
#include "memory.h"
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t NO_LIMIT = UINT64_MAX;

struct place {
    char path[64];
    int directory;
    struct observer *observer;
};

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-observe-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place->observer = observer_new(place->directory, NO_LIMIT, true);
    *data = place;
    return 0;
}

static int remove_place(void **data)
{
    struct place *place = *data;
    observer_free(place->observer);
    close(place->directory);
    file_remove_tree(AT_FDCWD, place->path);
    free(place);
    return 0;
}

static void write_file(const struct place *place, const char *path, const char *content)
{
    int fd = openat(place->directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    size_t len = strlen(content);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    close(fd);
}

static void set_mtime(const struct place *place, const char *path, int64_t mtime_ns)
{
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = mtime_ns / 1000000000, .tv_nsec = mtime_ns % 1000000000},
    };
    assert_int_equal(utimensat(place->directory, path, times, 0), 0);
}

/* Observes until the row isn't racy any more. */
static void settle(const struct place *place, const char *path, struct file_row *row)
{
    assert_int_equal(observe_file(place->observer, path, row), FILE_READ);
    observer_wait_past(place->observer,
                       row->mtime_ns > row->ctime_ns ? row->mtime_ns : row->ctime_ns);
    if ((row->flags & FILE_ROW_RACY) != 0) {
        assert_int_equal(observe_file(place->observer, path, row), FILE_READ);
    }
    assert_int_equal(row->flags & FILE_ROW_RACY, 0);
}

static void content_is_known(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_GONE);
    assert_int_equal(row.flags, 0);
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_GONE);
    write_file(place, "a", "hello");
    struct file_stat found;
    assert_int_equal(observe_stat(place->observer, "a", &row, &found), FILE_MOVED);
    assert_int_equal(found.size, 5);
    settle(place, "a", &row);
    assert_int_equal(row.flags, FILE_ROW_KNOWN);
    assert_int_equal(row.size, 5);
    assert_true(digest_equal(row.digest, digest_of(SLICE_LITERAL("hello"))));
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_CURRENT);
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_CURRENT);
    write_file(place, "a", "hullo");
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_MOVED);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_true(digest_equal(row.digest, digest_of(SLICE_LITERAL("hullo"))));
    struct file_row before = row;
    assert_int_equal(unlinkat(place->directory, "a", 0), 0);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_GONE);
    assert_memory_equal(&row, &before, sizeof row);
}

static void touched_file_keeps_its_digest(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    write_file(place, "a", "hello");
    settle(place, "a", &row);
    struct digest recorded = row.digest;
    set_mtime(place, "a", row.mtime_ns + 5);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_true(observed_equal(recorded, &row));
}

/* Same size, same inode, same mtime: only the rule tells. */
static void rewritten_within_the_tick(void **data)
{
    struct place *place = *data;
    for (int i = 0; i < 200; i++) {
        char text[16];
        struct file_row row = {0};
        observer_tick(place->observer);
        snprintf(text, sizeof text, "%08d", i);
        write_file(place, "a", text);
        assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
        assert_true((row.flags & FILE_ROW_RACY) != 0);
        text[0] = 'x';
        int fd = openat(place->directory, "a", O_WRONLY | O_CLOEXEC);
        assert_int_equal(write(fd, text, 8), 8);
        close(fd);
        set_mtime(place, "a", row.mtime_ns);
        assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
        assert_true(digest_equal(row.digest, digest_of(slice_make(text, 8))));
    }
}

static void stale_now_is_safe(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    int64_t now = observer_now(place->observer);
    assert_true(now > 0);
    write_file(place, "a", "later than now");
    set_mtime(place, "a", now + 60 * 1000000000L);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_RACY) != 0);
}

static void times_far_ahead_settle(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    write_file(place, "a", "from the future");
    set_mtime(place, "a", observer_now(place->observer) + 86400 * 1000000000L);
    struct file_stat stat;
    assert_int_equal(file_stat(place->directory, "a", &stat), 0);
    observer_wait_past(place->observer, stat.ctime_ns);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_CURRENT);
}

static void without_probe_the_newest_is_racy(void **data)
{
    struct place *place = *data;
    struct file_row old = {0};
    struct file_row new = {0};
    write_file(place, "old", "1");
    struct file_stat stat;
    assert_int_equal(file_stat(place->directory, "old", &stat), 0);
    observer_wait_past(place->observer, stat.ctime_ns);
    write_file(place, "new", "2");
    struct observer *reader = observer_new(place->directory, NO_LIMIT, false);
    assert_int_equal(observer_now(reader), 0);
    assert_int_equal(observe_file(reader, "new", &new), FILE_READ);
    assert_true((new.flags &FILE_ROW_RACY) != 0);
    assert_int_equal(observe_file(reader, "old", &old), FILE_READ);
    assert_int_equal(old.flags, FILE_ROW_KNOWN);
    observer_wait_past(reader, new.mtime_ns); /* returns, having no clock */
    observer_free(reader);
}

static void full_disk_means_racy(void **data)
{
    struct place *place = *data;
    struct file_row old = {0};
    struct file_row new = {0};
    struct rlimit before;
    write_file(place, "old", "1");
    struct file_stat stat;
    assert_int_equal(file_stat(place->directory, "old", &stat), 0);
    observer_wait_past(place->observer, stat.ctime_ns);
    write_file(place, "new", "2");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit nothing = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &nothing), 0);
    observer_tick(place->observer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(observer_now(place->observer), 0);
    assert_int_equal(observe_file(place->observer, "new", &new), FILE_READ);
    assert_true((new.flags &FILE_ROW_RACY) != 0);
    assert_int_equal(observe_file(place->observer, "old", &old), FILE_READ);
    assert_int_equal(old.flags, FILE_ROW_KNOWN);
    observer_tick(place->observer);
    assert_true(observer_now(place->observer) > 0);
}

static void limit_and_adoption(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    struct observer *limited = observer_new(place->directory, 4, true);
    write_file(place, "a", "12345");
    write_file(place, "b", "1234");
    assert_int_equal(observe_file(limited, "a", &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_BY_STAT) != 0);
    struct digest recorded = row.digest;
    assert_true(observed_equal(recorded, &row));

    /* The limit was raised: the same file, now by content, is still what was recorded. */
    struct file_row whole = {0};
    assert_int_equal(observe_file(place->observer, "a", &whole), FILE_READ);
    assert_int_equal(whole.flags & FILE_ROW_BY_STAT, 0);
    assert_false(digest_equal(whole.digest, recorded));
    assert_true(observed_equal(recorded, &whole));
    set_mtime(place, "a", 1000000000);
    assert_int_equal(observe_file(limited, "a", &row), FILE_READ);
    assert_false(observed_equal(recorded, &row));

    row = (struct file_row){0};
    assert_int_equal(observe_file(limited, "b", &row), FILE_READ);
    assert_int_equal(row.flags & FILE_ROW_BY_STAT, 0);

    int fd = openat(place->directory, "c", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_int_equal(ftruncate(fd, 1024L * 1024), 0);
    row = (struct file_row){0};
    assert_int_equal(observe_adopted(place->observer, "c", &row), FILE_READ);
    assert_int_equal(row.flags & FILE_ROW_BY_STAT, 0);
    assert_int_equal(ftruncate(fd, 1024L * 1024 + 1), 0);
    assert_int_equal(observe_adopted(place->observer, "c", &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_BY_STAT) != 0);
    close(fd);
    observer_free(limited);
}

static void equality(void **data)
{
    (void)data;
    struct file_row row = {.digest = {1, 2}, .size = 1, .flags = FILE_ROW_KNOWN};
    assert_true(observed_equal((struct digest){1, 2}, &row));
    assert_false(observed_equal((struct digest){1, 3}, &row));
    assert_false(observed_equal(DIGEST_UNKNOWN, &row));
    row.digest = DIGEST_UNKNOWN;
    assert_false(observed_equal((struct digest){1, 2}, &row));
}

static void large_files_are_read_by_pieces(void **data)
{
    struct place *place = *data;
    static const size_t sizes[] = {
        0, 1, 16UL * 1024, 16UL * 1024 + 1, 1024UL * 1024, 1024UL * 1025, 3UL * 1024 * 1024 + 17};
    char *content = mem_alloc(4UL * 1024 * 1024);
    for (size_t i = 0; i < 4UL * 1024 * 1024; i++) {
        content[i] = (char)(i * 2654435761U >> 13);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct file_row row = {0};
        int fd = openat(place->directory, "a", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        assert_int_equal(write(fd, content, sizes[i]), (ssize_t)sizes[i]);
        close(fd);
        assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
        assert_true(digest_equal(row.digest, digest_of(slice_make(content, sizes[i]))));
    }
    free(content);
}

struct scribbler {
    int fd;
    atomic_bool end;
    atomic_uint rounds;
};

static void *scribble(void *context)
{
    struct scribbler *scribbler = context;
    while (!atomic_load(&scribbler->end)) {
        char c = (char)atomic_fetch_add(&scribbler->rounds, 1);
        if (pwrite(scribbler->fd, &c, 1, c) != 1) {
            break;
        }
    }
    return NULL;
}

/* Whatever is observed while somebody writes: the row never stands for good. */
static void moving_file_is_never_settled(void **data)
{
    struct place *place = *data;
    struct scribbler scribbler = {0};
    pthread_t thread;
    scribbler.fd = openat(place->directory, "a", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_int_equal(ftruncate(scribbler.fd, 8L * 1024 * 1024), 0);
    assert_int_equal(pthread_create(&thread, NULL, scribble, &scribbler), 0);
    while (atomic_load(&scribbler.rounds) == 0) {
    }
    for (int i = 0; i < 10; i++) {
        struct file_row row = {0};
        observer_tick(place->observer);
        unsigned before = atomic_load(&scribbler.rounds);
        enum file_status seen = observe_file(place->observer, "a", &row);
        bool was_written = atomic_load(&scribbler.rounds) > before + 1;
        assert_true(seen == FILE_READ || seen == FILE_MOVING);
        assert_true((row.flags & FILE_ROW_KNOWN) != 0);
        assert_int_equal(digest_is_unread(row.digest), seen == FILE_MOVING);
        assert_true(!was_written || (row.flags & FILE_ROW_RACY) != 0);
    }
    atomic_store(&scribbler.end, true);
    pthread_join(thread, NULL);
    close(scribbler.fd);
}

static void other_kinds(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    assert_int_equal(mkfifoat(place->directory, "fifo", 0666), 0);
    assert_int_equal(observe_file(place->observer, "fifo", &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_BY_STAT) != 0);
    assert_int_equal(symlinkat("nowhere", place->directory, "dangling"), 0);
    assert_int_equal(observe_file(place->observer, "dangling", &row), FILE_GONE);
    write_file(place, "a", "target");
    assert_int_equal(symlinkat("a", place->directory, "link"), 0);
    assert_int_equal(observe_file(place->observer, "link", &row), FILE_READ);
    assert_true(digest_equal(row.digest, digest_of(SLICE_LITERAL("target"))));
    if (geteuid() != 0) {
        assert_int_equal(fchmodat(place->directory, "a", 0, 0), 0);
        row = (struct file_row){0};
        assert_int_equal(observe_file(place->observer, "a", &row), FILE_TROUBLE);
        assert_int_equal(errno, EACCES);
    }
}

/* ---- directories ---- */

static void make_tree(const struct place *place, const char *root)
{
    char path[128];
    assert_int_equal(mkdirat(place->directory, root, 0777), 0);
    snprintf(path, sizeof path, "%s/inner", root);
    assert_int_equal(mkdirat(place->directory, path, 0777), 0);
    snprintf(path, sizeof path, "%s/inner/data", root);
    write_file(place, path, "1234");
    snprintf(path, sizeof path, "%s/\xff\n", root);
    write_file(place, path, "5678");
    snprintf(path, sizeof path, "%s/link", root);
    assert_int_equal(symlinkat("inner/data", place->directory, path), 0);
}

static struct digest tree_digest(const struct place *place, const char *path)
{
    struct file_row row = {0};
    assert_int_equal(observe_file(place->observer, path, &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_DIRECTORY) != 0);
    return row.digest;
}

static void directory_products(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    make_tree(place, "a");
    make_tree(place, "b");
    settle(place, "a", &row);
    assert_int_equal(row.flags, FILE_ROW_KNOWN | FILE_ROW_DIRECTORY);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_CURRENT);
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_CURRENT);
    assert_true(digest_equal(row.digest, tree_digest(place, "b")));

    struct digest first = row.digest;
    write_file(place, "a/inner/data", "123x");
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_MOVED);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_false(digest_equal(row.digest, first));
    write_file(place, "a/inner/data", "1234");
    assert_true(digest_equal(tree_digest(place, "a"), first));

    assert_int_equal(unlinkat(place->directory, "a/link", 0), 0);
    assert_int_equal(symlinkat("inner/date", place->directory, "a/link"), 0);
    assert_false(digest_equal(tree_digest(place, "a"), first));
    assert_int_equal(renameat(place->directory, "b/inner/data", place->directory, "b/inner/d"), 0);
    assert_false(digest_equal(tree_digest(place, "b"), first));
    assert_int_equal(unlinkat(place->directory, "b/inner/d", 0), 0);
    struct digest without = tree_digest(place, "b");
    assert_int_equal(unlinkat(place->directory, "b/inner", AT_REMOVEDIR), 0);
    assert_false(digest_equal(tree_digest(place, "b"), without));
}

static void directory_above_the_limit(void **data)
{
    struct place *place = *data;
    struct observer *limited = observer_new(place->directory, 7, true);
    struct file_row row = {0};
    make_tree(place, "a");
    assert_int_equal(observe_file(limited, "a", &row), FILE_READ);
    assert_int_equal(row.flags & (FILE_ROW_DIRECTORY | FILE_ROW_BY_STAT),
                     FILE_ROW_DIRECTORY | FILE_ROW_BY_STAT);
    struct digest recorded = row.digest;
    struct file_row whole = {0};
    assert_int_equal(observe_file(place->observer, "a", &whole), FILE_READ);
    assert_true(observed_equal(recorded, &whole));
    set_mtime(place, "a/inner/data", 1000000000);
    assert_int_equal(observe_file(limited, "a", &row), FILE_READ);
    assert_false(observed_equal(recorded, &row));
    observer_free(limited);
}

static void file_becomes_directory(void **data)
{
    struct place *place = *data;
    struct file_row row = {0};
    write_file(place, "a", "1");
    settle(place, "a", &row);
    assert_int_equal(unlinkat(place->directory, "a", 0), 0);
    make_tree(place, "a");
    assert_int_equal(observe_stat(place->observer, "a", &row, NULL), FILE_MOVED);
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_true((row.flags & FILE_ROW_DIRECTORY) != 0);
    assert_int_equal(file_remove_tree(place->directory, "a"), 0);
    write_file(place, "a", "1");
    assert_int_equal(observe_file(place->observer, "a", &row), FILE_READ);
    assert_int_equal(row.flags & FILE_ROW_DIRECTORY, 0);
}

static int count_entry(void *context, const char *name, size_t len, bool is_directory)
{
    (void)name;
    (void)len;
    (void)is_directory;
    ++*(int *)context;
    return 0;
}

static void probe_leaves_nothing(void **data)
{
    struct place *place = *data;
    int count = 0;
    int64_t first = observer_now(place->observer);
    observer_wait_past(place->observer, first);
    assert_true(observer_now(place->observer) > first);
    assert_int_equal(file_list(place->directory, ".", count_entry, &count), 0);
    assert_int_equal(count, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(content_is_known),
        TEST(touched_file_keeps_its_digest),
        TEST(rewritten_within_the_tick),
        TEST(stale_now_is_safe),
        TEST(times_far_ahead_settle),
        TEST(without_probe_the_newest_is_racy),
        TEST(full_disk_means_racy),
        TEST(limit_and_adoption),
        TEST(equality),
        TEST(large_files_are_read_by_pieces),
        TEST(moving_file_is_never_settled),
        TEST(other_kinds),
        TEST(directory_products),
        TEST(directory_above_the_limit),
        TEST(file_becomes_directory),
        TEST(probe_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
