#include "report.h"
#include "report_json.h"
#include "table.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Tables ---- */

static void add_counts(struct table *table, const char *name, uint64_t count, const char *note)
{
    table_begin_row(table);
    text_add_name(table_cell(table, TABLE_BOLD), slice_of(name));
    text_add_count(table_cell(table, TABLE_GREEN), count);
    buf_add_string(table_cell(table, TABLE_PLAIN), note);
}

static void begin_counts(struct table *table)
{
    table_init(table);
    table_add_column(table, "Action", TABLE_LEFT);
    table_add_column(table, "Completed", TABLE_RIGHT);
    table_add_column(table, "Note", TABLE_OPTIONAL);
}

static void expect_table(struct table *table, bool colour, bool no_header, const char *expected)
{
    struct buf out = BUF_EMPTY;
    table_format(table, colour, no_header, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
    table_release(table);
}

static void numbers_stand_to_the_right(void **state)
{
    (void)state;
    struct table table;
    begin_counts(&table);
    add_counts(&table, "hello", 0, "");
    add_counts(&table, "goodbye", 1234567890, "");
    expect_table(&table, false, false,
                 "Action      Completed\n"
                 "hello               0\n"
                 "goodbye 1,234,567,890\n");
}

static void an_optional_column_appears_with_its_first_text(void **state)
{
    (void)state;
    struct table table;
    begin_counts(&table);
    add_counts(&table, "hello", 1, "");
    add_counts(&table, "goodbye", 2, "3 failed");
    expect_table(&table, false, false,
                 "Action  Completed Note\n"
                 "hello           1\n"
                 "goodbye         2 3 failed\n");
}

static void without_a_header_columns_keep_their_places(void **state)
{
    (void)state;
    struct table table;
    begin_counts(&table);
    add_counts(&table, "a", 12, "");
    add_counts(&table, "bc", 3, "stale");
    expect_table(&table, false, true, "a             12\nbc             3 stale\n");
}

static void blank_lines_stand_only_between_rows(void **state)
{
    (void)state;
    struct table table;
    begin_counts(&table);
    table_separate(&table);
    add_counts(&table, "a", 1, "");
    table_separate(&table);
    table_separate(&table);
    add_counts(&table, "b", 2, "");
    table_separate(&table);
    expect_table(&table, false, true, "a              1\n\nb              2\n");
}

static void values_stand_to_the_right_below_a_title_to_the_left(void **state)
{
    (void)state;
    struct table table;
    table_init(&table);
    table_add_column(&table, "Job ID", TABLE_LEFT);
    table_add_column(&table, "/temperature", TABLE_VALUE);
    table_add_column(&table, "/x", TABLE_VALUE);
    table_begin_row(&table);
    table_cell(&table, TABLE_PLAIN);
    buf_add_string(table_cell(&table, TABLE_PLAIN), "1.5");
    buf_add_string(table_cell(&table, TABLE_PLAIN), "1000");
    expect_table(&table, false, false, "Job ID /temperature /x\n                1.5 1000\n");
}

static void colour_surrounds_text_and_not_blanks(void **state)
{
    (void)state;
    struct table table;
    begin_counts(&table);
    add_counts(&table, "a", 1, "");
    expect_table(&table, true, false,
                 "\033[4mAction\033[0m \033[4mCompleted\033[0m\n"
                 "\033[1ma\033[0m              \033[32m1\033[0m\n");
}

static void narrow_tables_have_several_lines_a_row(void **state)
{
    (void)state;
    struct table table;
    struct buf out = BUF_EMPTY;
    begin_counts(&table);
    add_counts(&table, "simulate", 1, "3 failed");
    add_counts(&table, "plot", 20, "");
    table_format_within(&table, 20, false, false, &out);
    assert_string_equal(buf_string(&out), "Action   Completed\n  Note\n"
                                          "simulate         1\n  3 failed\n"
                                          "plot            20\n");
    buf_clear(&out);
    table_format_within(&table, 27, false, false, &out);
    assert_string_equal(buf_string(&out), "Action   Completed Note\n"
                                          "simulate         1 3 failed\n"
                                          "plot            20\n");
    buf_release(&out);
    table_release(&table);
}

static void widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(table_text_width(slice_of("")), 0);
    assert_int_equal(table_text_width(slice_of("abc")), 3);
    assert_int_equal(table_text_width(slice_of("T→1")), 3);
    assert_int_equal(table_text_width(slice_of("e\xcc\x81")), 1);
    assert_int_equal(table_text_width(slice_of("温度")), 4);
    assert_int_equal(table_text_width(slice_of("\xf0\x9f\x98\x80")), 2);
    assert_int_equal(table_text_width(slice_of("\xe2\x86")), 1); /* cut short: no reading beyond */
}

