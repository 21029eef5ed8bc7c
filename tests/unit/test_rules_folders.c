/* Folders as products (docs/internals/rules.md, rule 8): what the task didn't make stays in its
 * place, outside of the digest, and is never deleted. */
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The command needs what lies in its folder, and leaves half of its work where it fails. */
#define ONE(more)                                                                                  \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['out']\n" more                                                                    \
    "command = 'copy in out/a; read ok; copy out/config out/b # {directory}'\n"

/* It needs nothing there, and makes the folder. */
#define PLAIN                                                                                      \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['out']\n"                                                                         \
    "command = 'copy in out/a # {directory}'\n"

#define GOOD "d1/.out.rowbuild-good"
#define KEPT "d1/.out.rowbuild-kept"
#define LEFT "d1/.out~.rowbuild-kept"
#define BEGIN                                                                                      \
    WRITE("d1/in", "1"), WRITE("d1/ok", ""), WRITE("d1/out/config", "mine"),                       \
        WRITE("d1/out/deep/notes", "mine too"), NO_ADOPT

#define MINE TEXT("d1/out/config", "mine"), TEXT("d1/out/deep/notes", "mine too")

static void test_what_was_there_first_stays(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), MINE, RUN(""), WRITE("d1/in", "2"), RUN("one/d1"), MINE,
         TEXT("d1/out/a", "2"), TEXT(GOOD "/a", "-"), TEXT(KEPT "/a", "-"), TEXT(LEFT "/a", "-"),
         RUN(""), WRITE("d1/in", "3"), RUN("one/d1"), MINE, TEXT(GOOD "/a", "-"), RUN(""));
}

static void test_it_is_outside_of_the_digest(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), WRITE("d1/out/config", "edited"),
         WRITE("d1/out/deep/more", "x"), RUN(""), WRITE("d1/in", "2"), RUN("one/d1"),
         TEXT("d1/out/config", "edited"), TEXT("d1/out/b", "edited"), TEXT("d1/out/deep/more", "x"),
         RUN(""));
}

static void test_it_stays_over_failures(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, REMOVE("d1/ok"), RUN("one/d1"), MINE, TEXT("d1/out/a", "1"), RUN("one/d1"),
         MINE, TEXT(LEFT "/a", "1"), TEXT(LEFT "/config", "-"), RUN("one/d1"), MINE,
         WRITE("d1/ok", ""), RUN("one/d1"), MINE, TEXT("d1/out/b", "mine"), RUN(""));
}

static void test_it_stays_when_results_come_back(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), REMOVE("d1/ok"), WRITE("d1/in", "2"), RUN("one/d1"), MINE,
         TEXT(GOOD "/a", "1"), TEXT("d1/out/a", "2"), WRITE("d1/in", "1"), RUN("back:one/d1"), MINE,
         TEXT("d1/out/a", "1"), TEXT("d1/out/b", "mine"), TEXT(LEFT "/a", "2"),
         TEXT(LEFT "/config", "-"), RUN(""));
}

static void test_a_run_that_is_killed_loses_nothing(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), WRITE("d1/in", "2"), KILL("recorded"), MINE, KILL("moved"),
         MINE, KILL("commanded"), MINE, KILL("succeeded"), MINE, RUN(""), MINE,
         TEXT("d1/out/a", "2"), TEXT(GOOD "/a", "-"));
}

/* What the command changes is its product. */
static void test_what_the_command_writes_is_its_own(void **state)
{
    (void)state;
    PLAY(PLAIN, WRITE("d1/in", "1"), WRITE("d1/out/a", "older"), WRITE("d1/out/c", "mine"),
         NO_ADOPT, RUN("one/d1"), TEXT("d1/out/a", "1"), RUN(""), WRITE("d1/out/a", "edited"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), RUN("one/d1"), TEXT("d1/out/a", "1"),
         TEXT(KEPT "/a", "edited"), TEXT("d1/out/c", "mine"), RUN(""));
}

/* ---- After a success ---- */

/* A command with folders of its own, and one that reads all of it. */
#define DEEP                                                                                       \
    "[[action]]\n"                                                                                 \
    "name = 'one'\n"                                                                               \
    "inputs = ['in']\n"                                                                            \
    "products = ['out']\n"                                                                         \
    "command = 'copy in out/a; copy in out/sub/b # {directory}'\n"                                 \
    "[[action]]\n"                                                                                 \
    "name = 'two'\n"                                                                               \
    "inputs = ['out']\n"                                                                           \
    "products = ['read']\n"                                                                        \
    "command = 'copy out/a read # {directory}'\n"
