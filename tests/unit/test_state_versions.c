#include "file.h"
#include "inbox.h"
#include "journal.h"
#include "run_facts.h"
#include "snapshot_format.h"
#include "state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A state with one directory, one file and two tasks ---- */

static const struct slice DIRECTORY = {"a", 1};
static const struct slice COLUMN = {"out", 3};
static const struct slice ACTION = {"make", 4};
static const struct slice KEY = {"gather", 6};

static const struct state_layout LAYOUT = {
    .directories = &DIRECTORY,
    .directory_count = 1,
    .columns = &COLUMN,
    .column_count = 1,
    .actions = &ACTION,
    .action_count = 1,
    .other_tasks = &KEY,
    .other_task_count = 1,
};

static const char RUN[] = "host node7\0commit 3f2a1c"; /* ends with NUL as it is */
#define RUN_TEXT slice_make(RUN, sizeof RUN)

struct place {
    char path[64];
    int directory;
    struct diag diag;
};

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-versions-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    diag_init(&place->diag);
    *data = place;
    return 0;
}

static int remove_place(void **data)
{
    struct place *place = *data;
    close(place->directory);
    file_remove_tree(AT_FDCWD, place->path);
    diag_release(&place->diag);
    free(place);
    return 0;
}

static struct state *open_as(struct place *place, enum state_mode mode)
{
    struct state *state =
        state_open(place->directory, ".rowbuild", mode, false, NULL, &place->diag);
    assert_non_null(state);
    state_bind(state, &LAYOUT);
    return state;
}

static void close_well(struct place *place, struct state *state)
{
    assert_int_equal(state_close(state, &place->diag), 0);
    assert_int_equal(place->diag.entries.count, 0);
}

/* Of the task `number`; its digests live until the next call. */
static struct task_row row_of(struct state *state, size_t number)
{
    static struct digest digests[2];
    const struct component list[] = {
        {.kind = COMPONENT_RECIPE},
        {.kind = COMPONENT_PRODUCT, .in_directory = true, .name = COLUMN},
    };
    digests[0] = digest_of(SLICE_LITERAL("recipe"));
    digests[1] = (struct digest){.low = number + 1, .high = 5};
    return (struct task_row){
        .is_known = true,
        .success = SUCCESS_RAN,
        .good = {state_shape(state, list, 2), digests, 2},
        .fingerprint = {.low = number + 10, .high = 7},
        .finished_at_ns = 2000 + (int64_t)number,
        .duration_s = 0.5,
        .cores = 4,
    };
}

static void put_rows(struct state *state, bool with_origins)
{
    if (with_origins) {
        state_put_text(state, digest_of(RUN_TEXT), RUN_TEXT);
    }
    state_put_text(state, digest_of(SLICE_LITERAL("recipe")), SLICE_LITERAL("recipe"));
    for (size_t i = 0; i < 2; i++) {
        struct task_row row = row_of(state, i);
        if (with_origins) {
            row.origin = digest_of(RUN_TEXT);
            row.started_at_ns = 1000 + (int64_t)i;
        }
        state_put_task(state, i, &row);
    }
}

static void expect_row(struct state *state, size_t number, bool with_origin)
{
    const struct task_row *row = state_task(state, number);
    struct task_row wanted = row_of(state, number);
    assert_true(row->is_known);
    assert_int_equal(row->success, SUCCESS_RAN);
    assert_true(digest_equal(row->fingerprint, wanted.fingerprint));
    assert_int_equal(row->finished_at_ns, wanted.finished_at_ns);
    assert_int_equal(row->cores, 4);
    assert_int_equal(row->good.count, 2);
    assert_true(digest_equal(row->good.digests[1], wanted.good.digests[1]));
    if (with_origin) {
        assert_int_equal(row->started_at_ns, 1000 + (int64_t)number);
        assert_true(slice_equal(state_text(state, row->origin), RUN_TEXT));
    } else {
        assert_int_equal(row->started_at_ns, 0);
        assert_true(digest_is_unknown(row->origin));
    }
}

static void expect_rows(struct place *place, bool with_origins)
{
    struct state *state = open_as(place, STATE_READ);
    for (size_t i = 0; i < 2; i++) {
        expect_row(state, i, with_origins);
    }
    assert_true(slice_is(state_text(state, digest_of(SLICE_LITERAL("recipe"))), "recipe"));
    close_well(place, state);
}

static void read_bytes(const struct place *place, const char *path, struct buf *out)
{
    buf_clear(out);
    assert_int_equal(file_read(place->directory, path, SIZE_MAX / 4, out), 0);
}

static void write_bytes(const struct place *place, const char *path, const struct buf *bytes)
{
    int fd = openat(place->directory, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes->at, bytes->len), (ssize_t)bytes->len);
    close(fd);
}

