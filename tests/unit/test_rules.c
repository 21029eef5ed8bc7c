/* The rules of docs/internals/rules.md, each under its number, as stories on a simulated disk: what
 * somebody does, and which tasks run, or why they would. What a test of a rule needs of real
 * processes is in tests/cli/rules.bats; which files are read is in test_rules_files.c. */
#include "renamed.h"
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SCOPE                                                                                      \
    "[default.action]\n"                                                                           \
    "scope = 'directory'\n"
#define ACTION(name)                                                                               \
    "[[action]]\n"                                                                                 \
    "name = '" name "'\n"
#define FIRST                                                                                      \
    ACTION("first")                                                                                \
    "inputs = ['in']\n"                                                                            \
    "products = ['a']\n"                                                                           \
    "command = 'copy in a; fail_if bad in; sort in a'\n"
#define SECOND                                                                                     \
    ACTION("second")                                                                               \
    "inputs = ['a']\n"                                                                             \
    "products = ['b']\n"                                                                           \
    "command = 'upper a b'\n"
#define THIRD                                                                                      \
    ACTION("third")                                                                                \
    "previous_actions = ['second']\n"                                                              \
    "products = ['c']\n"                                                                           \
    "command = 'count b c'\n"
static const char chain[] = SCOPE FIRST SECOND THIRD;

/* What a story about the chain begins with: d1 is up to date. */
#define FINISHED WRITE("d1/in", "three two"), RUN("first/d1 second/d1 third/d1"), RUN("")
#define FINISHED_TWO                                                                               \
    WRITE("d1/in", "three two"), WRITE("d2/in", "three two"),                                      \
        RUN("first/d1 first/d2 second/d1 second/d2 third/d1 third/d2"), RUN("")

/* ---- 1. Contents, not times ---- */

static void test_1_another_time_runs_nothing(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, TOUCH("d1/in"), TOUCH("d1/a"), TOUCH("d1/b"), TOUCH("d1/c"), RUN(""));
}

static void test_1_an_equal_file_in_its_place_runs_nothing(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, REPLACE("d1/in"), REPLACE("d1/a"), REPLACE("d1/b"), REPLACE("d1/c"),
         RUN(""));
}

static void test_1_another_content_of_the_same_size_and_time_is_seen(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, SNEAK("d1/in", "three TWO"), WHY("first/d1", "stale: INPUT in"),
         RUN("first/d1 second/d1 third/d1"), SNEAK("d1/a", "XXXXXXXXX"),
         WHY("first/d1", "stale: PRODUCT_CHANGED a"), RUN("first/d1"), RUN(""));
}

static void test_1_a_file_above_the_limit_is_known_by_size_and_time(void **state)
{
    (void)state;
    PLAY("[workspace]\ndigest_limit = 4\n" SCOPE FIRST, WRITE("d1/in", "three two"),
         RUN("first/d1"), SNEAK("d1/in", "three TWO"), RUN(""), TOUCH("d1/in"),
         WHY("first/d1", "stale: INPUT in"), RUN("first/d1"), RUN(""));
}

/* ---- 2. Observed at launch ---- */

static void test_2_an_input_that_changed_meanwhile_leaves_a_stale_success(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("first") "inputs = ['in']\n"
                               "products = ['a']\n"
                               "command = 'copy in a; stop_if once; write x once; set in new'\n",
         WRITE("d1/in", "old"), RUN("first/d1"), TEXT("d1/a", "old"),
         WHY("first/d1", "stale: CHANGED_WHILE, INPUT in"), RUN("first/d1"), TEXT("d1/a", "new"),
         RUN(""));
}

static void test_2_a_value_that_changed_meanwhile_leaves_a_stale_success(void **state)
{
    (void)state;
    PLAY("[workspace]\nvalue_file = 'v'\n" SCOPE ACTION(
             "first") "products = ['a']\n"
                      "command = 'copy v a; stop_if once; write x once; set v {\"t\":2}'\n",
         WRITE("d1/v", "{\"t\":1}"), RUN("first/d1"),
         WHY("first/d1", "stale: CHANGED_WHILE, VALUE"), WRITE("d1/v", "{\"t\":1}"),
         WHY("first/d1", "stale: CHANGED_WHILE"), RUN("first/d1"), RUN(""));
}

static void test_2_what_a_task_reads_is_what_it_finds_when_it_starts(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("zeroth") "products = ['z']\n"
                                "command = 'write z z; set in new'\n" ACTION(
                                    "first") "previous_actions = ['zeroth']\n"
                                             "inputs = ['in']\n"
                                             "products = ['a']\n"
                                             "command = 'copy in a'\n",
         WRITE("d1/in", "old"), RUN("zeroth/d1 first/d1"), TEXT("d1/a", "new"), RUN(""));
}

