/* The simulated disk against the kernel's: the same calls, the same answers. */
#include "random.h"
#include "simulated_disk.h"

#include "buf.h"
#include "file.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A sequence of calls, chosen by a seed ---- */

static const char *const PATHS[] = {
    "a",  "b",   "c",   "a/b",  "b/c",      "a/b/c",  "a/..",  "a/../b", "a/",
    "b/", ".",   "./a", "..",   "a//b",     "a/./b",  "l",     "l/",     "l/a",
    "m",  "m/b", "a/l", "b/..", "a/b/../c", "l/..",   "",      "a/.",    "c/",
    "d",  "d/a", "d/b", "d/l",  "l/../b",   "d/../a", "m/../d"};
static const char *const TARGETS[] = {"a", "b", "a/b", "../a", ".", "l", "m", "gone", "b/", "d/l"};
static const int FLAGS[] = {
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    O_RDWR | O_CREAT,
    O_RDWR | O_CREAT | O_EXCL,
    O_RDWR | O_CREAT | O_NOFOLLOW,
    O_WRONLY | O_CREAT | O_APPEND,
    O_RDWR | O_CREAT | O_TRUNC,
    O_RDONLY | O_NOFOLLOW,
    O_RDONLY | O_NONBLOCK | O_NOCTTY,
    O_RDONLY | O_DIRECTORY,
    O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
    O_PATH | O_DIRECTORY,
    O_PATH | O_DIRECTORY | O_NOFOLLOW,
    O_PATH | O_NOFOLLOW,
    O_TMPFILE | O_RDWR,
};
#define PICK(seed, list) ((list)[random_below((seed), sizeof(list) / sizeof *(list))])

enum { DESCRIPTORS = 6, DEPTH = 8 };

/* One of the two disks. Its descriptors have the same places in both; -1: none. */
struct side {
    const struct disk *disk;
    char root[128]; /* absolute */
    int folder;     /* in which all is done */
    int descriptors[DESCRIPTORS];
    VEC(uint64_t) inodes; /* in the order in which they were seen: names that both sides have */
    struct buf told;
};

/* Inodes of the two sides have other numbers; equal are their places of first sight. */
static size_t place_of_inode(struct side *side, uint64_t inode)
{
    for (size_t i = 0; i < side->inodes.count; i++) {
        if (side->inodes.at[i] == inode) {
            return i;
        }
    }
    vec_push(&side->inodes, inode);
    return side->inodes.count - 1;
}

static void tell_result(struct side *side, long result)
{
    int error = errno;
    buf_addf(&side->told, " = %ld", result < 0 ? -1 : result);
    if (result < 0) {
        buf_addf(&side->told, " %s", strerrorname_np(error));
    }
}

static void tell_stat(struct side *side, int result, const struct stat *found)
{
    tell_result(side, result);
    if (result == 0) {
        bool is_folder = S_ISDIR(found->st_mode);
        buf_addf(&side->told, " mode %o links %lu size %ld", (unsigned)found->st_mode,
                 is_folder ? found->st_nlink > 0 : (unsigned long)found->st_nlink,
                 is_folder ? 0 : (long)found->st_size);
    }
}

static int own_descriptor(const struct side *side, size_t place)
{
    return side->descriptors[place];
}

/* A folder that is open (place 0 is always the root), or the root. */
static int any_folder(struct side *side, size_t place)
{
    struct stat found;
    int fd = place == 0 ? side->folder : side->descriptors[place % DESCRIPTORS];
    bool is_folder = fd >= 0 && side->disk->stat_open(fd, &found) == 0 && S_ISDIR(found.st_mode);
    return is_folder ? fd : side->folder;
}

