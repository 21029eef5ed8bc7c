#include "submissions.h"

#include "file.h"
#include "memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char path[64]; /* the state folder */
    struct diag diag;
    struct arena arena;
};

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-jobs-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    diag_init(&place->diag);
    arena_init(&place->arena);
    *data = place;
    return 0;
}

static int remove_place(void **data)
{
    struct place *place = *data;
    file_remove_tree(AT_FDCWD, place->path);
    diag_release(&place->diag);
    arena_release(&place->arena);
    free(place);
    return 0;
}

static struct submission example(const char *token, int64_t at)
{
    static struct slice first[2];
    static struct slice second[1];
    static struct submission_element elements[2];
    first[0] = SLICE_LITERAL("simulate/a");
    first[1] = SLICE_LITERAL("simulate/b \"quoted\"\nover two lines");
    second[0] = SLICE_LITERAL("simulate/not \xff utf-8");
    static struct slice products[1];
    products[0] = SLICE_LITERAL("workspace/a/\xff");
    elements[0] = (struct submission_element){
        .tasks = first, .task_count = 2, .products = products, .product_count = 1};
    elements[1] = (struct submission_element){.tasks = second,
                                              .task_count = 1,
                                              .state = ELEMENT_ENDED,
                                              .ending = SLICE_LITERAL("TIMEOUT")};
    return (struct submission){.token = slice_of(token),
                               .cluster = SLICE_LITERAL("lab"),
                               .job_id = 4000000123,
                               .is_array = true,
                               .submitted_at_s = at,
                               .minutes = 60,
                               .action = SLICE_LITERAL("simulate"),
                               .site = SLICE_LITERAL("b"),
                               .is_accepted = true,
                               .workspace = SLICE_LITERAL("workspace"),
                               .program = SLICE_LITERAL("f0123456789abcdef0123456789abcde"),
                               .description = SLICE_LITERAL("0123456789abcdef0123456789abcdef"),
                               .elements = elements,
                               .element_count = 2};
}

static void write_file(const struct place *place, const char *token, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/jobs/%s.json", place->path, token);
    assert_int_equal(file_make_parents(AT_FDCWD, path), 0);
    assert_int_equal(file_replace(AT_FDCWD, path, slice_of(text)), 0);
}

static void test_nothing_is_there(void **data)
{
    struct place *place = *data;
    struct submissions submissions;
    assert_int_equal(submissions_load(&submissions, place->path, &place->diag), 0);
    assert_int_equal(submissions.count, 0);
    submissions_release(&submissions);
    assert_int_equal(submissions_load(&submissions, "/nowhere/at/all", &place->diag), 0);
    assert_int_equal(submissions.count, 0);
    submissions_release(&submissions);
}

static void test_what_is_written_is_read(void **data)
{
    struct place *place = *data;
    bool missing;
    struct submission wanted = example("00000000000000aa", 1790000000);
    assert_int_equal(submission_write(place->path, &wanted, &place->diag), 0);
    struct submission *found = submission_read(place->path, slice_of("00000000000000aa"),
                                               &place->arena, &missing, &place->diag);
    assert_non_null(found);
    assert_true(slice_equal(found->token, wanted.token));
    assert_true(slice_equal(found->cluster, wanted.cluster));
    assert_true(slice_equal(found->action, wanted.action));
    assert_true(slice_equal(found->description, wanted.description));
    assert_int_equal(found->job_id, wanted.job_id);
    assert_true(found->is_array);
    assert_int_equal(found->submitted_at_s, wanted.submitted_at_s);
    assert_int_equal(found->minutes, 60);
    assert_int_equal(found->element_count, 2);
    for (size_t e = 0; e < 2; e++) {
        assert_int_equal(found->elements[e].state, wanted.elements[e].state);
        assert_int_equal(found->elements[e].task_count, wanted.elements[e].task_count);
        for (size_t i = 0; i < wanted.elements[e].task_count; i++) {
            assert_true(slice_equal(found->elements[e].tasks[i], wanted.elements[e].tasks[i]));
        }
    }
    assert_true(slice_equal(found->workspace, wanted.workspace));
    assert_true(slice_equal(found->site, wanted.site));
    assert_true(slice_equal(found->program, wanted.program));
    assert_true(found->is_accepted);
    assert_int_equal(found->elements[0].product_count, 1);
    assert_true(slice_equal(found->elements[0].products[0], wanted.elements[0].products[0]));
    assert_int_equal(found->elements[1].product_count, 0);
    assert_null(found->elements[0].ending.at);
    assert_true(slice_is(found->elements[1].ending, "TIMEOUT"));
}