static void test_2_a_made_while_an_input_changed_is_never_put_back(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("first") "inputs = ['in']\n"
                               "products = ['a']\n"
                               "command = 'fail_if yes no; set in new; copy in a'\n",
         WRITE("d1/in", "old"), WRITE("d1/no", "yes"), RUN("first/d1"), WRITE("d1/no", "no"),
         RUN("first/d1"), WRITE("d1/no", "yes"), RUN("first/d1"), WRITE("d1/in", "old"),
         RUN("first/d1"));
}

static void test_2_a_required_input_that_is_missing_blocks(void **state)
{
    (void)state;
    PLAY(chain, WRITE("d1/other", "x"), WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"),
         WHY("second/d1", "blocked: UPSTREAM_BLOCKED"), RUN(""), WRITE("d1/in", "x"),
         RUN("first/d1 second/d1 third/d1"), REMOVE("d1/in"),
         WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"), WRITE("d1/in", "x"), RUN(""));
}

static void test_2_an_input_that_vanished_before_the_launch_blocks(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("zeroth") "products = ['z']\n"
                                "command = 'write z z; remove in'\n" ACTION(
                                    "first") "previous_actions = ['zeroth']\n"
                                             "inputs = ['in']\n"
                                             "products = ['a']\n"
                                             "command = 'copy in a'\n",
         WRITE("d1/in", "old"), RUN("zeroth/d1"),
         WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"));
}

/* What makes an input vanish between the plan and the launch: a task that comes before. */
#define REMOVES(path)                                                                              \
    ACTION("zeroth")                                                                               \
    "products = ['z']\n"                                                                           \
    "command = 'write z z; remove " path "'\n"

static void test_2_what_a_glob_matched_and_vanished_is_recorded_as_gone(void **state)
{
    (void)state;
    PLAY(SCOPE REMOVES("in1") ACTION("first") "previous_actions = ['zeroth']\n"
                                              "inputs = ['in*']\n"
                                              "products = ['a']\n"
                                              "command = 'copy in2 a'\n",
         WRITE("d1/in1", "one"), WRITE("d1/in2", "two"), RUN("zeroth/d1 first/d1"), RUN(""),
         WRITE("d1/in1", "one"), WHY("first/d1", "stale: INPUT_NEW in1"), RUN("first/d1"), RUN(""));
}

static void test_2_a_made_input_that_vanished_blocks(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "products = ['m']\n"
                              "command = 'write m m'\n"
                              "value_inputs = []\n" ACTION(
                                  "thief") "previous_actions = ['make']\n"
                                           "products = ['t']\n"
                                           "command = 'write t t; stop_if kept; remove m'\n" ACTION(
                                               "first") "previous_actions = ['thief']\n"
                                                        "inputs = ['m']\n"
                                                        "products = ['a']\n"
                                                        "command = 'write a a'\n",
         WRITE("d1/x", ""), RUN("make/d1 thief/d1"), TEXT("d1/a", "-"), WRITE("d1/kept", ""),
         WHY("make/d1", "stale: PRODUCT_MISSING m"), RUN("make/d1 first/d1"), RUN(""));
}

static void test_2_a_folder_that_vanished_blocks(void **state)
{
    (void)state;
    PLAY(SCOPE REMOVES("in") ACTION("first") "previous_actions = ['zeroth']\n"
                                             "inputs = ['in']\n"
                                             "products = ['a']\n"
                                             "command = 'write a a'\n",
         WRITE("d1/in/x", "old"), RUN("zeroth/d1"),
         WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"), WRITE("d1/in/x", "new"),
         RUN("first/d1"), RUN(""));
}

static void test_2_one_member_without_its_input_blocks_the_group(void **state)
{
    (void)state;
    PLAY(SCOPE REMOVES("in") ACTION("all") "scope = 'group'\n"
                                           "previous_actions = ['zeroth']\n"
                                           "inputs = ['in']\n"
                                           "products = ['//sum']\n"
                                           "command = 'gather in //sum'\n",
         WRITE("d1/in", "1"), WRITE("d2/in", "2"), WRITE("d2/z", "z"), RUN("zeroth/d1"),
         WHY("all///sum", "blocked: INPUT_MISSING workspace/d1/in"), WRITE("d1/in", "3"),
         RUN("all///sum"), RUN(""));
}

