/* What a make above asks for, by its MAKEFLAGS. */
#include "inherited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_dry_run_of_make_is_known(void **state)
{
    static const struct {
        const char *flags;
        bool is_dry;
        bool asks;
    } cases[] = {
        {NULL, false, false},
        {"", false, false},
        {"n", true, false},
        {"kns", true, false},
        {"n -j4 --jobserver-auth=3,4", true, false},
        {"n -- CC=gcc", true, false},
        {"nw --no-print-directory", true, false},
        {"q", true, true},
        {"t -j2", true, false},
        {"k", false, false},
        {"s -j4 --jobserver-auth=fifo:/tmp/n", false, false},
        {" -j4 --jobserver-auth=3,4", false, false},
        {" -- n=1", false, false},
        {" -- -n", false, false},
        {"n=1", false, false},
        {" --no-print-directory", false, false},
        {"-n", true, false},
        {"-kn", true, false},
        {"-j2 -n", true, false},
        {"--dry-run", true, false},
        {"-k --just-print", true, false},
        {"--question", true, true},
        {"-Inet", false, false},
        {"-Inet -Cn", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool asks = true;
        bool is_dry = inherited_is_dry(cases[i].flags, &asks);
        if (is_dry != cases[i].is_dry || asks != cases[i].asks) {
            fail_msg("\"%s\": %d, %d", cases[i].flags, is_dry, asks);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_dry_run_of_make_is_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
