/* What doesn't count of folders and of `**`: names that `workspace.ignore` has, the task's own products
 * and rowbuild's own files; and records that were made by other rules (docs/internals/rules.md, "What
 * counts of a folder"). */
#include "simulated_study.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCOPE "[default.action]\nscope = 'directory'\n"
#define READER(inputs)                                                                             \
    SCOPE "[[action]]\nname = 'read'\ninputs = [" inputs "]\nproducts = ['o']\n"                   \
          "command = 'copy lib/m.py o; write x lib/__pycache__/m.pyc; write y lib/.nfs01'\n"
#define MAKER                                                                                      \
    SCOPE "[[action]]\nname = 'make'\ninputs = ['in']\nproducts = ['out']\n"                       \
          "command = 'copy in out/f; copy in out/__pycache__/x; copy in out/.nfs1'\n"

/* ---- Inputs ---- */

static void expect_ignored(const char *rowfile)
{
    static const struct step story[] = {
        WRITE("d1/lib/m.py", "one"),       RUN("read/d1"), RUN(""),
        REMOVE("d1/lib/__pycache__"),      RUN(""),        REMOVE("d1/lib/.nfs01"),
        WRITE("d1/lib/.git/HEAD", "main"), RUN(""),        WRITE("d1/lib/sub/n.pyc", "x"),
        WRITE("d1/lib/m.py", "two"),       RUN("read/d1"), RUN(""),
    };
    struct study study;
    study_begin(&study, rowfile);
    study_play(&study, story, sizeof story / sizeof *story);
    study_end(&study);
}

static void test_ignored_names_are_no_inputs(void **state)
{
    (void)state;
    expect_ignored(READER("'lib'"));
    expect_ignored(READER("'lib/**'"));
    expect_ignored(READER("'lib/**/*'"));
    expect_ignored(READER("'**'"));
    expect_ignored(READER("'//workspace/{directory}/lib'"));
    expect_ignored(READER("'//workspace/*/lib/**'"));
}

static void test_a_glob_that_spells_a_name_out_matches_it(void **state)
{
    static const struct step story[] = {
        WRITE("d1/lib/m.py", "one"),
        WRITE("d1/lib/a.pyc", "x"),
        RUN("read/d1"),
        WRITE("d1/lib/a.pyc", "y"),
        RUN("read/d1"),
        RUN(""),
    };
    static const char *const rowfiles[] = {READER("'lib/**/*.pyc', 'lib/m.py'"),
                                           READER("'lib/*', '!lib/.nfs01'"),
                                           READER("'lib/**/a.pyc', 'lib/m.py'")};
    (void)state;
    for (size_t i = 0; i < sizeof rowfiles / sizeof *rowfiles; i++) {
        struct study study;
        study_begin(&study, rowfiles[i]);
        study_write(&study, "d1/lib/__pycache__/m.pyc", "x"); /* as the command leaves it */
        study_play(&study, story, sizeof story / sizeof *story);
        study_end(&study);
    }
}

static void test_the_own_products_in_a_folder_are_left_out(void **state)
{
    (void)state;
    PLAY(SCOPE "[[action]]\nname = 's'\ninputs = ['run']\nproducts = ['run/out', 'run/more']\n"
               "command = 'copy run/in run/out; copy run/in run/more/x'\n"
               "[[action]]\nname = 't'\ninputs = ['run']\nproducts = ['res']\n"
               "command = 'copy run/out res'\n",
         WRITE("d1/run/in", "one"), RUN("s/d1 t/d1"), RUN(""), WRITE("d1/run/in", "two"),
         RUN("s/d1 t/d1"), RUN(""), WRITE("d1/run/added", "x"), RUN("s/d1 t/d1"), RUN(""));
}

/* ---- Products ---- */

static void test_ignored_names_in_a_product_come_and_go(void **state)
{
    (void)state;
    PLAY(MAKER, WRITE("d1/in", "one"), RUN("make/d1"), RUN(""), REMOVE("d1/out/__pycache__"),
         RUN(""), REMOVE("d1/out/.nfs1"), WRITE("d1/out/sub/.nfs2", "x"), RUN(""));
    PLAY("[workspace]\ndigest_limit = 1\n" MAKER, WRITE("d1/in", "one"), RUN("make/d1"), RUN(""),
         REMOVE("d1/out/__pycache__"), RUN(""), REMOVE("d1/out/.nfs1"), RUN(""));
    PLAY("[workspace]\nignore = []\n" MAKER, WRITE("d1/in", "one"), RUN("make/d1"),
         REMOVE("d1/out/__pycache__"), RUN("make/d1"), RUN(""));
}

/* ---- Records by other rules ---- */

