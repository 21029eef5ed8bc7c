#include "row_jobs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two actions: one with a directory in two letters, whose id takes all five bytes, and one without
 * any. Spelt as postcard's documentation says. */
static const char BYTES[] = "\x02"
                            "\x08simulate\x01"
                            "\x02T1\x05"
                            "delta\xff\xff\xff\xff\x0f"
                            "\x04plot\x00";
static const struct slice WHOLE = {BYTES, sizeof BYTES - 1};

static void test_what_row_writes(void **data)
{
    struct row_jobs jobs;
    (void)data;
    assert_null(row_jobs_parse(&jobs, WHOLE));
    assert_int_equal(jobs.all.count, 1);
    assert_true(slice_is(jobs.all.at[0].action, "simulate"));
    assert_true(slice_is(jobs.all.at[0].directory, "T1"));
    assert_true(slice_is(jobs.all.at[0].cluster, "delta"));
    assert_int_equal(jobs.all.at[0].job_id, UINT32_MAX);
    row_jobs_release(&jobs);
}

static void test_nothing_is_submitted(void **data)
{
    struct row_jobs jobs;
    (void)data;
    assert_null(row_jobs_parse(&jobs, SLICE_LITERAL("\x00")));
    assert_int_equal(jobs.all.count, 0);
    row_jobs_release(&jobs);
}

static void test_cut_off_anywhere(void **data)
{
    (void)data;
    for (size_t len = 0; len < WHOLE.len; len++) {
        struct row_jobs jobs;
        assert_non_null(row_jobs_parse(&jobs, slice_make(WHOLE.at, len)));
        assert_int_equal(jobs.all.count, 0);
        row_jobs_release(&jobs);
    }
}

static void test_what_row_never_writes(void **data)
{
    static const struct slice wrong[] = {
        {"\x00x", 2},                                /* more behind it */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9}, /* a length beyond all measure */
        {"\x01\x01"
         "a\x01\x01"
         "d\x01"
         "c\xff\xff\xff\xff\x1f",
         13}, /* an id of more than 32 bits */
    };
    (void)data;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct row_jobs jobs;
        assert_non_null(row_jobs_parse(&jobs, wrong[i]));
        row_jobs_release(&jobs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_row_writes),
        cmocka_unit_test(test_nothing_is_submitted),
        cmocka_unit_test(test_cut_off_anywhere),
        cmocka_unit_test(test_what_row_never_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