static void test_order_is_that_of_submission(void **data)
{
    struct place *place = *data;
    struct submissions submissions;
    static const struct {
        const char *token;
        int64_t at;
    } all[] = {{"00000000000000ff", 5}, {"00000000000000aa", 9}, {"00000000000000ee", 5}};
    for (size_t i = 0; i < 3; i++) {
        struct submission one = example(all[i].token, all[i].at);
        assert_int_equal(submission_write(place->path, &one, &place->diag), 0);
    }
    assert_int_equal(submissions_load(&submissions, place->path, &place->diag), 0);
    assert_int_equal(submissions.count, 3);
    assert_true(slice_is(submissions.items[0].token, "00000000000000ee"));
    assert_true(slice_is(submissions.items[1].token, "00000000000000ff"));
    assert_true(slice_is(submissions.items[2].token, "00000000000000aa"));
    assert_ptr_equal(submissions_find(&submissions, slice_of("00000000000000ff")),
                     &submissions.items[1]);
    assert_null(submissions_find(&submissions, slice_of("0000000000000000")));
    submissions_release(&submissions);
    assert_int_equal(submission_remove(place->path, slice_of("00000000000000ee"), &place->diag), 0);
    assert_int_equal(submission_remove(place->path, slice_of("00000000000000ee"), &place->diag), 0);
    assert_int_equal(submissions_load(&submissions, place->path, &place->diag), 0);
    assert_int_equal(submissions.count, 2);
    submissions_release(&submissions);
}

static void test_what_is_not_understood_is_refused(void **data)
{
    static const struct {
        const char *text;
        const char *words;
    } wrong[] = {
        {"", "can't be used"},
        {"{\"version\": 1, \"tok", "JSON:1:"},
        {"[]", "isn't a record"},
        {"{\"version\": 4}", "another version of rowbuild: its format has number 4"},
        {"{\"version\": 1, \"token\": \"00000000000000bb\", \"cluster\": \"lab\", \"job_id\": 1, "
         "\"array\": false, \"submitted_at\": 1, \"minutes\": 1, \"action\": \"a\", "
         "\"elements\": []}",
         "belongs to another"},
        {"{\"version\": 1, \"token\": \"00000000000000aa\", \"cluster\": \"lab\", \"job_id\": 1, "
         "\"array\": false, \"submitted_at\": 1, \"minutes\": 1, \"action\": \"a\", "
         "\"elements\": [{\"nodes\": [], \"state\": \"asleep\"}]}",
         "state of a job"},
        {"{\"version\": 1, \"token\": \"00000000000000aa\", \"cluster\": \"lab\", \"job_id\": 1, "
         "\"array\": false, \"submitted_at\": 1, \"minutes\": 1, \"action\": \"a\", "
         "\"elements\": [{\"nodes\": [{\"hex\": \"zz\"}], \"state\": \"ended\"}]}",
         "a name in it"},
    };
    struct place *place = *data;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct submissions submissions;
        struct diag diag;
        diag_init(&diag);
        write_file(place, "00000000000000aa", wrong[i].text);
        assert_int_equal(submissions_load(&submissions, place->path, &diag), -1);
        assert_int_equal(diag.errors, 1);
        assert_int_equal(diag.entries.at[0].blame, DIAG_STATE);
        assert_non_null(strstr(diag.entries.at[0].message, "/jobs/00000000000000aa.json"));
        assert_non_null(strstr(diag.entries.at[0].message, wrong[i].words));
        submissions_release(&submissions);
        diag_release(&diag);
    }
}

static int load(const struct place *place, struct diag *diag)
{
    struct submissions submissions;
    diag_init(diag);
    int result = submissions_load(&submissions, place->path, diag);
    submissions_release(&submissions);
    return result;
}

static void expect_damaged(const struct place *place)
{
    struct diag diag;
    assert_int_equal(load(place, &diag), -1);
    assert_int_equal(diag.entries.at[0].blame, DIAG_STATE);
    assert_non_null(strstr(diag.entries.at[0].message, "/jobs/00000000000000aa.json"));
    assert_non_null(strstr(diag.entries.at[0].message, "clean --submitted --force"));
    diag_release(&diag);
}

static void test_any_damage_is_refused(void **data)
{
    struct place *place = *data;
    struct buf text = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    struct diag diag;
    struct submission one = example("00000000000000aa", 1790000000);
    assert_int_equal(submission_write(place->path, &one, &place->diag), 0);
    buf_addf(&path, "%s/jobs/00000000000000aa.json", place->path);
    assert_int_equal(file_read(AT_FDCWD, buf_string(&path), 10000, &text), 0);
    for (size_t i = 0; i < text.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text.at[i] = (char)((unsigned char)text.at[i] ^ 1U << bit);
            if (text.at[i] != '\0') { /* write_file takes a string */
                write_file(place, "00000000000000aa", buf_string(&text));
                expect_damaged(place);
            }
            text.at[i] = (char)((unsigned char)text.at[i] ^ 1U << bit);
        }
    }
    for (size_t len = text.len; len-- > 0;) {
        char last = text.at[len];
        text.at[len] = '\0';
        write_file(place, "00000000000000aa", buf_string(&text));
        expect_damaged(place);
        text.at[len] = last;
    }
    text.len = strlen(buf_string(&text));
    write_file(place, "00000000000000aa", buf_string(&text));
    assert_int_equal(load(place, &diag), 0);
    diag_release(&diag);
    buf_add_char(&text, '\n');
    write_file(place, "00000000000000aa", buf_string(&text));
    expect_damaged(place);
    buf_release(&text);
    buf_release(&path);
}