static void test_2_an_input_that_vanished_while_it_ran_leaves_a_stale_success(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("first") "inputs = ['in']\n"
                               "products = ['a']\n"
                               "command = 'copy in a; stop_if once; write x once; remove in'\n",
         WRITE("d1/in", "old"), RUN("first/d1"),
         WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"), RUN(""), WRITE("d1/in", "new"),
         WHY("first/d1", "stale: CHANGED_WHILE, INPUT in"), RUN("first/d1"), TEXT("d1/a", "new"),
         RUN(""));
}

/* ---- 3. Early cutoff ---- */

static void test_3_an_identical_product_leaves_its_dependents_up_to_date(void **state)
{
    (void)state;
    PLAY(chain, FINISHED_TWO, WRITE("d1/in", "two three"), WHY("first/d1", "stale: INPUT in"),
         WHY("second/d1", "maybe: UPSTREAM_PENDING"), WHY("first/d2", "fresh:"), RUN("first/d1"),
         RUN(""));
}

static void test_3_the_cutoff_may_be_further_down(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/in", "thrEe two"), RUN("first/d1 second/d1"), RUN(""));
}

/* ---- 4. A product is part of its maker's record ---- */

static void test_4_a_product_that_is_not_what_was_recorded(void **state)
{
    (void)state;
    PLAY(chain, FINISHED_TWO, WRITE("d1/b", ""), WHY("second/d1", "stale: PRODUCT_CHANGED b"),
         RUN("second/d1"), RUN(""), WRITE("d1/a", "longer than it was"),
         WHY("first/d1", "stale: PRODUCT_CHANGED a"), RUN("first/d1"), TEXT("d1/a", " eehorttw"),
         RUN(""));
}

static void test_4_a_product_that_is_missing(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, REMOVE("d1/c"), WHY("third/d1", "stale: PRODUCT_MISSING c"),
         RUN("third/d1"), RUN(""), REMOVE("d1/a"), WHY("first/d1", "stale: PRODUCT_MISSING a"),
         RUN("first/d1"), RUN(""));
}

static void test_4_a_product_that_its_dependent_changed_is_recorded_anew(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "products = ['shared']\n"
                              "command = 'write made shared'\n" ACTION(
                                  "append") "previous_actions = ['make']\n"
                                            "products = ['done']\n"
                                            "command = 'append more shared; write x done'\n",
         WRITE("d1/x", ""), RUN("make/d1 append/d1"), RUN(""), WRITE("d1/shared", "by hand"),
         WHY("make/d1", "stale: PRODUCT_CHANGED shared"), RUN("make/d1 append/d1"), RUN(""));
}

/* ---- 5. Success ---- */

static void test_5_success_needs_the_products(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "products = ['a', 'b']\n"
                              "command = 'write x a'\n" ACTION("follow") "previous_actions = "
                                                                         "['make']\n"
                                                                         "products = ['c']\n"
                                                                         "command = 'write x c'\n",
         WRITE("d1/x", ""), RUN("make/d1"), WHY("make/d1", "stale: FAILED"), RUN("make/d1"));
}

static void test_5_success_needs_the_exit_status(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("make") "products = ['a']\n"
                              "command = 'write x a; fail'\n",
         WRITE("d1/x", ""), RUN("make/d1"), WHY("make/d1", "stale: FAILED"), RUN("make/d1"));
}

/* ---- 6. Adoption ---- */

/* Finished by somebody else: products, but no state. */
#define UNRECORDED FINISHED, FORGET
#define UNRECORDED_TWO FINISHED_TWO, FORGET

static void test_6_products_without_any_record_count_as_they_stand(void **state)
{
    (void)state;
    PLAY(chain, UNRECORDED_TWO, WHY("first/d1", "fresh:"), RUN(""), ADOPTED("6"), RUN(""),
         ADOPTED("0"), WRITE("d1/in", "four"), RUN("first/d1 second/d1 third/d1"),
         TEXT("d1/b", "FORU"));
}

static void test_6_so_do_products_older_than_their_inputs(void **state)
{
    (void)state;
    PLAY(chain, UNRECORDED, TOUCH("d1/in"), RUN(""), ADOPTED("3"));
}

static void test_6_only_what_is_missing_runs(void **state)
{
    (void)state;
    PLAY(chain, UNRECORDED_TWO, REMOVE("d2/c"), WHY("third/d2", "stale: NEVER_RAN"),
         RUN("third/d2"), RUN(""));
}

static void test_6_what_was_missing_at_adoption_is_filled_in(void **state)
{
    (void)state;
    PLAY(chain, UNRECORDED, REMOVE("d1/a"), RUN("first/d1"), RUN(""), WRITE("d1/in", "other"),
         RUN("first/d1 second/d1 third/d1"));
}

