#include "inbox.h"

#include "claims.h"
#include "counting.h"
#include "file.h"
#include "memory.h"
#include "state.h"
#include "submissions.h"
#include "vec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "00000000000000aa"
#define OTHER "00000000000000bb"

/* A study of three directories with one action and one column, and two submissions. */
struct place {
    char path[64]; /* the state folder */
    struct diag diag;
};

static const struct slice DIRECTORIES[] = {{"a", 1}, {"b", 1}, {"c", 1}};
static const struct slice COLUMNS[] = {{"out", 3}};
static const struct slice ACTIONS[] = {{"run", 3}};
static const struct slice TASKS[] = {{"all", 3}};
static const struct state_layout LAYOUT = {
    .directories = DIRECTORIES,
    .directory_count = 3,
    .columns = COLUMNS,
    .column_count = 1,
    .actions = ACTIONS,
    .action_count = 1,
    .other_tasks = TASKS,
    .other_task_count = 1,
};

static const struct inbox_attempt FIRST = {TOKEN, 0};
static const struct inbox_attempt SECOND = {TOKEN, 1};
static const struct inbox_attempt OF_OTHER = {OTHER, 0};

static void submit(struct place *place, const char *token, int64_t at, enum element_state state)
{
    static struct slice task = {"run/a", 5};
    struct submission_element elements[2] = {{.tasks = &task, .task_count = 1, .state = state},
                                             {.tasks = &task, .task_count = 1, .state = state}};
    struct submission submission = {.token = slice_of(token),
                                    .cluster = SLICE_LITERAL("lab"),
                                    .submitted_at_s = at,
                                    .action = SLICE_LITERAL("run"),
                                    .elements = elements,
                                    .element_count = 2};
    assert_int_equal(submission_write(place->path, &submission, &place->diag), 0);
}

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-inbox-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    diag_init(&place->diag);
    submit(place, TOKEN, 20, ELEMENT_QUEUED);
    submit(place, OTHER, 10, ELEMENT_QUEUED);
    *data = place;
    return 0;
}

static int remove_place(void **data)
{
    struct place *place = *data;
    file_remove_tree(AT_FDCWD, place->path);
    diag_release(&place->diag);
    free(place);
    return 0;
}

static struct state *open_as(struct place *place, enum state_mode mode)
{
    struct state *state =
        state_open(AT_FDCWD, place->path, mode, false, &counting_all, &place->diag);
    assert_non_null(state);
    state_bind(state, &LAYOUT);
    return state;
}

static struct state *open_job(struct place *place, const struct inbox_attempt *attempt)
{
    struct state *state =
        state_open_job(AT_FDCWD, place->path, attempt, &counting_all, &place->diag);
    assert_non_null(state);
    state_bind(state, &LAYOUT);
    return state;
}

static void close_well(struct place *place, struct state *state)
{
    assert_int_equal(state_close(state, &place->diag), 0);
}

static struct digest digest_from(uint64_t seed)
{
    return (struct digest){.low = seed, .high = ~seed};
}

/* A task that took so many seconds, with components, a file and a text that belong to it. */
static void put(struct state *state, size_t task, unsigned seconds)
{
    struct component list[] = {
        {.kind = COMPONENT_RECIPE, .digest = digest_from(seconds)},
        {.kind = COMPONENT_PRODUCT,
         .in_directory = true,
         .name = SLICE_LITERAL("out"),
         .digest = digest_from(seconds + 1)},
    };
    struct digest digests[] = {list[0].digest, list[1].digest};
    struct task_row row = {.is_known = true,
                           .success = SUCCESS_RAN,
                           .good = {state_shape(state, list, 2), digests, 2},
                           .duration_s = seconds};
    struct file_row file = {.size = seconds, .flags = FILE_ROW_KNOWN};
    char text[32];
    snprintf(text, sizeof text, "text %u", seconds);
    state_put_text(state, list[0].digest, slice_of(text));
    state_put_task(state, task, &row);
    if (task < 3) {
        state_put_file(state, task, &file);
    }
}

