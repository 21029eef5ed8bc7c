/* Rule 14 of docs/internals/rules.md: temporary products, as stories on a simulated disk. */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SCOPE                                                                                      \
    "[default.action]\n"                                                                           \
    "scope = 'directory'\n"
#define ACTION(name)                                                                               \
    "[[action]]\n"                                                                                 \
    "name = '" name "'\n"
#define TEMPORARY "temporary = ['t']\n"
#define SIM                                                                                        \
    ACTION("sim")                                                                                  \
    "inputs = ['in']\n"                                                                            \
    "products = ['t', 'log']\n"                                                                    \
    "command = 'copy in t; fail_if bad in; count in log'\n"
#define PACK                                                                                       \
    ACTION("pack")                                                                                 \
    "inputs = ['t']\n"                                                                             \
    "products = ['p']\n"                                                                           \
    "command = 'upper t p'\n"
/* The same result by another command. */
#define PACK_OTHERWISE                                                                             \
    ACTION("pack")                                                                                 \
    "inputs = ['t']\n"                                                                             \
    "products = ['p']\n"                                                                           \
    "command = 'upper t p #'\n"
#define PLOT                                                                                       \
    ACTION("plot")                                                                                 \
    "inputs = ['t']\n"                                                                             \
    "products = ['q']\n"                                                                           \
    "command = 'count t q'\n"
static const char plain[] = SCOPE SIM PACK;
static const char study[] = SCOPE SIM TEMPORARY PACK;
static const char study_other_pack[] = SCOPE SIM TEMPORARY PACK_OTHERWISE;
static const char two_readers[] = SCOPE SIM TEMPORARY PACK PLOT;
static const char two_readers_other_pack[] = SCOPE SIM TEMPORARY PACK_OTHERWISE PLOT;

#define FINISHED                                                                                   \
    WRITE("d1/in", "one two"), RUN("sim/d1 pack/d1"), TEXT("d1/t", "-"), TEXT("d1/p", "ONE TWO"),  \
        TEXT("d1/log", "7"), RUN("")

/* ---- When it is deleted ---- */

static void test_it_is_deleted_once_it_was_read(void **state)
{
    (void)state;
    PLAY(study, FINISHED, WHY("sim/d1", "fresh:"), WHY("pack/d1", "fresh:"));
}

static void test_without_a_reader_it_stays(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY, WRITE("d1/in", "one"), RUN("sim/d1"), TEXT("d1/t", "one"), RUN(""));
}

