#include "top_view.h"

#include "progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 10000, CORES = 4 };

static const char *const MEMBERS[] = {"a", "b"};

static const struct rowbuild_watched_task TASKS[] = {
    {.label = "simulate T1.5-s1",
     .cores = 2,
     .cpus = "0-1",
     .pid = 4242,
     .seconds = 41,
     .expected_seconds = 62,
     .cpu = 1.97,
     .memory_bytes = 120 << 20},
    {.label = "simulate \u65e5\u672c\u8a9e-a-rather-long-name-of-a-directory",
     .cores = 1,
     .cpus = "2",
     .pid = 4243,
     .seconds = 12,
     .expected_seconds = -1,
     .cpu = -1,
     .memory_bytes = 300 << 20},
    {.label = "plot (2 directories)",
     .members = MEMBERS,
     .member_count = 2,
     .cores = 3,
     .cpus = "",
     .pid = 99,
     .seconds = 100,
     .expected_seconds = 90,
     .cpu = 0,
     .memory_bytes = 1 << 20},
};

static const struct rowbuild_watched_core CORE[CORES] = {
    {0, 0.97, 0}, {1, 1, 0}, {2, 0.005, 1}, {3, -1, SIZE_MAX}};

static const struct rowbuild_watched_failure FAILURES[] = {
    {"simulate x", "exit 3", ".rowbuild/logs/simulate/x.log"},
    {"simulate y", "timed out after 5s", NULL},
};

static const struct rowbuild_watched_pool POOLS[] = {{"licence", 2, 4}};

static struct rowbuild_snapshot busy(void)
{
    return (struct rowbuild_snapshot){
        .state = ROWBUILD_RUN_WORKS,
        .has_progress = true,
        .progress = {.done = 20,
                     .total = 60,
                     .running = 3,
                     .failed = 2,
                     .ended = 20,
                     .cores_used = 6,
                     .cores_budget = 8,
                     .seconds_left = 310,
                     .seconds = 80},
        .tasks = TASKS,
        .task_count = 3,
        .cores = CORE,
        .core_count = CORES,
        .failures = FAILURES,
        .failure_count = 2,
        .pools = POOLS,
        .pool_count = 1,
    };
}

static char *text_of(const struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < lines->count; i++) {
        buf_add_slice(&text, buf_slice(&lines->all.at[i]));
        buf_add_char(&text, '\n');
    }
    buf_add_string(&text, "");
    return text.at;
}

static void expect_text(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                        struct top_room room, const char *expected)
{
    struct screen_lines lines = {0};
    top_render(view, snapshot, "/p", &room, &lines);
    char *text = text_of(&lines);
    assert_string_equal(text, expected);
    free(text);
    screen_lines_release(&lines);
}

static void plain_text_leaves_nothing_out(void **state)
{
    (void)state;
    struct rowbuild_snapshot snapshot = busy();
    struct top_view view = {0};
    expect_text(
        &view, &snapshot, (struct top_room){0},
        "[22/60] 36% [###-------] 3 running on 6/8 cores, 2 failed, 15.0/min, 1m 20s, "
        "about 5m 10s left\n"
        "pools licence 2/4\n"
        "core   0  97%  simulate T1.5-s1\n"
        "core   1 100%  simulate T1.5-s1\n"
        "core   2   0%  simulate \u65e5\u672c\u8a9e-a-rather-long-name-of-a-directory\n"
        "core   3 \n"
        "TASK (3)                                          CORES        CPUS ELAPSED "
        "EXPECTED    CPU    MEMORY     PID\n"
        "plot (2 directories)                                  3              1m 40s   "
        "1m 30s     0%   1.0 MiB      99\n"
        "  a\n"
        "  b\n"
        "simulate T1.5-s1                                      2         0-1     41s   "
        "1m 02s   197% 120.0 MiB    4242\n"
        "simulate \u65e5\u672c\u8a9e-a-rather-long-name-of-a-directory     1           2     "
        "12s                 300.0 MiB    4243\n"
        "failed (2)\n"
        "simulate x: exit 3: .rowbuild/logs/simulate/x.log\n"
        "simulate y: timed out after 5s\n");
    snapshot = (struct rowbuild_snapshot){.state = ROWBUILD_NO_RUN};
    expect_text(&view, &snapshot, (struct top_room){0}, "no run is going on in /p\n");
}

