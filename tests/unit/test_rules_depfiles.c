/* Depfiles: what they name is an input of the next decision (docs/internals/rules.md, "What a depfile
 * names"). The commands copy `dep` to the depfile, so that a test says what they name. */
#include "disk.h"
#include "simulated_study.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COMPILE                                                                                    \
    "[[action]]\n"                                                                                 \
    "name = 'compile'\n"                                                                           \
    "scope = 'directory'\n"                                                                        \
    "depfile = 'a.d'\n"                                                                            \
    "products = ['a']\n"

static const char one[] = COMPILE "command = 'sort in a; copy dep a.d'\n";

static void what_it_names_is_an_input(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"), WRITE("../shared.h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h shared.h\n"), RUN("compile/d1"),
         RUN(""), WRITE("d1/h", "2"), WHY("compile/d1", "stale: INPUT h"), RUN("compile/d1"),
         RUN(""), WRITE("../shared.h", "2"), WHY("compile/d1", "stale: INPUT shared.h"),
         RUN("compile/d1"), RUN(""), TOUCH("d1/h"), RUN(""), WRITE("d1/dep", "x"), RUN(""));
}

static void only_what_it_named_last_counts(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"), WRITE("d1/g", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/g\n"), WRITE("d1/g", "2"), RUN(""),
         WRITE("d1/h", "2"), RUN("compile/d1"), WRITE("d1/h", "3"), RUN(""), WRITE("d1/g", "3"),
         WHY("compile/d1", "stale: INPUT g"), RUN("compile/d1"), RUN(""));
}

/* The record knows, whatever becomes of the depfile. */
static void without_the_depfile(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"),
         REMOVE("d1/a.d"), RUN(""), WRITE("d1/a.d", "broken"), RUN(""), REMOVE("d1/a.d"),
         WRITE("d1/h", "2"), WHY("compile/d1", "stale: INPUT h"), RUN("compile/d1"), RUN(""));
}

static void what_has_vanished_makes_it_stale(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"), REMOVE("d1/h"),
         WHY("compile/d1", "stale: INPUT_GONE h"), WRITE("d1/dep", "a: workspace/d1/in\n"),
         RUN("compile/d1"), RUN(""), WRITE("d1/h", "1"), RUN(""));
    /* it is still named, but wasn't read: it didn't exist */
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"), REMOVE("d1/h"),
         RUN("compile/d1"), RUN(""));
}

/* Runs, and compares how the task failed. */
static void expect_failure(struct study *study, const char *how)
{
    study_run(study);
    if (strstr(buf_string(&study->log), how) == NULL) {
        fail_msg("expected `%s` in:\n%s", how, buf_string(&study->log));
    }
    assert_int_equal(study->result.failed, 1);
}

static void missing_or_broken_ones_fail(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, COMPILE "command = 'sort in a'\n");
    study_write(&study, "d1/in", "three");
    expect_failure(&study, "exit 0, but its depfile workspace/d1/a.d is missing");
    study_write(&study, "d1/a.d", "a: workspace/d1/in\n");
    expect_failure(&study, "exit 0, but its depfile workspace/d1/a.d is of an earlier attempt: the "
                           "command didn't write it");
    study.rowfile = one;
    study_write(&study, "d1/dep", "a: workspace/d1/in\nrubbish\n");
    expect_failure(&study,
                   "exit 0, but its depfile workspace/d1/a.d:2:1: this is not a rule: there "
                   "is no `:` after the targets");
    study_write(&study, "d1/dep", "");
    expect_failure(&study, "its depfile workspace/d1/a.d:1:1: it has no rule");
    study_write(&study, "d1/dep", "a: workspace/..\n");
    expect_failure(&study, "names the folder `.`, which is or contains the project");
    study_write(&study, "d1/dep", "a: workspace/d1/in\n");
    study_expect(&study, "compile/d1");
    study_expect(&study, "");
    study_end(&study);
}

