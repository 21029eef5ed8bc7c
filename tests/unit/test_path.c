#include "path.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parts_are(const char *path, const char *expected)
{
    struct slice rest = slice_of(path);
    struct slice part;
    struct buf all = BUF_EMPTY;
    while (path_next_part(&rest, &part)) {
        buf_addf(&all, "<%.*s>", SLICE_ARGS(part));
    }
    assert_string_equal(buf_string(&all), expected);
    assert_int_equal(rest.len, 0);
    buf_release(&all);
}

static void test_parts(void **state)
{
    (void)state;
    parts_are("", "");
    parts_are("/", "");
    parts_are("//", "");
    parts_are(".", "");
    parts_are("./.", "");
    parts_are("a", "<a>");
    parts_are("/a//b/./c/", "<a><b><c>");
    parts_are("../.a/..b/...", "<..><.a><..b><...>");
    struct slice none = {NULL, 0};
    struct slice part;
    assert_false(path_next_part(&none, &part));
}

static void sums_up_to(const char *begin, const char *path, const char *expected)
{
    struct buf out = BUF_EMPTY;
    buf_add_string(&out, begin);
    assert_int_equal(path_add_parts(slice_of(path), &out), expected != NULL);
    if (expected != NULL) {
        assert_string_equal(buf_string(&out), expected);
        assert_int_equal(strlen(buf_string(&out)), out.len);
    }
    buf_release(&out);
}

static void test_sums(void **state)
{
    (void)state;
    sums_up_to("", "a/b/../c", "a/c");
    sums_up_to("", "a/..", "");
    sums_up_to("", "a/../b", "b");
    sums_up_to("", "a/../..", NULL);
    sums_up_to("", "..", NULL);
    sums_up_to("a/b", "../../c", "c");
    sums_up_to("a/b", "../../../c", NULL);
    sums_up_to("a", "./b//", "a/b");
    sums_up_to("a", "", "a");
}

static void test_drop(void **state)
{
    (void)state;
    struct buf path = BUF_EMPTY;
    path_drop_part(&path);
    assert_int_equal(path.len, 0);
    buf_add_string(&path, "/a/b");
    path_drop_part(&path);
    assert_string_equal(buf_string(&path), "/a");
    path_drop_part(&path);
    assert_string_equal(buf_string(&path), "");
    buf_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