static void test_6_no_adopt_runs_everything(void **state)
{
    (void)state;
    PLAY(chain, UNRECORDED, NO_ADOPT, RUN("first/d1 second/d1 third/d1"), RUN(""));
}

static void test_6_later_only_what_is_newer_than_its_inputs_is_adopted(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("new/in", "three two"), WRITE("new/a", " eehorttw"),
         WRITE("new/b", " EEHORTTW"), WRITE("new/c", "9"), WRITE("old/a", " eehorttw"),
         WRITE("old/b", " EEHORTTW"), WRITE("old/c", "9"), WRITE("old/in", "three two"),
         WHY("first/new", "fresh:"), WHY("first/old", "stale: NEVER_RAN"), RUN("first/old"),
         ADOPTED("5"), RUN(""));
}

static void test_6_what_a_failed_attempt_left_is_not_adopted(void **state)
{
    (void)state;
    PLAY(chain, WRITE("d1/in", "bad"), RUN("first/d1"), TEXT("d1/a", "bad"),
         WHY("first/d1", "stale: FAILED"), RUN("first/d1"));
}

/* ---- 7. Changing the description isn't changing the work ---- */

static void test_7_another_layout_runs_nothing(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE("# a comment\n" SCOPE "\n" THIRD SECOND FIRST), RUN(""));
}

#define FIRST_WITH(inputs, products)                                                               \
    ACTION("first")                                                                                \
    "inputs = [" inputs "]\n"                                                                      \
    "products = [" products "]\n"                                                                  \
    "command = 'copy in a; fail_if bad in; sort in a'\n"

static void test_7_a_newly_listed_input_that_is_older_counts_as_seen(void **state)
{
    (void)state;
    PLAY(chain, WRITE("d1/extra", "one"), FINISHED,
         ROWFILE(SCOPE FIRST_WITH("'in', 'extra'", "'a'") SECOND THIRD), RUN(""), RUN(""),
         WRITE("d1/extra", "two"), WHY("first/d1", "stale: INPUT extra"), RUN("first/d1"), RUN(""));
}

static void test_7_a_newly_listed_input_that_is_newer_runs_it(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/extra", "one"),
         ROWFILE(SCOPE FIRST_WITH("'in', 'extra'", "'a'") SECOND THIRD),
         WHY("first/d1", "stale: INPUT extra"), RUN("first/d1"), RUN(""));
}

static void test_7_an_input_that_is_no_longer_listed_drops_out(void **state)
{
    (void)state;
    PLAY(SCOPE FIRST_WITH("'in', 'extra'", "'a'"), WRITE("d1/extra", "one"), WRITE("d1/in", "x"),
         RUN("first/d1"), ROWFILE(SCOPE FIRST), RUN(""), WRITE("d1/extra", "two"), RUN(""));
}

static void test_7_a_newly_listed_product_counts_if_it_exists(void **state)
{
    (void)state;
    PLAY(chain, WRITE("d1/plus", "x"), FINISHED_TWO,
         ROWFILE(SCOPE FIRST_WITH("'in'", "'a', 'plus'") SECOND THIRD), WHY("first/d1", "fresh:"),
         WHY("first/d2", "stale: PRODUCT_MISSING plus"), RUN("first/d2"), TEXT("d1/plus", "x"));
}

#define FIRST_WITH_PLUS(products)                                                                  \
    ACTION("first")                                                                                \
    "inputs = ['in']\n"                                                                            \
    "products = [" products "]\n"                                                                  \
    "command = 'sort in a; write x plus'\n"

static void test_7_a_product_that_is_no_longer_listed_drops_out(void **state)
{
    (void)state;
    PLAY(SCOPE FIRST_WITH_PLUS("'a', 'plus'"), WRITE("d1/in", "x"), RUN("first/d1"),
         ROWFILE(SCOPE FIRST_WITH_PLUS("'a'")), RUN(""), REMOVE("d1/plus"), RUN(""));
}

#define RENAMED(name)                                                                              \
    ACTION(name)                                                                                   \
    "inputs = ['in']\n"                                                                            \
    "products = ['a']\n"                                                                           \
    "command = 'copy in a; fail_if bad in; sort in a'\n"

static void test_7_a_renamed_action_keeps_its_records(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE(SCOPE RENAMED("begin") SECOND THIRD), RUN(""), ADOPTED("0"),
         WRITE("d1/in", "new"), WHY("begin/d1", "stale: INPUT in"),
         RUN("begin/d1 second/d1 third/d1"), ROWFILE(SCOPE RENAMED("start") SECOND THIRD),
         WRITE("d1/in", "three two"), WHY("start/d1", "stale: INPUT in"));
}