static void gpus_have_a_column_where_a_task_has_any(void **state)
{
    (void)state;
    struct rowbuild_snapshot snapshot = busy();
    struct rowbuild_watched_task task = TASKS[0];
    struct top_view view = {0};
    task.gpus = "2,3";
    snapshot.tasks = &task;
    snapshot.task_count = 1;
    snapshot.failure_count = 0;
    snapshot.pool_count = 0;
    expect_text(&view, &snapshot, (struct top_room){.width = 79, .height = 5},
                "[22/60] 36% [###-------] 3 running on 6/8 cores, 2 failed, about 5m 10s left\n"
                "TASK (1)         CORES      GPUS ELAPSED EXPECTED    CPU    MEMORY     PID\n"
                "simulate T1.5-s1     2       2,3     41s   1m 02s   197% 120.0 MiB    4242\n"
                "\n"
                "q quit  ? help  f failures  (sorted by elapsed time)\n");
}

static void a_frame_fills_the_screen(void **state)
{
    (void)state;
    struct rowbuild_snapshot snapshot = busy();
    struct top_view view = {0};
    expect_text(&view, &snapshot, (struct top_room){.width = 40, .height = 14},
                "[22/60] 36% 2 failed, about 5m 10s left\n"
                "pools licence 2/4\n"
                "cores ###.\n"
                "TASK (3)                  ELAPSED    CPU\n"
                "plot (2 directories)       1m 40s     0%\n"
                "simulate T1.5-s1              41s   197%\n"
                "simulate \u65e5\u672c\u8a9e-a-rath...     12s       \n"
                "\n"
                "\n"
                "\n"
                "failed (2)\n"
                "simulate x: exit 3: .rowbuild/logs/si...\n"
                "simulate y: timed out after 5s\n"
                "q quit  ? help  f failures  (sorted b...\n");
}

/* Whatever the terminal's size and whatever keys were pressed. */
static void no_line_is_too_wide_and_tasks_are_always_shown(void **state)
{
    (void)state;
    static const char keys[] = {' ', 'd', 'j', 'f', 'G', 'f', '?', '?', 'n', 'o'};
    struct rowbuild_snapshot snapshot = busy();
    struct top_view view = {0};
    struct screen_lines lines = {0};
    for (size_t key = 0; key < sizeof keys; key++) {
        assert_true(top_take_key(&view, keys[key]));
        for (size_t width = 1; width < 220; width += width < 60 ? 1 : 7) {
            for (size_t height = 1; height < 40; height++) {
                const struct top_room room = {.width = width, .height = height};
                top_render(&view, &snapshot, "/p", &room, &lines);
                assert_int_equal(lines.count, height);
                bool has_task = false;
                for (size_t i = 0; i < lines.count; i++) {
                    const char *line = buf_string(&lines.all.at[i]);
                    assert_true(progress_columns(line) <= width);
                    has_task = has_task || strncmp(line, "TASK", 4) == 0;
                }
                bool is_list = !view.shows_help && !view.shows_failures;
                assert_true(!is_list || has_task || height < 2 || width < 12);
            }
        }
    }
    screen_lines_release(&lines);
}

/* The labels of the tasks on the screen, up to the first blank line. */
static void expect_order(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                         const char *expected)
{
    const struct top_room room = {.width = 100, .height = 40};
    struct screen_lines lines = {0};
    struct buf order = BUF_EMPTY;
    bool is_table = false;
    top_render(view, snapshot, "/p", &room, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = buf_string(&lines.all.at[i]);
        is_table = (is_table || strncmp(line, "TASK", 4) == 0) && line[0] != '\0';
        if (is_table) {
            buf_addf(&order, "%.10s|", line);
        }
    }
    assert_string_equal(buf_string(&order), expected);
    buf_release(&order);
    screen_lines_release(&lines);
}