static void put_and_sync(struct place *place, struct state *state, size_t task, unsigned seconds)
{
    put(state, task, seconds);
    assert_int_equal(state_sync(state, &place->diag), 0);
}

/* Begins an attempt, records one task, ends. */
static void record(struct place *place, const struct inbox_attempt *attempt, size_t task,
                   unsigned seconds)
{
    struct state *job = open_job(place, attempt);
    put(job, task, seconds);
    close_well(place, job);
}

static void expect_in(const struct state *state, size_t task, unsigned seconds)
{
    const struct task_row *row = state_task(state, task);
    assert_true(row->is_known == (seconds > 0));
    assert_int_equal((unsigned)row->duration_s, seconds);
    if (seconds > 0) {
        char text[32];
        snprintf(text, sizeof text, "text %u", seconds);
        assert_int_equal(row->good.count, 2);
        struct component product = components_at(&row->good, 1);
        assert_int_equal(product.kind, COMPONENT_PRODUCT);
        assert_true(slice_is(product.name, "out"));
        assert_true(digest_equal(product.digest, digest_from(seconds + 1)));
        assert_true(slice_is(state_text(state, digest_from(seconds)), text));
        assert_true(task == 3 || state_file(state, task)->size == seconds);
    }
}

/* What any reader finds, and what a writer does. */
static void expect(struct place *place, enum state_mode mode, size_t task, unsigned seconds)
{
    struct state *state = open_as(place, mode);
    expect_in(state, task, seconds);
    close_well(place, state);
}

static int count_name(void *context, const char *name, size_t len, bool is_directory)
{
    size_t *count = context;
    (void)is_directory;
    /* Files of records are those with a number behind the last dash. */
    const char *dash = memrchr(name, '-', len);
    *count += dash != NULL && strspn(dash + 1, "0123456789") == strlen(dash + 1) &&
              strstr(name, "attempt-") == NULL && strstr(name, "past-") == NULL;
    return 0;
}

static size_t files_of_records(const struct place *place)
{
    char path[96];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/inbox", place->path);
    (void)file_list(AT_FDCWD, path, count_name, &count);
    return count;
}

static void add_inbox_path(const struct place *place, const char *name, struct buf *out)
{
    buf_clear(out);
    buf_addf(out, "%s/inbox/%s", place->path, name);
}

static bool is_there(const struct place *place, const char *name)
{
    struct buf path = BUF_EMPTY;
    add_inbox_path(place, name, &path);
    bool there = access(buf_string(&path), F_OK) == 0;
    buf_release(&path);
    return there;
}

static void read_inbox(const struct place *place, const char *name, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    add_inbox_path(place, name, &path);
    buf_clear(out);
    assert_int_equal(file_read(AT_FDCWD, buf_string(&path), SIZE_MAX / 4, out), 0);
    buf_release(&path);
}

static void write_inbox(const struct place *place, const char *name, struct slice content)
{
    struct buf path = BUF_EMPTY;
    add_inbox_path(place, name, &path);
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), content), 0);
    buf_release(&path);
}

/* ---- Reading and writing ---- */

static void test_readers_see_what_a_job_records(void **data)
{
    struct place *place = *data;
    struct state *job = open_job(place, &FIRST);
    put_and_sync(place, job, 0, 7);
    put_and_sync(place, job, 3, 8);
    assert_int_equal(files_of_records(place), 2);
    expect(place, STATE_READ, 0, 7);
    expect(place, STATE_READ, 3, 8);
    assert_int_equal(files_of_records(place), 2); /* readers change nothing */
    struct state *other = open_job(place, &SECOND);
    expect_in(other, 0, 7); /* other jobs are readers, too */
    close_well(place, other);
    close_well(place, job);
    assert_int_equal(files_of_records(place), 2); /* nothing was left to be written */
    assert_int_equal(place->diag.entries.count, 0);
}