static void test_7_renamed_back_it_keeps_the_newer_record(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE(SCOPE RENAMED("begin") SECOND THIRD), RUN(""),
         WRITE("d1/in", "newer"), RUN("begin/d1 second/d1 third/d1"), ROWFILE(chain), RUN(""));
}

static void test_7_renamed_while_another_was_removed(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE(SCOPE RENAMED("begin") SECOND), WRITE("d1/in", "new"),
         WHY("begin/d1", "stale: INPUT in"));
}

#define GROUPS(name)                                                                               \
    "[workspace]\npath = 'workspace'\nvalue_file = 'value.json'\n"                                 \
    "[[action]]\nname = '" name "'\nproducts = ['//sum-{/x}']\n"                                   \
    "command = 'gather value.json //sum-{/x}'\n"                                                   \
    "[action.group]\nsort_by = ['/x']\nsplit_by_sort_key = true\nsubmit_whole = true\n"

/* A look at groups that were renamed compares each with its own record, not with those of all. */
static void test_7_many_renamed_groups_take_linear_time(void **state)
{
    enum { GROUPS_COUNT = 40 };
    char path[32];
    char value[32];
    struct study study;
    (void)state;
    study_begin(&study, GROUPS("sum"));
    for (int i = 0; i < GROUPS_COUNT; i++) {
        (void)snprintf(path, sizeof path, "d%d/value.json", i);
        (void)snprintf(value, sizeof value, "{\"x\": %d}", i);
        study_write(&study, path, value);
    }
    study_run(&study);
    study.rowfile = GROUPS("total");
    study.no_adopt = true;
    study_look(&study);
    size_t compared = plan_follow_renamed(study.plan);
    study_close(&study);
    assert_int_equal(compared, GROUPS_COUNT);
    study_expect(&study, ""); /* and each found it */
    study_end(&study);
}

static void test_7_the_limit_of_digests_converts(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE("[workspace]\ndigest_limit = 4\n" SCOPE FIRST SECOND THIRD),
         RUN(""), ROWFILE(chain), RUN(""));
}

static void test_7_resources_are_not_part_of_the_work(void **state)
{
    (void)state;
    PLAY(chain, FINISHED,
         ROWFILE(SCOPE SECOND THIRD FIRST "resources.threads_per_process = 2\n"
                                          "launchers = ['openmp']\n"
                                          "retries = 3\n"
                                          "timeout = '01:00:00'\n"
                                          "submit_options.none.setup = ':'\n"),
         RUN(""));
}

static void test_7_command_shell_and_environment_are(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE(SCOPE FIRST "environment.MODE = 'fast'\n" SECOND THIRD),
         WHY("first/d1", "stale: RECIPE"), RUN("first/d1"), RUN(""),
         ROWFILE(SCOPE FIRST "environment.MODE = 'slow'\n" SECOND THIRD),
         WHY("first/d1", "stale: RECIPE"), RUN("first/d1"), RUN(""),
         ROWFILE(SCOPE FIRST "environment.MODE = 'slow'\nshell = 'bash'\n" SECOND THIRD),
         WHY("first/d1", "stale: RECIPE"), RUN("first/d1"), RUN(""),
         ROWFILE(SCOPE ACTION("first") "inputs = ['in']\n"
                                       "products = ['a']\n"
                                       "command = 'upper in a'\n" SECOND THIRD),
         WHY("first/d1", "stale: RECIPE"), RUN("first/d1 second/d1 third/d1"), RUN(""));
}

static void test_7_sh_with_and_without_e_is_one_recipe(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, ROWFILE(SCOPE FIRST "shell = 'sh'\n" SECOND THIRD), RUN(""),
         ROWFILE(SCOPE FIRST "shell = ['sh', '-e']\n" SECOND THIRD), RUN(""),
         ROWFILE(SCOPE FIRST "shell = 'bash -e'\n" SECOND THIRD), WHY("first/d1", "stale: RECIPE"),
         RUN("first/d1"), ROWFILE(SCOPE FIRST "shell = ['bash', '-e']\n" SECOND THIRD), RUN(""),
         ROWFILE(SCOPE FIRST "shell = 'bash -eo pipefail'\n" SECOND THIRD), RUN("first/d1"));
}

static const char without_products[] = SCOPE ACTION(
    "first") "inputs = ['in']\n"
             "command = 'read in'\n" ACTION("second") "previous_actions = ['first']\n"
                                                      "command = 'read in'\n" ACTION(
                                                          "third") "previous_actions = ['second']\n"
                                                                   "products = ['c']\n"
                                                                   "command = 'write x c'\n";
