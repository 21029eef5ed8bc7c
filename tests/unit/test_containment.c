/* Who makes a file: products that are folders, files in them, folders that hold products, and the
 * same file by two names (docs/internals/rules.md, "Who makes an input"). */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Two actions: `make` leaves files, `use` reads what the inputs name and writes `r`. */
static const char *described(const char *products, const char *make, const char *inputs,
                             const char *use, const char *more)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "[default.action]\nscope = 'directory'\n"
             "[[action]]\nname = 'use'\ninputs = [%s]\nproducts = ['r']\ncommand = '%s'\n%s\n"
             "[[action]]\nname = 'make'\ninputs = ['in']\nproducts = [%s]\ncommand = '%s'\n",
             inputs, use, more, products, make);
    return text;
}

static void expect_text(struct study *study, const char *path, const char *text)
{
    const char *found = study_text(study, path);
    assert_non_null(found);
    assert_string_equal(found, text);
}

/* From the first run on, one run after an edit is enough, and one without an edit does nothing. */
static void expect_right(const char *rowfile, void (*prepare)(void))
{
    struct study study;
    study_begin(&study, rowfile);
    if (prepare != NULL) {
        prepare();
    }
    study_write(&study, "d1/in", "one");
    study_expect(&study, "make/d1 use/d1");
    expect_text(&study, "d1/r", "one");
    study_expect(&study, "");
    study_write(&study, "d1/in", "two");
    study_expect(&study, "make/d1 use/d1");
    expect_text(&study, "d1/r", "two");
    study_expect(&study, "");
    study_end(&study);
}

static const char to_folder[] = "copy in data/sub/f.txt; write x data/log";

static void test_inputs_in_a_product_that_is_a_folder(void **state)
{
    static const char *const inputs[] = {
        "'data/sub/f.txt'",
        "'data/sub'",
        "'data'",
        "'data/**'",
        "'data/**/f.txt'",
        "'data/sub/*.txt'",
        "'data/*/f.txt'",
        "'//workspace/{directory}/data/sub/f.txt'",
        "'//workspace/{directory}/data/sub/*'",
        "'//workspace/*/data/**/*.txt'",
        "'//../project/workspace/{directory}/data/sub/f.txt'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        for (int previous = 0; previous < 2; previous++) {
            expect_right(described("'data'", to_folder, inputs[i], "copy data/sub/f.txt r",
                                   previous ? "previous_actions = ['make']" : ""),
                         NULL);
        }
    }
}

static void test_a_glob_across_folders_of_a_previous_action(void **state)
{
    (void)state;
    expect_right(described("'data'", to_folder, "'**/*.txt'", "copy data/sub/f.txt r",
                           "previous_actions = ['make']"),
                 NULL);
}

static void test_folders_that_hold_products(void **state)
{
    static const char *const inputs[] = {"'run'", "'//workspace/{directory}/run'", "'run/x'"};
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        expect_right(described("'run/x/f'", "copy in run/x/f", inputs[i], "copy run/x/f r", ""),
                     NULL);
    }
}

static void link_folder(void)
{
    simulated_link("/project/link", "workspace/d1");
}

static void link_product(void)
{
    simulated_link("/project/link", "workspace/d1/data");
}

static void link_workspace(void)
{
    simulated_link("/project/link", "workspace");
}

static void link_inside(void)
{
    simulated_make_folder("/project/workspace/d1");
    simulated_link("/project/workspace/d1/link", "data/sub");
}

static void test_the_same_file_by_two_names(void **state)
{
    static const struct {
        const char *input;
        void (*prepare)(void);
    } names[] = {
        {"'//link/data/sub/f.txt'", link_folder},
        {"'//link/data'", link_folder},
        {"'//link/sub/f.txt'", link_product},
        {"'//link/sub/*.txt'", link_product},
        {"'//link'", link_product},
        {"'//link/*/data/sub/*'", link_workspace},
        {"'//link/d1/data/**'", link_workspace},
        {"'link/f.txt'", link_inside},
        {"'link/*.txt'", link_inside},
        {"'link'", link_inside},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        expect_right(described("'data'", to_folder, names[i].input, "copy data/sub/f.txt r", ""),
                     names[i].prepare);
    }
}