#define MADE WRITE("d1/in", "1"), RUN("one/d1 two/d1")

static void test_what_is_added_stays(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), WRITE("d1/out/more/plot", "mine too"),
         WHY("one/d1", "fresh:"), WHY("two/d1", "fresh:"), RUN(""), WRITE("d1/out/notes", "edited"),
         RUN(""), WRITE("d1/in", "2"), RUN("one/d1 two/d1"), TEXT("d1/out/notes", "edited"),
         TEXT("d1/out/more/plot", "mine too"), TEXT("d1/out/sub/b", "2"), TEXT(GOOD "/a", "-"),
         TEXT(KEPT "/a", "-"), RUN(""));
}

static void test_what_is_added_deep_down_stays(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/sub/notes", "mine"), RUN(""), WRITE("d1/in", "2"),
         RUN("one/d1 two/d1"), TEXT("d1/out/sub/notes", "mine"), TEXT("d1/out/sub/b", "2"),
         TEXT(GOOD "/sub/b", "-"), TEXT(KEPT "/sub/b", "-"), RUN(""),
         WRITE("d1/out/sub/c", "later"), WRITE("d1/out/d", "too"), RUN(""), WRITE("d1/in", "3"),
         KILL("moved"), TEXT("d1/out/sub/notes", "mine"), TEXT("d1/out/sub/c", "later"),
         RUN("one/d1 two/d1"), TEXT("d1/out/sub/notes", "mine"), TEXT("d1/out/sub/c", "later"),
         TEXT("d1/out/d", "too"), RUN(""));
}

/* Nobody looks between the addition and the next start. */
static void test_what_is_added_late_stays(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), WRITE("d1/out/sub/more", "mine"),
         WRITE("d1/in", "2"), RUN("one/d1 two/d1"), TEXT("d1/out/notes", "mine"),
         TEXT("d1/out/sub/more", "mine"), TEXT(KEPT "/a", "-"), RUN(""));
}

/* An edit is an edit, whatever was added before it or with it. */
static void test_an_edit_beside_what_is_added_counts(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), RUN(""), WRITE("d1/out/a", "edited"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), RUN("one/d1"), TEXT("d1/out/notes", "mine"),
         TEXT(KEPT "/a", "edited"), TEXT("d1/out/a", "1"), RUN(""), WRITE("d1/out/later", "mine"),
         WRITE("d1/out/sub/b", "edited"), RUN("one/d1"), TEXT("d1/out/notes", "mine"),
         TEXT("d1/out/later", "mine"), TEXT(KEPT "/later", "-"), TEXT(KEPT "/sub/b", "edited"),
         RUN(""));
}

static void test_a_product_that_is_removed_is_missed(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), REMOVE("d1/out/sub/b"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), RUN("one/d1"), TEXT("d1/out/sub/b", "1"),
         RUN(""));
}

/* Names tell what was added, whatever became of the product meanwhile. */
static void test_what_is_added_beside_other_changes_stays(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), WRITE("d1/out/sub/more", "mine"),
         WRITE("d1/out/new/deep/plot", "mine"), REMOVE("d1/out/a"), WRITE("d1/out/sub/b", "edited"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), RUN("one/d1"), TEXT("d1/out/notes", "mine"),
         TEXT("d1/out/sub/more", "mine"), TEXT("d1/out/new/deep/plot", "mine"),
         TEXT("d1/out/a", "1"), TEXT("d1/out/sub/b", "1"), TEXT(KEPT "/sub/b", "edited"),
         TEXT(KEPT "/sub/more", "-"), TEXT(KEPT "/notes", "-"), RUN(""));
}

/* A file of the product that has another name isn't it any more, and one that was made anew is. */
static void test_a_name_is_whose_it_was(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, RENAME("d1/out/a", "d1/out/b"), WHY("one/d1", "stale: PRODUCT_CHANGED out"),
         RUN("one/d1"), TEXT("d1/out/a", "1"), TEXT("d1/out/b", "1"), TEXT(KEPT "/b", "-"), RUN(""),
         REMOVE("d1/out/a"), WRITE("d1/out/a", "by hand"), RUN("one/d1"),
         TEXT(KEPT "/a", "by hand"), TEXT("d1/out/a", "1"), TEXT("d1/out/b", "1"), RUN(""));
}

/* It stands where the command needs room. */
static void test_another_kind_of_entry_is_in_the_way(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, REMOVE("d1/out/a"), WRITE("d1/out/a/x", "mine"), REMOVE("d1/out/sub"),
         WRITE("d1/out/sub", "mine"), WRITE("d1/out/notes", "mine"), RUN("one/d1"),
         TEXT("d1/out/a", "1"), TEXT("d1/out/sub/b", "1"), TEXT(KEPT "/a/x", "mine"),
         TEXT(KEPT "/sub", "mine"), TEXT("d1/out/notes", "mine"), RUN(""));
}