/* No file can be called that, so none was read; it must not keep the task from running again. */
static void names_that_are_too_long(void **state)
{
    (void)state;
    struct study study;
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "a: workspace/d1/in workspace/d1/");
    for (int i = 0; i < 300; i++) {
        buf_add_char(&text, 'x');
    }
    buf_add_char(&text, ' ');
    for (int i = 0; i < 3000; i++) {
        buf_add_string(&text, "y/");
    }
    buf_add_string(&text, "z\n");
    study_begin(&study, one);
    study_write(&study, "d1/in", "three");
    study_write(&study, "d1/dep", buf_string(&text));
    study_expect(&study, "compile/d1");
    study_expect(&study, "");
    study_write(&study, "d1/in", "two");
    study_expect(&study, "compile/d1");
    study_end(&study);
    buf_release(&text);
}

static void products_of_the_same_action(void **state)
{
    (void)state;
    struct study study;
    study_begin(&study, one);
    study_write(&study, "d1/in", "three");
    study_write(&study, "d1/dep", "a: workspace/d1/in\n");
    study_write(&study, "d2/in", "three");
    study_write(&study, "d2/dep", "a: workspace/d1/a\n");
    expect_failure(&study, "names `workspace/d1/a`, which `compile d1` makes; tasks of one action "
                           "can't read each other's products: let a further action read them");
    study_end(&study);
}

static void own_products_are_no_inputs(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/a ./workspace//d1/a.d /gone/x.s\n"),
         RUN("compile/d1"), RUN(""), RERUN, RUN("compile/d1"), RUN(""));
}

static const char two[] =
    "[[action]]\n"
    "name = 'make'\n"
    "scope = 'directory'\n"
    "inputs = ['raw']\n"
    "products = ['made.h']\n"
    "command = 'sort raw made.h'\n" COMPILE "command = 'sort in a; copy dep a.d'\n";

static const char joined[] = "[[action]]\n"
                             "name = 'make'\n"
                             "scope = 'directory'\n"
                             "inputs = ['raw']\n"
                             "products = ['made.h']\n"
                             "command = 'sort raw made.h'\n" COMPILE "previous_actions = ['make']\n"
                             "inputs = ['in']\n"
                             "command = 'sort in a; copy dep a.d'\n";

static void products_of_others(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, two);
    study_write(&study, "d1/in", "three");
    study_write(&study, "d1/raw", "ba");
    study_write(&study, "d1/dep", "a: workspace/d1/in workspace/d1/made.h\n");
    expect_failure(&study, "names `workspace/d1/made.h`, which `make d1` makes, but `make` doesn't "
                           "run before `compile`; add \"made.h\" to its `inputs`, or \"make\" to "
                           "its `previous_actions`");
    study.rowfile = joined;
    study_expect(&study, "compile/d1");
    study_expect(&study, "");
    study_write(&study, "d1/raw", "ab"); /* the product comes out the same */
    study_expect(&study, "make/d1");
    study_write(&study, "d1/raw", "abc");
    study_expect(&study, "make/d1 compile/d1");
    study_expect(&study, "");
    study_end(&study);
}

/* The key is added to a finished study. */
static void a_new_key(void **state)
{
    static const char before[] = "[[action]]\n"
                                 "name = 'compile'\n"
                                 "scope = 'directory'\n"
                                 "products = ['a']\n"
                                 "command = 'sort in a; copy dep a.d'\n";
    (void)state;
    PLAY(before, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"), ROWFILE(one),
         RUN(""), REMOVE("d1/a.d"), RUN(""), WRITE("d1/h", "2"),
         WHY("compile/d1", "stale: INPUT h"), RUN("compile/d1"), ROWFILE(before), RUN(""),
         WRITE("d1/h", "3"), RUN(""));
    PLAY(before, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"),
         WRITE("d1/h", "2"), ROWFILE(one), WHY("compile/d1", "stale: INPUT h"), RUN("compile/d1"));
    PLAY(before, WRITE("d1/in", "three"), WRITE("d1/dep", "a: workspace/d1/in\n"),
         RUN("compile/d1"), REMOVE("d1/a.d"), ROWFILE(one), RUN("compile/d1"), RUN(""));
}

static void adoption_takes_the_depfile(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"), FORGET, RUN(""),
         ADOPTED("1"), RUN(""), WRITE("d1/h", "2"), WHY("compile/d1", "stale: INPUT h"),
         RUN("compile/d1"));
    /* without it nobody knows what was read */
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/dep", "a: workspace/d1/in\n"), RUN("compile/d1"),
         FORGET, REMOVE("d1/a.d"), RUN("compile/d1"), RUN(""));
}