static void keys_sort(void **state)
{
    (void)state;
    struct rowbuild_snapshot snapshot = busy();
    struct top_view view = {0};
    expect_order(&view, &snapshot, "TASK (3)  |plot (2 di|simulate T|simulate \xe6|");
    top_take_key(&view, 'n');
    expect_order(&view, &snapshot, "TASK (3)  |plot (2 di|simulate T|simulate \xe6|");
    top_take_key(&view, 'n');
    expect_order(&view, &snapshot, "TASK (3)  |simulate \xe6|simulate T|plot (2 di|");
    top_take_key(&view, 'm');
    expect_order(&view, &snapshot, "TASK (3)  |simulate \xe6|simulate T|plot (2 di|");
    top_take_key(&view, 'c');
    expect_order(&view, &snapshot, "TASK (3)  |simulate T|plot (2 di|simulate \xe6|");
    top_take_key(&view, 'o');
    expect_order(&view, &snapshot, "TASK (3)  |plot (2 di|simulate T|simulate \xe6|");
    top_take_key(&view, 'd');
    expect_order(&view, &snapshot, "TASK (3)  |plot (2 di|  a|  b|simulate T|simulate \xe6|");
    top_take_key(&view, 'e');
    top_take_key(&view, 'e');
    expect_order(&view, &snapshot, "TASK (3)  |simulate \xe6|simulate T|plot (2 di|  a|  b|");
    assert_false(top_take_key(&view, 'q'));
}

static void many_tasks_scroll(void **state)
{
    (void)state;
    struct rowbuild_watched_task *tasks = calloc(MANY, sizeof *tasks);
    char(*labels)[32] = calloc(MANY, sizeof *labels);
    struct rowbuild_snapshot snapshot = busy();
    struct top_view view = {.order = TOP_BY_NAME};
    struct screen_lines lines = {0};
    const struct top_room room = {.width = 80, .height = 24};
    for (int i = 0; i < MANY; i++) {
        snprintf(labels[i], sizeof *labels, "work %05d", i);
        tasks[i] = (struct rowbuild_watched_task){.label = labels[i], .cpus = "", .pid = i + 1};
    }
    snapshot.tasks = tasks;
    snapshot.task_count = MANY;
    snapshot.failure_count = 0;
    top_render(&view, &snapshot, "/p", &room, &lines);
    assert_int_equal(view.page, 16);
    assert_memory_equal(buf_string(&lines.all.at[6]), "TASK (10000)", 12);
    assert_memory_equal(buf_string(&lines.all.at[7]), "work 00000", 10);
    top_take_key(&view, SCREEN_PAGE_DOWN);
    top_take_key(&view, SCREEN_DOWN);
    top_render(&view, &snapshot, "/p", &room, &lines);
    assert_memory_equal(buf_string(&lines.all.at[7]), "work 00016", 10);
    top_take_key(&view, 'G');
    top_render(&view, &snapshot, "/p", &room, &lines);
    assert_memory_equal(buf_string(&lines.all.at[22]), "work 09999", 10);
    top_take_key(&view, SCREEN_UP);
    top_render(&view, &snapshot, "/p", &room, &lines);
    assert_memory_equal(buf_string(&lines.all.at[22]), "work 09998", 10);
    top_take_key(&view, 'g');
    top_render(&view, &snapshot, "/p", &room, &lines);
    assert_memory_equal(buf_string(&lines.all.at[7]), "work 00000", 10);
    screen_lines_release(&lines);
    free(tasks);
    free(labels);
}

static void an_ending_stays(void **state)
{
    (void)state;
    struct rowbuild_snapshot snapshot = busy();
    struct screen_lines lines = {0};
    snapshot.state = ROWBUILD_RUN_ENDED;
    top_render_ending(&snapshot, &lines);
    char *text = text_of(&lines);
    assert_string_equal(text, "the run has ended: 20 of 60 done, 2 failed, 1m 20s\n"
                              "failed (2)\n"
                              "simulate x: exit 3: .rowbuild/logs/simulate/x.log\n"
                              "simulate y: timed out after 5s\n");
    free(text);
    snapshot.state = ROWBUILD_RUN_KILLED;
    top_render_ending(&snapshot, &lines);
    text = text_of(&lines);
    assert_string_equal(text, "the run was killed\n");
    free(text);
    screen_lines_release(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_leaves_nothing_out),
        cmocka_unit_test(gpus_have_a_column_where_a_task_has_any),
        cmocka_unit_test(a_frame_fills_the_screen),
        cmocka_unit_test(no_line_is_too_wide_and_tasks_are_always_shown),
        cmocka_unit_test(keys_sort),
        cmocka_unit_test(many_tasks_scroll),
        cmocka_unit_test(an_ending_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
