/* Which jobs are cancelled when the question about them was answered late. */
#include "cancel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct slice tasks[2] = {{"sim/a", 5}, {"sim/b", 5}};

static struct job_line line_of(uint64_t id, uint32_t index, size_t task_count, const char *state)
{
    return (struct job_line){.job = {.cluster = SLICE_LITERAL("lab"), .id = id, .index = index},
                             .state = state != NULL ? slice_of(state) : (struct slice){0},
                             .tasks = tasks,
                             .task_count = task_count};
}

static void test_only_what_was_shown(void **state)
{
    (void)state;
    struct cancelling before = {.running = 0};
    struct cancelling now = {.running = 0};
    struct cancelling_shown shown;
    struct diag diag;
    diag_init(&diag);
    vec_push(&before.named.lines, line_of(77, JOB_NO_INDEX, 1, "PENDING"));
    vec_push(&before.named.lines, line_of(78, 0, 2, "PENDING"));
    vec_push(&before.dependents, line_of(79, JOB_NO_INDEX, 1, "PENDING"));
    cancelling_show(&before, &shown);
    /* 77 has ended, an element of 78 began, another was added, and 80 now waits for it. */
    vec_push(&now.named.lines, line_of(78, 0, 2, "RUNNING"));
    vec_push(&now.named.lines, line_of(78, 1, 1, "RUNNING"));
    vec_push(&now.dependents, line_of(79, JOB_NO_INDEX, 1, "PENDING"));
    vec_push(&now.dependents, line_of(80, JOB_NO_INDEX, 1, "PENDING"));
    cancelling_keep_shown(&now, &shown, &diag);
    assert_int_equal(now.named.lines.count, 1);
    assert_int_equal(now.named.lines.at[0].job.index, 0);
    assert_int_equal(now.dependents.count, 1);
    assert_int_equal(now.dependents.at[0].job.id, 79);
    assert_int_equal(now.running, 1);
    assert_int_equal(now.tasks, 3);
    assert_int_equal(diag.entries.count, 2);
    assert_non_null(strstr(diag.entries.at[0].message,
                           "2 jobs were submitted after the question, and are not cancelled: "
                           "lab/78_1, lab/80;"));
    assert_non_null(strstr(diag.entries.at[1].message, "1 of the 3 jobs has ended since"));
    cancelling_shown_release(&shown);
    cancelling_release(&before);
    cancelling_release(&now);
    diag_release(&diag);
}

static void test_a_number_that_came_to_be_known(void **state)
{
    (void)state;
    struct cancelling before = {.running = 0};
    struct cancelling now = {.running = 0};
    struct cancelling_shown shown;
    struct diag diag;
    struct job_line line = line_of(0, JOB_NO_INDEX, 1, NULL);
    diag_init(&diag);
    line.token = SLICE_LITERAL("00000000000000aa");
    vec_push(&before.named.lines, line);
    line.token = SLICE_LITERAL("00000000000000bb");
    vec_push(&before.named.lines, line);
    cancelling_show(&before, &shown);
    line.job.id = 77; /* one has its number now, and one without a number is new */
    vec_push(&now.named.lines, line);
    line.job.id = 0;
    line.token = SLICE_LITERAL("00000000000000cc");
    vec_push(&now.named.lines, line);
    cancelling_keep_shown(&now, &shown, &diag);
    assert_int_equal(now.named.lines.count, 1);
    assert_int_equal(now.named.lines.at[0].job.id, 77);
    assert_int_equal(now.unnumbered, 0);
    cancelling_shown_release(&shown);
    cancelling_release(&before);
    cancelling_release(&now);
    diag_release(&diag);
}

static void test_the_only_job_has_ended(void **state)
{
    (void)state;
    struct cancelling before = {.running = 0};
    struct cancelling now = {.running = 0};
    struct cancelling_shown shown;
    struct diag diag;
    diag_init(&diag);
    vec_push(&before.named.lines, line_of(77, JOB_NO_INDEX, 1, "PENDING"));
    cancelling_show(&before, &shown);
    cancelling_keep_shown(&now, &shown, &diag);
    assert_int_equal(diag.entries.count, 1);
    assert_string_equal(diag.entries.at[0].message, "the job has ended since the question");
    cancelling_shown_release(&shown);
    cancelling_release(&before);
    diag_release(&diag);
}

static void test_nothing_changed(void **state)
{
    (void)state;
    struct cancelling before = {.running = 0};
    struct cancelling_shown shown;
    struct diag diag;
    diag_init(&diag);
    vec_push(&before.named.lines, line_of(77, JOB_NO_INDEX, 1, "PENDING"));
    cancelling_show(&before, &shown);
    cancelling_keep_shown(&before, &shown, &diag);
    assert_int_equal(before.named.lines.count, 1);
    assert_int_equal(before.tasks, 1);
    assert_int_equal(diag.entries.count, 0);
    cancelling_shown_release(&shown);
    cancelling_release(&before);
    diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_was_shown),
        cmocka_unit_test(test_a_number_that_came_to_be_known),
        cmocka_unit_test(test_the_only_job_has_ended),
        cmocka_unit_test(test_nothing_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