static const char without_products_but_more_inputs[] = SCOPE ACTION(
    "first") "inputs = ['in', 'other']\n"
             "command = 'read in'\n" ACTION("second") "previous_actions = ['first']\n"
                                                      "command = 'read in'\n" ACTION(
                                                          "third") "previous_actions = ['second']\n"
                                                                   "products = ['c']\n"
                                                                   "command = 'write x c'\n";

static void test_7_a_new_input_without_products_reruns_no_dependent(void **state)
{
    (void)state;
    PLAY(without_products, WRITE("d1/other", "x"), WRITE("d1/in", "x"),
         RUN("first/d1 second/d1 third/d1"), ROWFILE(without_products_but_more_inputs), RUN(""),
         RUN(""), WRITE("d1/other", "new"), WHY("first/d1", "stale: INPUT other"),
         RUN("first/d1 second/d1 third/d1"), RUN(""));
}

/* ---- 8. Backups ---- */

static void test_8_edit_fail_revert(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/in", "bad"), RUN("first/d1"), TEXT("d1/a", "bad"),
         WRITE("d1/in", "three two"), WHY("first/d1", "restore:"), RUN("back:first/d1"),
         TEXT("d1/a", " eehorttw"), RUN(""));
}

static void test_8_a_failure_never_replaces_the_record_of_a_success(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/in", "bad 1"), RUN("first/d1"), WRITE("d1/in", "bad 2"),
         RUN("first/d1"), WRITE("d1/in", "three two"), RUN("back:first/d1"), RUN(""));
}

static void test_8_a_success_ends_the_backup(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/in", "bad"), RUN("first/d1"),
         TEXT("d1/.a.rowbuild-good", " eehorttw"), WRITE("d1/in", "good"),
         RUN("first/d1 second/d1 third/d1"), TEXT("d1/.a.rowbuild-good", "-"), RUN(""));
}

static void test_8_edits_by_hand_are_kept(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/a", "first hand"), RUN("first/d1"),
         TEXT("d1/.a.rowbuild-kept", "first hand"), WRITE("d1/a", "second hand"), RUN("first/d1"),
         TEXT("d1/.a.rowbuild-kept", "second hand"), TEXT("d1/.a.rowbuild-kept-2", "-"));
}

/* ---- 9. --rerun ---- */

static void test_9_rerun_runs_what_is_selected(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, RERUN, SELECT("second", NULL), RUN("second/d1"), RERUN,
         RUN("first/d1 second/d1 third/d1"), RUN(""));
}

/* ---- 10. Selection ---- */

static void test_10_a_selection_pulls_in_what_it_needs(void **state)
{
    (void)state;
    PLAY(chain, WRITE("d1/in", "x"), SELECT("second", NULL), RUN("first/d1 second/d1"),
         SELECT("f*", NULL), RUN(""), SELECT("third", NULL), RUN("third/d1"));
}

static void test_10_only_records_what_was_read(void **state)
{
    (void)state;
    PLAY(chain, FINISHED, WRITE("d1/in", "other"), REMOVE("d1/b"), SELECT("second", "only"),
         RUN("second/d1"), TEXT("d1/b", " EEHORTTW"), RUN("first/d1 second/d1 third/d1"),
         TEXT("d1/b", "EHORT"));
}

/* ---- 11. The workspace is gone ---- */

static void test_11_records_of_vanished_directories_stay(void **state)
{
    (void)state;
    PLAY(chain, FINISHED_TWO, RENAME("d1", "../away"), RUN(""), WRITE("d2/in", "x"),
         RUN("first/d2 second/d2 third/d2"), RENAME("../away", "d1"), RUN(""), ADOPTED("0"));
}

/* ---- Globs ---- */

static const char globbed[] = SCOPE ACTION("sum") "inputs = ['part*']\n"
                                                  "products = ['sum']\n"
                                                  "command = 'write x sum'\n";

static void test_globs_grow_and_shrink(void **state)
{
    (void)state;
    PLAY(globbed, WRITE("d1/part1", "one"), RUN("sum/d1"), WRITE("d1/part2", "two"),
         WHY("sum/d1", "stale: INPUT_NEW part2"), RUN("sum/d1"), RUN(""), REMOVE("d1/part1"),
         WHY("sum/d1", "stale: INPUT_GONE part1"), RUN("sum/d1"), RUN(""),
         WRITE("d1/part2", "another"), WHY("sum/d1", "stale: INPUT part2"), RUN("sum/d1"), RUN(""),
         WRITE("d1/another", "x"), RUN(""));
}