/* ---- JSON ---- */

static void json_has_commas_between_values_only(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    buf_add_char(&out, '[');
    for (int i = 0; i < 2; i++) {
        report_json_begin_record(&out);
        report_json_string(&out, "a{", SLICE_LITERAL("x{"));
        report_json_key(&out, "b");
        report_json_begin(&out, '[');
        report_json_item(&out, SLICE_LITERAL("["));
        report_json_item(&out, SLICE_LITERAL("\n"));
        report_json_end(&out, ']');
        report_json_null(&out, "c");
        report_json_number(&out, "d", 0.25);
        report_json_end(&out, '}');
    }
    report_json_end_records(&out);
    assert_string_equal(buf_string(&out),
                        "[\n{\"a{\":\"x{\",\"b\":[\"[\",\"\\n\"],\"c\":null,\"d\":0.25},"
                        "\n{\"a{\":\"x{\",\"b\":[\"[\",\"\\n\"],\"c\":null,\"d\":0.25}\n]");
    buf_clear(&out);
    buf_add_char(&out, '[');
    report_json_end_records(&out);
    assert_string_equal(buf_string(&out), "[]");
    buf_release(&out);
}

/* ---- Estimates ---- */

static void expect_estimate(struct rowbuild_estimate estimate, const char *expected)
{
    struct buf out = BUF_EMPTY;
    report_add_again(&estimate, &out);
    report_add_estimate(&estimate, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void estimates_are_ranges(void **state)
{
    (void)state;
    expect_estimate(
        (struct rowbuild_estimate){
            .will_run = 3, .may_run = 5, .least_core_hours = 0.2, .most_core_hours = 0.7},
        "would run 3 tasks and up to 5 more: 0.2 to 0.7 CPU-hours\n");
    expect_estimate((struct rowbuild_estimate){.may_run = 1, .most_core_hours = 0.05},
                    "would run up to 1 task: up to 3.0 CPU-minutes\n");
    expect_estimate((struct rowbuild_estimate){.will_run = 1,
                                               .least_core_hours = 0.001,
                                               .most_core_hours = 0.001},
                    "would run 1 task: about 3.6 CPU-seconds\n");
    expect_estimate(
        (struct rowbuild_estimate){
            .will_run = 12345, .may_run = 1, .least_core_hours = 9960, .most_core_hours = 2.5e6},
        "would run 12,345 tasks and up to 1 more: 10k to 2.5M CPU-hours\n");
}

static void equal_ends_of_a_range_are_said_once(void **state)
{
    (void)state;
    expect_estimate(
        (struct rowbuild_estimate){
            .will_run = 2, .may_run = 1, .least_core_hours = 40.1, .most_core_hours = 40.2},
        "would run 2 tasks and up to 1 more: about 40 CPU-hours\n");
}

static void nothing_to_do_is_said(void **state)
{
    (void)state;
    expect_estimate((struct rowbuild_estimate){0}, "nothing to do\n");
    expect_estimate((struct rowbuild_estimate){.blocked = 2}, "nothing to do; 2 tasks can't run\n");
    expect_estimate((struct rowbuild_estimate){.restores = 1},
                    "would put back the earlier products of 1 task\n");
    expect_estimate(
        (struct rowbuild_estimate){
            .will_run = 1, .least_core_hours = 1, .most_core_hours = 1, .restores = 2},
        "would run 1 task: about 1.0 CPU-hours; would put back the earlier products "
        "of 2 tasks\n");
}

static void redone_work_is_told_apart(void **state)
{
    (void)state;
    expect_estimate((struct rowbuild_estimate){.will_run = 120,
                                               .again = 120,
                                               .again_core_hours = 3400,
                                               .again_reason = "command changed",
                                               .least_core_hours = 3400,
                                               .most_core_hours = 3400},
                    "would redo 120 finished tasks, 3.4k CPU-hours, command changed\n"
                    "would run 120 tasks: about 3.4k CPU-hours\n");
    expect_estimate(
        (struct rowbuild_estimate){
            .will_run = 1, .again = 1, .least_core_hours = 1, .most_core_hours = 1},
        "would redo 1 finished task\nwould run 1 task: about 1.0 CPU-hours\n");
}

/* ---- Launchers ---- */

static void launchers_are_told_as_toml(void **state)
{
    (void)state;
    struct launcher_variant mpi[] = {
        {.cluster = SLICE_LITERAL("anvil"), .executable = SLICE_LITERAL("srun \"x\"")},
        {.cluster = SLICE_LITERAL("default"),
         .executable = SLICE_LITERAL("mpirun"),
         .processes = SLICE_LITERAL("-n ")},
    };
    struct launcher_variant process[] = {{.cluster = SLICE_LITERAL("default")}};
    struct launcher items[] = {
        {.name = SLICE_LITERAL("mpi"),
         .variants = mpi,
         .variant_count = 2,
         .origin = "/home/l.toml"},
        {.name = SLICE_LITERAL("my launcher"),
         .variants = process,
         .variant_count = 1,
         .built_in = true,
         .origin = "built in"},
    };
    const struct launchers launchers = {.items = items, .count = 2};
    struct rowbuild_show_options options = {0};
    struct buf out = BUF_EMPTY;
    report_launchers(&launchers, SLICE_LITERAL("none"), &options, &out);
    assert_string_equal(buf_string(&out), "# /home/l.toml\n"
                                          "[mpi]\n"
                                          "executable = \"mpirun\"\n"
                                          "processes = \"-n \"\n"
                                          "\n"
                                          "[\"my launcher\"]\n");
    buf_clear(&out);
    options.short_output = true;
    report_launchers(&launchers, SLICE_LITERAL("none"), &options, &out);
    assert_string_equal(buf_string(&out), "mpi\nmy launcher\n");
    buf_clear(&out);
    options = (struct rowbuild_show_options){.json = true, .all = true};
    report_launchers(&launchers, SLICE_LITERAL("none"), &options, &out);
    assert_string_equal(buf_string(&out),
                        "{\"mpi\":{\"anvil\":{\"executable\":\"srun \\\"x\\\"\"},"
                        "\"default\":{\"executable\":\"mpirun\",\"processes\":\"-n \"}},"
                        "\"my launcher\":{\"default\":{}}}\n");
    buf_release(&out);
}

/* ---- The machine ---- */

enum { CORES = 4, CPUS = 8 };

/* Two packages; the first has two NUMA nodes. Each core has two CPUs. */
static void make_machine(struct machine *machine, struct machine_core cores[CORES])
{
    static const unsigned numa[CORES] = {0, 0, 1, 2};
    static const unsigned package[CORES] = {0, 0, 0, 1};
    for (unsigned i = 0; i < CORES; i++) {
        cores[i] = (struct machine_core){.number = i, .numa = numa[i], .package = package[i]};
        cpumask_set(&cores[i].pus, i);
        cpumask_set(&cores[i].pus, i + CORES);
    }
    *machine = (struct machine){.cores = cores,
                                .core_count = CORES,
                                .numa_count = 3,
                                .package_count = 2,
                                .is_real = true,
                                .memory_bytes = UINT64_C(64) << 30};
}

static void the_machine_is_drawn(void **state)
{
    (void)state;
    static const unsigned held[] = {1, 2};
    struct machine machine;
    struct machine_core cores[CORES];
    struct report_cpu_time before[CPUS] = {0};
    struct report_cpu_time after[CPUS] = {0};
    const struct report_holder holders[] = {
        {.label = "simulate T1.5-s1", .core_numbers = held, .core_count = 2},
        {.label = "plot", .core_count = 1},
    };
    make_machine(&machine, cores);
    for (size_t i = 0; i + 1 < CPUS; i++) {
        before[i] = (struct report_cpu_time){.busy = 10, .total = 100};
        after[i] = (struct report_cpu_time){.busy = 10, .total = 200};
    }
    after[1].busy = 110;
    after[6].busy = 22;
    const struct report_machine_facts facts = {
        .machine = &machine,
        .budget = 4,
        .holders = holders,
        .holder_count = 2,
        .before = before,
        .after = after,
        .cpu_count = CPUS,
    };
    struct buf out = BUF_EMPTY;
    report_machine(&facts, &(struct rowbuild_show_options){0}, &out);
    assert_string_equal(buf_string(&out),
                        "2 packages, 3 NUMA nodes, 4 cores, 8 CPUs, 64.0 GiB of memory\n"
                        "default budget: 4 cores\n"
                        "\n"
                        "Where          CPUs      Load Runs\n"
                        "package 0\n"
                        "├─ NUMA node 0\n"
                        "│  ├─ core 0   0,4    0%   0%\n"
                        "│  └─ core 1   1,5  100%   0% simulate T1.5-s1\n"
                        "└─ NUMA node 1\n"
                        "   └─ core 2   2,6    0%  12% simulate T1.5-s1\n"
                        "package 1\n"
                        "└─ NUMA node 2\n"
                        "   └─ core 3   3,7    0%    ?\n"
                        "not bound: plot (1 core)\n");
    buf_release(&out);
}

static void a_quota_and_a_made_up_machine_are_said(void **state)
{
    (void)state;
    struct machine machine;
    struct machine_core cores[CORES];
    make_machine(&machine, cores);
    machine.core_count = 1;
    machine.numa_count = 1;
    machine.package_count = 1;
    machine.is_real = false;
    machine.cpu_quota = 1.5;
    machine.memory_bytes = 0;
    const struct report_machine_facts facts = {.machine = &machine, .budget = 2};
    struct buf out = BUF_EMPTY;
    report_machine(&facts, &(struct rowbuild_show_options){.no_header = true}, &out);
    assert_string_equal(buf_string(&out),
                        "1 package, 1 NUMA node, 1 core, 2 CPUs\n"
                        "default budget: 2 cores (a quota grants 1.5 CPUs' time)\n"
                        "this topology is not this machine's own: nothing is bound to its cores\n"
                        "\n"
                        "package 0\n"
                        "└─ NUMA node 0\n"
                        "   └─ core 0   0,4\n");
    buf_clear(&out);
    report_machine(&facts, &(struct rowbuild_show_options){.json = true}, &out);
    assert_string_equal(
        buf_string(&out),
        "{\"packages\":1,\"numa_nodes\":1,\"memory_bytes\":0,\"cpu_quota\":1.5,"
        "\"default_budget\":2,\"allocation\":null,\"real\":false,\"cores\":[\n"
        "{\"core\":0,\"package\":0,\"numa_node\":0,\"cpus\":[0,4],"
        "\"load\":[null,null],\"held_by\":[]}\n],\"not_bound\":[],\"elsewhere\":[]}\n");
    buf_release(&out);
}

static void cpu_times_are_read_from_proc_stat(void **state)
{
    (void)state;
    struct report_cpu_time times[3] = {{.busy = 1, .total = 1}, {0}, {0}};
    report_read_cpu_times(SLICE_LITERAL("cpu  999 0 0 0 0 0 0 0 0 0\n"
                                        "cpu1 10 1 2 1000 100 3 4 5 7 7\n"
                                        "cpu2 1 0 0 9\n"
                                        "cpu40 1 1 1 1 1 1 1 1 0 0\n"
                                        "intr 1 2 3\n"
                                        "cpu"),
                          times, 3);
    assert_int_equal(times[0].total, 0);
    assert_int_equal(times[1].busy, 25);
    assert_int_equal(times[1].total, 1125);
    assert_int_equal(times[2].busy, 1);
    assert_int_equal(times[2].total, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_to_the_right),
        cmocka_unit_test(an_optional_column_appears_with_its_first_text),
        cmocka_unit_test(without_a_header_columns_keep_their_places),
        cmocka_unit_test(blank_lines_stand_only_between_rows),
        cmocka_unit_test(values_stand_to_the_right_below_a_title_to_the_left),
        cmocka_unit_test(colour_surrounds_text_and_not_blanks),
        cmocka_unit_test(narrow_tables_have_several_lines_a_row),
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(json_has_commas_between_values_only),
        cmocka_unit_test(estimates_are_ranges),
        cmocka_unit_test(equal_ends_of_a_range_are_said_once),
        cmocka_unit_test(nothing_to_do_is_said),
        cmocka_unit_test(redone_work_is_told_apart),
        cmocka_unit_test(launchers_are_told_as_toml),
        cmocka_unit_test(the_machine_is_drawn),
        cmocka_unit_test(a_quota_and_a_made_up_machine_are_said),
        cmocka_unit_test(cpu_times_are_read_from_proc_stat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
