/* What srun says of steps that it couldn't make. */
#include "srun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_reason(const char *output, const char *reason)
{
    struct slice why;
    struct buf found = BUF_EMPTY;
    bool is_refused = srun_made_no_step(slice_of(output), &why);
    assert_int_equal(is_refused, reason != NULL);
    if (is_refused) {
        buf_add_slice(&found, why);
        assert_string_equal(buf_string(&found), reason);
    }
    buf_release(&found);
}

static void test_reasons_that_pass(void **state)
{
    (void)state;
    expect_reason("srun: error: Unable to create step for job 12: Requested nodes are busy\n",
                  "Requested nodes are busy");
    expect_reason("srun: error: Unable to create step for job 12: Requested nodes are busy",
                  "Requested nodes are busy");
    expect_reason("srun: error: Unable to contact slurm controller (connect failure)\n"
                  "srun: error: Unable to confirm allocation for job 7: Unable to contact slurm "
                  "controller (connect failure)\n"
                  "srun: Check SLURM_JOB_ID environment variable. Expired or invalid job 7\n",
                  "Unable to contact slurm controller (connect failure)");
    expect_reason("what a setup prints\n"
                  "srun: error: Unable to create step for job 1: Socket timed out on send/recv "
                  "operation\n",
                  "Socket timed out on send/recv operation");
}

static void test_reasons_that_stay(void **state)
{
    (void)state;
    expect_reason("srun: error: Unable to create step for job 12: Invalid job id specified\n",
                  NULL);
    expect_reason("srun: error: Unable to create step for job 12: More processors requested than "
                  "permitted\n",
                  NULL);
    expect_reason("srun: error: Unable to create step for job 12:", NULL);
    expect_reason("srun: error: node2: task 1: Exited with exit code 3\n", NULL);
    expect_reason("Unable to create step for job 12: Requested nodes are busy\n", NULL);
    expect_reason("", NULL);
}

/* Then something ran in a step that was made. */
static void test_what_is_printed_afterwards_counts(void **state)
{
    (void)state;
    expect_reason("srun: error: Unable to create step for job 12: Requested nodes are busy\n"
                  "trying without\n",
                  NULL);
    expect_reason("srun: error: Unable to create step for job 12: Requested nodes are busy\n"
                  "srun: error: Unable to create step for job 12: Invalid job id specified\n",
                  NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons_that_pass),
        cmocka_unit_test(test_reasons_that_stay),
        cmocka_unit_test(test_what_is_printed_afterwards_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