static void test_a_job_reads_what_it_asks_for(void **data)
{
    struct place *place = *data;
    struct intern sources;
    struct buf name = BUF_EMPTY;
    record(place, &FIRST, 0, 7);
    record(place, &OF_OTHER, 1, 8);
    intern_init(&sources);
    inbox_add_element(slice_of(OTHER), 0, &name);
    assert_string_equal(buf_string(&name), OTHER ".0");
    intern_add(&sources, buf_slice(&name));
    struct inbox_registry only = counting_only(&sources);
    struct state *job = state_open_job(AT_FDCWD, place->path, &SECOND, &only, &place->diag);
    assert_non_null(job);
    state_bind(job, &LAYOUT);
    expect_in(job, 0, 0);
    expect_in(job, 1, 8);
    close_well(place, job);
    intern_release(&sources);
    buf_release(&name);
}

static void test_a_job_writes_nothing_but_the_inbox(void **data)
{
    struct place *place = *data;
    char path[96];
    record(place, &FIRST, 0, 7);
    snprintf(path, sizeof path, "%s/lock", place->path);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/journal", place->path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_a_running_job_and_a_writer_do_not_meet(void **data)
{
    struct place *place = *data;
    struct state *writer = open_as(place, STATE_WRITE);
    struct state *job = open_job(place, &FIRST);
    put_and_sync(place, job, 0, 7);
    put(writer, 1, 5);
    assert_int_equal(state_sync(writer, &place->diag), 0);
    close_well(place, writer);
    put_and_sync(place, job, 2, 9);
    close_well(place, job);
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        expect(place, (enum state_mode)mode, 0, 7);
        expect(place, (enum state_mode)mode, 1, 5);
        expect(place, (enum state_mode)mode, 2, 9);
    }
}

static void test_a_writer_takes_it_over(void **data)
{
    struct place *place = *data;
    record(place, &FIRST, 0, 7);
    record(place, &SECOND, 3, 8);
    expect(place, STATE_WRITE, 0, 7);
    assert_int_equal(files_of_records(place), 0);
    expect(place, STATE_READ, 0, 7); /* from the journal */
    expect(place, STATE_READ, 3, 8);
    struct state *state = open_as(place, STATE_WRITE);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    expect(place, STATE_READ, 3, 8);
}

static void test_an_open_writer_takes_what_comes_later(void **data)
{
    struct place *place = *data;
    struct state *writer = open_as(place, STATE_WRITE);
    put(writer, 1, 5); /* queued, not written yet */
    record(place, &FIRST, 0, 7);
    assert_int_equal(state_take_inbox(writer, &place->diag), 0);
    assert_int_equal(files_of_records(place), 0);
    state_bind(writer, &LAYOUT);
    expect_in(writer, 0, 7);
    expect_in(writer, 1, 5);
    close_well(place, writer);
    expect(place, STATE_READ, 0, 7);
    expect(place, STATE_READ, 1, 5);
}

static void test_queued_rows_stay_with_their_names(void **data)
{
    static const struct slice more[] = {{"a", 1}, {"aa", 2}, {"b", 1}, {"c", 1}};
    struct place *place = *data;
    struct state_layout wider = LAYOUT;
    wider.directories = more;
    wider.directory_count = 4;
    struct state *writer = open_as(place, STATE_WRITE);
    put(writer, 1, 5); /* of b, queued while the inbox brings a directory before it */
    struct state *job = state_open_job(AT_FDCWD, place->path, &FIRST, &counting_all, &place->diag);
    assert_non_null(job);
    state_bind(job, &wider);
    put_and_sync(place, job, 1, 7);
    close_well(place, job);
    assert_int_equal(state_take_inbox(writer, &place->diag), 0);
    close_well(place, writer);
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        struct state *state = state_open(AT_FDCWD, place->path, (enum state_mode)mode, false,
                                         &counting_all, &place->diag);
        assert_non_null(state);
        state_bind(state, &wider);
        expect_in(state, 0, 0);
        expect_in(state, 1, 7);
        assert_int_equal((unsigned)state_task(state, 2)->duration_s, 5);
        close_well(place, state);
    }
}