static void test_a_glob_that_is_newly_listed_counts_as_seen(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sum") "products = ['sum']\n"
                             "command = 'write x sum'\n",
         WRITE("d1/part1", "one"), RUN("sum/d1"), ROWFILE(globbed), RUN(""),
         WRITE("d1/part2", "two"), WHY("sum/d1", "stale: INPUT_NEW part2"), RUN("sum/d1"), RUN(""));
}

/* ---- Values ---- */

#define VALUED(more)                                                                               \
    "[workspace]\nvalue_file = 'v.json'\n" SCOPE ACTION("make") "products = ['a']\n" more          \
                                                                "command = 'copy v.json a'\n"

static void test_a_value_counts_by_what_it_says(void **state)
{
    (void)state;
    PLAY(VALUED(""), WRITE("d1/v.json", "{\"t\": 1, \"s\": 2}"), RUN("make/d1"),
         WRITE("d1/v.json", "{ \"s\":2,\n\"t\":1 }"), RUN(""),
         WRITE("d1/v.json", "{\"t\": 1, \"s\": 3}"), WHY("make/d1", "stale: VALUE"), RUN("make/d1"),
         RUN(""));
}

static void test_only_value_inputs_count(void **state)
{
    (void)state;
    PLAY(VALUED("value_inputs = ['/t']\n"), WRITE("d1/v.json", "{\"t\": 1, \"s\": 2}"),
         RUN("make/d1"), WRITE("d1/v.json", "{\"t\": 1, \"s\": 3}"), RUN(""),
         WRITE("d1/v.json", "{\"t\": 2, \"s\": 3}"), WHY("make/d1", "stale: VALUE"), RUN("make/d1"),
         RUN(""));
}

static void test_value_inputs_that_come_and_go_rerun_nothing(void **state)
{
    (void)state;
    PLAY(VALUED(""), WRITE("d1/v.json", "{\"t\": 1, \"s\": 2}"), RUN("make/d1"),
         ROWFILE(VALUED("value_inputs = ['/t']\n")), RUN(""), RUN(""), ROWFILE(VALUED("")), RUN(""),
         WRITE("d1/v.json", "{\"t\": 1, \"s\": 4}"), WHY("make/d1", "stale: VALUE"));
    PLAY(VALUED(""), WRITE("d1/v.json", "{\"t\": 1, \"s\": 2}"), RUN("make/d1"),
         ROWFILE(VALUED("value_inputs = ['/t']\n")), RUN(""),
         WRITE("d1/v.json", "{\"t\": 1, \"s\": 4}"), RUN(""),
         WRITE("d1/v.json", "{\"t\": 2, \"s\": 4}"), WHY("make/d1", "stale: VALUE"));
    PLAY(VALUED(""), WRITE("d1/v.json", "{\"t\": 1, \"s\": 2}"), RUN("make/d1"),
         ROWFILE(VALUED("value_inputs = ['/t']\n")), WRITE("d1/v.json", "{\"t\": 1, \"s\": 4}"),
         WHY("make/d1", "stale: VALUE"));
}

/* ---- Groups ---- */

static const char grouped[] = ACTION("all") "scope = 'group'\n"
                                            "inputs = ['in']\n"
                                            "products = ['//summary']\n"
                                            "command = 'gather in //summary'\n";

static void test_a_group_is_its_members(void **state)
{
    (void)state;
    PLAY(grouped, WRITE("d1/in", "1"), WRITE("d2/in", "2"), RUN("all///summary"),
         TEXT("../summary", "12"), RUN(""), WRITE("d3/in", "3"),
         WHY("all///summary", "stale: JOINED d3, INPUT_NEW workspace/d3/in"), RUN("all///summary"),
         TEXT("../summary", "123"), RUN(""), REMOVE("d2"), WHY("all///summary", "stale: LEFT d2"),
         RUN("all///summary"), TEXT("../summary", "13"), RUN(""), WRITE("d3/in", "4"),
         WHY("all///summary", "stale: INPUT workspace/d3/in"), RUN("all///summary"), RUN(""));
}

static void test_a_groups_product_comes_back(void **state)
{
    (void)state;
    PLAY(ACTION("all") "scope = 'group'\n"
                       "inputs = ['in']\n"
                       "products = ['//summary']\n"
                       "command = 'gather in //summary; fail_if bad //summary'\n",
         WRITE("d1/in", "1"), WRITE("d2/in", "2"), RUN("all///summary"), WRITE("d2/in", "bad"),
         RUN("all///summary"), WRITE("d3/in", "3"), RUN("all///summary"), WRITE("d2/in", "2"),
         REMOVE("d3"), RUN("back:all///summary"), TEXT("../summary", "12"), RUN(""));
}

