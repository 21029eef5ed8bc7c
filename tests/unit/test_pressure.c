/* How busy the machine is: what is read from /proc and from control groups. */
#include "pressure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_available_memory_is_read(void **state)
{
    (void)state;
    assert_true(pressure_parse_meminfo(SLICE_LITERAL("MemTotal:  900 kB\nMemFree: 5 kB\n"
                                                     "MemAvailable:    123 kB\nCached: 7 kB\n")) ==
                123 << 10);
    assert_true(pressure_parse_meminfo(SLICE_LITERAL("MemTotal: 900 kB\n")) == UINT64_MAX);
    assert_true(pressure_parse_meminfo(SLICE_LITERAL("")) == UINT64_MAX);
}

static void test_a_group_has_its_limit_without_what_it_uses(void **state)
{
    (void)state;
    struct slice limit = SLICE_LITERAL("1000\n");
    assert_true(pressure_group_left(limit, SLICE_LITERAL("400\n"), SLICE_LITERAL("")) == 600);
    assert_true(pressure_group_left(limit, SLICE_LITERAL("1400\n"), SLICE_LITERAL("")) == 0);
    /* Cached files can go; version 1 counts them by another name, with the groups below. */
    assert_true(
        pressure_group_left(limit, SLICE_LITERAL("900"),
                            SLICE_LITERAL("anon 5\ninactive_file 200\nactive_file 100\n")) == 400);
    assert_true(pressure_group_left(limit, SLICE_LITERAL("900"),
                                    SLICE_LITERAL("inactive_file 1\ntotal_inactive_file 300\n"
                                                  "total_active_file 0\n")) == 400);
    assert_true(pressure_group_left(SLICE_LITERAL("max\n"), SLICE_LITERAL("5"),
                                    SLICE_LITERAL("")) == UINT64_MAX);
    assert_true(pressure_group_left(SLICE_LITERAL("9223372036854771712"), SLICE_LITERAL("5"),
                                    SLICE_LITERAL("")) == UINT64_MAX);
}

static void test_this_machine_tells(void **state)
{
    (void)state;
    assert_true(pressure_load_average() >= 0);
    assert_true(pressure_memory_left() > 0 && pressure_memory_left() < UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_available_memory_is_read),
        cmocka_unit_test(test_a_group_has_its_limit_without_what_it_uses),
        cmocka_unit_test(test_this_machine_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
