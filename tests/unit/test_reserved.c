#include "reserved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void names_of_backups_and_temporaries(void **state)
{
    (void)state;
    static const char *const yes[] = {
        ".a.rowbuild-good",     ".a.rowbuild-kept",  ".a~.rowbuild-kept", ".a~.rowbuild-kept-2",
        ".a.b.rowbuild-kept-7", ".rowbuild-tmp-0a1", ".rowbuild-now-1-2", ".rowbuild-"};
    static const char *const no[] = {"",
                                     ".",
                                     "a.rowbuild-good",
                                     ".rowbuild",
                                     "rowbuild-",
                                     ".rowbuildx",
                                     ".a.rowbuild-kept-",
                                     ".a.rowbuild-x",
                                     "a.rowbuild-tmp-1"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        assert_true(reserved_is_name(slice_of(yes[i])));
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        assert_false(reserved_is_name(slice_of(no[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_backups_and_temporaries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