static void link_out(void)
{
    simulated_make_folder("/project/scratch");
    simulated_make_folder("/project/workspace/d1");
    simulated_link("/project/workspace/d1/out", "../../scratch");
}

static void test_products_behind_a_link(void **state)
{
    static const char *const inputs[] = {"'//scratch/f'", "'//scratch'", "'//scratch/*'"};
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        expect_right(described("'out/f'", "copy in out/f", inputs[i], "copy //scratch/f r", ""),
                     link_out);
    }
}

/* ---- What doesn't count ---- */

static void test_only_what_a_glob_matches_in_a_folder_counts(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, described("'data'", "copy in data/log; copy c data/f.txt", "'data/*.txt'",
                                  "copy data/f.txt r", ""));
    study_write(&study, "d1/in", "one");
    study_write(&study, "d1/c", "same");
    study_expect(&study, "make/d1 use/d1");
    study_write(&study, "d1/in", "two");
    study_expect(&study, "make/d1");
    study_expect(&study, "");
    study_end(&study);
}

static void test_globs_leave_out_what_comes_later(void **state)
{
    (void)state;
    /* `make` reads all of a kind that `use`, after it, makes as well. */
    PLAY("[default.action]\nscope = 'directory'\n"
         "[[action]]\nname = 'make'\ninputs = ['**/*.in']\nproducts = ['a.out']\n"
         "command = 'copy x.in a.out'\n"
         "[[action]]\nname = 'use'\ninputs = ['*.out']\nproducts = ['y.in', 'more']\n"
         "command = 'copy a.out y.in; copy a.out more/z.in'\n",
         WRITE("d1/x.in", "one"), RUN("make/d1 use/d1"), RUN(""), WRITE("d1/x.in", "two"),
         RUN("make/d1 use/d1"), RUN(""), WRITE("d1/w.in", "new"), RUN("make/d1"), RUN(""));
}

static void test_globs_wait_for_folders_that_are_written_before(void **state)
{
    (void)state;
    static const char *const globs[] = {"**/*.in", "*/*.in", "o*/x.in", "{o,p}*/*.in"};
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "[default.action]\nscope = 'directory'\n"
                 "[[action]]\nname = 'make'\ninputs = ['in']\nproducts = ['out']\n"
                 "command = 'copy in out/x.in'\n"
                 "[[action]]\nname = 'use'\ninputs = ['%s']\nproducts = ['y']\n"
                 "command = 'copy out/x.in y'\n"
                 "[[action]]\nname = 'after'\ninputs = ['in']\nproducts = ['later']\n"
                 "command = 'copy in later/x.in'\n",
                 globs[i]);
        PLAY(text, WRITE("d1/in", "one"), RUN("make/d1 after/d1 use/d1"));
    }
    /* Both may hold what the other reads: the order in the file decides, and there is no cycle. */
    PLAY("[default.action]\nscope = 'directory'\n"
         "[[action]]\nname = 'a'\ninputs = ['in', '*/*.y']\nproducts = ['da']\n"
         "command = 'copy in da/f.x'\n"
         "[[action]]\nname = 'b'\ninputs = ['*/*.x']\nproducts = ['db']\n"
         "command = 'copy da/f.x db/f.y'\n",
         WRITE("d1/in", "one"), RUN("a/d1 b/d1"), RUN(""), WRITE("d1/in", "two"), RUN("a/d1 b/d1"),
         RUN(""));
}

static void test_globs_leave_out_own_folders(void **state)
{
    (void)state;
    PLAY("[default.action]\nscope = 'directory'\n"
         "[[action]]\nname = 'make'\ninputs = ['**']\nproducts = ['out']\n"
         "command = 'copy in out/f; copy in out/g'\n",
         WRITE("d1/in", "one"), RUN("make/d1"), RUN(""), WRITE("d1/in", "two"), RUN("make/d1"),
         RUN(""));
}

/* ---- Cycles ---- */

