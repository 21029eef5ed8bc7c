#include "progress.h"
#include "run_text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rowbuild_progress busy(void)
{
    return (struct rowbuild_progress){
        .done = 20,
        .total = 60,
        .running = 4,
        .failed = 1,
        .unfinished = 2,
        .ended = 20,
        .cores_used = 7,
        .cores_budget = 8,
        .seconds_left = 310,
        .seconds = 80,
        .longest = {{"simulate T1.5-s1", 41}, {"simulate \u65e5\u672c-a-rather-long-name", 12}},
        .longest_count = 2,
    };
}

static void shows_what_runs(void **state)
{
    (void)state;
    struct rowbuild_progress progress = busy();
    struct progress_block block = {0};
    progress_render(&block, &progress, 120, 40, false);
    assert_int_equal(block.count, 3);
    assert_string_equal(buf_string(&block.text[0]),
                        "[23/60] 38% [###-------] 4 running on 7/8 cores, 1 failed, 2 unfinished, "
                        "15.0/min, 1m 20s, about 5m 10s left");
    assert_string_equal(buf_string(&block.text[1]),
                        "  simulate T1.5-s1                              "
                        "                             41s");
    progress.seconds_left = -1;
    progress.failed = 0;
    progress.unfinished = 0;
    progress.ended = 0;
    progress_render(&block, &progress, 99, 40, false);
    assert_string_equal(buf_string(&block.text[0]),
                        "[20/60] 33% [###-------] 4 running on 7/8 cores, 1m 20s");
    progress_block_release(&block);
}

static void fits_every_terminal(void **state)
{
    (void)state;
    struct rowbuild_progress progress = busy();
    struct progress_block block = {0};
    for (size_t width = 1; width < 120; width++) {
        progress_render(&block, &progress, width, 40, false);
        for (size_t i = 0; i < block.count; i++) {
            assert_true(progress_columns(buf_string(&block.text[i])) <= width);
            assert_int_equal(progress_columns(buf_string(&block.text[i])), block.columns[i]);
        }
    }
    progress_render(&block, &progress, 80, 40, false);
    assert_string_equal(buf_string(&block.text[0]),
                        "[23/60] 38% [###-------] 4 running, 1 failed, 2 unfinished, "
                        "about 5m 10s left");
    progress_render(&block, &progress, 35, 40, false);
    assert_string_equal(buf_string(&block.text[0]), "[23/60] 38% 1 failed, 2 unfinished");
    progress_render(&block, &progress, 24, 40, false);
    assert_string_equal(buf_string(&block.text[0]), "[23/60] 38% 1 failed,...");
    assert_string_equal(buf_string(&block.text[2]), "  simulate ...       12s");
    progress_render(&block, &progress, 80, 4, false);
    assert_int_equal(block.count, 1);
    progress_block_release(&block);
}

static void colour_takes_no_columns(void **state)
{
    (void)state;
    struct rowbuild_progress progress = busy();
    struct progress_block block = {0};
    progress_render(&block, &progress, 24, 40, true);
    assert_string_equal(buf_string(&block.text[0]), "\033[1;31m[23/60] 38% 1 failed,...\033[0m");
    assert_int_equal(block.columns[0], 24);
    progress_block_release(&block);
}

static void expect_format(const char *format, const char *expected)
{
    struct rowbuild_progress progress = busy();
    struct progress_block block = {0};
    progress_render_as(&block, format, &progress, 2.5, 99, 40, false);
    assert_string_equal(buf_string(&block.text[0]), expected);
    assert_int_equal(block.count, 3);
    progress_block_release(&block);
}

static void the_user_formats_the_first_line(void **state)
{
    (void)state;
    expect_format("[%f/%t] %p %r", "[23/60]  38% 4");
    expect_format("%s %u %o %c", "27 33 0.2 2.5");
    expect_format("%e %w %E %W", "80.000 01:20 310.000 05:10");
    expect_format("100%% %f", "100% 23");
    expect_format("", "");
}

static void expect_problem(const char *format, const char *expected)
{
    struct buf problem = BUF_EMPTY;
    assert_int_equal(progress_check_format(format, &problem), expected == NULL);
    assert_int_equal(strncmp(buf_string(&problem), expected != NULL ? expected : "",
                             expected != NULL ? strlen(expected) : 1),
                     0);
    buf_release(&problem);
}

static void unknown_placeholders_are_named(void **state)
{
    (void)state;
    expect_problem("[%f/%t %p %s %r %u %o %c %e %w %E %W %%", NULL);
    expect_problem("%f %x", "$ROWBUILD_STATUS has an unknown placeholder `%x`; use one of %s");
    expect_problem("%f %", "$ROWBUILD_STATUS ends in a single `%`");
}