/* ---- Empty is not missing ---- */

static void test_an_empty_file_is_there(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("first") "inputs = ['in']\n"
                               "products = ['a']\n"
                               "command = 'copy in a'\n",
         WRITE("d1/in", ""), RUN("first/d1"), TEXT("d1/a", ""), RUN(""), REMOVE("d1/in"),
         WHY("first/d1", "blocked: INPUT_MISSING workspace/d1/in"), WRITE("d1/in", ""), RUN(""),
         WRITE("d1/in", "x"), WHY("first/d1", "stale: INPUT in"));
}

#define TEST(name) cmocka_unit_test(test_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(1_another_time_runs_nothing),
        TEST(1_an_equal_file_in_its_place_runs_nothing),
        TEST(1_another_content_of_the_same_size_and_time_is_seen),
        TEST(1_a_file_above_the_limit_is_known_by_size_and_time),
        TEST(2_an_input_that_changed_meanwhile_leaves_a_stale_success),
        TEST(2_a_value_that_changed_meanwhile_leaves_a_stale_success),
        TEST(2_what_a_task_reads_is_what_it_finds_when_it_starts),
        TEST(2_a_made_while_an_input_changed_is_never_put_back),
        TEST(2_a_required_input_that_is_missing_blocks),
        TEST(2_an_input_that_vanished_before_the_launch_blocks),
        TEST(2_what_a_glob_matched_and_vanished_is_recorded_as_gone),
        TEST(2_a_made_input_that_vanished_blocks),
        TEST(2_a_folder_that_vanished_blocks),
        TEST(2_one_member_without_its_input_blocks_the_group),
        TEST(2_an_input_that_vanished_while_it_ran_leaves_a_stale_success),
        TEST(3_an_identical_product_leaves_its_dependents_up_to_date),
        TEST(3_the_cutoff_may_be_further_down),
        TEST(4_a_product_that_is_not_what_was_recorded),
        TEST(4_a_product_that_is_missing),
        TEST(4_a_product_that_its_dependent_changed_is_recorded_anew),
        TEST(5_success_needs_the_products),
        TEST(5_success_needs_the_exit_status),
        TEST(6_products_without_any_record_count_as_they_stand),
        TEST(6_so_do_products_older_than_their_inputs),
        TEST(6_only_what_is_missing_runs),
        TEST(6_what_was_missing_at_adoption_is_filled_in),
        TEST(6_no_adopt_runs_everything),
        TEST(6_later_only_what_is_newer_than_its_inputs_is_adopted),
        TEST(6_what_a_failed_attempt_left_is_not_adopted),
        TEST(7_another_layout_runs_nothing),
        TEST(7_a_newly_listed_input_that_is_older_counts_as_seen),
        TEST(7_a_newly_listed_input_that_is_newer_runs_it),
        TEST(7_an_input_that_is_no_longer_listed_drops_out),
        TEST(7_a_newly_listed_product_counts_if_it_exists),
        TEST(7_a_product_that_is_no_longer_listed_drops_out),
        TEST(7_a_renamed_action_keeps_its_records),
        TEST(7_renamed_back_it_keeps_the_newer_record),
        TEST(7_renamed_while_another_was_removed),
        TEST(7_many_renamed_groups_take_linear_time),
        TEST(7_the_limit_of_digests_converts),
        TEST(7_resources_are_not_part_of_the_work),
        TEST(7_command_shell_and_environment_are),
        TEST(7_sh_with_and_without_e_is_one_recipe),
        TEST(7_a_new_input_without_products_reruns_no_dependent),
        TEST(8_edit_fail_revert),
        TEST(8_a_failure_never_replaces_the_record_of_a_success),
        TEST(8_a_success_ends_the_backup),
        TEST(8_edits_by_hand_are_kept),
        TEST(9_rerun_runs_what_is_selected),
        TEST(10_a_selection_pulls_in_what_it_needs),
        TEST(10_only_records_what_was_read),
        TEST(11_records_of_vanished_directories_stay),
        TEST(globs_grow_and_shrink),
        TEST(a_glob_that_is_newly_listed_counts_as_seen),
        TEST(a_value_counts_by_what_it_says),
        TEST(only_value_inputs_count),
        TEST(value_inputs_that_come_and_go_rerun_nothing),
        TEST(a_group_is_its_members),
        TEST(a_groups_product_comes_back),
        TEST(an_empty_file_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