static int note_name(void *context, int folder, const char *name, unsigned char type)
{
    VEC(char *) *names = context;
    struct buf entry = BUF_EMPTY;
    (void)folder;
    buf_addf(&entry, "%s:%u", name, (unsigned)type);
    vec_push(names, entry.at);
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell_list(struct side *side, int folder, const char *path, int flags)
{
    VEC(char *) names = {0};
    tell_result(side, side->disk->list(folder, path, flags, note_name, &names));
    if (names.count > 0) {
        qsort(names.at, names.count, sizeof *names.at, compare_texts);
    }
    vec_each (char *, name, &names) {
        buf_addf(&side->told, " %s", *name);
        free(*name);
    }
    vec_release(&names);
}

/* As commands make them. */
static void make_link(struct side *side, const char *name, const char *target, bool is_hard)
{
    struct stat found;
    struct buf own = BUF_EMPTY;
    struct buf other = BUF_EMPTY;
    buf_addf(&own, "%s/%s", side->root, name);
    buf_addf(&other, "%s/%s", side->root, target);
    bool free_name = side->disk->stat(side->folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0;
    bool has_file = side->disk->stat(side->folder, target, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISREG(found.st_mode);
    if (free_name && (!is_hard || has_file)) {
        if (side->disk != &disk_of_kernel) {
            (is_hard ? simulated_hard_link : simulated_link)(own.at, is_hard ? other.at : target);
        } else {
            assert_int_equal(is_hard ? link(other.at, own.at) : symlink(target, own.at), 0);
        }
    }
    buf_release(&own);
    buf_release(&other);
}

enum {
    DO_OPEN,
    DO_CLOSE,
    DO_DUPLICATE,
    DO_READ,
    DO_READ_AT,
    DO_WRITE,
    DO_WRITE_AT,
    DO_TRUNCATE,
    DO_SYNC,
    DO_SET_MODE,
    DO_TOUCH,
    DO_LOCK,
    DO_STAT_OPEN,
    DO_STAT,
    DO_MAY,
    DO_READ_LINK,
    DO_LIST,
    DO_MAKE_FOLDER,
    DO_RENAME,
    DO_UNLINK,
    DO_ANOTHER_NAME,
    DO_PATHS,
    DO_LINK,
    DOINGS
};

static void put_descriptor(struct side *side, size_t place, int fd)
{
    tell_result(side, fd < 0 ? -1 : 0);
    if (fd >= 0 && side->descriptors[place] >= 0) {
        side->disk->close(side->descriptors[place]);
    }
    side->descriptors[place] = fd >= 0 ? fd : side->descriptors[place];
}

static void tell_path(struct side *side, char *path)
{
    tell_result(side, path != NULL ? 0 : -1);
    if (path != NULL) {
        assert_int_equal(strncmp(path, side->root, strlen(side->root) - 2 * (size_t)DEPTH), 0);
        buf_addf(&side->told, " %s", path + strlen(side->root) - 2 * (size_t)DEPTH);
    }
    free(path);
}

static void do_on_descriptor(struct side *side, size_t doing, uint64_t *seed)
{
    const struct disk *own = side->disk;
    char bytes[64] = {0};
    struct stat found;
    size_t place = random_below(seed, DESCRIPTORS);
    size_t at = random_below(seed, 12);
    size_t size = random_below(seed, 8);
    int fd = own_descriptor(side, place);
    buf_addf(&side->told, " #%zu %zu+%zu", place, at, size);
    switch (doing) {
    case DO_CLOSE:
        if (at < 3) { /* what is open is used again */
            tell_result(side, own->close(fd));
            side->descriptors[place] = -1;
        }
        break;
    case DO_DUPLICATE:
        put_descriptor(side, at % DESCRIPTORS, own->duplicate(fd));
        break;
    case DO_READ:
        tell_result(side, own->read(fd, bytes, size));
        break;
    case DO_READ_AT:
        tell_result(side, own->read_at(fd, bytes, size, (off_t)at));
        break;
    case DO_WRITE:
        tell_result(side, own->write(fd, "01234567", size));
        break;
    case DO_WRITE_AT:
        tell_result(side, own->write_at(fd, "abcdefgh", size, (off_t)at));
        break;
    case DO_TRUNCATE:
        tell_result(side, own->truncate(fd, (off_t)at - 1));
        break;
    case DO_SYNC:
        tell_result(side, at % 3 == 0   ? own->sync(fd)
                          : at % 3 == 1 ? own->sync_data(fd)
                                        : own->sync_all(fd));
        break;
    case DO_SET_MODE:
        tell_result(side, own->set_mode(fd, 0600 | (mode_t)at));
        break;
    case DO_TOUCH:
        tell_result(side, own->touch(fd));
        break;
    case DO_LOCK:
        tell_result(side, own->lock(fd));
        break;
    case DO_STAT_OPEN:
        tell_stat(side, own->stat_open(fd, &found), &found);
        break;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (bytes[i] != '\0') {
            buf_add_char(&side->told, bytes[i]);
        }
    }
}

static void do_by_path(struct side *side, size_t doing, uint64_t *seed)
{
    const struct disk *own = side->disk;
    char bytes[64] = {0};
    struct stat found;
    int folder = any_folder(side, random_below(seed, DESCRIPTORS));
    const char *path = PICK(seed, PATHS);
    const char *other = PICK(seed, PATHS);
    const char *target = PICK(seed, TARGETS);
    int flags = PICK(seed, FLAGS);
    size_t place = random_below(seed, DESCRIPTORS);
    bool choice = random_below(seed, 2) == 0;
    struct buf whole = BUF_EMPTY;
    ssize_t len;
    buf_addf(&side->told, " %s %s %s %o %d", path, other, target, (unsigned)flags, choice);
    switch (doing) {
    case DO_OPEN:
        put_descriptor(side, place, own->open(folder, path, flags | O_CLOEXEC, 0666));
        break;
    case DO_STAT:
        len = own->stat(folder, path, &found, choice ? AT_SYMLINK_NOFOLLOW : 0);
        tell_stat(side, (int)len, &found);
        if (len == 0) {
            buf_addf(&side->told, " inode %zu", place_of_inode(side, found.st_ino));
        }
        break;
    case DO_MAY:
        tell_result(side, own->may(folder, path, choice ? W_OK | X_OK : F_OK));
        break;
    case DO_READ_LINK:
        len = own->read_link(folder, path, bytes, sizeof bytes - 1);
        tell_result(side, len);
        buf_add_string(&side->told, bytes);
        break;
    case DO_LIST:
        tell_list(side, folder, path, choice ? O_NOFOLLOW : 0);
        break;
    case DO_MAKE_FOLDER:
        tell_result(side, own->make_folder(folder, path, 0777));
        break;
    case DO_RENAME:
        tell_result(side,
                    own->rename(folder, path, side->folder, other, choice ? RENAME_NOREPLACE : 0));
        break;
    case DO_UNLINK:
        tell_result(side, own->unlink(folder, path, choice ? AT_REMOVEDIR : 0));
        break;
    case DO_ANOTHER_NAME:
        tell_result(side, own->link(folder, path, side->folder, other));
        break;
    case DO_PATHS:
        tell_path(side, own->path_of(folder));
        buf_addf(&whole, "%s/%s", side->root, path);
        tell_path(side, own->real_path(whole.at));
        break;
    case DO_LINK:
        make_link(side, choice ? "l" : "m", choice || place % 2 == 0 ? target : "a/b",
                  place % 3 == 0);
        break;
    default:
        break;
    }
    buf_release(&whole);
}

static void do_one(struct side *side, uint64_t seed)
{
    /* Half of the calls are those that others need before they can do anything. */
    static const size_t often[] = {DO_OPEN, DO_OPEN, DO_MAKE_FOLDER, DO_LINK, DO_RENAME, DO_WRITE};
    size_t doing = random_below(&seed, DOINGS);
    if (random_below(&seed, 2) == 0 || (doing == DO_SYNC && random_below(&seed, 16) > 0)) {
        doing = PICK(&seed, often);
    }
    buf_clear(&side->told);
    buf_addf(&side->told, "%zu", doing);
    if (doing >= DO_CLOSE && doing <= DO_STAT_OPEN) {
        do_on_descriptor(side, doing, &seed);
    } else {
        do_by_path(side, doing, &seed);
    }
}

/* ".." leads out of the folder at times, but not out of what was made for the test. */
static void open_side(struct side *side, const struct disk *own, const char *root)
{
    *side = (struct side){.disk = own};
    (void)snprintf(side->root, sizeof side->root, "%s", root);
    for (int i = 0; i < DEPTH; i++) {
        size_t len = strlen(side->root);
        (void)snprintf(side->root + len, sizeof side->root - len, "/x");
        assert_int_equal(own->make_folder(AT_FDCWD, side->root, 0777), 0);
    }
    side->folder = own->open(AT_FDCWD, side->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(side->folder >= 0);
    for (size_t i = 0; i < DESCRIPTORS; i++) {
        side->descriptors[i] = -1;
    }
}

static void furnish(struct side *side)
{
    static const char *const folders[] = {"a", "a/b", "d"};
    static const char *const files[] = {"a/b/c", "b", "d/a"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        assert_int_equal(side->disk->make_folder(side->folder, folders[i], 0777), 0);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        side->descriptors[i] =
            side->disk->open(side->folder, files[i], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        assert_int_equal(side->disk->write(side->descriptors[i], "some text", i), i);
    }
    make_link(side, "l", "a/b", false);
}

static void close_side(struct side *side)
{
    for (size_t i = 0; i < DESCRIPTORS; i++) {
        if (side->descriptors[i] >= 0) {
            side->disk->close(side->descriptors[i]);
        }
    }
    side->disk->close(side->folder);
    vec_release(&side->inodes);
    buf_release(&side->told);
}

#define SCRATCH "/dev/shm/test_disk.XXXXXX"
#define SIMULATED_SCRATCH "/tmp/simulated"

/* In memory if possible: only the answers count. */
static void make_scratch(char *scratch)
{
    (void)snprintf(scratch, sizeof SCRATCH, "%s", SCRATCH);
    if (mkdtemp(scratch) == NULL) {
        (void)snprintf(scratch, sizeof SCRATCH, "/tmp/test_disk.XXXXXX");
        assert_non_null(mkdtemp(scratch));
    }
}

static void begin_simulation(void)
{
    simulated_begin();
    assert_int_equal(disk->make_folder(AT_FDCWD, "/tmp", 0777), 0);
    assert_int_equal(disk->make_folder(AT_FDCWD, SIMULATED_SCRATCH, 0777), 0);
}

static void run_sequence(uint64_t number)
{
    enum { STEPS = 100 };
    struct side real;
    struct side simulated;
    char scratch[sizeof SCRATCH];
    make_scratch(scratch);
    begin_simulation();
    open_side(&real, &disk_of_kernel, scratch);
    open_side(&simulated, disk, SIMULATED_SCRATCH);
    furnish(&real);
    furnish(&simulated);
    uint64_t seed = number;
    for (int step = 0; step < STEPS; step++) {
        uint64_t one = random_next(&seed);
        do_one(&real, one);
        do_one(&simulated, one);
        if (strcmp(real.told.at, simulated.told.at) != 0) {
            fail_msg("sequence %llu, step %d:\nkernel:    %s\nsimulated: %s",
                     (unsigned long long)number, step, real.told.at, simulated.told.at);
        }
    }
    close_side(&real);
    close_side(&simulated);
    simulated_end();
    file_remove_tree(AT_FDCWD, scratch);
}

static void test_answers_as_the_kernel_does(void **state)
{
    (void)state;
    mode_t before = umask(022);
    const char *first = getenv("DISK_SEED"); /* to look at one sequence alone */
    uint64_t begin = first != NULL ? strtoull(first, NULL, 10) : 0;
    for (uint64_t number = begin; number < (first != NULL ? begin + 1 : 2000); number++) {
        run_sequence(number);
    }
    umask(before);
}

/* ---- Which call moves which times ---- */

enum { WATCHED = 4 };
static const char *const watched[WATCHED] = {".", "folder", "folder/file", "other"};

struct times {
    int64_t mtime;
    int64_t ctime;
};

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct times times_of(const struct side *side, const char *path)
{
    struct stat found;
    if (side->disk->stat(side->folder, path, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return (struct times){0};
    }
    return (struct times){nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

typedef int step_fn(const struct side *side);

static int write_file(const struct side *side)
{
    return (int)side->disk->write(side->descriptors[0], "x", 1);
}

static int write_nothing(const struct side *side)
{
    return (int)side->disk->write(side->descriptors[0], "x", 0);
}

static int truncate_file(const struct side *side)
{
    return side->disk->truncate(side->descriptors[0], 1);
}

static int truncate_in_vain(const struct side *side)
{
    return side->disk->truncate(side->descriptors[0], 1); /* it has that size */
}

static int open_truncating(const struct side *side)
{
    return side->disk->close(
        side->disk->open(side->folder, "folder/file", O_RDWR | O_TRUNC | O_CLOEXEC, 0));
}

static int change_mode(const struct side *side)
{
    return side->disk->set_mode(side->descriptors[0], 0600);
}

static int touch_file(const struct side *side)
{
    return side->disk->touch(side->descriptors[0]);
}

static int read_file(const struct side *side)
{
    char byte;
    return (int)side->disk->read_at(side->descriptors[0], &byte, 1, 0);
}

static int rename_within(const struct side *side)
{
    return side->disk->rename(side->folder, "folder/file", side->folder, "folder/new", 0);
}

static int rename_back(const struct side *side)
{
    return side->disk->rename(side->folder, "folder/new", side->folder, "folder/file", 0);
}

static int rename_over(const struct side *side)
{
    return side->disk->rename(side->folder, "other", side->folder, "folder/file", 0);
}

static int make_folder(const struct side *side)
{
    return side->disk->make_folder(side->folder, "folder/inner", 0777);
}

static int remove_folder(const struct side *side)
{
    return side->disk->unlink(side->folder, "folder/inner", AT_REMOVEDIR);
}

static int remove_file(const struct side *side)
{
    return side->disk->unlink(side->folder, "folder/file", 0);
}

static const struct {
    const char *name;
    step_fn *step;
} steps[] = {
    {"write", write_file},
    {"write nothing", write_nothing},
    {"read", read_file},
    {"truncate", truncate_file},
    {"truncate in vain", truncate_in_vain},
    {"open truncating", open_truncating},
    {"set mode", change_mode},
    {"touch", touch_file},
    {"rename within", rename_within},
    {"rename back", rename_back},
    {"rename over", rename_over},
    {"make folder", make_folder},
    {"remove folder", remove_folder},
    {"remove file", remove_file},
};

/* Appends what moved: "folder/file mtime ctime". */
static void take_step(struct side *side, step_fn *step)
{
    struct times before[WATCHED];
    for (size_t i = 0; i < WATCHED; i++) {
        before[i] = times_of(side, watched[i]);
    }
    buf_clear(&side->told);
    tell_result(side, step(side));
    for (size_t i = 0; i < WATCHED; i++) {
        struct times after = times_of(side, watched[i]);
        buf_addf(&side->told, "%s%s%s", after.mtime != before[i].mtime ? " mtime of " : "",
                 after.ctime != before[i].ctime ? " ctime of " : "",
                 after.ctime != before[i].ctime ? watched[i] : "");
    }
}

static void begin_times(struct side *side)
{
    assert_int_equal(side->disk->make_folder(side->folder, "folder", 0777), 0);
    side->descriptors[0] =
        side->disk->open(side->folder, "folder/file", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    side->descriptors[1] =
        side->disk->open(side->folder, "other", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

static void test_moves_the_times_that_the_kernel_moves(void **state)
{
    struct side real;
    struct side simulated;
    char scratch[sizeof SCRATCH];
    (void)state;
    make_scratch(scratch);
    begin_simulation();
    open_side(&real, &disk_of_kernel, scratch);
    open_side(&simulated, disk, SIMULATED_SCRATCH);
    begin_times(&real);
    begin_times(&simulated);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 12 * 1000000L}, NULL); /* more than a tick */
        simulated_pass(12 * 1000000L);
        take_step(&real, steps[i].step);
        take_step(&simulated, steps[i].step);
        if (strcmp(real.told.at, simulated.told.at) != 0) {
            fail_msg("%s:\nkernel:    %s\nsimulated: %s", steps[i].name, real.told.at,
                     simulated.told.at);
        }
    }
    close_side(&real);
    close_side(&simulated);
    simulated_end();
    file_remove_tree(AT_FDCWD, scratch);
}

static void test_two_writes_within_a_tick_have_one_time(void **state)
{
    struct file_stat first;
    struct file_stat second;
    (void)state;
    simulated_begin();
    simulated_set_tick(1000000007);
    simulated_pass(1000000007 - simulated_now() % 1000000007); /* a tick begins */
    simulated_write("/file", "one");
    assert_int_equal(file_stat(AT_FDCWD, "file", &first), 0);
    simulated_pass(1000000006);
    simulated_write("/file", "two");
    assert_int_equal(file_stat(AT_FDCWD, "file", &second), 0);
    assert_true(first.mtime_ns == second.mtime_ns && first.ctime_ns == second.ctime_ns);
    simulated_pass(1);
    simulated_write("/file", "two");
    assert_int_equal(file_stat(AT_FDCWD, "file", &second), 0);
    assert_true(second.mtime_ns == first.mtime_ns + 1000000007);
    simulated_end();
}

/* ---- Faults ---- */

static void test_fails_where_it_was_told_to(void **state)
{
    struct buf text = BUF_EMPTY;
    (void)state;
    simulated_begin();
    simulated_write("/folder/file", "text");
    simulated_fail(SIMULATED_READ, "/folder/file", 2, EIO);
    assert_int_equal(file_read(AT_FDCWD, "folder/file", 100, &text), 0);
    assert_int_equal(file_read(AT_FDCWD, "folder/../folder/./file", 100, &text), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(file_read(AT_FDCWD, "/folder/file", 100, &text), 0);
    simulated_fail(SIMULATED_OPEN, NULL, 0, EMFILE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(file_read(AT_FDCWD, "/folder/file", 100, &text), -1);
        assert_int_equal(errno, EMFILE);
    }
    simulated_heal();
    simulated_fail(SIMULATED_WRITE, NULL, 1, ENOSPC);
    assert_int_equal(file_replace(AT_FDCWD, "folder/file", SLICE_LITERAL("new")), -1);
    assert_int_equal(errno, ENOSPC);
    assert_string_equal(simulated_text("/folder/file"), "text");
    assert_int_equal(file_replace(AT_FDCWD, "folder/file", SLICE_LITERAL("new")), 0);
    assert_string_equal(simulated_text("/folder/file"), "new");
    simulated_end();
    buf_release(&text);
}

/* ---- Crashes ---- */

/* Lets the power go after each number of calls that `work` makes, or when it has ended (then
 * `is_done`), and tells `check` of several outcomes each. */
static void crash_everywhere(void (*work)(void), void (*check)(bool is_done))
{
    bool is_done = false;
    for (size_t calls = 0; !is_done; calls++) {
        for (uint64_t seed = 0; seed < 16; seed++) {
            simulated_begin();
            simulated_write("/folder/file", "old");
            size_t before = simulated_calls();
            simulated_stop_after(before + calls);
            work();
            is_done = simulated_calls() - before <= calls;
            simulated_crash(seed);
            check(is_done);
            simulated_end();
        }
    }
}

static size_t outcomes[2]; /* old, new */

static void replace_it(void)
{
    (void)file_replace(AT_FDCWD, "/folder/file", SLICE_LITERAL("new content"));
}

static void check_replaced(bool is_done)
{
    const char *text = simulated_text("/folder/file");
    assert_non_null(text);
    bool is_new = strcmp(text, "new content") == 0;
    if (!is_new) {
        assert_string_equal(text, "old");
        assert_false(is_done);
    }
    outcomes[is_new]++;
}

static void test_a_replaced_file_is_the_old_or_the_new_one_after_a_crash(void **state)
{
    (void)state;
    memset(outcomes, 0, sizeof outcomes);
    crash_everywhere(replace_it, check_replaced);
    assert_true(outcomes[0] > 0 && outcomes[1] > 0);
}

static void rewrite_it(void)
{
    int fd = disk->open(AT_FDCWD, "/folder/file", O_RDWR | O_TRUNC | O_CLOEXEC, 0);
    (void)!disk->write(fd, "new content", 11);
    disk->close(fd);
}

static void count_outcome(bool is_done)
{
    const char *text = simulated_text("/folder/file");
    bool is_whole = strcmp(text, "new content") == 0 || strcmp(text, "old") == 0;
    (void)is_done;
    outcomes[is_whole]++;
}

/* What the test above would say of a program that doesn't sync. */
static void test_a_file_written_in_place_may_be_neither(void **state)
{
    (void)state;
    memset(outcomes, 0, sizeof outcomes);
    crash_everywhere(rewrite_it, count_outcome);
    assert_true(outcomes[0] > 0 && outcomes[1] > 0);
}

static void make_without_sync(void)
{
    int fd = disk->open(AT_FDCWD, "/folder/made", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    (void)!disk->write(fd, "x", 1);
    (void)disk->sync(fd); /* the file, but not its name */
    disk->close(fd);
}

static void count_made(bool is_done)
{
    const char *text = simulated_text("/folder/made");
    if (is_done) {
        outcomes[text != NULL]++;
    }
}

static void test_a_name_without_a_sync_of_its_folder_may_be_lost(void **state)
{
    (void)state;
    memset(outcomes, 0, sizeof outcomes);
    crash_everywhere(make_without_sync, count_made);
    assert_true(outcomes[0] > 0 && outcomes[1] > 0);
}

static void test_descriptors_and_locks_end_with_a_crash(void **state)
{
    struct stat found;
    (void)state;
    simulated_begin();
    simulated_write("/file", "x");
    int fd = disk->open(AT_FDCWD, "/file", O_RDWR | O_CLOEXEC, 0);
    assert_int_equal(disk->lock(fd), 0);
    int other = disk->open(AT_FDCWD, "/file", O_RDWR | O_CLOEXEC, 0);
    assert_int_equal(disk->lock(other), -1);
    simulated_crash(1);
    assert_int_equal(disk->stat_open(fd, &found), -1);
    assert_int_equal(errno, EBADF);
    fd = disk->open(AT_FDCWD, "/file", O_RDWR | O_CLOEXEC, 0);
    assert_int_equal(disk->lock(fd), 0);
    simulated_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_as_the_kernel_does),
        cmocka_unit_test(test_moves_the_times_that_the_kernel_moves),
        cmocka_unit_test(test_two_writes_within_a_tick_have_one_time),
        cmocka_unit_test(test_fails_where_it_was_told_to),
        cmocka_unit_test(test_a_replaced_file_is_the_old_or_the_new_one_after_a_crash),
        cmocka_unit_test(test_a_file_written_in_place_may_be_neither),
        cmocka_unit_test(test_a_name_without_a_sync_of_its_folder_may_be_lost),
        cmocka_unit_test(test_descriptors_and_locks_end_with_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
