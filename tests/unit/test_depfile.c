/* Rules in make's format: what is taken of them, and what is refused. */
#include "depfile.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Compares the names, which are written with a '\n' after each. */
static void expect(const char *text, const char *expected)
{
    struct intern names;
    struct depfile_error error = {0};
    struct buf found = BUF_EMPTY;
    intern_init(&names);
    if (depfile_parse(slice_of(text), &names, &error) != 0) {
        fail_msg("%zu:%zu: %s in: %s", error.line, error.column, error.what, text);
    }
    for (uint32_t i = 0; i < names.count; i++) {
        buf_add_slice(&found, intern_name(&names, i));
        buf_add_char(&found, '\n');
    }
    assert_string_equal(buf_string(&found), expected);
    buf_release(&found);
    intern_release(&names);
}

static void expect_error(struct slice text, size_t line, size_t column, const char *what)
{
    struct intern names;
    struct depfile_error error = {0};
    intern_init(&names);
    assert_int_equal(depfile_parse(text, &names, &error), -1);
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
    assert_string_equal(error.what, what);
    intern_release(&names);
}

static void rules_and_lines(void **state)
{
    (void)state;
    expect("a.o: a.c a.h\n", "a.c\na.h\n");
    expect("a.o : a.c a.h", "a.c\na.h\n");
    expect("a.o:a.c a.h\n", "a.c\na.h\n");
    expect("a.o a.d: a.c \\\n  a.h \\\n\tb.h\n", "a.c\na.h\nb.h\n");
    expect("a.o: a.c \\\r\n a.h\r\n\r\na.h:\r\n", "a.c\na.h\n");
    expect("a.o: a.c\\\nb.c\n", "a.c\nb.c\n");
    expect("a.o: \\\n a.c\n\nb.o: a.c b.c\n", "a.c\nb.c\n");
    expect("a.o: a.c \\\n", "a.c\n");
    expect("a.o: a.c \\", "a.c\n");
    expect("a.o:\n", "");
    expect("a.o:", "");
    expect("a.o \\\n : a.c\n", "a.c\n");
    expect("\n \n  a.o: a.c\n", "a.c\n");
    expect("a.o: a.c a.h a.c\n\na.h:\n\nb.h:\n", "a.c\na.h\n");
    expect("a.o:: a.c\n", "a.c\n");
    expect("a.o b.o &: a.c\n", "a.c\n");
}

static void what_is_skipped(void **state)
{
    (void)state;
    expect("# made by hand\na.o: a.c # and no more\n", "a.c\n");
    expect("a.o: a.c\n# env-dep:HOME=/x: y\n# another \\\n comment: z\n", "a.c\n");
    expect("a.o: a.c\n\tcc -c a.c : b.c\n", "a.c\n");
    expect("a.o: a.c | folder\n", "a.c\n");
    expect("a.o: a.cc\n.PHONY: a.c++m\nmodule.gcm:| a.o\nCXX_IMPORTS += b.c++m\n", "a.cc\n");
    expect("X = a: b\nY := c\na.o: a.c\n", "a.c\n");
    expect(".o: a.c\n.d/a.o: b.c\n", "a.c\nb.c\n");
}

static void escapes(void **state)
{
    (void)state;
    expect("a.o: my\\ file.c b\\\tc\n", "my file.c\nb\tc\n");
    expect("a.o: a\\#b.h c#d.h\n", "a#b.h\nc#d.h\n");
    expect("a.o: $$HOME/x a$b\n", "$HOME/x\na$b\n");
    expect("a.o: a\\\\\\ b\n", "a\\ b\n");      /* two for the backslash, one for the blank */
    expect("a.o: a\\\\ b\n", "a\\\nb\n");       /* a name that ends with one */
    expect("a.o: a\\\\\nb.o: b\n", "a\\\nb\n"); /* likewise at the end of a line */
    expect("a.o: a\\b c\\\\d\n", "a\\b\nc\\\\d\n");
    expect("a.o: a\\:b c:d ::x\n", "a:b\nc:d\n::x\n");
    expect("a\\:b.o: a.c\n", "a.c\n");
    expect("a:b.o: a.c\n", "a.c\n");
    expect("my\\ a.o: a.c\n", "a.c\n");
    expect("a.o: \\#a \\$b\n", "#a\n\\$b\n");
    expect("a.o: \xff\xfe.c \xc3\xa4.h\n", "\xff\xfe.c\n\xc3\xa4.h\n");
    expect("a.o: a\rb\n", "a\rb\n");
    expect("a.o: 'a b' \"c\"\n", "'a\nb'\n\"c\"\n");
}

