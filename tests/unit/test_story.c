/* The story of files, from their products back. */
#include "simulated_study.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* `last` reads what `left` and `right` made of what `first` made; `mark` makes nothing. */
static const char DIAMOND[] = "[[action]]\n"
                              "name = 'first'\n"
                              "inputs = ['in']\n"
                              "products = ['a']\n"
                              "command = 'copy in a # {directory}'\n"
                              "[[action]]\n"
                              "name = 'left'\n"
                              "inputs = ['a']\n"
                              "products = ['l']\n"
                              "command = 'upper a l # {directory}'\n"
                              "[[action]]\n"
                              "name = 'right'\n"
                              "inputs = ['a']\n"
                              "products = ['r']\n"
                              "command = 'sort a r # {directory}'\n"
                              "[[action]]\n"
                              "name = 'mark'\n"
                              "inputs = ['a']\n"
                              "command = 'read a # {directory}'\n"
                              "[[action]]\n"
                              "name = 'last'\n"
                              "inputs = ['l', 'r']\n"
                              "products = ['b']\n"
                              "previous_actions = ['mark']\n"
                              "command = 'copy l b # {directory}'\n";

static void begin(struct study *study)
{
    study_begin(study, DIAMOND);
    study_write(study, "d1/in", "ba");
    study->host = "north";
    study_run(study);
}

static void add_step(struct study *study, const struct story_step *step, struct buf *out)
{
    static const char *const states[] = {"", "!changed", "!missing", "!unreadable", "!unknown"};
    graph_add_key(study->graph, step->task, out);
    buf_add_char(out, '(');
    vec_each (const struct story_file, input, &step->inputs) {
        buf_add_slice(out, input->path);
        if (input->maker.at != GRAPH_NONE) {
            buf_add_char(out, '<');
            graph_add_key(study->graph, input->maker, out);
        }
        buf_add_string(out, input->was_remade ? "!remade" : states[input->now]);
        buf_add_char(out, ' ');
    }
    vec_each (const struct task_id, before, &step->after) {
        buf_add_string(out, "after ");
        graph_add_key(study->graph, *before, out);
        buf_add_char(out, ' ');
    }
    buf_add_string(out, "->");
    vec_each (const struct story_file, product, &step->products) {
        buf_add_char(out, ' ');
        buf_add_slice(out, product->path);
        buf_add_string(out, states[product->now]);
    }
    buf_add_string(out, ")\n");
}

/* Compares the story of the task's products, a line for each step; "workspace/d1/" is left out. */
static void expect_story(struct study *study, const char *key, const char *expected)
{
    struct buf told = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    struct story story;
    study->no_adopt = true;
    study_look(study);
    struct task_id task = study_task(study, key);
    story_tell(study->plan, &task, 1, &story);
    vec_each (const struct story_step, step, &story.steps) {
        add_step(study, step, &told);
        assert_true(slice_is(step->run.host, "north"));
        assert_true(slice_is(step->run.shell, "sh -e"));
        assert_non_null(step->command.at);
        assert_ptr_equal(story_step_of(&story, step->task), step);
    }
    static const char FOLDER[] = "workspace/d1/";
    for (const char *at = buf_string(&told); *at != '\0';) {
        bool is_folder = strncmp(at, FOLDER, sizeof FOLDER - 1) == 0;
        at += is_folder ? sizeof FOLDER - 1 : 0;
        if (!is_folder) {
            buf_add_char(&shown, *at++);
        }
    }
    assert_string_equal(buf_string(&shown), expected);
    story_release(&story);
    study_close(study);
    buf_release(&told);
    buf_release(&shown);
}

static void test_each_step_appears_once(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    expect_story(&study, "last/d1",
                 "last/d1(l<left/d1 r<right/d1 after mark/d1 -> b)\n"
                 "mark/d1(a<first/d1 ->)\n"
                 "right/d1(a<first/d1 -> r)\n"
                 "left/d1(a<first/d1 -> l)\n"
                 "first/d1(in -> a)\n");
    expect_story(&study, "left/d1", "left/d1(a<first/d1 -> l)\nfirst/d1(in -> a)\n");
    study_end(&study);
}

static void test_what_is_otherwise_now_is_told(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    study_write(&study, "d1/l", "edited");
    simulated_remove("/project/workspace/d1/b");
    expect_story(&study, "left/d1", "left/d1(a<first/d1 -> l!changed)\nfirst/d1(in -> a)\n");
    study.action = "first";
    study.only = true;
    study_write(&study, "d1/in", "ed");
    study_expect(&study, "first/d1");
    study.action = NULL;
    expect_story(&study, "left/d1", "left/d1(a<first/d1!remade -> l!changed)\nfirst/d1(in -> a)\n");
    study_end(&study);
}

/* Neither what never succeeded nor what failed has a story, and a failure doesn't end another's. */
static void test_only_successes_have_a_story(void **state)
{
    struct study study;
    (void)state;
    begin(&study);
    study_write(&study, "d2/other", "");
    expect_story(&study, "last/d2", "");
    study_end(&study);
}

/* What a depfile named is an input like others. */
static void test_what_a_depfile_named_is_told(void **state)
{
    struct study study;
    (void)state;
    study_begin(&study, "[[action]]\n"
                        "name = 'compile'\n"
                        "scope = 'directory'\n"
                        "depfile = 'a.d'\n"
                        "products = ['a']\n"
                        "command = 'sort in a; copy dep a.d'\n");
    study_write(&study, "d1/in", "1");
    study_write(&study, "../shared.h", "1");
    study_write(&study, "d1/dep", "a: workspace/d1/in shared.h\n");
    study.host = "north";
    study_run(&study);
    expect_story(&study, "compile/d1", "compile/d1(in shared.h -> a)\n");
    study_write(&study, "../shared.h", "2");
    expect_story(&study, "compile/d1", "compile/d1(in shared.h!changed -> a)\n");
    simulated_remove("/project/workspace/d1/in");
    expect_story(&study, "compile/d1", "compile/d1(in!missing shared.h!changed -> a)\n");
    study_end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_step_appears_once),
        cmocka_unit_test(test_what_is_otherwise_now_is_told),
        cmocka_unit_test(test_only_successes_have_a_story),
        cmocka_unit_test(test_what_a_depfile_named_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
