/* Packages: whole under their name, or not there at all. */
#include "package.h"

#include "simulated_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int begin(void **state)
{
    (void)state;
    simulated_begin();
    simulated_write("/p/a b", "one");
    simulated_write("/p/folder/x", "two");
    simulated_write("/p/folder/deep/y", "");
    simulated_write("/p/folder/.z.rowbuild-good", "backup");
    simulated_write("/secret", "outside");
    simulated_link("/p/folder/inside", "../a b");
    simulated_link("/p/folder/outside", "../../secret");
    simulated_make_folder("/out");
    return 0;
}

static int end(void **state)
{
    (void)state;
    simulated_end();
    return 0;
}

static void add_name(void *context, const char *path, const struct package_file *file)
{
    struct buf *names = context;
    buf_addf(names, "%s %d\n", path, file != NULL ? (int)file->size : -1);
}

/* Packs everything; the text of the errors, or NULL. */
static char *pack(const char *path, bool without_data, size_t *skipped)
{
    struct diag diag;
    struct package_file file;
    struct buf names = BUF_EMPTY;
    static const struct tree_rules rules;
    diag_init(&diag);
    *skipped = 0;
    int project = disk->open(AT_FDCWD, "/p", O_RDONLY | O_DIRECTORY, 0);
    struct package *package = package_begin(path, without_data, &diag);
    struct package_source source = {.directory = project, .path = "a b"};
    struct package_folder folder = {.source = {.directory = project, .path = "folder"},
                                    .name = "f",
                                    .rules = &rules,
                                    .inside = "/p"};
    int result = package == NULL ? -1 : package_add_file(package, &source, "a b", &file, &diag);
    if (result == 0) {
        assert_int_equal(file.size, 3);
        result = package_add_folder(package, &folder, add_name, &names, skipped, &diag);
    }
    if (result == 0) {
        assert_string_equal(buf_string(&names), "deep/y 0\ninside 3\nx 3\n");
        result = package_add_text(package, "text", SLICE_LITERAL("three"), &diag);
    }
    if (result == 0) {
        result = package_finish(package, &diag);
    }
    package_free(package);
    if (project >= 0) {
        disk->close(project);
    }
    char *error = NULL;
    assert_int_equal(result == 0, diag.errors == 0);
    if (result != 0) {
        error = strdup(diag.entries.at[0].message);
    }
    buf_release(&names);
    diag_release(&diag);
    return error;
}

static int count_name(void *context, int folder, const char *name, unsigned char type)
{
    (void)folder, (void)name, (void)type;
    ++*(size_t *)context;
    return 0;
}

static size_t entries(const char *path)
{
    size_t count = 0;
    assert_int_equal(disk->list(AT_FDCWD, path, 0, count_name, &count), 0);
    return count;
}

static void a_folder_is_copied(void **state)
{
    (void)state;
    size_t skipped;
    assert_null(pack("/out/c", false, &skipped));
    assert_int_equal(skipped, 1);
    assert_string_equal(simulated_text("/out/c/a b"), "one");
    assert_string_equal(simulated_text("/out/c/f/x"), "two");
    assert_string_equal(simulated_text("/out/c/f/inside"), "one");
    assert_string_equal(simulated_text("/out/c/f/deep/y"), "");
    assert_string_equal(simulated_text("/out/c/text"), "three");
    assert_null(simulated_text("/out/c/f/.z.rowbuild-good"));
    assert_null(simulated_text("/out/c/f/outside"));
    assert_int_equal(entries("/out"), 1);
}

static void data_may_be_left_out(void **state)
{
    (void)state;
    size_t skipped;
    assert_null(pack("/out/c/", true, &skipped));
    assert_string_equal(simulated_text("/out/c/text"), "three");
    assert_int_equal(entries("/out/c"), 1);
}

static void nothing_is_replaced(void **state)
{
    (void)state;
    size_t skipped;
    simulated_make_folder("/out/empty");
    assert_null(pack("/out/empty", false, &skipped));
    simulated_write("/out/file", "mine");
    simulated_write("/out/x.zip", "mine");
    const char *const taken[] = {"/out/empty", "/out/file", "/out/x.zip", "/", "/out/..", ""};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        char *error = pack(taken[i], false, &skipped);
        assert_non_null(error);
        free(error);
    }
    assert_string_equal(simulated_text("/out/file"), "mine");
    assert_string_equal(simulated_text("/out/x.zip"), "mine");
    assert_int_equal(entries("/out"), 3);
}

/* Whatever a killed process left is out of the way of the next. */
static void leftovers_are_removed(void **state)
{
    (void)state;
    size_t skipped;
    simulated_write("/out/.rowbuild-tmp-c/half", "x");
    simulated_write("/out/.rowbuild-tmp-c.zip", "x");
    assert_null(pack("/out/c", false, &skipped));
    assert_null(pack("/out/c.zip", false, &skipped));
    assert_int_equal(entries("/out"), 2);
    assert_null(simulated_text("/out/c/half"));
}

/* Each call of a kind fails once: then there is neither the package nor a part of it. */
static void failures_leave_nothing(void **state)
{
    (void)state;
    static const struct {
        enum simulated_call call;
        int error;
    } faults[] = {{SIMULATED_WRITE, ENOSPC},
                  {SIMULATED_SYNC, EIO},
                  {SIMULATED_MAKE_FOLDER, EDQUOT},
                  {SIMULATED_RENAME, EIO},
                  {SIMULATED_READ, EIO}};
    const char *const names[] = {"/out/c", "/out/c.zip"};
    for (size_t i = 0; i < 2 * sizeof faults / sizeof *faults; i++) {
        size_t failed = 0;
        for (unsigned nth = 1; nth < 1000; nth++) {
            size_t skipped;
            simulated_fail(faults[i / 2].call, NULL, nth, faults[i / 2].error);
            char *error = pack(names[i % 2], false, &skipped);
            simulated_heal();
            if (error == NULL) {
                break;
            }
            failed++;
            assert_non_null(strstr(error, strerror(faults[i / 2].error)));
            assert_int_equal(entries("/out"), 0);
            free(error);
        }
        bool makes_none = faults[i / 2].call == SIMULATED_MAKE_FOLDER && i % 2 == 1;
        assert_int_equal(failed > 0, !makes_none);
        simulated_remove(names[i % 2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_is_copied, begin, end),
        cmocka_unit_test_setup_teardown(data_may_be_left_out, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_replaced, begin, end),
        cmocka_unit_test_setup_teardown(leftovers_are_removed, begin, end),
        cmocka_unit_test_setup_teardown(failures_leave_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
