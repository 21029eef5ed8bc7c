#include "published.h"

#include "file.h"
#include "run_mark.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char path[64];
    char file[96];
};

static struct place make_place(void)
{
    struct place place = {.path = "/tmp/rowbuild-published.XXXXXX"};
    assert_non_null(mkdtemp(place.path));
    snprintf(place.file, sizeof place.file, "%s/progress", place.path);
    return place;
}

static void remove_place(const struct place *place)
{
    assert_int_equal(file_remove_tree(AT_FDCWD, place->path), 0);
}

static const struct rowbuild_progress BUSY = {.done = 20,
                                              .total = 60,
                                              .running = 2,
                                              .failed = 1,
                                              .unfinished = 3,
                                              .ended = 24,
                                              .cores_used = 7,
                                              .cores_budget = 8,
                                              .seconds_left = 310.5,
                                              .unknown = 4,
                                              .seconds = 80.25};

static void write_one(struct publisher *publisher)
{
    publisher_begin(publisher, &BUSY, 123456789);
    publisher_add_text(publisher, "task", slice_of("simulate T1.5-s1"));
    publisher_add_text(publisher, "cpus", slice_of("0-1,4"));
    publisher_add_text(publisher, "gpus", slice_of("GPU-8a\033,1"));
    publisher_add_number(publisher, "cores", 3);
    publisher_add_number(publisher, "elapsed", 1500);
    publisher_add_number(publisher, "expected", -1);
    publisher_add_number(publisher, "paused", 1);
    publisher_add_number(publisher, "pid", 77);
    publisher_add_number(publisher, "pid", 78);
    publisher_add_text(publisher, "pool", slice_of("2 licences of x"));
    publisher_add_text(publisher, "key", slice_of("simulate/T1.5-s1"));
    publisher_add_text(publisher, "of later versions", slice_of("9"));
    publisher_add_text(publisher, "task", slice_of("plot (2 directories)"));
    publisher_add_number(publisher, "expected", 62000);
    publisher_add_number(publisher, "pid", 79);
    publisher_add_text(publisher, "key", slice_of("plot/a\nb"));
    publisher_add_text(publisher, "member", slice_of("plot/a\nb"));
    publisher_add_text(publisher, "member", slice_of("plot/c"));
    publisher_end(publisher);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct place place = make_place();
    struct publisher publisher;
    struct published published;
    publisher_init(&publisher, place.path);
    publisher.before = (struct rowbuild_progress){.done = 5, .total = 5, .seconds = 1};
    publisher_note_failure(&publisher, "simulate x", "exit 3", "/p/.rowbuild/logs/simulate/x.log");
    publisher_note_failure(&publisher, "simulate \033[2Jy", "a\nb", NULL);
    write_one(&publisher);
    struct stat before;
    struct stat after;
    assert_int_equal(stat(place.file, &before), 0);
    write_one(&publisher); /* no disk is written to */
    assert_int_equal(stat(place.file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_true(published_read(place.path, &published));
    const struct rowbuild_progress *progress = &published.progress;
    assert_false(published.has_ended);
    assert_int_equal(published.pid, getpid());
    assert_int_equal(published.at_ns, 123456789);
    assert_int_equal(progress->done, 25);
    assert_int_equal(progress->total, 65);
    assert_int_equal(progress->running, 2);
    assert_int_equal(progress->failed, 1);
    assert_int_equal(progress->unfinished, 3);
    assert_int_equal(progress->ended, 24);
    assert_int_equal(progress->unknown, 4);
    assert_int_equal(progress->cores_used, 7);
    assert_int_equal(progress->cores_budget, 8);
    assert_true(progress->seconds == 81.25 && progress->seconds_left == 310.5);
    assert_int_equal(published.tasks.count, 2);
    const struct published_task *task = &published.tasks.at[0];
    assert_string_equal(task->label, "simulate T1.5-s1");
    assert_string_equal(task->key, "simulate/T1.5-s1");
    assert_string_equal(task->cpus, "0-1,4");
    assert_string_equal(task->gpus, "$'GPU-8a\\033,1'");
    assert_string_equal(published.tasks.at[1].gpus, "");
    assert_int_equal(task->cores, 3);
    assert_true(task->seconds == 1.5 && task->expected_s < 0 && task->is_paused);
    assert_int_equal(task->pids.count, 2);
    assert_int_equal(task->pools.at[0].taken, 2);
    assert_string_equal(task->pools.at[0].name, "licences of x");
    assert_ptr_equal(published_find(&published, 78), task);
    assert_null(published_find(&published, 80));
    task = &published.tasks.at[1];
    assert_true(task->expected_s == 62 && !task->is_paused);
    assert_int_equal(task->members.count, 2);
    assert_string_equal(task->members.at[0], "plot/a\nb");
    assert_int_equal(published.failures.count, 2);
    assert_string_equal(published.failures.at[0].how, "exit 3");
    assert_string_equal(published.failures.at[0].log, "/p/.rowbuild/logs/simulate/x.log");
    assert_null(strchr(published.failures.at[1].label, '\033'));
    assert_null(strchr(published.failures.at[1].how, '\n'));
    assert_string_equal(published.failures.at[1].log, "");
    published_release(&published);
    publisher_release(&publisher);
    remove_place(&place);
}

static void its_end_is_told_and_its_failures_stay(void **state)
{
    (void)state;
    enum { FAILED = 1500, KEPT = 1000 };
    struct place place = make_place();
    struct publisher publisher;
    struct published published;
    publisher_init(&publisher, place.path);
    publisher_write_ending(&publisher, &BUSY, 0); /* it had begun nothing */
    assert_int_equal(access(place.file, F_OK), -1);
    for (int i = 0; i < FAILED; i++) {
        publisher_note_failure(&publisher, "simulate x", "exit 3", NULL);
    }
    write_one(&publisher);
    publisher.before.done = 7; /* is in what follows */
    publisher_write_ending(&publisher, &BUSY, 130);
    assert_true(published_read(place.path, &published));
    assert_true(published.has_ended);
    assert_int_equal(published.status, 130);
    assert_int_equal(published.progress.done, 20);
    assert_int_equal(published.progress.running, 0);
    assert_int_equal(published.tasks.count, 0);
    assert_int_equal(published.failures.count, KEPT);
    assert_int_equal(published.more_failures, FAILED - KEPT);
    published_release(&published);
    publisher_release(&publisher);
    remove_place(&place);
}

static void put_file(const struct place *place, const char *bytes, size_t len)
{
    assert_int_equal(file_replace(AT_FDCWD, place->file, slice_make(bytes, len)), 0);
}

/* Whatever stands there, it is read without harm, and believed only as a whole. */
static void a_damaged_file_says_nothing(void **state)
{
    (void)state;
    struct place place = make_place();
    struct publisher publisher;
    struct published published;
    struct buf whole = BUF_EMPTY;
    publisher_init(&publisher, place.path);
    publisher_note_failure(&publisher, "simulate x", "exit 3", "/log");
    assert_false(published_read(place.path, &published));
    published_release(&published);
    publisher_begin(&publisher, &BUSY, 1); /* what the memory of a run holds, as a file */
    publisher_add_text(&publisher, "task", slice_of("simulate T1.5-s1"));
    publisher_add_text(&publisher, "pool", slice_of("1 x"));
    publisher_add_text(&publisher, "key", slice_of("simulate/T1.5-s1"));
    publisher_add_number(&publisher, "status", 0);
    publisher_end(&publisher);
    buf_add_slice(&whole, buf_slice(&publisher.text));
    for (size_t len = 0; len < whole.len; len++) {
        put_file(&place, whole.at, len);
        assert_false(published_read(place.path, &published));
        published_release(&published);
    }
    for (size_t i = 0; i < whole.len; i++) {
        whole.at[i] ^= 0x15;
        put_file(&place, whole.at, whole.len);
        (void)published_read(place.path, &published);
        vec_each (struct published_task, task, &published.tasks) {
            assert_null(strpbrk(task->label, "\033\n\r"));
        }
        published_release(&published);
        whole.at[i] ^= 0x15;
    }
    put_file(&place, whole.at, whole.len);
    assert_true(published_read(place.path, &published));
    published_release(&published);
    buf_release(&whole);
    publisher_release(&publisher);
    remove_place(&place);
}

/* A copy of the state folder, and a folder or a link in the place of the file. */
static void only_a_run_of_this_folder_counts(void **state)
{
    (void)state;
    struct place place = make_place();
    struct place other = make_place();
    struct publisher publisher;
    struct published published;
    struct buf whole = BUF_EMPTY;
    publisher_init(&publisher, place.path);
    write_one(&publisher);
    assert_int_equal(file_read(AT_FDCWD, place.file, 1 << 20, &whole), 0);
    put_file(&other, whole.at, whole.len);
    assert_false(published_read(other.path, &published));
    published_release(&published);
    assert_int_equal(unlink(other.file), 0);
    assert_int_equal(symlink(place.file, other.file), 0);
    assert_false(published_read(other.path, &published));
    published_release(&published);
    assert_int_equal(unlink(place.file), 0);
    assert_int_equal(mkdir(place.file, 0700), 0);
    write_one(&publisher); /* can't, and that is all */
    assert_false(published_read(place.path, &published));
    published_release(&published);
    buf_release(&whole);
    publisher_release(&publisher);
    remove_place(&place);
    remove_place(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(its_end_is_told_and_its_failures_stay),
        cmocka_unit_test(a_damaged_file_says_nothing),
        cmocka_unit_test(only_a_run_of_this_folder_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