static void test_a_killed_run_leaves_additions_beside_edits_in_place(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, WRITE("d1/out/notes", "mine"), WRITE("d1/out/sub/more", "mine"),
         WRITE("d1/out/a", "edited"), WRITE("d1/in", "2"), KILL("moved"), KILL("commanded"),
         RUN("one/d1 two/d1"), TEXT("d1/out/notes", "mine"), TEXT("d1/out/sub/more", "mine"),
         TEXT("d1/out/a", "2"), TEXT(KEPT "/a", "edited"), RUN(""));
}

static void test_a_failure_leaves_additions_beside_edits_in_place(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), WRITE("d1/out/notes", "added"), WRITE("d1/out/a", "edited"),
         REMOVE("d1/ok"), WRITE("d1/in", "2"), RUN("one/d1"), MINE, TEXT("d1/out/notes", "added"),
         TEXT(KEPT "/a", "edited"), WRITE("d1/ok", ""), RUN("one/d1"), MINE,
         TEXT("d1/out/notes", "added"), TEXT(KEPT "/a", "edited"), RUN(""));
}

static void test_rows_contract_leaves_additions_beside_edits_in_place(void **state)
{
    (void)state;
    PLAY(PLAIN, ROWS, WRITE("d1/in", "1"), RUN("one/d1"), WRITE("d1/out/notes", "mine"),
         WRITE("d1/out/a", "edited"), RUN("one/d1"), TEXT("d1/out/notes", "mine"),
         TEXT("d1/out/a", "1"), TEXT(KEPT "/a", "edited"), RUN(""));
}

static void test_adopted_results_have_names(void **state)
{
    (void)state;
    PLAY(DEEP, WRITE("d1/in", "1"), WRITE("d1/out/a", "old"), WRITE("d1/out/c", "old"),
         WRITE("d1/read", "old"), RUN(""), ADOPTED("2"), WRITE("d1/out/a", "edited"),
         WRITE("d1/out/notes", "mine"), RUN("one/d1 two/d1"), TEXT("d1/out/notes", "mine"),
         TEXT(KEPT "/a", "edited"), TEXT(KEPT "/c", "old"), TEXT(KEPT "/notes", "-"), RUN(""));
}

/* More names than one text of the state holds. */
static void test_a_large_folder_has_all_its_names(void **state)
{
    struct study study;
    char name[64];
    (void)state;
    study_begin(&study, PLAIN);
    study_write(&study, "d1/in", "1");
    study_write(&study, "d1/out/a", "old");
    for (int i = 0; i < 8300; i++) {
        snprintf(name, sizeof name, "/project/workspace/d1/out/%d/%d", i / 100, i % 100);
        simulated_write(name, "");
    }
    study_expect(&study, "");
    study_write(&study, "d1/out/a", "edited");
    study_write(&study, "d1/out/notes", "mine");
    study_expect(&study, "one/d1");
    assert_string_equal(study_text(&study, "d1/out/notes"), "mine");
    assert_string_equal(study_text(&study, KEPT "/82/99"), "");
    assert_null(study_text(&study, "d1/out/0/0"));
    study_end(&study);
}

/* What didn't count at the success is nobody's addition: it is the command's, or may be. */
static void test_other_rules_make_no_additions(void **state)
{
    (void)state;
    PLAY("[workspace]\nignore = ['*.log']\n" PLAIN, WRITE("d1/in", "1"), RUN("one/d1"),
         WRITE("d1/out/x.log", "once"), WRITE("d1/out/notes", "mine"), RUN(""),
         ROWFILE("[workspace]\nignore = []\n" PLAIN), RUN(""), WRITE("d1/in", "2"), RUN("one/d1"),
         TEXT("d1/out/notes", "mine"), TEXT("d1/out/x.log", "-"), RUN(""));
}

/* What a later task puts into the folder is recorded with it. */
static void test_what_a_later_task_adds_is_of_the_folder(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "inputs = ['in']\n"
         "products = ['out']\n"
         "command = 'copy in out/a # {directory}'\n"
         "[[action]]\n"
         "name = 'two'\n"
         "inputs = ['out/a']\n"
         "products = ['read']\n"
         "command = 'copy out/a read; copy out/a out/b # {directory}'\n",
         MADE, RUN(""), WRITE("d1/out/notes", "mine"), WRITE("d1/out/b", "edited"),
         WHY("one/d1", "stale: PRODUCT_CHANGED out"), WRITE("d1/in", "2"), RUN("one/d1 two/d1"),
         TEXT("d1/out/notes", "mine"), TEXT(KEPT "/b", "edited"), TEXT("d1/out/b", "2"), RUN(""));
}