static void expect_cycle(const char *rowfile, const char *path)
{
    struct study study;
    struct workspace workspace;
    struct diag diag;
    diag_init(&diag);
    study_begin(&study, rowfile);
    study_write(&study, "d1/in", "one");
    simulated_link("/project/link", "workspace/d1");
    struct rowfile *parsed = rowfile_load(slice_of(rowfile), "Rowfile", &diag);
    assert_non_null(parsed);
    assert_int_equal(workspace_open(&workspace, study.project, parsed, &diag), 0);
    assert_null(graph_build(parsed, &workspace, study.project, &diag));
    assert_true(diag.entries.count > 0);
    assert_string_equal(diag.entries.at[diag.entries.count - 1].message, path);
    workspace_release(&workspace);
    rowfile_free(parsed);
    diag_release(&diag);
    study_end(&study);
}

static void test_cycles_are_found_and_named(void **state)
{
    static const char *const pairs[][2] = {
        {"'d'", "'d/y'"},
        {"'d/q'", "'d'"},
        {"'d/*'", "'d'"},
        {"'//link/q'", "'q'"},
        {"'//link/d/q'", "'d'"},
        {"'*.y'", "'b.y'"},
        {"'**/*.y'", "'b.y'"},
        {"'//workspace'", "'y'"},
        {"'//workspace/{directory}'", "'y'"},
        {"'//../project/workspace/{directory}/q'", "'q'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[1024];
        bool is_glob = strchr(pairs[i][0], 'y') != NULL && pairs[i][0][1] == '*';
        snprintf(text, sizeof text,
                 "[default.action]\nscope = 'directory'\ncommand = 'fail'\n"
                 "[[action]]\nname = 'a'\ninputs = [%s]\nproducts = ['a.x']\n"
                 "[[action]]\nname = 'b'\ninputs = ['%s']\nproducts = [%s]\n",
                 pairs[i][0], is_glob ? pairs[i][0][2] == '*' ? "**/*.x" : "*.x" : "a.x",
                 pairs[i][1]);
        expect_cycle(text, "dependency cycle: a → b → a");
    }
}

/* ---- What is refused ---- */

static void link_loop(void)
{
    simulated_make_folder("/project/workspace/d1/d");
    simulated_link("/project/workspace/d1/l", ".");
    simulated_link("/project/link", "workspace/d1");
}

/* The last error of a study with two actions. */
static void expect_refused(const char *first, const char *second, const char *message)
{
    struct study study;
    struct workspace workspace;
    struct diag diag;
    char text[1024];
    snprintf(text, sizeof text,
             "[default.action]\nscope = 'directory'\ncommand = '{directory}'\n"
             "[[action]]\nname = 'a'\n%s\n[[action]]\nname = 'b'\n%s\n",
             first, second);
    diag_init(&diag);
    study_begin(&study, text);
    link_loop();
    struct rowfile *parsed = rowfile_load(slice_of(text), "Rowfile", &diag);
    assert_non_null(parsed);
    assert_int_equal(workspace_open(&workspace, study.project, parsed, &diag), 0);
    struct graph *graph = graph_build(parsed, &workspace, study.project, &diag);
    struct buf told = BUF_EMPTY;
    assert_int_equal(diag.errors, 1);
    diag_render(&diag.entries.at[diag.entries.count - 1], false, &told);
    if (strncmp(buf_string(&told), message, strlen(message)) != 0) {
        fail_msg("%s", buf_string(&told));
    }
    buf_release(&told);
    graph_free(graph);
    workspace_release(&workspace);
    rowfile_free(parsed);
    diag_release(&diag);
    study_end(&study);
}

static void test_own_products_are_no_inputs(void **state)
{
    static const char in_own[] =
        "Rowfile:7:11: error: action `a`: in directory `d1` this input is `";
    static const char lies_in[] = "Rowfile:7:11: error: this input lies inside the product `d` of "
                                  "the same action; remove it, or list the files that the action "
                                  "makes instead of the folder";
    (void)state;
    expect_refused("products = ['d']\ninputs = ['d/x']", "", lies_in);
    expect_refused("products = ['d']\ninputs = ['d/*.x']", "", lies_in);
    expect_refused("products = ['d']\ninputs = ['d/**']", "", lies_in);
    static const char *const inputs[] = {
        "//workspace/{directory}/d/x",
        "//link/d/x",
        "//link/d/*",
        "//../project/workspace/{directory}/d/x",
        "l/d/x",
        "l/d/*",
        "l/d",
        "//link/d",
        "//workspace/{directory}/d",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char first[256];
        snprintf(first, sizeof first, "products = ['d']\ninputs = ['%s']", inputs[i]);
        expect_refused(first, "",
                       strcmp(inputs[i], "//link/d/*") == 0
                           ? "Rowfile:7:11: error: action `a`: this input lies inside a product of "
                             "the same action; name another file"
                           : in_own);
    }
}

static void test_products_in_products(void **state)
{
    (void)state;
    expect_refused("products = ['d']", "products = ['q', 'd/x']",
                   "Rowfile:9:18: error: `workspace/d1/d/x`, a product of `b d1`, lies inside a "
                   "product of `a d1`; move one of the two out of the other");
    expect_refused("products = ['d']", "products = ['//workspace/{directory}/d/x']",
                   "Rowfile:9:13: error: `workspace/d1/d/x`, a product of `b d1`, lies inside a "
                   "product of `a d1`");
    expect_refused("products = ['d']", "products = ['l/d/x']",
                   "Rowfile:9:13: error: `workspace/d1/l/d/x`, a product of `b d1`, lies inside a "
                   "product of `a d1`");
    expect_refused("products = ['x']", "products = ['l/x']",
                   "Rowfile:9:13: error: `a d1` and `b d1` have the same product, "
                   "`workspace/d1/l/x`");
    expect_refused("products = ['d', '//workspace/{directory}/d/x']", "",
                   "Rowfile:6:18: error: `workspace/d1/d/x`, a product of `a d1`, lies inside its "
                   "product `workspace/d1/d`; list only one of the two");
    expect_refused("products = ['//../x{directory}']", "",
                   "Rowfile:6:13: error: this product is outside of the project; name a file "
                   "inside it");
}

static void test_links_to_directories_are_no_members(void **state)
{
    static const char text[] = "[[action]]\nname = 'a'\ncommand = '{directory}'\n";
    struct workspace workspace;
    struct study study;
    struct diag diag;
    (void)state;
    diag_init(&diag);
    study_begin(&study, text);
    study_write(&study, "d1/in", "one");
    simulated_link("/project/workspace/d3", "d1");
    simulated_link("/project/workspace/d2", "../workspace/d1");
    simulated_link("/project/workspace/file", "d1/in");
    simulated_link("/project/workspace/nowhere", "gone");
    struct rowfile *parsed = rowfile_load(slice_of(text), "Rowfile", &diag);
    assert_int_equal(workspace_open(&workspace, study.project, parsed, &diag), 0);
    assert_int_equal(workspace.count, 1);
    assert_int_equal(diag.errors, 0);
    assert_string_equal(diag.entries.at[diag.entries.count - 1].message,
                        "2 symbolic links in the workspace are not counted as directories: `d2`, "
                        "`d3`; use real directories, or exclude them in `workspace.directories`");
    workspace_release(&workspace);
    rowfile_free(parsed);
    diag_release(&diag);
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_in_a_product_that_is_a_folder),
        cmocka_unit_test(test_a_glob_across_folders_of_a_previous_action),
        cmocka_unit_test(test_folders_that_hold_products),
        cmocka_unit_test(test_the_same_file_by_two_names),
        cmocka_unit_test(test_products_behind_a_link),
        cmocka_unit_test(test_only_what_a_glob_matches_in_a_folder_counts),
        cmocka_unit_test(test_globs_leave_out_what_comes_later),
        cmocka_unit_test(test_globs_wait_for_folders_that_are_written_before),
        cmocka_unit_test(test_globs_leave_out_own_folders),
        cmocka_unit_test(test_cycles_are_found_and_named),
        cmocka_unit_test(test_own_products_are_no_inputs),
        cmocka_unit_test(test_products_in_products),
        cmocka_unit_test(test_links_to_directories_are_no_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
