/* Where sbatch lets a job's output go. */
#include "sbatch_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct case_of_files {
    const char *script;
    const char *words[4];
    const char *variables[3];
    const char *found; /* output|errors|name|folder, "-" for none */
};

static void add(struct buf *out, struct slice value)
{
    buf_add_string(out, out->len > 0 ? "|" : "");
    buf_add_slice(out, value.at != NULL ? value : SLICE_LITERAL("-"));
}

static void test_which_option_wins(void **state)
{
    static const struct case_of_files cases[] = {
        {"", {NULL}, {NULL}, "-|-|-|-"},
        {"#SBATCH --output=a-%j.out\n", {NULL}, {NULL}, "a-%j.out|-|-|-"},
        {"#!/bin/bash\n#SBATCH --job-name=n\n#SBATCH --output=a\n#SBATCH -o b -e c\necho\n#SBATCH "
         "-o d\n",
         {NULL},
         {NULL},
         "b|c|n|-"},
        {"#SBATCH --output=\"with blank/%x.out\" # why\n",
         {NULL},
         {NULL},
         "with blank/%x.out|-|-|-"},
        {"#SBATCH --output='a b'\n", {NULL}, {NULL}, "a b|-|-|-"},
        {"#SBATCH --output=a\n", {NULL}, {"SBATCH_OUTPUT=v"}, "v|-|-|-"},
        {"#SBATCH --output=a\n", {NULL}, {"SBATCH_ERROR=e", "SBATCH_JOB_NAME=n"}, "a|e|n|-"},
        {"#SBATCH --output=a\n", {"--output=w"}, {"SBATCH_OUTPUT=v"}, "w|-|-|-"},
        {"#SBATCH --output=a\n", {"-ow", "-D/tmp"}, {NULL}, "w|-|-|/tmp"},
        {"#SBATCH --output=a\n", {"-o", "w", "--chdir=x"}, {NULL}, "w|-|-|x"},
        {"#SBATCH --output=a\n", {"--out=w", "--err", "e"}, {NULL}, "w|e|-|-"},
        {"#SBATCH --output=a\n", {"--open-mode=append", "--exclusive"}, {NULL}, "a|-|-|-"},
        {"#SBATCH --output=a\n", {"--overcommit", "--export=ALL"}, {NULL}, "a|-|-|-"},
        {"#SBATCH --output=a\n", {"-o"}, {NULL}, "-|-|-|-"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sbatch_files files;
        struct arena arena;
        struct buf found = BUF_EMPTY;
        arena_init(&arena);
        sbatch_files_find(&files, slice_of(cases[i].script), cases[i].words,
                          (char *const *)cases[i].variables, &arena);
        add(&found, files.output);
        add(&found, files.errors);
        add(&found, files.name);
        add(&found, files.folder);
        if (strcmp(buf_string(&found), cases[i].found) != 0) {
            fail_msg("%zu: %s where %s was expected", i, buf_string(&found), cases[i].found);
        }
        buf_release(&found);
        arena_release(&arena);
    }
}

static void expect(const char *file, const struct sbatch_file_facts *facts, const char *expected,
                   bool is_whole)
{
    struct buf text = BUF_EMPTY;
    bool whole = sbatch_file_expand(slice_of(file), facts, &text);
    if (strcmp(buf_string(&text), expected) != 0 || whole != is_whole) {
        fail_msg("%s: %s", file, buf_string(&text));
    }
    buf_release(&text);
}

static void test_patterns(void **state)
{
    const struct sbatch_file_facts job = {.name = "n", .user = "u", .job_id = 77};
    const struct sbatch_file_facts element = {
        .name = "n", .user = "u", .job_id = 77, .is_array = true, .index = 3, .has_index = true};
    const struct sbatch_file_facts before = {.name = "n", .user = "u"};
    (void)state;
    expect("logs/%x/%u-%j.out", &job, "logs/n/u-77.out", true);
    expect("%A.out", &job, "77.out", true);
    expect("%A_%a.out", &element, "77_3.out", true);
    expect("%4a", &element, "0003", true);
    expect("%j.out", &element, "%j.out", false);
    expect("%a", &job, "%a", false);
    expect("100%%.out", &job, "100%.out", true);
    expect("100%%/%j.out", &before, "100%%/%j.out", false);
    expect("%N.out", &job, "%N.out", false);
    expect("%x/%j", &before, "n/%j", false);
    expect("%", &job, "%", true);
    expect("%5", &job, "%5", false);
    expect("a\\%j", &job, "a%j", true);
    expect("", &job, "", true);
}

static void expect_twice(const char *file, const struct sbatch_file_facts *first,
                         const struct sbatch_file_facts *then, const char *expected)
{
    struct buf filled = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    sbatch_file_fill(slice_of(file), first, &filled);
    (void)sbatch_file_expand(buf_slice(&filled), then, &text);
    if (strcmp(buf_string(&text), expected) != 0) {
        fail_msg("%s, then %s: %s", file, buf_string(&filled), buf_string(&text));
    }
    buf_release(&filled);
    buf_release(&text);
}

static void test_a_name_that_is_expanded_twice(void **state)
{
    const struct sbatch_file_facts before = {.name = "5%j", .user = "u"};
    const struct sbatch_file_facts job = {.job_id = 77};
    (void)state;
    expect_twice("%u-%j", &before, &job, "u-77");
    expect_twice("100%%j", &before, &job, "100%j");
    expect_twice("100%%j-%j", &before, &job, "100%j-77");
    expect_twice("%x", &before, &job, "5%j");
    expect_twice("a\\%j", &before, &job, "a%j");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_option_wins),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_a_name_that_is_expanded_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