/* All of a copied, unpacked or shared folder is younger than the record; what was added came last. */
static void test_a_folder_that_was_copied_takes_additions(void **state)
{
    (void)state;
    PLAY(DEEP, MADE, REPLACE("d1/out/a"), REPLACE("d1/out/sub/b"), WRITE("d1/out/notes", "mine"),
         WRITE("d1/out/more", "mine"), RUN(""), TOUCH("d1/out/a"), RUN(""), WRITE("d1/in", "2"),
         RUN("one/d1 two/d1"), TEXT("d1/out/notes", "mine"), TEXT("d1/out/more", "mine"), RUN(""));
}

/* It was made elsewhere, long ago. */
static void test_a_folder_that_is_moved_here_stays(void **state)
{
    (void)state;
    PLAY(DEEP, WRITE("d1/old/x", "mine"), WRITE("d1/old/deep/y", "mine too"), MADE,
         RENAME("d1/old", "d1/out/old"), RUN(""), WRITE("d1/in", "2"), RUN("one/d1 two/d1"),
         TEXT("d1/out/old/x", "mine"), TEXT("d1/out/old/deep/y", "mine too"), RUN(""));
}

static void test_results_come_back_beside_what_is_added(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "1"), WRITE("d1/ok", ""), WRITE("d1/out/config", "mine"), NO_ADOPT,
         RUN("one/d1"), WRITE("d1/out/notes", "added"), REMOVE("d1/ok"), WRITE("d1/in", "2"),
         RUN("one/d1"), TEXT("d1/out/notes", "added"), WRITE("d1/in", "1"), RUN("back:one/d1"),
         TEXT("d1/out/notes", "added"), TEXT("d1/out/b", "mine"), RUN(""));
}

static void test_what_is_added_to_adopted_results_stays(void **state)
{
    (void)state;
    PLAY(DEEP, WRITE("d1/in", "1"), WRITE("d1/out/a", "old"), WRITE("d1/read", "old"), RUN(""),
         ADOPTED("2"), WRITE("d1/out/notes", "mine"), RUN(""), WRITE("d1/in", "2"),
         RUN("one/d1 two/d1"), TEXT("d1/out/notes", "mine"), TEXT("d1/out/a", "2"), RUN(""));
}

/* It may hold what the command didn't make. */
static void test_an_adopted_folder_is_never_deleted(void **state)
{
    (void)state;
    PLAY(DEEP, WRITE("d1/in", "1"), WRITE("d1/out/a", "old"), WRITE("d1/out/notes", "mine"),
         WRITE("d1/read", "old"), RUN(""), ADOPTED("2"), WRITE("d1/in", "2"), RUN("one/d1 two/d1"),
         TEXT("d1/out/a", "2"), TEXT(KEPT "/notes", "mine"), WRITE("d1/in", "3"),
         RUN("one/d1 two/d1"), TEXT(KEPT "/notes", "mine"));
}

/* What an attempt left can't be told from it, but isn't deleted by later failures. */
static void test_what_is_added_after_a_failure_is_kept(void **state)
{
    (void)state;
    PLAY(ONE(""), WRITE("d1/in", "1"), RUN("one/d1"), TEXT("d1/out/a", "1"),
         WRITE("d1/out/notes", "mine"), RUN("one/d1"), TEXT(KEPT "/notes", "mine"), RUN("one/d1"),
         TEXT(LEFT "/a", "1"), RUN("one/d1"), TEXT(KEPT "/notes", "mine"),
         WRITE("d1/out/sub/more", "mine too"), RUN("one/d1"), TEXT(KEPT "-2/notes", "mine"),
         TEXT(KEPT "/sub/more", "mine too"), RUN("one/d1"), TEXT(KEPT "/sub/more", "mine too"));
}

/* A command that reads by a glob names files: one that was added is one more. */
static void test_a_glob_finds_what_is_added(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "inputs = ['in']\n"
         "products = ['out']\n"
         "command = 'copy in out/a.txt # {directory}'\n"
         "[[action]]\n"
         "name = 'two'\n"
         "inputs = ['out/*.txt']\n"
         "products = ['read']\n"
         "command = 'copy out/a.txt read # {directory}'\n",
         MADE, WRITE("d1/out/b.txt", "mine"), RUN("two/d1"), RUN(""));
}

