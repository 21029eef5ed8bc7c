/* What submit says of tasks that are known to take longer than their job may. */
#include "job_plan.h"
#include "simulated_study.h"
#include "submit_tell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ACTION(seconds, walltime)                                                                  \
    "[[action]]\nname = 'a'\ncommand = 'last " seconds                                             \
    "; copy in out # {directory}'\ninputs = ['in']\nproducts = ['out']\n"                          \
    "resources.walltime.per_directory = '" walltime "'\n"

/* Plans the jobs of a study that was run once, of which the first directories changed since, and
 * compares what is said. */
static void expect_said(const char *rowfile, unsigned directories, unsigned changed,
                        const char *expected)
{
    struct study study;
    struct launchers launchers;
    struct buf said = BUF_EMPTY;
    char path[] = "d1/in";
    struct cluster cluster = {.name = SLICE_LITERAL("lab"),
                              .scheduler = SCHEDULER_SLURM,
                              .maximum_jobs = CLUSTER_NO_LIMIT,
                              .signal_s = 120};
    struct job_plan_options options = {
        .cluster = &cluster, .launchers = &launchers, .max_array_size = 1001};
    study_begin(&study, rowfile);
    for (unsigned d = 1; d <= directories; d++) {
        path[1] = (char)('0' + d);
        study_write(&study, path, "x");
    }
    study_run(&study);
    for (unsigned d = 1; d <= changed; d++) {
        path[1] = (char)('0' + d);
        study_write(&study, path, "y");
    }
    assert_int_equal(launchers_load(&launchers, &study.diag), 0);
    study_look(&study);
    struct submitting submitting = {.diag = &study.diag, .plan = study.plan};
    arena_init(&submitting.jobs.arena);
    assert_int_equal(job_plan_make(study.plan, &options, &submitting.jobs, &study.diag), 0);
    size_t before = study.diag.entries.count;
    submit_warn_of_walltimes(&submitting);
    for (size_t i = before; i < study.diag.entries.count; i++) {
        diag_render(&study.diag.entries.at[i], false, &said);
    }
    assert_string_equal(buf_string(&said), expected);
    job_plan_release(&submitting.jobs);
    launchers_release(&launchers);
    study_close(&study);
    study_end(&study);
    buf_release(&said);
}

static void test_tasks_that_take_longer(void **state)
{
    (void)state;
    expect_said(ACTION("62", "00:01:00"), 1, 1,
                "warning: `a d1` took 1m 02s, longer than the time limit of its job, 1m 00s; raise "
                "`resources.walltime` of `a`\n");
    expect_said(ACTION("62", "00:01:00") "[action.group]\nmaximum_size = 1\n", 3, 2,
                "warning: 2 tasks of `a` are likely to take longer than the time limit of their "
                "jobs, 1m 00s (`a d1`: 1m 02s); raise `resources.walltime`\n");
}

static void test_tasks_that_fit(void **state)
{
    (void)state;
    expect_said(ACTION("62", "00:02:00"), 1, 1, "");
    expect_said(ACTION("50", "00:00:20"), 1, 1, ""); /* Slurm's shortest limit is a minute */
    expect_said(ACTION("62", "00:01:00"), 2, 2, ""); /* one job has the time of both */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks_that_take_longer),
        cmocka_unit_test(test_tasks_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
