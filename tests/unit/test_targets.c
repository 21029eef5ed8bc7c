/* Which tasks the names on a command line mean, in every form in which a task is printed. */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char ROWFILE_TEXT[] = "[workspace]\n"
                                   "value_file = 'v'\n"
                                   "[[action]]\n"
                                   "name = 'sim'\n"
                                   "products = ['o']\n"
                                   "command = 'write x o # {directory}'\n"
                                   "[[action]]\n"
                                   "name = 'after'\n"
                                   "inputs = ['o']\n"
                                   "products = ['p']\n"
                                   "command = 'write x p # {directory}'\n"
                                   "[[action]]\n"
                                   "name = 'sum'\n"
                                   "products = ['//sum']\n"
                                   "command = 'write x //sum # {directories}'\n"
                                   "[[action]]\n"
                                   "name = 'cut'\n"
                                   "scope = 'group'\n"
                                   "group.maximum_size = 2\n"
                                   "command = 'write x //cut # {directories}'\n"
                                   "[[action]]\n"
                                   "name = 'by value'\n"
                                   "scope = 'group'\n"
                                   "group.sort_by = ['/t']\n"
                                   "group.split_by_sort_key = true\n"
                                   "command = 'write x //by # {directories}'\n"
                                   "[[action]]\n"
                                   "name = 'whole'\n"
                                   "scope = 'project'\n"
                                   "products = ['w']\n"
                                   "command = 'write x //w'\n";

/* The labels of what a selection means, one after another. */
static void add_selected(struct study *study, const char *action, const char *const *targets,
                         struct buf *out)
{
    size_t count = 0;
    while (targets[count] != NULL) {
        count++;
    }
    struct plan_selection selection = {
        .project_path = "/project",
        .from_project = "",
        .asked = {.actions = &action,
                  .action_count = action != NULL,
                  .targets = targets,
                  .target_count = count,
                  .only = true},
    };
    if (plan_select(study->plan, &selection, &study->diag) != 0) {
        buf_add_string(out, "error");
        diag_release(&study->diag);
        diag_init(&study->diag);
    }
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        if ((plan_wanted(study->plan, (struct task_id){n}) & WANTED_SELECTED) != 0) {
            buf_add_string(out, out->len > 0 ? "|" : "");
            graph_add_label(study->graph, (struct task_id){n}, out);
        }
    }
}

#define EXPECT(action, expected, ...)                                                              \
    do {                                                                                           \
        static const char *const named[] = {__VA_ARGS__, NULL};                                    \
        struct buf selected = BUF_EMPTY;                                                           \
        add_selected(&study, action, named, &selected);                                            \
        assert_string_equal(buf_string(&selected), expected);                                      \
        buf_release(&selected);                                                                    \
    } while (0)

static void begin(struct study *study)
{
    study_begin(study, ROWFILE_TEXT);
    study_write(study, "a/v", "{\"t\": 1}");
    study_write(study, "b c/v", "{\"t\": 1}");
    study_write(study, "-d/v", "{\"t\": 2}");
    study_look(study);
}

static void end(struct study *study)
{
    study_close(study);
    study_end(study);
}

static void test_pairs(void **state)
{
    (void)state;
    struct study study;
    begin(&study);
    EXPECT(NULL, "sim a", "sim", "a");
    EXPECT(NULL, "sim a|sim b c", "sim", "a", "b c");
    EXPECT(NULL, "sim -d|after a", "sim", "-d", "after", "a");
    EXPECT(NULL, "sim a", "sim", "workspace/a/");
    EXPECT(NULL, "sim a", "sim", "workspace/a/o");
    EXPECT(NULL, "sum //sum", "sum", "//sum");
    EXPECT(NULL, "cut #1", "cut", "#1");
    EXPECT(NULL, "cut #2", "cut", "#2");
    EXPECT(NULL, "by value [1]", "by value", "[1]");
    EXPECT(NULL, "error", "cut", "#3");
    EXPECT(NULL, "error", "sum", "#1");
    end(&study);
}

static void test_alone(void **state)
{
    (void)state;
    struct study study;
    begin(&study);
    EXPECT(NULL, "cut #1|cut #2", "cut");
    EXPECT(NULL, "cut #1|cut #2|whole", "cut", "whole");
    EXPECT(NULL, "sim a|after a|whole", "a", "whole");
    /* a name that isn't one of the action's stands for itself */
    EXPECT(NULL, "sim a|after a|whole", "whole", "a");
    EXPECT(NULL, "sum //sum", "//sum");
    EXPECT(NULL, "error", "#2");
    end(&study);
}

static void test_with_action(void **state)
{
    (void)state;
    struct study study;
    begin(&study);
    EXPECT("sim", "sim a", "a");
    EXPECT("sum", "sum //sum", "//sum");
    EXPECT("cut", "cut #1", "#1");
    EXPECT("cut", "cut #2", "#2");
    EXPECT("by*", "by value [2]", "[2]");
    EXPECT("whole", "whole", "whole");
    end(&study);
}

static void test_one_word(void **state)
{
    (void)state;
    struct study study;
    begin(&study);
    EXPECT(NULL, "sim a", "sim/a");
    EXPECT(NULL, "sim b c", "sim b c");
    EXPECT(NULL, "sim -d", "sim -d");
    EXPECT(NULL, "sum //sum", "sum///sum");
    EXPECT(NULL, "sum //sum", "sum //sum");
    EXPECT(NULL, "cut #1", "cut/#1");
    EXPECT(NULL, "by value [1]", "by value [1]");
    EXPECT(NULL, "error", "sim nonesuch");
    end(&study);
}

/* What is printed of each task is taken, and means just that task. */
static void test_all_names(void **state)
{
    (void)state;
    struct study study;
    begin(&study);
    for (uint32_t n = 0; n < study.graph->task_count; n++) {
        struct task_id task = {n};
        struct buf label = BUF_EMPTY;
        struct buf selected = BUF_EMPTY;
        const char *action = graph_action(study.graph, task)->name.at;
        struct slice name = graph_task_name(study.graph, task);
        char *own = mem_copy(name.at, name.len);
        graph_add_label(study.graph, task, &label);
        add_selected(&study, NULL, (const char *[]){action, name.len > 0 ? own : NULL, NULL},
                     &selected);
        assert_string_equal(buf_string(&selected), buf_string(&label));
        buf_clear(&selected);
        add_selected(&study, action, (const char *[]){name.len > 0 ? own : NULL, NULL}, &selected);
        assert_string_equal(buf_string(&selected), buf_string(&label));
        free(own);
        buf_release(&label);
        buf_release(&selected);
    }
    end(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),       cmocka_unit_test(test_alone),
        cmocka_unit_test(test_with_action), cmocka_unit_test(test_one_word),
        cmocka_unit_test(test_all_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