static void a_folder_counts_without_what_is_its_own(void **state)
{
    (void)state;
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/sub/x", "1"),
         WRITE("d1/dep", "a: workspace/d1/sub\n"), RUN("compile/d1"), RUN(""),
         WRITE("d1/sub/y", "1"), WHY("compile/d1", "stale: INPUT sub"), RUN("compile/d1"), RUN(""));
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/dep", "a: workspace/d1\n"), RUN("compile/d1"),
         RUN(""), WRITE("d1/in", "four"), RUN("compile/d1"), RUN(""));
}

static void what_changes_while_it_runs(void **state)
{
    static const char changing[] = COMPILE "command = 'sort in a; append x h; copy dep a.d'\n";
    (void)state;
    /* named for the first time: known by its time */
    PLAY(changing, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"),
         WHY("compile/d1", "stale: CHANGED_WHILE"), ROWFILE(one), RUN("compile/d1"), RUN(""));
    /* named before: by its content */
    PLAY(one, WRITE("d1/in", "three"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"), RUN(""),
         ROWFILE(changing), RUN("compile/d1"), WHY("compile/d1", "stale: CHANGED_WHILE, INPUT h"));
    /* what it writes itself, each time the same, settles */
    PLAY(COMPILE "command = 'sort in a; write 1 h; copy dep a.d'\n", WRITE("d1/in", "three"),
         WRITE("d1/dep", "a: workspace/d1/in workspace/d1/h\n"), RUN("compile/d1"),
         RUN("compile/d1"), RUN(""));
}

static void switch_link(void *context)
{
    const char *path = context;
    (void)disk->unlink(AT_FDCWD, path, 0);
    simulated_link(path, strcmp(path, "/project/folder") == 0 ? "second" : "two.h");
}

/* Its end may be old: what was read lies where the link led before. */
static void a_link_that_changes_while_it_runs(void **state)
{
    static const char slow[] = COMPILE "command = 'last 2; sort in a; copy dep a.d'\n";
    static const struct {
        const char *names;
        char link[24];
    } ways[] = {{"a: cur.h\n", "/project/cur.h"},
                {"a: folder/x.h\n", "/project/folder"},
                {"a: chain/x.h\n", "/project/folder"}};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct study study;
        study_begin(&study, slow);
        study_write(&study, "../one.h", "1");
        study_write(&study, "../two.h", "2");
        study_write(&study, "../first/x.h", "1");
        study_write(&study, "../second/x.h", "2");
        simulated_link("/project/cur.h", "one.h");
        simulated_link("/project/folder", "first");
        simulated_link("/project/chain", "folder");
        study_write(&study, "d1/in", "three");
        study_write(&study, "d1/dep", ways[i].names);
        simulated_after(STUDY_WHILE_NS + 1000000000, switch_link, (void *)ways[i].link);
        study_expect(&study, "compile/d1");
        study_expect_why(&study, "compile/d1", "stale: CHANGED_WHILE");
        study_expect(&study, "compile/d1");
        study_expect(&study, "");
        study_end(&study);
    }
}

static void batches_and_groups(void **state)
{
    (void)state;
    PLAY("[[action]]\nname = 'compile'\nscope = 'group'\ndepfile = '//all.d'\n"
         "products = ['//all']\ncommand = 'gather in all; copy dep all.d # {directories}'\n",
         WRITE("d1/in", "1"), WRITE("d2/in", "2"), WRITE("d2/h", "2"),
         WRITE("../dep", "all: workspace/d2/h\n"), RUN("compile///all"), RUN(""),
         WRITE("d2/h", "3"), WHY("compile///all", "stale: INPUT workspace/d2/h"),
         RUN("compile///all"), RUN(""));
    PLAY(COMPILE "command = 'sort in a; copy dep a.d # {directories}'\n", WRITE("d1/in", "1"),
         WRITE("d2/in", "2"), WRITE("d1/h", "1"), WRITE("d1/dep", "a: workspace/d1/h"),
         WRITE("d2/dep", "a: workspace/d2/in"), RUN("compile/d1 compile/d2"), RUN(""),
         WRITE("d1/h", "2"), RUN("compile/d1"), WRITE("d2/in", "3"), RUN("compile/d2"), RUN(""));
}