static void pairs_of_backslashes(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    assert_true(depfile_add_halved(SLICE_LITERAL("a\\\\b\\c\\\\\\d"), &out));
    assert_string_equal(buf_string(&out), "a\\b\\c\\\\d");
    buf_clear(&out);
    assert_false(depfile_add_halved(SLICE_LITERAL("a\\b"), &out));
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

static void broken_ones(void **state)
{
    static const char no_colon[] = "this is not a rule: there is no `:` after the targets";
    (void)state;
    expect_error(SLICE_LITERAL(""), 1, 1, "it has no rule");
    expect_error(SLICE_LITERAL("\n\n# nothing\n"), 1, 1, "it has no rule");
    expect_error(SLICE_LITERAL("a.o: a.c\n  b.c c.c\n"), 2, 3, no_colon);
    expect_error(SLICE_LITERAL("a.o: a.c \\\n b.c\nc.c"), 3, 1, no_colon);
    expect_error(SLICE_LITERAL(": a.c\n"), 1, 1, "this rule has no target before its `:`");
    expect_error(SLICE_LITERAL("a.o: a.c\nb.o: b\0.c\n"), 2, 7, "a name contains a NUL byte");
    expect_error(SLICE_LITERAL("\x7f"
                               "ELF\1\1\n"),
                 1, 1, no_colon);
}

/* Writes a name as gcc does. */
static void add_escaped(struct buf *out, const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (name[i] == ' ' || name[i] == '\t') {
            for (size_t j = i; j > 0 && name[j - 1] == '\\'; j--) {
                buf_add_char(out, '\\');
            }
            buf_add_char(out, '\\');
        } else if (name[i] == '#') {
            for (size_t j = i; j > 0 && name[j - 1] == '\\'; j--) {
                buf_add_char(out, '\\');
            }
            buf_add_char(out, '\\');
        } else if (name[i] == '$') {
            buf_add_char(out, '$');
        }
        buf_add_char(out, name[i]);
    }
}

/* Names of odd bytes come back as they were, however lines are broken. */
static void names_come_back(void **state)
{
    static const char letters[] = "ab/ \t#$\\:.\xff|=%'";
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct buf text = BUF_EMPTY;
        struct buf expected = BUF_EMPTY;
        struct intern unique;
        intern_init(&unique);
        buf_add_string(&text, "x.o:");
        size_t count = (size_t)rand_r(&seed) % 4;
        for (size_t n = 0; n < count; n++) {
            char name[12] = "n";
            size_t len = 1 + (size_t)rand_r(&seed) % 9;
            for (size_t i = 1; i < len; i++) {
                do {
                    name[i] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
                } while (name[i] == ':' && name[i - 1] == '\\'); /* what `\:` means */
            }
            name[len] = 'z'; /* gcc can't write a backslash at the end */
            buf_add_string(&text, rand_r(&seed) % 2 == 0 ? " " : " \\\n ");
            add_escaped(&text, name);
            uint32_t known = unique.count;
            if (intern_add(&unique, slice_of(name)) == known) {
                buf_addf(&expected, "%s\n", name);
            }
        }
        buf_add_string(&text, rand_r(&seed) % 2 == 0 ? "\n" : "\r\n");
        expect(buf_string(&text), buf_string(&expected));
        intern_release(&unique);
        buf_release(&text);
        buf_release(&expected);
    }
}

/* Whatever the bytes are: no read beyond them (the sanitizer sees), an end, and a place within. */
static void any_bytes(void **state)
{
    static const char letters[] = "a: \t\\\n\r#$|=.P\0";
    unsigned seed = 2;
    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t len = (size_t)rand_r(&seed) % 24;
        char *text = mem_grow(NULL, len, 1); /* exactly as large as it is long */
        for (size_t i = 0; i < len; i++) {
            text[i] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
        }
        struct intern names;
        struct depfile_error error = {0};
        intern_init(&names);
        if (depfile_parse(slice_make(text, len), &names, &error) != 0) {
            assert_true(error.line >= 1 && error.column >= 1 && error.column <= len + 1);
            assert_non_null(error.what);
        }
        for (uint32_t i = 0; i < names.count; i++) {
            assert_true(intern_name(&names, i).len > 0);
        }
        intern_release(&names);
        free(text);
    }
}

static void many_names(void **state)
{
    struct buf text = BUF_EMPTY;
    struct intern names;
    struct depfile_error error;
    (void)state;
    intern_init(&names);
    buf_add_string(&text, "x.o:");
    for (int i = 0; i < 100000; i++) {
        buf_addf(&text, " \\\n include/header-%d.h", i);
    }
    assert_int_equal(depfile_parse(buf_slice(&text), &names, &error), 0);
    assert_int_equal(names.count, 100000);
    intern_release(&names);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_and_lines), cmocka_unit_test(what_is_skipped),
        cmocka_unit_test(escapes),         cmocka_unit_test(pairs_of_backslashes),
        cmocka_unit_test(broken_ones),     cmocka_unit_test(names_come_back),
        cmocka_unit_test(any_bytes),       cmocka_unit_test(many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