static void test_a_writer_that_is_killed_at_once_has_taken_it_over(void **data)
{
    struct place *place = *data;
    int status = -1;
    record(place, &FIRST, 0, 7);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        struct state *state =
            state_open(AT_FDCWD, place->path, STATE_WRITE, false, &counting_all, &place->diag);
        _exit(state != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    assert_int_equal(files_of_records(place), 0);
    expect(place, STATE_READ, 0, 7);
}

static void test_many_records_at_once_are_one_file(void **data)
{
    struct place *place = *data;
    struct state *job = open_job(place, &FIRST);
    put(job, 0, 7);
    put(job, 1, 8);
    assert_int_equal(state_compact(job, &place->diag), 0); /* as after a first look */
    assert_int_equal(files_of_records(place), 1);
    close_well(place, job);
    expect(place, STATE_READ, 1, 8);
}

static void test_a_start_is_on_record_at_once(void **data)
{
    struct place *place = *data;
    struct state *job = open_job(place, &FIRST);
    for (unsigned i = 1; i <= 3; i++) {
        struct task_row row = {.is_known = true, .attempt = ATTEMPT_STARTED, .duration_s = i};
        state_put_task(job, 0, &row);
        assert_int_equal(state_flush(job, &place->diag), 0);
        assert_int_equal(files_of_records(place), i);
    }
    close_well(place, job);
}

static void test_without_a_state_folder_there_is_no_job(void **data)
{
    struct place *place = *data;
    assert_null(state_open_job(AT_FDCWD, "/nowhere/at/all", &FIRST, &counting_all, &place->diag));
    assert_int_equal(place->diag.errors, 1);
}

/* ---- What counts, and in which order ---- */

static void test_the_later_attempt_counts(void **data)
{
    struct place *place = *data;
    struct state *lost = open_job(place, &FIRST);
    put_and_sync(place, lost, 0, 7);
    struct state *again = open_job(place, &FIRST); /* requeued; the first isn't quite dead */
    expect_in(again, 0, 7);                        /* looks at what is there before it starts */
    put_and_sync(place, again, 0, 9);
    put_and_sync(place, lost, 0, 8);
    expect(place, STATE_READ, 0, 9);
    expect(place, STATE_WRITE, 0, 9);
    put_and_sync(place, lost, 0, 6); /* even when the later one is in the journal */
    expect(place, STATE_READ, 0, 9);
    expect(place, STATE_WRITE, 0, 9);
    assert_int_equal(files_of_records(place), 0);
    put_and_sync(place, again, 1, 4);
    expect(place, STATE_READ, 1, 4);
    close_well(place, lost);
    close_well(place, again);
}

static void test_more_than_nine_files_are_in_order(void **data)
{
    struct place *place = *data;
    struct state *job = open_job(place, &FIRST);
    for (unsigned i = 1; i <= 12; i++) {
        put_and_sync(place, job, 0, i);
    }
    close_well(place, job);
    assert_int_equal(files_of_records(place), 12);
    expect(place, STATE_READ, 0, 12);
}

/* A process that records the first task so many times, each in a file of its own. */
static pid_t begin_to_record(struct place *place, unsigned files)
{
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        struct state *job = open_job(place, &FIRST);
        int result = 0;
        for (unsigned i = 1; i <= files && result == 0; i++) {
            put(job, 0, i);
            result = state_sync(job, &place->diag);
        }
        _exit(result == 0 && state_close(job, &place->diag) == 0 ? 0 : 1);
    }
    return writer;
}