/* ---- Making files of version 1 ---- */

static void add_header_1(struct buf *out, uint64_t id)
{
    uint32_t version = 1;
    journal_add_header(out, id);
    memcpy(out->at + 8, &version, sizeof version);
    uint64_t checksum = digest_of(slice_make(out->at, 24)).low;
    memcpy(out->at + 24, &checksum, sizeof checksum);
}

static void add_name(struct buf *out, struct slice name)
{
    uint32_t len = (uint32_t)name.len;
    buf_add(out, &len, sizeof len);
    buf_add_slice(out, name);
}

static void add_record_1(struct buf *out, uint64_t id, const struct journal_record *record)
{
    size_t start = out->len;
    char head[16] = "\0\0\0\0\0\0\0\0rbjn";
    buf_add(out, head, sizeof head);
    add_name(out, record->directory);
    add_name(out, record->name);
    buf_add(out, &record->task, TASK_RECORD_BYTES_1);
    add_name(out, record->shape_key);
    buf_add(out, record->digests, record->digest_count * sizeof(struct digest));
    uint32_t length = (uint32_t)(out->len - start - sizeof head);
    memcpy(out->at + start + 12, &length, sizeof length);
    uint64_t checksum = digest_of(slice_make(out->at + start + 8, out->len - start - 8)).low ^ id;
    memcpy(out->at + start, &checksum, sizeof checksum);
}

/* The same records as version 1 wrote them. */
static void make_journal_1(const struct place *place, const char *path)
{
    struct buf now = BUF_EMPTY;
    struct buf then = BUF_EMPTY;
    struct journal_record record;
    uint64_t id;
    bool is_torn;
    read_bytes(place, path, &now);
    assert_null(journal_read_header(buf_slice(&now), &id, &is_torn));
    add_header_1(&then, id);
    size_t next = JOURNAL_HEADER_BYTES;
    for (size_t at = next; journal_next(buf_slice(&now), id, &next, &record); at = next) {
        if (record.type == JOURNAL_TASK) {
            add_record_1(&then, id, &record);
        } else {
            buf_add(&then, now.at + at, next - at);
        }
    }
    assert_int_equal(next, now.len);
    write_bytes(place, path, &then);
    buf_release(&now);
    buf_release(&then);
}

static void make_snapshot_1(const struct place *place)
{
    struct buf now = BUF_EMPTY;
    struct buf then = BUF_EMPTY;
    struct snapshot_header header;
    struct sections sections;
    read_bytes(place, ".rowbuild/state", &now);
    memcpy(&header, now.at, sizeof header);
    assert_true(snapshot_sections(&header, &sections));
    size_t rows = (sections.digests - sections.tasks) / sizeof(struct task_record);
    assert_int_equal(rows, 2);
    header.version = 1;
    header.total_bytes -= rows * (sizeof(struct task_record) - TASK_RECORD_BYTES_1);
    buf_add(&then, &header, sizeof header);
    buf_add(&then, now.at + sizeof header, sections.tasks - sizeof header);
    for (size_t i = 0; i < rows; i++) {
        buf_add(&then, now.at + sections.tasks + i * sizeof(struct task_record),
                TASK_RECORD_BYTES_1);
    }
    buf_add(&then, now.at + sections.digests, sections.checksum - sections.digests);
    struct digest checksum = digest_of(buf_slice(&then));
    buf_add(&then, &checksum, sizeof checksum);
    write_bytes(place, ".rowbuild/state", &then);
    buf_release(&now);
    buf_release(&then);
}

static uint32_t version_of(const struct place *place, const char *path)
{
    struct buf bytes = BUF_EMPTY;
    uint32_t version;
    read_bytes(place, path, &bytes);
    memcpy(&version, bytes.at + 8, sizeof version);
    buf_release(&bytes);
    return version;
}

/* ---- Tests ---- */

static void origins_are_kept(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    put_rows(state, true);
    close_well(place, state);
    expect_rows(place, true);                 /* by the journal */
    for (int round = 0; round < 3; round++) { /* texts that nothing refers to go with the second */
        state = open_as(place, STATE_WRITE);
        assert_int_equal(state_compact(state, &place->diag), 0);
        close_well(place, state);
        expect_rows(place, true);
    }
}

static void origin_goes_with_its_last_record(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    put_rows(state, true);
    for (size_t i = 0; i < 2; i++) {
        struct task_row row = row_of(state, i);
        state_put_task(state, i, &row);
    }
    close_well(place, state);
    for (int round = 0; round < 2; round++) {
        state = open_as(place, STATE_WRITE);
        assert_int_equal(state_compact(state, &place->diag), 0);
        close_well(place, state);
    }
    expect_rows(place, false);
    state = open_as(place, STATE_READ);
    assert_null(state_text(state, digest_of(RUN_TEXT)).at);
    close_well(place, state);
}