static void test_files_without_a_checksum_are_read(void **data)
{
#define OLD(user, more)                                                                            \
    "{\"version\": 1, \"token\": \"00000000000000aa\", \"cluster\": \"lab\", \"job_id\": 1, " user \
    "\"array\": false, \"submitted_at\": 1, \"minutes\": 1, \"action\": \"a\", \"elements\": "     \
    "[]" more "}\n"
    struct place *place = *data;
    struct diag diag;
    write_file(place, "00000000000000aa", OLD("", ""));
    assert_int_equal(load(place, &diag), 0);
    diag_release(&diag);
    write_file(place, "00000000000000aa", OLD("\"user\": 0, ", ""));
    assert_int_equal(load(place, &diag), 0);
    diag_release(&diag);
    write_file(place, "00000000000000aa", OLD("\"usar\": 0, ", ""));
    expect_damaged(place);
    write_file(place, "00000000000000aa", OLD("", ", \"checksun\": \"00\""));
    expect_damaged(place);
    write_file(place, "00000000000000aa", OLD("", ", \"checksum\": \"00\""));
    expect_damaged(place);
}

static void test_version_1_calls_tasks_nodes(void **data)
{
    struct place *place = *data;
    struct submissions submissions;
    write_file(place, "00000000000000aa",
               "{\"version\": 1, \"token\": \"00000000000000aa\", \"cluster\": \"lab\", "
               "\"job_id\": 1, \"array\": false, \"submitted_at\": 1, \"minutes\": 1, "
               "\"action\": \"a\", \"elements\": [{\"nodes\": [\"a/x\", {\"hex\": \"612f79\"}], "
               "\"state\": \"queued\"}]}\n");
    for (int round = 0; round < 2; round++) { /* as it was, and written again */
        assert_int_equal(submissions_load(&submissions, place->path, &place->diag), 0);
        assert_int_equal(submissions.count, 1);
        const struct submission_element *element = &submissions.items[0].elements[0];
        assert_int_equal(element->task_count, 2);
        assert_true(slice_is(element->tasks[0], "a/x"));
        assert_true(slice_is(element->tasks[1], "a/y"));
        assert_int_equal(submission_write(place->path, &submissions.items[0], &place->diag), 0);
        submissions_release(&submissions);
    }
}

static void test_a_token_leads_nowhere_else(void **data)
{
    struct place *place = *data;
    static const char *const tokens[] = {"../jobs/00000000", "0000000000000000", "", "x"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        bool missing = false;
        assert_null(submission_read(place->path, slice_of(tokens[i]), &place->arena, &missing,
                                    &place->diag));
        assert_true(missing);
    }
    assert_int_equal(place->diag.errors, 0);
}

static void test_tokens_differ(void **data)
{
    struct place *place = *data;
    struct slice one = submission_new_token(&place->arena);
    struct slice other = submission_new_token(&place->arena);
    assert_int_equal(one.len, 16);
    assert_int_equal(other.len, 16);
    assert_false(slice_equal(one, other));
}

static void test_names_of_jobs(void **data)
{
    (void)data;
    struct buf out = BUF_EMPTY;
    struct submission one = example("00000000000000aa", 1);
    one.site = (struct slice){0};
    struct job_ref job = submission_job(&one, 1);
    job_ref_add(&job, &out);
    assert_string_equal(buf_string(&out), "lab/4000000123_1");
    buf_clear(&out);
    one.is_array = false;
    job = submission_job(&one, 0);
    job_ref_add(&job, &out);
    assert_string_equal(buf_string(&out), "lab/4000000123");
    buf_clear(&out);
    one.job_id = 0;
    job = submission_job(&one, 0);
    job_ref_add(&job, &out);
    assert_string_equal(buf_string(&out), "lab/?");
    buf_release(&out);
}

int main(void)
{
#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(test_nothing_is_there),
        IN_A_PLACE(test_what_is_written_is_read),
        IN_A_PLACE(test_order_is_that_of_submission),
        IN_A_PLACE(test_what_is_not_understood_is_refused),
        IN_A_PLACE(test_any_damage_is_refused),
        IN_A_PLACE(test_files_without_a_checksum_are_read),
        IN_A_PLACE(test_version_1_calls_tasks_nodes),
        IN_A_PLACE(test_a_token_leads_nowhere_else),
        IN_A_PLACE(test_tokens_differ),
        IN_A_PLACE(test_names_of_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
