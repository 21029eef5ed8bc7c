/* Why a program that exists can't be started, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unstartable.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder;

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void expect(const char *name, char *const *envp, const char *words)
{
    struct buf out = BUF_EMPTY;
    bool is_explained = unstartable_explain(folder, name, envp, &out);
    assert_string_equal(buf_string(&out), words);
    assert_int_equal(is_explained, words[0] != '\0');
    buf_release(&out);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    put("good", "#!/bin/sh\n:\n", 0700);
    put("plain", ":\n", 0700);
    put("empty", "", 0700);
    put("moved", "#!/nowhere/bin/python3 -u\nprint(1)\n", 0700);
    put("blank", "#! \t/nowhere/bin/python3\n", 0700);
    put("windows", "#!/bin/sh\r\n:\r\n", 0700);
    put("windows-words", "#!/usr/bin/env python3\r\n", 0700);
    put("data", "1 2 3\n", 0600);
    put("by-data", "#!./data\n", 0700);
    put("unended", "#!/nowhere/sh", 0700);
    expect("./good", NULL, "");
    expect("./plain", NULL, "");
    expect("./empty", NULL, "");
    expect("./nonesuch", NULL, "");
    expect("./moved", NULL, "its interpreter `/nowhere/bin/python3` doesn't exist");
    expect("./blank", NULL, "its interpreter `/nowhere/bin/python3` doesn't exist");
    expect("./unended", NULL, "its interpreter `/nowhere/sh` doesn't exist");
    expect("./windows", NULL,
           "its first line ends with a carriage return, as on Windows; remove them with `sed -i "
           "'s/\\r$//'`");
    expect("./windows-words", NULL,
           "its first line ends with a carriage return, as on Windows; remove them with `sed -i "
           "'s/\\r$//'`");
    expect("./by-data", NULL, "its interpreter `./data` can't be executed: Permission denied");
    expect("./data", NULL, "it isn't executable; use `chmod +x`");
    expect("/", NULL, "it is a directory");
}

static void looks_in_the_path(void **state)
{
    (void)state;
    char *envp[] = {(char[]){"HOME=/"}, (char[]){"PATH=/nowhere:.:/bin"}, NULL};
    put("moved", "#!/nowhere/bin/python3\n", 0700);
    expect("moved", envp, "its interpreter `/nowhere/bin/python3` doesn't exist");
    expect("sh", envp, "");
    expect("nonesuch-program", envp, "");
    expect("moved", NULL, "");
}

int main(void)
{
    char path[] = "/tmp/rowbuild-unstartable-XXXXXX";
    if (mkdtemp(path) == NULL) {
        return 1;
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(looks_in_the_path),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", path);
    return system(command) != 0 || result != 0;
}
