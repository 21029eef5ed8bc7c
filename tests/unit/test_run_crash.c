/* The power goes in the middle of a run, at each of its calls to the disk in turn. Whatever of them
 * is on the disk then, the next run puts all right: nothing that somebody made is lost, no record is
 * refused, and nothing counts as done that isn't. */
#include "simulated_study.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int64_t LONG_NS =
    120 * INT64_C(1000000000); /* the machine starts; a lock is old by then */

static const char chain[] =
    "[default.action]\nscope = 'directory'\n"
    "[[action]]\nname = 'first'\ncommand = 'sort in a'\ninputs = ['in']\nproducts = ['a']\n"
    "[[action]]\nname = 'second'\ncommand = 'upper a b'\ninputs = ['a']\nproducts = ['b']\n"
    "[[action]]\nname = 'all'\nscope = 'group'\ncommand = 'gather b //sum'\ninputs = ['b']\n"
    "products = ['//sum']\n";

static void begin_finished(struct study *study)
{
    study_begin(study, chain);
    simulated_keep_order();
    study->jobs = 2;
    study_write(study, "d1/in", "cab");
    study_write(study, "d2/in", "fed");
    study_expect(study, "first/d1 first/d2 second/d1 second/d2 all///sum");
}

static void restart(struct study *study, uint64_t seed)
{
    simulated_world_crash();
    simulated_crash(seed);
    simulated_pass(LONG_NS);
    study->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(study->project >= 0);
}

static void expect_text(struct study *study, const char *path, const char *text, size_t calls)
{
    const char *found = study_text(study, path);
    if (found == NULL || strcmp(found, text) != 0) {
        fail_msg("after %zu calls: %s is \"%s\", not \"%s\"", calls, path,
                 found != NULL ? found : "", text);
    }
}

/* Whether a file of the folder has that content. */
struct search {
    const char *text;
    bool found;
};

static int look_at(void *context, int folder, const char *name, unsigned char type)
{
    struct search *search = context;
    char bytes[64] = "";
    (void)type;
    int fd = disk->open(folder, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)disk->read(fd, bytes, sizeof bytes - 1);
        disk->close(fd);
    }
    search->found = search->found || strcmp(bytes, search->text) == 0;
    return 0;
}

static bool lies_somewhere(const char *folder, const char *text)
{
    struct search search = {.text = text};
    assert_int_equal(disk->list(AT_FDCWD, folder, 0, look_at, &search), 0);
    return search.found;
}

/* An input is edited, and a product by hand. */
static void edit(struct study *study)
{
    study_write(study, "d1/in", "zyx");
    study_write(study, "d2/b", "by hand");
}

static size_t count_calls(void)
{
    struct study study;
    begin_finished(&study);
    edit(&study);
    size_t before = simulated_calls();
    study_run(&study);
    size_t calls = simulated_calls() - before;
    study_end(&study);
    return calls;
}

static void crash_after(size_t calls, uint64_t seed)
{
    struct study study;
    begin_finished(&study);
    edit(&study);
    simulated_stop_after(simulated_calls() + calls);
    (void)study_try(&study);
    restart(&study, seed);
    study_run(&study);
    if (study.result.failed + study.result.not_started > 0) {
        fail_msg("after %zu calls: not all ran:\n%s", calls, buf_string(&study.log));
    }
    expect_text(&study, "d1/a", "xyz", calls);
    expect_text(&study, "d1/b", "XYZ", calls);
    expect_text(&study, "d2/a", "def", calls);
    expect_text(&study, "d2/b", "DEF", calls);
    assert_string_equal(simulated_text("/project/sum"), "XYZDEF");
    if (!lies_somewhere("/project/workspace/d2", "by hand")) {
        fail_msg("after %zu calls: what was made by hand is lost", calls);
    }
    study_expect(&study, "");
    study_end(&study);
}

static void test_a_crash_after_each_call(void **state)
{
    (void)state;
    size_t all = count_calls();
    assert_true(all > 100);
    for (size_t calls = 0; calls <= all; calls++) {
        crash_after(calls, calls);
    }
}

/* The edit is undone after the crash: what was good before is good again, and comes from a backup or
 * is where it was; nothing of the attempt is taken for it. */
static void test_a_crash_then_the_edit_undone(void **state)
{
    struct study study;
    (void)state;
    size_t all = count_calls();
    for (size_t calls = 0; calls <= all; calls += 5) {
        begin_finished(&study);
        study_write(&study, "d1/in", "zyx");
        simulated_stop_after(simulated_calls() + calls);
        (void)study_try(&study);
        restart(&study, calls);
        study_write(&study, "d1/in", "cab");
        study_run(&study);
        expect_text(&study, "d1/a", "abc", calls);
        expect_text(&study, "d1/b", "ABC", calls);
        assert_string_equal(simulated_text("/project/sum"), "ABCDEF");
        study_expect(&study, "");
        study_end(&study);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crash_after_each_call),
        cmocka_unit_test(test_a_crash_then_the_edit_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