/* Whether the rows come from the snapshot, the journal, or both. */
static void make_version_1(struct place *place, bool with_snapshot, bool with_records)
{
    struct state *state = open_as(place, STATE_WRITE);
    put_rows(state, false);
    if (with_snapshot) {
        assert_int_equal(state_compact(state, &place->diag), 0);
    }
    if (with_snapshot && with_records) {
        struct task_row row = row_of(state, 1);
        state_put_task(state, 1, &row);
    }
    close_well(place, state);
    if (with_snapshot) {
        make_snapshot_1(place);
    }
    make_journal_1(place, ".rowbuild/journal");
}

static void check_version_1(struct place *place, bool with_snapshot, bool with_records)
{
    make_version_1(place, with_snapshot, with_records);
    expect_rows(place, false);
    /* A writer that has nothing to write leaves it as it is. */
    close_well(place, open_as(place, STATE_WRITE));
    assert_int_equal(version_of(place, ".rowbuild/journal"), 1);
    expect_rows(place, false);
    /* One that has converts all of it, so that no earlier version misreads the rest. */
    struct state *state = open_as(place, STATE_WRITE);
    struct task_row row = *state_task(state, 1);
    state_put_text(state, digest_of(RUN_TEXT), RUN_TEXT);
    row.origin = digest_of(RUN_TEXT);
    row.started_at_ns = 1001;
    state_put_task(state, 1, &row);
    assert_int_equal(state_flush(state, &place->diag), 0);
    assert_int_equal(version_of(place, ".rowbuild/state"), 2);
    assert_int_equal(version_of(place, ".rowbuild/journal"), 2);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    expect_row(state, 0, false);
    expect_row(state, 1, true);
    close_well(place, state);
}

static void journal_of_version_1(void **data)
{
    check_version_1(*data, false, true);
}

static void snapshot_of_version_1(void **data)
{
    check_version_1(*data, true, false);
}

static void both_of_version_1(void **data)
{
    check_version_1(*data, true, true);
}

/* The machine went down after the snapshot was converted and before the journal was. */
static void journal_that_its_converted_snapshot_contains(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    make_version_1(place, true, true);
    read_bytes(place, ".rowbuild/journal", &journal);
    struct state *state = open_as(place, STATE_WRITE);
    struct task_row row = *state_task(state, 0);
    state_put_task(state, 0, &row);
    close_well(place, state);
    write_bytes(place, ".rowbuild/journal", &journal);
    expect_rows(place, false);
    state = open_as(place, STATE_WRITE);
    put_rows(state, true);
    close_well(place, state);
    assert_int_equal(version_of(place, ".rowbuild/journal"), 2);
    expect_rows(place, true);
    buf_release(&journal);
}

static void facts_come_back(void **data)
{
    (void)data;
    struct buf text = BUF_EMPTY;
    struct run_facts facts = {.version = SLICE_LITERAL("1.2.3"),
                              .host = SLICE_LITERAL("node 7"),
                              .user = SLICE_LITERAL("jo\xff"),
                              .job = SLICE_LITERAL("lab/12_3"),
                              .commit = SLICE_LITERAL("3f2a1c"),
                              .tree = TREE_DIRTY,
                              .begun_at_s = 1700000000};
    run_facts_add(&facts, &text);
    struct run_facts back = run_facts_of(buf_slice(&text));
    assert_true(slice_equal(back.version, facts.version));
    assert_true(slice_equal(back.host, facts.host));
    assert_true(slice_equal(back.user, facts.user));
    assert_true(slice_equal(back.job, facts.job));
    assert_true(slice_equal(back.commit, facts.commit));
    assert_int_equal(back.tree, TREE_DIRTY);
    assert_int_equal(back.begun_at_s, facts.begun_at_s);
    buf_clear(&text);
    run_facts_add(&(struct run_facts){0}, &text);
    assert_int_equal(text.len, 0);
    /* What a later version may add, and a text that was cut. */
    static const char LATER[] = "colour red\0host a\0empty\0user";
    back = run_facts_of(slice_make(LATER, sizeof LATER - 1));
    assert_true(slice_is(back.host, "a"));
    assert_int_equal(back.user.len, 0);
    assert_int_equal(run_facts_of((struct slice){0}).tree, TREE_UNKNOWN);
    buf_release(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(origins_are_kept),
        TEST(origin_goes_with_its_last_record),
        TEST(journal_of_version_1),
        TEST(snapshot_of_version_1),
        TEST(both_of_version_1),
        TEST(journal_that_its_converted_snapshot_contains),
        cmocka_unit_test(facts_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