static void read_pipe(int fd, char *bytes, size_t size)
{
    ssize_t got = read(fd, bytes, size - 1);
    assert_true(got >= 0);
    bytes[got] = '\0';
}

static void redraws_in_place(void **state)
{
    (void)state;
    int ends[2];
    char bytes[4096];
    struct rowbuild_progress now = busy();
    struct progress progress;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    progress_init(&progress, ends[1], true, false);
    progress_draw(&progress, &now, true);
    read_pipe(ends[0], bytes, sizeof bytes);
    assert_int_equal(strncmp(bytes, "[23/60]", 7), 0);
    assert_null(strstr(bytes, "\033[2A"));
    /* A pipe counts as 80 columns; there is room for the echo of Ctrl-C behind each line. */
    const char *second = strchr(bytes, '\n');
    assert_non_null(second);
    assert_int_equal(strcspn(second + 1, "\033"), 75);
    progress_draw(&progress, &now, true);
    read_pipe(ends[0], bytes, sizeof bytes);
    assert_int_equal(strncmp(bytes, "\r\033[2A[23/60]", 12), 0);
    progress_erase(&progress);
    read_pipe(ends[0], bytes, sizeof bytes);
    assert_string_equal(bytes, "\r\033[2A\033[J");
    progress_draw(&progress, &now, false); /* erased for a line: drawn again whole, at once */
    read_pipe(ends[0], bytes, sizeof bytes);
    assert_non_null(strstr(bytes, "simulate T1.5-s1"));
    progress_erase(&progress);
    read_pipe(ends[0], bytes, sizeof bytes);
    progress_release(&progress); /* erased already: writes nothing */
    close(ends[1]);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 0);
    close(ends[0]);
}

static void expect_lines(struct rowbuild_event event, struct run_style style, const char *expected)
{
    struct buf out = BUF_EMPTY;
    struct rowbuild_progress progress = busy();
    event.progress = &progress;
    event.tasks = 1;
    run_text_add_ended(&out, &event, &style);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void lines_of_a_run(void **state)
{
    (void)state;
    struct rowbuild_event fine = {.label = "simulate a", .seconds = 0.5};
    struct rowbuild_event talking = fine;
    talking.output = "no newline";
    talking.output_bytes = 10;
    struct rowbuild_event failed = talking;
    failed.outcome = ROWBUILD_TASK_FAILED;
    failed.how = "exit 3";
    failed.seconds = 12;
    failed.log = ".rowbuild/logs/simulate/a";
    failed.again = "rowbuild -a simulate a";
    static const char failure[] = "FAILED: simulate a: exit 3 (12s)\nno newline\n"
                                  "log: .rowbuild/logs/simulate/a\n"
                                  "to retry: rowbuild -a simulate a\n";
    expect_lines(fine, (struct run_style){0}, "[23/60] simulate a\n");
    expect_lines(fine, (struct run_style){.silent_success = true}, "");
    expect_lines(fine, (struct run_style){.quiet = true}, "");
    expect_lines(talking, (struct run_style){.silent_success = true},
                 "[23/60] simulate a\nno newline\n");
    expect_lines(talking, (struct run_style){.quiet = true}, "");
    expect_lines(failed, (struct run_style){.quiet = true, .silent_success = true}, failure);
    fine.seconds = 75;
    expect_lines(fine, (struct run_style){0}, "[23/60] simulate a (1m 15s)\n");
}

static void expect_summary(struct run_tally tally, struct rowbuild_progress progress, int status,
                           const char *expected)
{
    struct buf out = BUF_EMPTY;
    run_text_add_summary(&out, &tally, &progress, status);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void summaries(void **state)
{
    (void)state;
    struct rowbuild_progress over = {.done = 3, .total = 3, .seconds = 2.1};
    struct rowbuild_progress stopped = {
        .done = 3, .failed = 1, .unfinished = 2, .total = 63, .seconds = 12};
    expect_summary((struct run_tally){0}, over, 0, "nothing to do\n");
    expect_summary((struct run_tally){.ran = 3}, over, 0, "done: 3 tasks ran in 2.1s\n");
    expect_summary((struct run_tally){.restored = 1}, over, 0, "done: 1 task restored in 2.1s\n");
    expect_summary((struct run_tally){.ran = 3, .failed = 1, .unfinished = 2}, stopped, 1,
                   "1 failed, 2 unfinished, 57 not started, 3 succeeded in 12s\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_runs),
        cmocka_unit_test(fits_every_terminal),
        cmocka_unit_test(colour_takes_no_columns),
        cmocka_unit_test(redraws_in_place),
        cmocka_unit_test(the_user_formats_the_first_line),
        cmocka_unit_test(unknown_placeholders_are_named),
        cmocka_unit_test(lines_of_a_run),
        cmocka_unit_test(summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