static void test_added_to_a_finished_study_the_key_deletes_nothing(void **state)
{
    (void)state;
    PLAY(plain, WRITE("d1/in", "one"), RUN("sim/d1 pack/d1"), ROWFILE(study), RUN(""),
         TEXT("d1/t", "one"), ROWFILE(study_other_pack), RUN("pack/d1"), TEXT("d1/t", "one"),
         WRITE("d1/in", "two"), RUN("sim/d1 pack/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_remade_with_the_same_bytes_it_stays_if_read_before_the_key(void **state)
{
    (void)state;
    PLAY(plain, WRITE("d1/in", "one"), RUN("sim/d1 pack/d1"),
         ROWFILE(SCOPE ACTION("sim") "inputs = ['in']\n"
                                     "products = ['t', 'log']\n"
                                     "command = 'copy in t; count in log #'\n" TEMPORARY PACK),
         RUN("sim/d1"), TEXT("d1/t", "one"), RUN(""));
}

static void test_of_adopted_results_nothing_is_deleted(void **state)
{
    (void)state;
    PLAY(study, WRITE("d1/in", "one"), WRITE("d1/t", "one"), WRITE("d1/log", "3"),
         WRITE("d1/p", "ONE"), RUN(""), ADOPTED("2"), TEXT("d1/t", "one"),
         ROWFILE(study_other_pack), RUN("pack/d1"), TEXT("d1/t", "one"));
}

static void test_it_waits_for_a_reader_that_is_not_selected(void **state)
{
    (void)state;
    PLAY(two_readers, WRITE("d1/in", "one"), SELECT("pack", NULL), RUN("sim/d1 pack/d1"),
         TEXT("d1/t", "one"), SELECT("plot", NULL), RUN("plot/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_it_waits_for_a_reader_that_failed(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY PACK ACTION("plot") "inputs = ['t', 'x']\n"
                                                 "products = ['q']\n"
                                                 "command = 'fail_if no x; count t q'\n",
         WRITE("d1/in", "one"), WRITE("d1/x", "no"), RUN("sim/d1 pack/d1 plot/d1"),
         TEXT("d1/t", "one"), RUN("plot/d1"), TEXT("d1/t", "one"), WRITE("d1/x", "yes"),
         RUN("plot/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_it_waits_for_a_reader_that_is_stale_by_itself(void **state)
{
    (void)state;
    PLAY(two_readers, WRITE("d1/in", "one"), SELECT("pack", NULL), RUN("sim/d1 pack/d1"),
         ROWFILE(two_readers_other_pack), SELECT("plot", NULL), RUN("plot/d1"), TEXT("d1/t", "one"),
         RUN("pack/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_a_group_reads_it_of_all_directories(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY ACTION("all") "scope = 'group'\n"
                                           "inputs = ['t']\n"
                                           "products = ['//sum']\n"
                                           "command = 'gather t //sum'\n",
         WRITE("d1/in", "1"), WRITE("d2/in", "2"), RUN("sim/d1 sim/d2 all///sum"),
         TEXT("d1/t", "-"), TEXT("d2/t", "-"), RUN(""), WRITE("d2/in", "3"),
         WHY("sim/d1", "maybe: NEEDED_AGAIN t"), RUN("sim/d1 sim/d2 all///sum"), RUN(""));
}

static void test_a_group_makes_it(void **state)
{
    (void)state;
    PLAY("[[action]]\nname = 'all'\nscope = 'group'\ninputs = ['in']\nproducts = ['//t']\n"
         "temporary = ['//t']\ncommand = 'gather in //t'\n"
         "[[action]]\nname = 'each'\nscope = 'directory'\ninputs = ['//t']\nproducts = ['p']\n"
         "command = 'copy //t p'\n",
         WRITE("d1/in", "1"), WRITE("d2/in", "2"), RUN("all///t each/d1 each/d2"), RUN(""),
         WHY("all///t", "fresh:"), REMOVE("d2/p"), WHY("all///t", "stale: NEEDED_AGAIN t"),
         WHY("each/d1", "maybe: UPSTREAM_PENDING"), RUN("all///t each/d2"), RUN(""));
}

static void test_globs_that_match_it_read_it(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY ACTION("pack") "inputs = ['t*']\n"
                                            "products = ['p']\n"
                                            "command = 'upper t p'\n",
         FINISHED, WRITE("d1/t2", "x"), WHY("pack/d1", "stale: INPUT_NEW t2"),
         RUN("sim/d1 pack/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_without_inputs_all_products_of_the_action_before_are_read(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY ACTION("pack") "previous_actions = ['sim']\n"
                                            "products = ['p']\n"
                                            "command = 'upper t p'\n",
         FINISHED);
}

static void test_a_folder(void **state)
{
    (void)state;
    PLAY(
        SCOPE ACTION("sim") "inputs = ['in']\n"
                            "products = ['t', 'log']\n"
                            "command = 'copy in t/a; copy in t/b; count in log'\n" TEMPORARY ACTION(
                                "pack") "inputs = ['t']\n"
                                        "products = ['p']\n"
                                        "command = 'upper t/a p'\n" ACTION(
                                            "some") "inputs = ['t/b']\n"
                                                    "products = ['s']\n"
                                                    "command = 'copy t/b s'\n" ACTION(
                                                        "globbed") "inputs = ['t/*']\n"
                                                                   "products = ['g']\n"
                                                                   "command = 'copy t/b g'\n",
        WRITE("d1/in", "one"), RUN("sim/d1 pack/d1 some/d1 globbed/d1"), TEXT("d1/t/a", "-"),
        TEXT("d1/t/b", "-"), TEXT("d1/.t.rowbuild-good/a", "-"), RUN(""), REMOVE("d1/s"),
        WHY("sim/d1", "stale: NEEDED_AGAIN t"), RUN("sim/d1 some/d1"), TEXT("d1/t/a", "-"),
        RUN(""));
}

static void test_a_folder_that_holds_other_files_stays(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sim") "inputs = ['in']\n"
                             "products = ['t']\n"
                             "command = 'copy in t/a'\n" TEMPORARY ACTION(
                                 "pack") "inputs = ['t']\n"
                                         "products = ['p']\n"
                                         "command = 'upper t/a p'\n",
         WRITE("d1/t/mine", "notes"), WRITE("d1/in", "one"), NO_ADOPT, RUN("sim/d1 pack/d1"),
         TEXT("d1/t/mine", "notes"), TEXT("d1/t/a", "one"), RUN(""));
}

static void test_what_is_read_as_a_part_of_a_folder_stays(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sim") "inputs = ['in']\n"
                             "products = ['f/t']\n"
                             "command = 'copy in f/t'\n"
                             "temporary = ['f/t']\n" ACTION("pack") "inputs = ['f']\n"
                                                                    "products = ['p']\n"
                                                                    "command = 'upper f/t p'\n",
         WRITE("d1/in", "one"), RUN("sim/d1 pack/d1"), TEXT("d1/f/t", "one"), RUN(""));
}

static void test_edited_bytes_are_never_deleted(void **state)
{
    (void)state;
    PLAY(two_readers, WRITE("d1/in", "one"), SELECT("pack", NULL), RUN("sim/d1 pack/d1"),
         WRITE("d1/t", "edited"), SELECT("plot", "only"), RUN("plot/d1"), TEXT("d1/t", "edited"));
}

static void test_what_the_last_reader_uses_up_counts_as_deleted(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY ACTION("pack") "inputs = ['t']\n"
                                            "products = ['p']\n"
                                            "command = 'upper t p; remove t'\n",
         FINISHED, REMOVE("d1/p"), RUN("sim/d1 pack/d1"), RUN(""));
}

static void test_what_is_used_up_without_the_key_is_made_again(void **state)
{
    (void)state;
    PLAY(SCOPE SIM ACTION("pack") "inputs = ['t']\n"
                                  "products = ['p']\n"
                                  "command = 'upper t p; remove t'\n",
         WRITE("d1/in", "one"), RUN("sim/d1 pack/d1"), WHY("sim/d1", "stale: PRODUCT_MISSING t"));
}

/* ---- When it is needed again ---- */

static void test_a_stale_reader_has_it_made_again(void **state)
{
    (void)state;
    PLAY(two_readers, WRITE("d1/in", "one"), RUN("sim/d1 pack/d1 plot/d1"), TEXT("d1/t", "-"),
         ROWFILE(two_readers_other_pack), WHY("pack/d1", "stale: RECIPE"),
         WHY("sim/d1", "stale: NEEDED_AGAIN t"), WHY("plot/d1", "maybe: UPSTREAM_PENDING"),
         RUN("sim/d1 pack/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_made_again_with_other_bytes_all_readers_run(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sim") "products = ['t']\n"
                             "command = 'copy hidden t'\n" TEMPORARY PACK PLOT,
         WRITE("d1/hidden", "one"), RUN("sim/d1 pack/d1 plot/d1"), WRITE("d1/hidden", "two!"),
         RUN(""), REMOVE("d1/p"), RUN("sim/d1 pack/d1 plot/d1"), TEXT("d1/q", "4"), RUN(""));
}

static void test_a_new_reader_has_it_made_again(void **state)
{
    (void)state;
    PLAY(study, FINISHED, ROWFILE(two_readers), WHY("sim/d1", "stale: NEEDED_AGAIN t"),
         RUN("sim/d1 plot/d1"), TEXT("d1/t", "-"), RUN(""));
}

static void test_a_reader_that_is_as_before_needs_nothing(void **state)
{
    (void)state;
    PLAY(study, FINISHED, ROWFILE(study_other_pack), WHY("pack/d1", "stale: RECIPE"),
         ROWFILE(study), WHY("sim/d1", "fresh:"), RUN(""), TEXT("d1/t", "-"));
}

static void test_alone_a_stale_reader_cannot_run(void **state)
{
    (void)state;
    PLAY(study, FINISHED, ROWFILE(study_other_pack), SELECT("pack", "only"),
         WHY("pack/d1", "blocked: RECIPE, INPUT_MISSING workspace/d1/t"), RUN(""),
         RUN("sim/d1 pack/d1"), RUN(""));
}

#define OTHER_SIM                                                                                  \
    ACTION("sim")                                                                                  \
    "inputs = ['in']\n"                                                                            \
    "products = ['t', 'log']\n"                                                                    \
    "command = 'copy in t; fail_if two in; count in log'\n"

static void test_another_recipe_of_the_maker_and_back(void **state)
{
    (void)state;
    PLAY(study, FINISHED, ROWFILE(SCOPE OTHER_SIM TEMPORARY PACK), WHY("sim/d1", "stale: RECIPE"),
         ROWFILE(study), WHY("sim/d1", "fresh:"), RUN(""), ROWFILE(SCOPE OTHER_SIM TEMPORARY PACK),
         RUN("sim/d1"), ROWFILE(study), RUN("back:sim/d1"), TEXT("d1/t", "-"), TEXT("d1/log", "7"),
         RUN(""));
}

static void test_a_maker_that_does_not_make_it_again_fails(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION(
             "sim") "inputs = ['in']\n"
                    "products = ['t', 'log']\n"
                    "command = 'count in log; stop_if once; write x once; copy in t'\n" TEMPORARY
                        PACK,
         WRITE("d1/in", "one"), RUN("sim/d1 pack/d1"), TEXT("d1/t", "-"), REMOVE("d1/p"),
         RUN("sim/d1"), WHY("sim/d1", "stale: FAILED"), RUN("sim/d1"));
}

static void test_a_chain_of_temporaries(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("a") "inputs = ['in']\n"
                           "products = ['t']\n"
                           "command = 'copy in t'\n" TEMPORARY ACTION(
                               "b") "inputs = ['t']\n"
                                    "products = ['u']\n"
                                    "temporary = ['u']\n"
                                    "command = 'upper t u'\n" ACTION("c") "inputs = ['u']\n"
                                                                          "products = ['v']\n"
                                                                          "command = 'sort u v'\n",
         WRITE("d1/in", "one"), RUN("a/d1 b/d1 c/d1"), TEXT("d1/t", "-"), TEXT("d1/u", "-"),
         RUN(""), REMOVE("d1/v"), WHY("a/d1", "stale: NEEDED_AGAIN t"),
         WHY("b/d1", "stale: NEEDED_AGAIN u"), RUN("a/d1 b/d1 c/d1"), TEXT("d1/t", "-"),
         TEXT("d1/u", "-"), RUN(""), FORGET, RUN(""), ADOPTED("3"), RUN(""));
}

/* Early cutoff through what is deleted: a runs, its product is the same, and b isn't needed. */
static void test_early_cutoff_before_a_deleted_product(void **state)
{
    (void)state;
#define A(command) ACTION("a") "inputs = ['in']\nproducts = ['a']\ncommand = '" command "'\n"
#define B_C                                                                                        \
    ACTION("b")                                                                                    \
    "inputs = ['a']\n"                                                                             \
    "products = ['t']\n"                                                                           \
    "command = 'upper a t'\n" TEMPORARY ACTION("c") "inputs = ['t']\n"                             \
                                                    "products = ['v']\n"                           \
                                                    "command = 'sort t v'\n"
    PLAY(SCOPE A("copy in a") B_C, WRITE("d1/in", "one"), RUN("a/d1 b/d1 c/d1"), TEXT("d1/t", "-"),
         ROWFILE(SCOPE A("copy in a #") B_C), WHY("b/d1", "maybe: UPSTREAM_PENDING"), RUN("a/d1"),
         TEXT("d1/t", "-"), RUN(""));
}

/* Whether `pack` runs is known only when `prep` has ended; `sim` has nothing to do until then. */
#define DIAMOND(prep, all)                                                                         \
    SCOPE SIM TEMPORARY ACTION("prep") "inputs = ['x']\n"                                          \
                                       "products = ['y']\n"                                        \
                                       "command = '" prep                                          \
                                       "'\n" ACTION("pack") "inputs = ['t', 'y']\n"                \
                                                            "products = ['p']\n"                   \
                                                            "command = '" all "'\n"

static void test_a_maker_that_turns_out_to_be_needed(void **state)
{
    (void)state;
    PLAY(DIAMOND("copy x y", "upper t p; read y"), WRITE("d1/in", "one"), WRITE("d1/x", "x"),
         RUN("sim/d1 prep/d1 pack/d1"), TEXT("d1/t", "-"),
         ROWFILE(DIAMOND("copy x y #", "upper t p; read y")),
         WHY("sim/d1", "maybe: NEEDED_AGAIN t"), RUN("prep/d1"), TEXT("d1/t", "-"),
         WRITE("d1/x", "other"), WHY("sim/d1", "maybe: NEEDED_AGAIN t"),
         WHY("pack/d1", "maybe: UPSTREAM_PENDING"), RUN("sim/d1 prep/d1 pack/d1"),
         TEXT("d1/t", "-"), RUN(""));
}

static void test_makers_that_turn_out_to_be_needed_for_a_batch(void **state)
{
    (void)state;
    PLAY(DIAMOND("copy x y", "upper t p; read y # {directories}"), WRITE("d1/in", "one"),
         WRITE("d1/x", "x"), WRITE("d2/in", "two"), WRITE("d2/x", "x"), WRITE("d3/in", "three"),
         WRITE("d3/x", "x"),
         RUN("sim/d1 prep/d1 sim/d2 prep/d2 sim/d3 prep/d3 pack/d1 pack/d2 pack/d3"),
         WRITE("d1/x", "1"), WRITE("d3/x", "3"),
         RUN("sim/d1 prep/d1 sim/d3 prep/d3 pack/d1 pack/d3"), RUN(""));
}

static void test_a_maker_that_is_needed_and_fails_stops_its_reader(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sim") "products = ['t']\n"
                             "command = 'fail_if no hidden; copy hidden t'\n" TEMPORARY ACTION(
                                 "prep") "inputs = ['x']\n"
                                         "products = ['y']\n"
                                         "command = 'copy x y'\n" ACTION(
                                             "pack") "inputs = ['t', 'y']\n"
                                                     "products = ['p']\n"
                                                     "command = 'upper t p; read y'\n",
         WRITE("d1/hidden", "yes"), WRITE("d1/x", "x"), RUN("sim/d1 prep/d1 pack/d1"),
         WRITE("d1/hidden", "no"), WRITE("d1/x", "other"), RUN("sim/d1 prep/d1"),
         TEXT("d1/p", "YES"), WRITE("d1/hidden", "yes"), RUN("sim/d1 pack/d1"), RUN(""));
}

/* ---- State ---- */

static void test_results_without_records_are_adopted(void **state)
{
    (void)state;
    PLAY(study, FINISHED, FORGET, RUN(""), ADOPTED("2"), TEXT("d1/t", "-"), RUN(""),
         ROWFILE(two_readers), RUN("sim/d1 plot/d1"), RUN(""));
}

static void test_without_its_traces_nothing_is_adopted(void **state)
{
    (void)state;
    PLAY(study, FINISHED, FORGET, REMOVE("d1/p"), RUN("sim/d1 pack/d1"), RUN(""), FORGET,
         REMOVE("d1/log"), RUN("sim/d1"), TEXT("d1/t", "one two"), RUN(""));
}

static void test_put_back_by_hand_it_is_a_file_like_others(void **state)
{
    (void)state;
    PLAY(study, FINISHED, WRITE("d1/t", "other"), WHY("sim/d1", "stale: PRODUCT_CHANGED t"),
         WRITE("d1/t", "one two"), RUN(""), TEXT("d1/t", "-"), RUN(""));
}

static void test_removed_by_hand_it_is_missing(void **state)
{
    (void)state;
    PLAY(SCOPE SIM TEMPORARY PACK PLOT, WRITE("d1/in", "one"), SELECT("pack", NULL),
         RUN("sim/d1 pack/d1"), REMOVE("d1/t"), WHY("sim/d1", "stale: PRODUCT_MISSING t"));
}

/* Of a run that was killed before the product was deleted: all readers have run. */
static void test_it_waits_for_a_reader_in_a_job(void **state)
{
    (void)state;
    static const struct step story[] = {WRITE("d1/in", "one"), KILL("deleted")};
    struct study own;
    study_begin(&own, study);
    study_play(&own, story, sizeof story / sizeof *story);
    study_look(&own);
    const struct temporary_product *t = &own.graph->temporaries.at[0];
    const struct job_ref job = {.id = 7};
    const struct job_ref **jobs = mem_alloc(own.graph->task_count * sizeof *jobs);
    struct task_id reader = {GRAPH_NONE};
    assert_int_equal(plan_temporary_state(own.plan, t, false, NULL, &own.diag), TEMPORARY_READY);
    jobs[study_task(&own, "pack/d1").at] = &job;
    plan_set_jobs(own.plan, jobs, NULL);
    assert_int_equal(plan_temporary_state(own.plan, t, true, &reader, &own.diag),
                     TEMPORARY_AWAITED);
    assert_int_equal(reader.at, study_task(&own, "pack/d1").at);
    study_close(&own);
    study_end(&own);
    free(jobs);
}

/* Between the record of the deletion and the deletion itself. */
static void test_killed_before_it_is_unlinked(void **state)
{
    (void)state;
    PLAY(study, WRITE("d1/in", "one"), KILL("deleted"), TEXT("d1/t", "one"), RUN(""),
         TEXT("d1/t", "-"), RUN(""));
}

static void test_a_folder_killed_while_it_is_deleted(void **state)
{
    (void)state;
    PLAY(SCOPE ACTION("sim") "inputs = ['in']\n"
                             "products = ['t']\n"
                             "command = 'copy in t/a; copy in t/b'\n" TEMPORARY ACTION(
                                 "pack") "inputs = ['t']\n"
                                         "products = ['p']\n"
                                         "command = 'upper t/a p'\n",
         WRITE("d1/in", "one"), KILL("deleted"), TEXT("d1/t/b", "-"),
         TEXT("d1/.t.rowbuild-good/b", "one"), RUN(""), TEXT("d1/.t.rowbuild-good/b", "-"), RUN(""),
         WRITE("d1/in", "two"), RUN("sim/d1 pack/d1"), TEXT("d1/t/b", "-"), RUN(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_deleted_once_it_was_read),
        cmocka_unit_test(test_without_a_reader_it_stays),
        cmocka_unit_test(test_added_to_a_finished_study_the_key_deletes_nothing),
        cmocka_unit_test(test_remade_with_the_same_bytes_it_stays_if_read_before_the_key),
        cmocka_unit_test(test_of_adopted_results_nothing_is_deleted),
        cmocka_unit_test(test_it_waits_for_a_reader_that_is_not_selected),
        cmocka_unit_test(test_it_waits_for_a_reader_that_failed),
        cmocka_unit_test(test_it_waits_for_a_reader_that_is_stale_by_itself),
        cmocka_unit_test(test_a_group_reads_it_of_all_directories),
        cmocka_unit_test(test_a_group_makes_it),
        cmocka_unit_test(test_globs_that_match_it_read_it),
        cmocka_unit_test(test_without_inputs_all_products_of_the_action_before_are_read),
        cmocka_unit_test(test_a_folder),
        cmocka_unit_test(test_a_folder_that_holds_other_files_stays),
        cmocka_unit_test(test_what_is_read_as_a_part_of_a_folder_stays),
        cmocka_unit_test(test_edited_bytes_are_never_deleted),
        cmocka_unit_test(test_what_the_last_reader_uses_up_counts_as_deleted),
        cmocka_unit_test(test_what_is_used_up_without_the_key_is_made_again),
        cmocka_unit_test(test_a_stale_reader_has_it_made_again),
        cmocka_unit_test(test_made_again_with_other_bytes_all_readers_run),
        cmocka_unit_test(test_a_new_reader_has_it_made_again),
        cmocka_unit_test(test_a_reader_that_is_as_before_needs_nothing),
        cmocka_unit_test(test_alone_a_stale_reader_cannot_run),
        cmocka_unit_test(test_another_recipe_of_the_maker_and_back),
        cmocka_unit_test(test_a_maker_that_does_not_make_it_again_fails),
        cmocka_unit_test(test_a_chain_of_temporaries),
        cmocka_unit_test(test_early_cutoff_before_a_deleted_product),
        cmocka_unit_test(test_a_maker_that_turns_out_to_be_needed),
        cmocka_unit_test(test_makers_that_turn_out_to_be_needed_for_a_batch),
        cmocka_unit_test(test_a_maker_that_is_needed_and_fails_stops_its_reader),
        cmocka_unit_test(test_results_without_records_are_adopted),
        cmocka_unit_test(test_without_its_traces_nothing_is_adopted),
        cmocka_unit_test(test_put_back_by_hand_it_is_a_file_like_others),
        cmocka_unit_test(test_removed_by_hand_it_is_missing),
        cmocka_unit_test(test_it_waits_for_a_reader_in_a_job),
        cmocka_unit_test(test_killed_before_it_is_unlinked),
        cmocka_unit_test(test_a_folder_killed_while_it_is_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