/* Only stamps say that an empty product was made for something else. */
static void test_a_stamp_stays_beside_what_stays(void **state)
{
    (void)state;
    PLAY("[[action]]\n"
         "name = 'one'\n"
         "inputs = ['in']\n"
         "products = ['out', 'done']\n"
         "command = 'copy in out/a; empty done # {directory}'\n"
         "[[action]]\n"
         "name = 'two'\n"
         "inputs = ['done']\n"
         "products = ['read']\n"
         "command = 'copy out/a read # {directory}'\n",
         WRITE("d1/in", "1"), WRITE("d1/out/config", "mine"), NO_ADOPT, RUN("one/d1 two/d1"),
         RUN(""), WRITE("d1/in", "2"), RUN("one/d1 two/d1"), WRITE("d1/out/notes", "mine"), RUN(""),
         WRITE("d1/in", "3"), RUN("one/d1 two/d1"), RUN(""));
}

static void test_a_kept_folder_is_never_deleted(void **state)
{
    (void)state;
    PLAY(PLAIN, WRITE("d1/in", "1"), WRITE("d1/out/c", "mine"), NO_ADOPT, RUN("one/d1"),
         WRITE("d1/out/a", "first"), WRITE("d1/out/notes", "mine"), RUN("one/d1"),
         WRITE("d1/out/a", "second"), WRITE("d1/out/notes", "later"), RUN("one/d1"),
         WRITE("d1/out/a", "third"), RUN("one/d1"), TEXT(KEPT "/a", "third"),
         TEXT(KEPT "-2/a", "first"), TEXT(KEPT "-3/a", "second"), TEXT("d1/out/notes", "later"),
         RUN(""));
}

/* Somebody puts a file into the backup; the names that don't count aren't looked for. */
static void test_a_backup_that_differs_is_not_deleted(void **state)
{
    (void)state;
    PLAY(ONE(""), BEGIN, RUN("one/d1"), REMOVE("d1/ok"), WRITE("d1/in", "2"), RUN("one/d1"),
         WRITE(GOOD "/notes", "by hand"), WRITE("d1/ok", ""), RUN("one/d1"),
         TEXT(KEPT "/notes", "by hand"), TEXT(GOOD "/notes", "-"), MINE, RUN(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_there_first_stays),
        cmocka_unit_test(test_it_is_outside_of_the_digest),
        cmocka_unit_test(test_it_stays_over_failures),
        cmocka_unit_test(test_it_stays_when_results_come_back),
        cmocka_unit_test(test_a_run_that_is_killed_loses_nothing),
        cmocka_unit_test(test_what_the_command_writes_is_its_own),
        cmocka_unit_test(test_what_is_added_stays),
        cmocka_unit_test(test_what_is_added_deep_down_stays),
        cmocka_unit_test(test_what_is_added_late_stays),
        cmocka_unit_test(test_an_edit_beside_what_is_added_counts),
        cmocka_unit_test(test_what_is_added_beside_other_changes_stays),
        cmocka_unit_test(test_a_name_is_whose_it_was),
        cmocka_unit_test(test_another_kind_of_entry_is_in_the_way),
        cmocka_unit_test(test_a_killed_run_leaves_additions_beside_edits_in_place),
        cmocka_unit_test(test_a_failure_leaves_additions_beside_edits_in_place),
        cmocka_unit_test(test_rows_contract_leaves_additions_beside_edits_in_place),
        cmocka_unit_test(test_adopted_results_have_names),
        cmocka_unit_test(test_a_large_folder_has_all_its_names),
        cmocka_unit_test(test_other_rules_make_no_additions),
        cmocka_unit_test(test_what_a_later_task_adds_is_of_the_folder),
        cmocka_unit_test(test_a_product_that_is_removed_is_missed),
        cmocka_unit_test(test_a_folder_that_was_copied_takes_additions),
        cmocka_unit_test(test_a_folder_that_is_moved_here_stays),
        cmocka_unit_test(test_results_come_back_beside_what_is_added),
        cmocka_unit_test(test_what_is_added_to_adopted_results_stays),
        cmocka_unit_test(test_an_adopted_folder_is_never_deleted),
        cmocka_unit_test(test_what_is_added_after_a_failure_is_kept),
        cmocka_unit_test(test_a_glob_finds_what_is_added),
        cmocka_unit_test(test_a_stamp_stays_beside_what_stays),
        cmocka_unit_test(test_a_kept_folder_is_never_deleted),
        cmocka_unit_test(test_a_backup_that_differs_is_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