static void other_keys(void **state)
{
    (void)state;
    PLAY(COMPILE "always = true\ncommand = 'copy dep a.d; sort in a'\n", WRITE("d1/in", "1"),
         WRITE("d1/dep", "a: workspace/d1/in"), RUN("compile/d1"), RUN("compile/d1"));
    /* an inner build tool that finds nothing to do */
    PLAY(COMPILE "always = true\ncommand = 'stop_if a; copy dep a.d; sort in a'\n",
         WRITE("d1/in", "1"), WRITE("d1/dep", "a: workspace/d1/in"), RUN("compile/d1"),
         RUN("compile/d1"));
    PLAY(COMPILE "resumable = ['part']\ncommand = 'copy dep a.d; sort in a; write x part'\n",
         WRITE("d1/in", "1"), WRITE("d1/h", "1"),
         WRITE("d1/dep", "a: workspace/d1/part workspace/d1/h"), RUN("compile/d1"), RUN(""),
         WRITE("d1/h", "2"), RUN("compile/d1"), RUN(""));
}

static void rows_contract(void **state)
{
    (void)state;
    PLAY(COMPILE "command = 'sort in a # {directory}'\n", ROWS, WRITE("d1/in", "1"),
         RUN("compile/d1"), WHY("compile/d1", "stale: UNFINISHED"),
         WRITE("d1/a.d", "a: workspace/d1/in\n"), RUN(""), WRITE("d1/in", "2"),
         WHY("compile/d1", "stale: INPUT in"), RUN("compile/d1"));
}

/* It may be a product of the same action, or lie in one, and an input of another. */
static void what_may_be_one(void **state)
{
    (void)state;
    PLAY("[[action]]\nname = 'a'\nscope = 'directory'\ndepfile = 'out/x.d'\nproducts = ['out']\n"
         "command = 'copy in out/y; copy dep out/x.d'\n"
         "[[action]]\nname = 'b'\nscope = 'directory'\ninputs = ['out/x.d']\nproducts = ['b']\n"
         "command = 'sort out/x.d b'\n",
         WRITE("d1/in", "1"), WRITE("d1/dep", "y: workspace/d1/in workspace/d1/out/y"),
         RUN("a/d1 b/d1"), RUN(""), WRITE("d1/in", "2"), RUN("a/d1"), RUN(""));
    PLAY("[[action]]\nname = 'a'\nscope = 'directory'\ndepfile = 'x.d'\nproducts = ['x.d']\n"
         "command = 'copy dep x.d'\n",
         WRITE("d1/in", "1"), WRITE("d1/dep", "y: workspace/d1/in"), RUN("a/d1"), RUN(""),
         WRITE("d1/in", "2"), RUN("a/d1"), REMOVE("d1/x.d"), RUN("a/d1"), RUN(""));
    /* its own globs and folders leave it out */
    PLAY("[[action]]\nname = 'a'\nscope = 'directory'\ndepfile = 'x.d'\nproducts = ['a']\n"
         "inputs = ['*.d', 'sub']\ncommand = 'sort in a; copy dep x.d'\n",
         WRITE("d1/in", "1"), WRITE("d1/y.d", "1"), WRITE("d1/sub/z", "1"),
         WRITE("d1/dep", "y: workspace/d1/in"), RUN("a/d1"), RUN(""), WRITE("d1/y.d", "2"),
         RUN("a/d1"), RUN(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_names_is_an_input),
        cmocka_unit_test(only_what_it_named_last_counts),
        cmocka_unit_test(without_the_depfile),
        cmocka_unit_test(what_has_vanished_makes_it_stale),
        cmocka_unit_test(missing_or_broken_ones_fail),
        cmocka_unit_test(names_that_are_too_long),
        cmocka_unit_test(products_of_the_same_action),
        cmocka_unit_test(own_products_are_no_inputs),
        cmocka_unit_test(products_of_others),
        cmocka_unit_test(a_new_key),
        cmocka_unit_test(adoption_takes_the_depfile),
        cmocka_unit_test(a_folder_counts_without_what_is_its_own),
        cmocka_unit_test(what_changes_while_it_runs),
        cmocka_unit_test(a_link_that_changes_while_it_runs),
        cmocka_unit_test(batches_and_groups),
        cmocka_unit_test(other_keys),
        cmocka_unit_test(rows_contract),
        cmocka_unit_test(what_may_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