static void test_changed_rules_rerun_nothing(void **state)
{
    (void)state;
    PLAY(MAKER, WRITE("d1/in", "one"), RUN("make/d1"),
         ROWFILE("[workspace]\nignore = ['f']\n" MAKER), RUN(""), ROWFILE(MAKER), RUN(""),
         ROWFILE("[workspace]\nignore = []\n" MAKER), RUN(""), RUN(""),
         REMOVE("d1/out/__pycache__"), RUN("make/d1"));
    PLAY(READER("'lib/**'"), WRITE("d1/lib/m.py", "one"), RUN("read/d1"),
         ROWFILE("[workspace]\nignore = []\n" READER("'lib/**'")), RUN(""), RUN(""),
         WRITE("d1/lib/a.pyc", "x"), RUN("read/d1"), ROWFILE(READER("'lib/**'")), RUN(""),
         REMOVE("d1/lib/a.pyc"), RUN(""));
}

/* As versions before the rules made it: all of a folder counted, and nothing says so. */
static void make_old(struct study *study, struct task_id task, const char *folder, bool by_stat)
{
    const struct task_row *recorded = state_task(study->state, task.at);
    struct tree_rules rules = {.takes_reserved = true, .takes_folder_times = true};
    struct tree_view view = {.rules = &rules};
    struct observer *observer = observer_new(study->project, by_stat ? 1 : UINT64_MAX, false);
    struct file_row whole = {0};
    struct component_list list = {0};
    assert_int_equal(observe_view(observer, folder, &view, &whole), FILE_READ);
    for (size_t i = 0; i < recorded->good.count; i++) {
        struct component component = components_at(&recorded->good, i);
        if (component.kind == COMPONENT_PRODUCT) {
            component.digest = whole.digest;
        }
        if (component.kind != COMPONENT_RULES) {
            vec_push(&list, component);
        }
    }
    assert_int_equal(list.count + 1, recorded->good.count);
    struct digest *digests = mem_alloc(list.count * sizeof *digests);
    for (size_t i = 0; i < list.count; i++) {
        digests[i] = list.at[i].digest;
    }
    struct task_row row = *recorded;
    row.good = (struct components){.shape = state_shape(study->state, list.at, list.count),
                                   .digests = digests,
                                   .count = list.count};
    state_put_task(study->state, task.at, &row);
    free(digests);
    vec_release(&list);
    observer_free(observer);
}

static void expect_old_record_stands(const char *rowfile, bool by_stat)
{
    struct study study;
    study_begin(&study, rowfile);
    study_write(&study, "d1/in", "one");
    study_run(&study);
    study_write(&study, "d1/out/.f.rowbuild-kept", "x");
    study_look(&study);
    struct task_id task = study_task(&study, "make/d1");
    make_old(&study, task, "workspace/d1/out", by_stat);
    assert_int_equal(plan_decide(study.plan, task, &study.diag), VERDICT_FRESH);
    assert_true(plan_fills_in(study.plan, task));
    study_close(&study);
    simulated_write("/project/workspace/d1/out/f", "another");
    study_look(&study);
    task = study_task(&study, "make/d1");
    assert_int_equal(plan_decide(study.plan, task, &study.diag), VERDICT_STALE);
    study_close(&study);
    study_end(&study);
}

static void test_records_of_earlier_versions_stand(void **state)
{
    (void)state;
    expect_old_record_stands(MAKER, false);
    expect_old_record_stands("[workspace]\ndigest_limit = 1\n" MAKER, true);
    expect_old_record_stands("[workspace]\nignore = []\n" MAKER, false);
}

static void test_a_renamed_workspace_keeps_its_records(void **state)
{
    static const char described[] =
        SCOPE "[[action]]\nname = 'first'\ninputs = ['in', '//{workspace_path}/d1/in']\n"
              "products = ['a']\ncommand = 'copy in a'\n"
              "[[action]]\nname = 'all'\nscope = 'group'\ninputs = ['a', 'in', 'sub']\n"
              "products = ['//sum']\ncommand = 'gather a //sum'\n";
    struct study study;
    char renamed[1024];
    (void)state;
    study_begin(&study, described);
    study_write(&study, "d1/in", "one");
    study_write(&study, "d2/in", "two");
    study_write(&study, "d1/sub/x", "one");
    study_write(&study, "d2/sub/x", "two");
    study_expect(&study, "first/d1 first/d2 all///sum");
    study_expect(&study, "");
    simulated_rename("/project/workspace", "/project/points");
    snprintf(renamed, sizeof renamed, "[workspace]\npath = 'points'\n%s", described);
    study.rowfile = renamed;
    study_expect(&study, "");
    study_expect(&study, "");
    simulated_pass(INT64_C(1000000000));
    simulated_write("/project/points/d1/in", "new");
    study_expect_why(&study, "all///sum", "stale: INPUT points/d1/in");
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ignored_names_are_no_inputs),
        cmocka_unit_test(test_a_glob_that_spells_a_name_out_matches_it),
        cmocka_unit_test(test_the_own_products_in_a_folder_are_left_out),
        cmocka_unit_test(test_ignored_names_in_a_product_come_and_go),
        cmocka_unit_test(test_changed_rules_rerun_nothing),
        cmocka_unit_test(test_records_of_earlier_versions_stand),
        cmocka_unit_test(test_a_renamed_workspace_keeps_its_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
