/* What squeue is asked about the end of a job, and how its answer is read. */
#include "job_end.h"

#include "job_variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1790000000 };

static void expect_end(const char *answer, int64_t expected)
{
    int64_t end = -1;
    if (!job_end_read(slice_of(answer), NOW, &end) || end != expected) {
        fail_msg("%s: %lld", answer, (long long)end);
    }
}

static void test_answers(void **state)
{
    static const char *const unknown[] = {
        "",
        "rowbuild|",
        "rowbuild|N/A|INVALID",
        "slurm_load_jobs error: Invalid job",
        "1790|1:0",
        "rowbuild|x|1:xx",
        "rowbuild|NONE|NOT_SET",
        "rowbuild|NONE|5",
        "rowbuild",
        "rowbuild|x|-1:0",
        "rowbuild|x|99999999999:00",
    };
    (void)state;
    expect_end("rowbuild|1790000600|10:00\n", 1790000600);
    expect_end("rowbuild|NONE|UNLIMITED\n", 0);
    expect_end("rowbuild|1821536000|UNLIMITED", 0);
    expect_end("rowbuild|2026-09-21T14:23:20|9:05\n", NOW + 545);
    expect_end("rowbuild|tomorr 14:20|1:00:00\n", NOW + 3600);
    expect_end("rowbuild|Ystday|2-01:00:10\n", NOW + 2 * 86400 + 3610);
    expect_end("CLUSTER: b\nrowbuild|1790000600|10:00\nbye\n", 1790000600);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        int64_t end;
        if (job_end_read(slice_of(unknown[i]), NOW, &end)) {
            fail_msg("%s: %lld", unknown[i], (long long)end);
        }
    }
}

static bool has(char *const *words, const char *word)
{
    while (*words != NULL && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

static void test_question(void **state)
{
    static char *const environment[] = {(char *)"PATH=/bin",
                                        (char *)"SBATCH_CLUSTERS=b",
                                        (char *)"SLURM_TIME_FORMAT=relative",
                                        (char *)"SLURM_CONF=/etc/x",
                                        (char *)"SQUEUE_FORMAT=%i",
                                        NULL};
    struct job_end_question question;
    struct arena arena;
    (void)state;
    arena_init(&arena);
    job_end_ask(&question, SLICE_LITERAL("12_3"), environment, &arena);
    assert_string_equal(question.argv[0], "squeue");
    assert_true(has(question.argv, "--jobs=12_3"));
    assert_true(has(question.environment, "SLURM_TIME_FORMAT=%s"));
    assert_false(has(question.environment, "SLURM_TIME_FORMAT=relative"));
    assert_false(has(question.environment, "SLURM_CLUSTERS=b"));
    assert_false(has(question.environment, "SQUEUE_FORMAT=%i"));
    assert_true(has(question.environment, "SLURM_CONF=/etc/x"));
    arena_release(&arena);
}

/* The last element of an array has the array's own number. */
static void test_a_job_by_the_name_that_the_queue_lists(void **state)
{
    static char *const environment[] = {(char *)"SLURM_JOB_ID=12", (char *)"SLURM_ARRAY_JOB_ID=12",
                                        (char *)"SLURM_ARRAY_TASK_ID=3", NULL};
    struct allocation allocation;
    (void)state;
    job_variables_read(&allocation, environment, "here");
    assert_string_equal(allocation.listed.at, "12_3");
    allocation_release(&allocation);
    job_variables_read(&allocation, (char *const[]){(char *)"SLURM_JOB_ID=12", NULL}, "here");
    assert_string_equal(allocation.listed.at, "12");
    allocation_release(&allocation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_a_job_by_the_name_that_the_queue_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