/* Many files become one while others read, and whoever reads sees no less than before. */
static void test_a_reader_misses_nothing_while_files_are_gathered(void **data)
{
    enum { FILES = 1000 };
    struct place *place = *data;
    unsigned seen = 0;
    pid_t writer = begin_to_record(place, FILES);
    for (int status = -1; status == -1;) {
        struct state *state = open_as(place, STATE_READ);
        unsigned now = (unsigned)state_task(state, 0)->duration_s;
        close_well(place, state);
        assert_true(now >= seen);
        seen = now;
        if (waitpid(writer, &status, WNOHANG) == writer) {
            assert_int_equal(status, 0);
        } else {
            status = -1;
        }
    }
    assert_int_equal(place->diag.entries.count, 0);
    assert_in_range(files_of_records(place), 1, 600);
    expect(place, STATE_READ, 0, FILES);
    expect(place, STATE_WRITE, 0, FILES);
    assert_int_equal(files_of_records(place), 0);
}

/* The same while a writer takes them away. */
static void test_a_writer_loses_nothing_while_files_are_gathered(void **data)
{
    enum { FILES = 1000 };
    struct place *place = *data;
    unsigned seen = 0;
    pid_t writer = begin_to_record(place, FILES);
    for (int status = -1; status == -1;) {
        struct state *state = open_as(place, STATE_WRITE);
        assert_true((unsigned)state_task(state, 0)->duration_s >= seen);
        seen = (unsigned)state_task(state, 0)->duration_s;
        close_well(place, state);
        status = waitpid(writer, &status, WNOHANG) == writer ? status : -1;
        assert_true(status <= 0);
    }
    expect(place, STATE_WRITE, 0, FILES);
    assert_int_equal(files_of_records(place), 0);
}

static void test_the_later_submission_counts(void **data)
{
    struct place *place = *data;
    record(place, &FIRST, 0, 7); /* TOKEN was submitted after OTHER */
    record(place, &OF_OTHER, 0, 5);
    expect(place, STATE_READ, 0, 7);
}

static void test_released_and_forgotten_records_do_not_count(void **data)
{
    struct place *place = *data;
    record(place, &FIRST, 0, 7);
    record(place, &OF_OTHER, 1, 5);
    submit(place, TOKEN, 20, ELEMENT_RELEASED);
    assert_int_equal(submission_remove(place->path, slice_of(OTHER), &place->diag), 0);
    expect(place, STATE_READ, 0, 0);
    expect(place, STATE_READ, 1, 0);
    assert_int_equal(files_of_records(place), 2);
    expect(place, STATE_WRITE, 0, 0);
    expect(place, STATE_WRITE, 1, 0);
    assert_int_equal(files_of_records(place), 0);
}

static void test_records_of_an_ended_element_count(void **data)
{
    struct place *place = *data;
    record(place, &FIRST, 0, 7);
    submit(place, TOKEN, 20, ELEMENT_ENDED);
    expect(place, STATE_READ, 0, 7);
    expect(place, STATE_WRITE, 0, 7);
}

static void test_an_element_beyond_the_last_does_not_count(void **data)
{
    struct place *place = *data;
    record(place, &(struct inbox_attempt){TOKEN, 5}, 0, 7);
    expect(place, STATE_READ, 0, 0);
}

/* ---- Damage ---- */

static void test_a_torn_file_counts_up_to_the_tear(void **data)
{
    struct place *place = *data;
    struct buf content = BUF_EMPTY;
    struct state *job = open_job(place, &FIRST);
    put_and_sync(place, job, 0, 7);
    put(job, 1, 8);
    put_and_sync(place, job, 2, 9);
    close_well(place, job);
    read_inbox(place, TOKEN ".0.1-2", &content);
    for (size_t len = 0; len <= 32; len++) { /* without a single record, too */
        diag_release(&place->diag);
        diag_init(&place->diag);
        write_inbox(place, TOKEN ".0.1-2", slice_make(content.at, len));
        expect(place, STATE_READ, 0, 7);
        assert_int_equal(place->diag.entries.count, 1);
        assert_non_null(strstr(place->diag.entries.at[0].message, "it was cut off"));
    }
    for (size_t len = 0; len < content.len; len += 13) {
        struct state *state;
        diag_release(&place->diag);
        diag_init(&place->diag);
        write_inbox(place, TOKEN ".0.1-2", slice_make(content.at, len));
        state = open_as(place, STATE_READ);
        expect_in(state, 0, 7);
        assert_true(!state_task(state, 2)->is_known || state_task(state, 1)->is_known);
        assert_int_equal(place->diag.errors, 0);
        close_well(place, state);
    }
    assert_int_equal(place->diag.entries.count, 1);
    assert_non_null(strstr(place->diag.entries.at[0].message, "/inbox/" TOKEN ".0.1-2"));
    expect(place, STATE_WRITE, 0, 7);
    assert_int_equal(files_of_records(place), 0);
    assert_true(is_there(place, TOKEN ".0.1-2.damaged"));
    diag_release(&place->diag);
    diag_init(&place->diag);
    expect(place, STATE_READ, 1, 8);
    assert_int_equal(place->diag.entries.count, 0); /* said once it was kept aside */
    buf_release(&content);
}

static void test_what_is_behind_a_damaged_place_counts(void **data)
{
    struct place *place = *data;
    struct buf content = BUF_EMPTY;
    struct state *job = open_job(place, &FIRST);
    put(job, 1, 8);
    put_and_sync(place, job, 2, 9);
    close_well(place, job);
    read_inbox(place, TOKEN ".0.1-1", &content);
    content.at[40] ^= 1; /* in the first record */
    write_inbox(place, TOKEN ".0.1-1", buf_slice(&content));
    expect(place, STATE_READ, 2, 9);
    assert_int_equal(place->diag.entries.count, 1);
    assert_non_null(strstr(place->diag.entries.at[0].message, "the rest counts"));
    expect(place, STATE_WRITE, 2, 9);
    assert_true(is_there(place, TOKEN ".0.1-1.damaged"));
    buf_release(&content);
}

static void test_a_full_disk_loses_nothing(void **data)
{
    struct place *place = *data;
    struct rlimit old;
    struct state *job = open_job(place, &FIRST);
    put_and_sync(place, job, 0, 7);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {.rlim_cur = 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    put(job, 1, 8);
    int first = state_sync(job, &place->diag);
    put(job, 2, 9);
    int second = state_flush(job, &place->diag);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(first, -1);
    assert_true(second == -1 || second == 0); /* it may wait */
    assert_int_equal(place->diag.entries.at[0].blame, DIAG_STATE);
    assert_non_null(strstr(place->diag.entries.at[0].message, "/inbox"));
    assert_false(is_there(place, TOKEN ".0.1-2.new"));
    assert_int_equal(files_of_records(place), 1);
    close_well(place, job);
    expect(place, STATE_READ, 0, 7);
    expect(place, STATE_READ, 1, 8);
    expect(place, STATE_READ, 2, 9);
}

static void test_strange_files_stop_nothing(void **data)
{
    struct place *place = *data;
    struct buf content = BUF_EMPTY;
    record(place, &FIRST, 0, 7);
    read_inbox(place, TOKEN ".0.1-1", &content);
    write_inbox(place, TOKEN ".0.1-2.new", slice_make(content.at, 50)); /* a killed job's */
    write_inbox(place, OTHER ".0.1-1", buf_slice(&content));            /* another's records */
    write_inbox(place, TOKEN ".1.1-1", SLICE_LITERAL("not a journal at all, whoever wrote it"));
    write_inbox(place, TOKEN ".1.01-1", SLICE_LITERAL("x"));
    write_inbox(place, "README", SLICE_LITERAL("x"));
    content.at[8] ^= 0x40; /* an unknown version */
    write_inbox(place, TOKEN ".1.1-2", buf_slice(&content));
    expect(place, STATE_READ, 0, 7);
    assert_int_equal(place->diag.errors, 0);
    assert_int_equal(place->diag.entries.count, 3);
    expect(place, STATE_WRITE, 0, 7);
    assert_true(is_there(place, OTHER ".0.1-1.damaged"));
    assert_true(is_there(place, TOKEN ".1.1-1.damaged"));
    assert_true(is_there(place, TOKEN ".1.1-2.damaged"));
    assert_true(is_there(place, "README"));
    expect(place, STATE_READ, 0, 7);
    buf_release(&content);
}

static void test_an_unreadable_registration_keeps_the_records(void **data)
{
    struct place *place = *data;
    char path[128];
    record(place, &FIRST, 0, 7);
    snprintf(path, sizeof path, "%s/jobs/" OTHER ".json", place->path);
    assert_int_equal(file_replace(AT_FDCWD, path, SLICE_LITERAL("{")), 0);
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        assert_null(state_open(AT_FDCWD, place->path, (enum state_mode)mode, false, &counting_all,
                               &place->diag));
    }
    assert_non_null(strstr(place->diag.entries.at[0].message, OTHER ".json"));
    struct state *state =
        state_open(AT_FDCWD, place->path, STATE_WRITE, true, &counting_all, &place->diag);
    assert_non_null(state);
    close_well(place, state);
    assert_int_equal(files_of_records(place), 1);
    submit(place, OTHER, 10, ELEMENT_QUEUED);
    expect(place, STATE_WRITE, 0, 7);
}

/* ---- Claims and ends ---- */

static void test_a_later_start_takes_the_claim(void **data)
{
    struct place *place = *data;
    struct buf holder = BUF_EMPTY;
    struct slice first = SLICE_LITERAL("12_0\n0 node1");
    struct slice second = SLICE_LITERAL("12_0\n1 node2");
    assert_true(claim_stands(place->path, &FIRST, first)); /* nobody has it */
    assert_int_equal(claim_make(place->path, &FIRST, first, &holder, &place->diag), 0);
    assert_int_equal(holder.len, 0);
    assert_true(claim_stands(place->path, &FIRST, first));
    assert_int_equal(claim_make(place->path, &FIRST, second, &holder, &place->diag), 0);
    assert_string_equal(buf_string(&holder), "12_0\n0 node1");
    assert_false(claim_stands(place->path, &FIRST, first));
    assert_true(claim_stands(place->path, &FIRST, second));
    buf_clear(&holder);
    assert_int_equal(claim_make(place->path, &FIRST, first, &holder, &place->diag), 1);
    assert_string_equal(buf_string(&holder), "12_0");
    buf_clear(&holder);
    assert_true(claim_holder(place->path, &FIRST, &holder));
    assert_string_equal(buf_string(&holder), "12_0"); /* a job's id, for who looks for it */
    /* A claim of a version that wrote the job alone. */
    buf_clear(&holder);
    assert_int_equal(claim_make(place->path, &SECOND, slice_of("13_1"), &holder, &place->diag), 0);
    assert_int_equal(
        claim_make(place->path, &SECOND, SLICE_LITERAL("13_1\n0 node1"), &holder, &place->diag), 0);
    buf_release(&holder);
}

static void test_an_element_has_one_job(void **data)
{
    struct place *place = *data;
    struct buf holder = BUF_EMPTY;
    assert_false(claim_holder(place->path, &FIRST, &holder));
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12_0"), &holder, &place->diag), 0);
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12_0"), &holder, &place->diag), 0);
    assert_int_equal(holder.len, 0);
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("13_0"), &holder, &place->diag), 1);
    assert_string_equal(buf_string(&holder), "12_0");
    buf_clear(&holder);
    assert_int_equal(claim_make(place->path, &SECOND, slice_of("12_1"), &holder, &place->diag), 0);
    assert_true(claim_holder(place->path, &SECOND, &holder));
    assert_string_equal(buf_string(&holder), "12_1");
    buf_release(&holder);
}

static bool has_ended(const struct place *place, const struct inbox_attempt *attempt)
{
    struct inbox_names names;
    inbox_list(&names, place->path);
    bool ended = claims_ended(&names, attempt);
    inbox_names_release(&names);
    return ended;
}

static void test_an_end_holds_until_the_job_is_requeued(void **data)
{
    struct place *place = *data;
    struct buf holder = BUF_EMPTY;
    struct inbox_names names;
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12"), &holder, &place->diag), 0);
    assert_false(has_ended(place, &FIRST));
    assert_int_equal(claim_end(place->path, &FIRST, false, &place->diag), 0);
    inbox_list(&names, place->path);
    assert_true(claims_ended(&names, &FIRST));
    assert_true(claims_made(&names, &FIRST));
    assert_false(claims_ended(&names, &SECOND));
    assert_false(claims_made(&names, &SECOND));
    inbox_names_release(&names);
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("13"), &holder, &place->diag), 1);
    assert_true(has_ended(place, &FIRST));
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12"), &holder, &place->diag), 0);
    assert_false(has_ended(place, &FIRST));
    assert_int_equal(claim_end(place->path, &FIRST, true, &place->diag), 0);
    inbox_list(&names, place->path);
    assert_true(claims_ended(&names, &FIRST));
    assert_true(claims_failed(&names, &FIRST));
    inbox_names_release(&names);
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12"), &holder, &place->diag), 0);
    assert_false(has_ended(place, &FIRST));
    buf_release(&holder);
}

static void test_forgetting_leaves_others_alone(void **data)
{
    struct place *place = *data;
    struct buf holder = BUF_EMPTY;
    assert_int_equal(claim_make(place->path, &FIRST, slice_of("12"), &holder, &place->diag), 0);
    assert_int_equal(claim_make(place->path, &OF_OTHER, slice_of("9"), &holder, &place->diag), 0);
    record(place, &FIRST, 0, 7);
    record(place, &OF_OTHER, 1, 5);
    inbox_forget(place->path, &(struct slice){TOKEN, sizeof TOKEN - 1}, 1);
    assert_false(claim_holder(place->path, &FIRST, &holder));
    assert_true(claim_holder(place->path, &OF_OTHER, &holder));
    assert_int_equal(files_of_records(place), 1);
    buf_release(&holder);
}

int main(void)
{
#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(test_readers_see_what_a_job_records),
        IN_A_PLACE(test_a_job_reads_what_it_asks_for),
        IN_A_PLACE(test_a_job_writes_nothing_but_the_inbox),
        IN_A_PLACE(test_a_running_job_and_a_writer_do_not_meet),
        IN_A_PLACE(test_a_writer_takes_it_over),
        IN_A_PLACE(test_an_open_writer_takes_what_comes_later),
        IN_A_PLACE(test_queued_rows_stay_with_their_names),
        IN_A_PLACE(test_a_writer_that_is_killed_at_once_has_taken_it_over),
        IN_A_PLACE(test_many_records_at_once_are_one_file),
        IN_A_PLACE(test_a_start_is_on_record_at_once),
        IN_A_PLACE(test_without_a_state_folder_there_is_no_job),
        IN_A_PLACE(test_the_later_attempt_counts),
        IN_A_PLACE(test_more_than_nine_files_are_in_order),
        IN_A_PLACE(test_a_reader_misses_nothing_while_files_are_gathered),
        IN_A_PLACE(test_a_writer_loses_nothing_while_files_are_gathered),
        IN_A_PLACE(test_the_later_submission_counts),
        IN_A_PLACE(test_released_and_forgotten_records_do_not_count),
        IN_A_PLACE(test_records_of_an_ended_element_count),
        IN_A_PLACE(test_an_element_beyond_the_last_does_not_count),
        IN_A_PLACE(test_a_torn_file_counts_up_to_the_tear),
        IN_A_PLACE(test_what_is_behind_a_damaged_place_counts),
        IN_A_PLACE(test_a_full_disk_loses_nothing),
        IN_A_PLACE(test_strange_files_stop_nothing),
        IN_A_PLACE(test_an_unreadable_registration_keeps_the_records),
        IN_A_PLACE(test_an_element_has_one_job),
        IN_A_PLACE(test_a_later_start_takes_the_claim),
        IN_A_PLACE(test_an_end_holds_until_the_job_is_requeued),
        IN_A_PLACE(test_forgetting_leaves_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
