#include "file.h"
#include "inbox.h"
#include "state.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    } /* SLICE_LITERAL for objects with static storage */

/* ---- a place and short ways to fill and compare it ---- */

struct place {
    char path[64];
    int directory;
    struct diag diag;
};

static int make_place(void **data)
{
    struct place *place = mem_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rowbuild-state-XXXXXX");
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

static void print_diag(const struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    vec_each (const struct diag_entry, entry, &diag->entries) {
        diag_render(entry, false, &text);
    }
    fprintf(stderr, "%s", buf_string(&text));
    buf_release(&text);
}

static int count_entry(void *context, const char *name, size_t len, bool is_directory)
{
    (void)name;
    (void)len;
    (void)is_directory;
    ++*(size_t *)context;
    return 0;
}

/* A registry of registrations without checksums, none of whose records count. */
static void *read_nothing(const void *context, int folder, const char *shown, struct diag *diag)
{
    static int entries;
    (void)context;
    (void)folder;
    (void)shown;
    (void)diag;
    return &entries;
}

static void release_nothing(void *entries)
{
    (void)entries;
}

static bool counts_nothing(const void *entries, struct slice token, uint64_t element, size_t *place)
{
    (void)entries;
    (void)token;
    (void)element;
    (void)place;
    return false;
}

static void count_files(int folder, size_t *registered, size_t *whole)
{
    *registered = 0;
    *whole = 0;
    (void)file_list(folder, "jobs", count_entry, registered);
}

static const struct inbox_registry REGISTRY = {.read = read_nothing,
                                               .release = release_nothing,
                                               .counts = counts_nothing,
                                               .count = count_files};

static struct state *open_with(struct place *place, enum state_mode mode, bool discard)
{
    struct state *state =
        state_open(place->directory, ".rowbuild", mode, discard, &REGISTRY, &place->diag);
    if (state == NULL) {
        print_diag(&place->diag);
    }
    assert_non_null(state);
    return state;
}

static struct state *open_as(struct place *place, enum state_mode mode)
{
    return open_with(place, mode, false);
}

static void close_well(struct place *place, struct state *state)
{
    int result = state_close(state, &place->diag);
    if (result != 0) {
        print_diag(&place->diag);
    }
    assert_int_equal(result, 0);
}

static bool diag_mentions(const struct diag *diag, const char *text)
{
    vec_each (const struct diag_entry, entry, &diag->entries) {
        if (strstr(entry->message, text) != NULL) {
            return true;
        }
    }
    return false;
}

static const struct slice DIRECTORIES[] = {NAME("a"), NAME("b"), NAME("c")};
static const struct slice COLUMNS[] = {NAME("in.json"), NAME("out.h5")};
static const struct slice ACTIONS[] = {NAME("init"), NAME("simulate")};
static const struct slice FILES[] = {NAME("project.py")};
static const struct slice TASKS[] = {NAME("plots/all.png")};

static const struct state_layout LAYOUT = {
    .directories = DIRECTORIES,
    .directory_count = 3,
    .columns = COLUMNS,
    .column_count = 2,
    .actions = ACTIONS,
    .action_count = 2,
    .other_files = FILES,
    .other_file_count = 1,
    .other_tasks = TASKS,
    .other_task_count = 1,
};

enum { FILE_ROWS = 7, TASK_ROWS = 7 };

static struct digest digest_from(uint64_t seed)
{
    return (struct digest){.low = seed * 0x9e3779b97f4a7c15U + 1, .high = seed};
}

static struct file_row file_from(uint64_t seed)
{
    return (struct file_row){
        .size = seed,
        .mtime_ns = (int64_t)seed * 1000,
        .ctime_ns = (int64_t)seed * 1001,
        .inode = seed + 7,
        .digest = digest_from(seed),
        .flags = FILE_ROW_KNOWN,
    };
}

/* A row with `count` components; the digests live until the next call. */
static struct task_row task_from(struct state *state, uint64_t seed, size_t count)
{
    static struct component list[40];
    static struct digest digests[40];
    static char names[40][32];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "file%zu", i);
        list[i] = (struct component){
            .kind = i == 0 ? COMPONENT_RECIPE : COMPONENT_FILE,
            .in_directory = i % 2 == 1,
            .name = i == 0 ? (struct slice){0} : slice_of(names[i]),
            .digest = digest_from(seed * 100 + i),
        };
        digests[i] = list[i].digest;
    }
    return (struct task_row){
        .is_known = true,
        .success = SUCCESS_RAN,
        .attempt = ATTEMPT_FAILED,
        .is_backed_up = seed % 2 == 0,
        .has_old_backup = seed % 3 == 0,
        .is_forgotten = seed % 5 == 0,
        .attempt_status = -3,
        .good = {state_shape(state, list, count), digests, count},
        .fingerprint = digest_from(seed + 1),
        .attempt_fingerprint = digest_from(seed + 2),
        .finished_at_ns = (int64_t)seed * 5,
        .duration_s = (double)seed / 3,
        .cpu_s = (double)seed / 7,
        .peak_rss_bytes = seed * 4096,
        .cores = (uint16_t)seed,
        .demand = (uint16_t)(seed + 3),
    };
}

static bool same_file(const struct file_row *a, const struct file_row *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool same_components(const struct components *a, const struct components *b)
{
    if (a->count != b->count || (a->count > 0 && a->shape != b->shape)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        struct component left = components_at(a, i);
        struct component right = components_at(b, i);
        if (left.kind != right.kind || left.in_directory != right.in_directory ||
            !slice_equal(left.name, right.name) || !digest_equal(left.digest, right.digest)) {
            return false;
        }
    }
    return true;
}

static bool same_task(const struct task_row *a, const struct task_row *b)
{
    return a->is_known == b->is_known && a->success == b->success && a->attempt == b->attempt &&
           a->is_backed_up == b->is_backed_up && a->has_old_backup == b->has_old_backup &&
           a->is_forgotten == b->is_forgotten && a->attempt_status == b->attempt_status &&
           same_components(&a->good, &b->good) && digest_equal(a->fingerprint, b->fingerprint) &&
           digest_equal(a->attempt_fingerprint, b->attempt_fingerprint) &&
           a->finished_at_ns == b->finished_at_ns && a->duration_s == b->duration_s &&
           a->cpu_s == b->cpu_s && a->peak_rss_bytes == b->peak_rss_bytes && a->cores == b->cores &&
           a->demand == b->demand;
}

static void put_all(struct state *state, uint64_t seed)
{
    for (size_t i = 0; i < FILE_ROWS; i++) {
        struct file_row row = file_from(seed + i);
        state_put_file(state, i, &row);
    }
    for (size_t i = 0; i < TASK_ROWS; i++) {
        struct task_row row = task_from(state, seed + i, i);
        state_put_task(state, i, &row);
    }
}

static void expect_file(const struct state *state, size_t number, uint64_t seed)
{
    struct file_row wanted = file_from(seed);
    assert_true(same_file(state_file(state, number), &wanted));
}

static void expect_task(struct state *state, size_t number, uint64_t seed, size_t components)
{
    struct task_row wanted = task_from(state, seed, components);
    assert_true(same_task(state_task(state, number), &wanted));
}

static void expect_all(struct state *state, uint64_t seed)
{
    for (size_t i = 0; i < FILE_ROWS; i++) {
        expect_file(state, i, seed + i);
    }
    for (size_t i = 0; i < TASK_ROWS; i++) {
        expect_task(state, i, seed + i, i);
    }
}

static void read_bytes(const struct place *place, const char *name, struct buf *out)
{
    char path[64];
    snprintf(path, sizeof path, ".rowbuild/%s", name);
    buf_clear(out);
    assert_int_equal(file_read(place->directory, path, SIZE_MAX / 4, out), 0);
}

static void write_bytes(const struct place *place, const char *name, struct slice bytes)
{
    char path[64];
    snprintf(path, sizeof path, ".rowbuild/%s", name);
    int fd = openat(place->directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
    close(fd);
}

static bool is_there(const struct place *place, const char *name)
{
    char path[64];
    struct file_stat stat;
    snprintf(path, sizeof path, ".rowbuild/%s", name);
    assert_int_equal(file_lstat(place->directory, path, &stat), 0);
    return stat.kind != FILE_MISSING;
}

/* ---- round trips ---- */

static void missing_folder_is_empty(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    assert_true(state_was_empty(state));
    assert_false(state_writes(state));
    assert_false(state_task(state, 0)->is_known);
    assert_int_equal(state_file(state, 6)->flags, 0);
    put_all(state, 3); /* changes memory only */
    expect_all(state, 3);
    close_well(place, state);
    assert_false(is_there(place, "."));
}

static void reading_goes_over_to_writing(void **data)
{
    struct place *place = *data;
    struct state *first = open_as(place, STATE_READ);
    struct state *second = open_as(place, STATE_READ);
    state_bind(first, &LAYOUT);
    put_all(first, 3);
    state_put_text(first, digest_from(1), SLICE_LITERAL("the text"));
    assert_int_equal(state_begin_writing(first, place->directory, &place->diag), 0);
    assert_true(state_writes(first));
    close_well(place, first);
    /* Another writer came first: its rows stay. */
    state_bind(second, &LAYOUT);
    put_all(second, 20);
    assert_int_equal(state_begin_writing(second, place->directory, &place->diag), 1);
    close_well(place, second);
    struct state *state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_all(state, 3);
    assert_true(slice_is(state_text(state, digest_from(1)), "the text"));
    close_well(place, state);
}

static void round_trip(struct place *place, bool compact)
{
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    state_put_text(state, digest_from(1), SLICE_LITERAL("the text"));
    state_put_text(state, digest_from(2), SLICE_LITERAL(""));
    expect_all(state, 10);
    if (compact) {
        assert_int_equal(state_compact(state, &place->diag), 0);
        expect_all(state, 10);
    }
    close_well(place, state);
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        state = open_as(place, (enum state_mode)mode);
        assert_false(state_was_empty(state));
        assert_int_equal(state_known_directories(state), 3);
        state_bind(state, &LAYOUT);
        expect_all(state, 10);
        assert_true(slice_is(state_text(state, digest_from(1)), "the text"));
        assert_non_null(state_text(state, digest_from(2)).at);
        assert_null(state_text(state, digest_from(3)).at);
        close_well(place, state);
    }
}

static void journal_round_trip(void **data)
{
    round_trip(*data, false);
}

static void snapshot_round_trip(void **data)
{
    round_trip(*data, true);
}

static void journal_continues_snapshot(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    struct task_row row = task_from(state, 99, 3);
    state_put_task(state, 4, &row);
    struct file_row file = file_from(98);
    state_put_file(state, 2, &file);
    assert_int_equal(state_sync(state, &place->diag), 0);
    struct state *reader = open_as(place, STATE_READ);
    state_bind(reader, &LAYOUT);
    expect_task(reader, 4, 99, 3);
    expect_task(reader, 3, 13, 3);
    expect_file(reader, 2, 98);
    expect_file(reader, 3, 13);
    close_well(place, reader);
    state_forget_task(state, 4);
    close_well(place, state);
    state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    assert_false(state_task(state, 4)->is_known);
    expect_task(state, 3, 13, 3);
    close_well(place, state);
}

static void changing_only_the_attempt_keeps_components(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    struct task_row row = *state_task(state, 5);
    row.attempt = ATTEMPT_STARTED;
    state_put_task(state, 5, &row);
    assert_ptr_equal(state_task(state, 5)->good.digests, row.good.digests);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    assert_int_equal(state_task(state, 5)->attempt, ATTEMPT_STARTED);
    assert_int_equal(state_task(state, 5)->good.count, 5);
    assert_true(
        digest_equal(components_at(&state_task(state, 5)->good, 4).digest, digest_from(1504)));
    close_well(place, state);
}

static void equal_lists_share_a_shape(void **data)
{
    struct state *state = open_as(*data, STATE_READ);
    struct component list[] = {
        {.kind = COMPONENT_VALUE, .in_directory = true, .digest = digest_from(1)},
        {.kind = COMPONENT_FILE, .in_directory = true, .name = SLICE_LITERAL("x")},
    };
    const struct shape *shape = state_shape(state, list, 2);
    list[0].digest = digest_from(5);
    assert_ptr_equal(shape, state_shape(state, list, 2));
    assert_ptr_not_equal(shape, state_shape(state, list, 1));
    list[1].in_directory = false;
    assert_ptr_not_equal(shape, state_shape(state, list, 2));
    list[1].in_directory = true;
    list[1].kind = COMPONENT_PRODUCT;
    assert_ptr_not_equal(shape, state_shape(state, list, 2));
    close_well(*data, state);
}

static void strange_names(void **data)
{
    struct place *place = *data;
    char longest[255];
    memset(longest, 'y', sizeof longest);
    const struct slice directories[] = {SLICE_LITERAL("\n"),
                                        SLICE_LITERAL("a b"),
                                        {longest, sizeof longest},
                                        SLICE_LITERAL("\xff\xfe")};
    const struct slice columns[] = {
        SLICE_LITERAL("\xc3("), SLICE_LITERAL("-rf /"), {longest, sizeof longest}};
    struct state_layout layout = {.directories = directories,
                                  .directory_count = 4,
                                  .columns = columns,
                                  .column_count = 3,
                                  .actions = columns,
                                  .action_count = 3,
                                  .other_tasks = directories,
                                  .other_task_count = 4};
    for (int round = 0; round < 3; round++) { /* empty, journal, snapshot */
        struct state *state = open_as(place, STATE_WRITE);
        state_bind(state, &layout);
        for (size_t i = 0; i < 12 && round > 0; i++) {
            expect_file(state, i, 50 + i);
        }
        for (size_t i = 0; i < 16 && round > 0; i++) {
            expect_task(state, i, 60 + i, 2);
        }
        for (size_t i = 0; i < 12 && round == 0; i++) {
            struct file_row row = file_from(50 + i);
            state_put_file(state, i, &row);
        }
        for (size_t i = 0; i < 16 && round == 0; i++) {
            struct task_row row = task_from(state, 60 + i, 2);
            state_put_task(state, i, &row);
        }
        assert_true(round != 1 || state_compact(state, &place->diag) == 0);
        close_well(place, state);
    }
}

static void texts_end_with_what_refers_to_them(void **data)
{
    struct place *place = *data;
    char *large = mem_alloc(64UL * 1024 + 1);
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    struct task_row row = task_from(state, 20, 2);
    state_put_task(state, 1, &row);
    struct digest recipe = components_at(&row.good, 0).digest;
    state_put_text(state, recipe, SLICE_LITERAL("command"));
    state_put_text(state, recipe, SLICE_LITERAL("not stored twice"));
    state_put_text(state, digest_from(5), SLICE_LITERAL("nobody's"));
    state_put_text(state, digest_from(6), slice_make(large, 64UL * 1024));
    state_put_text(state, digest_from(7), slice_make(large, 64UL * 1024 + 1));
    assert_int_equal(state_compact(state, &place->diag), 0);
    assert_true(slice_is(state_text(state, recipe), "command"));
    assert_int_equal(state_text(state, digest_from(6)).len, 64UL * 1024);
    assert_null(state_text(state, digest_from(7)).at);
    close_well(place, state);
    state = open_as(place, STATE_WRITE);
    assert_true(slice_is(state_text(state, digest_from(5)), "nobody's"));
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    assert_null(state_text(state, digest_from(5)).at);
    assert_true(slice_is(state_text(state, recipe), "command"));
    close_well(place, state);
    free(large);
}

/* Names of a folder are as good as gone where their text is. */
static void texts_of_names_stay(void **data)
{
    struct place *place = *data;
    struct component entries = {
        .kind = COMPONENT_ENTRIES, .name = SLICE_LITERAL("out"), .digest = digest_from(8)};
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    struct task_row row = {
        .is_known = true,
        .good = {.shape = state_shape(state, &entries, 1), .digests = &entries.digest, .count = 1}};
    state_put_task(state, 1, &row);
    state_put_text(state, entries.digest, SLICE_LITERAL("names"));
    close_well(place, state);
    for (int round = 0; round < 3; round++) {
        state = open_as(place, STATE_WRITE);
        assert_true(slice_is(state_text(state, entries.digest), "names"));
        assert_int_equal(state_compact(state, &place->diag), 0);
        close_well(place, state);
    }
}

/* ---- binding ---- */

static const struct slice OTHER_DIRECTORIES[] = {NAME("0"), NAME("a"), NAME("bb"), NAME("c")};
static const struct slice OTHER_COLUMNS[] = {NAME("new"), NAME("out.h5"), NAME("in.json")};
static const struct slice OTHER_ACTIONS[] = {NAME("simulate"), NAME("plot")};
static const struct slice OTHER_FILES[] = {NAME("b.py"), NAME("project.py")};
static const struct state_layout OTHER_LAYOUT = {
    .directories = OTHER_DIRECTORIES,
    .directory_count = 4,
    .columns = OTHER_COLUMNS,
    .column_count = 3,
    .actions = OTHER_ACTIONS,
    .action_count = 2,
    .other_files = OTHER_FILES,
    .other_file_count = 2,
};

/* What was put by put_all(10) under LAYOUT, seen under OTHER_LAYOUT. */
static void expect_in_other_layout(struct state *state)
{
    assert_int_equal(state_file(state, 0)->flags, 0);  /* 0/new */
    assert_int_equal(state_file(state, 3)->flags, 0);  /* a/new */
    expect_file(state, 4, 11);                         /* a/out.h5 */
    expect_file(state, 5, 10);                         /* a/in.json */
    assert_int_equal(state_file(state, 7)->flags, 0);  /* bb/out.h5 */
    expect_file(state, 10, 15);                        /* c/out.h5 */
    expect_file(state, 11, 14);                        /* c/in.json */
    assert_int_equal(state_file(state, 12)->flags, 0); /* b.py */
    expect_file(state, 13, 16);                        /* project.py */
    assert_false(state_task(state, 0)->is_known);      /* 0 simulate */
    expect_task(state, 2, 11, 1);                      /* a simulate */
    assert_false(state_task(state, 3)->is_known);      /* a plot */
    expect_task(state, 6, 15, 5);                      /* c simulate */
}

static void rebinding(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    state_bind(state, &OTHER_LAYOUT); /* with changes that aren't flushed */
    expect_in_other_layout(state);
    struct task_row row = task_from(state, 77, 2);
    state_put_task(state, 3, &row);
    close_well(place, state);
    for (int round = 0; round < 3; round++) {
        state = open_as(place, STATE_WRITE);
        assert_int_equal(state_known_directories(state), 3);
        if (round == 1) {
            state_bind(state, &LAYOUT);
            expect_all(state, 10);
        }
        state_bind(state, &OTHER_LAYOUT);
        expect_file(state, 4, 11);
        expect_task(state, 3, 77, 2);
        expect_task(state, 6, 15, 5);
        state_bind(state, &LAYOUT);
        expect_all(state, 10);
        assert_true(round != 1 || state_compact(state, &place->diag) == 0);
        close_well(place, state);
    }
}

static void forgetting_what_is_not_bound(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    state_bind(state, &OTHER_LAYOUT);
    state_forget_unbound(state);
    expect_in_other_layout(state);
    close_well(place, state);
    for (int round = 0; round < 2; round++) { /* out of the journal, out of a snapshot */
        state = open_as(place, STATE_WRITE);
        state_bind(state, &OTHER_LAYOUT);
        expect_in_other_layout(state);
        assert_int_equal(state_known_directories(state), 2);
        assert_int_equal(state_compact(state, &place->diag), 0);
        close_well(place, state);
    }
    state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    assert_false(state_task(state, 0)->is_known);
    assert_false(state_task(state, 6)->is_known);
    assert_int_equal(state_file(state, 2)->flags, 0);
    expect_file(state, 0, 10);
    close_well(place, state);
}

static void nothing_left_counts_as_empty(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    state_bind(state, &(struct state_layout){0});
    state_forget_unbound(state);
    close_well(place, state);
    state = open_as(place, STATE_WRITE);
    assert_true(state_was_empty(state));
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    assert_true(state_was_empty(state));
    close_well(place, state);
}

/* ---- damage ---- */

/* Puts seven tasks with a flush for each; ends[i] is where the journal ended after i of them. */
static void write_journal(struct place *place, size_t *ends, struct buf *journal)
{
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    ends[0] = 32;
    for (size_t i = 0; i < TASK_ROWS; i++) {
        struct task_row row = task_from(state, 10 + i, i);
        state_put_task(state, i, &row);
        assert_int_equal(state_flush(state, &place->diag), 0);
        read_bytes(place, "journal", journal);
        ends[i + 1] = journal->len;
    }
    close_well(place, state);
}

static void expect_first_tasks(struct state *state, size_t count)
{
    for (size_t i = 0; i < TASK_ROWS; i++) {
        if (i < count) {
            expect_task(state, i, 10 + i, i);
        } else {
            assert_false(state_task(state, i)->is_known);
        }
    }
}

static void torn_at_every_byte(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    write_journal(place, ends, &journal);
    for (size_t len = 32; len <= journal.len; len++) { /* the header is put in place whole */
        size_t whole = 0;
        while (whole < TASK_ROWS && ends[whole + 1] <= len) {
            whole++;
        }
        write_bytes(place, "journal", slice_make(journal.at, len));
        struct state *state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        expect_first_tasks(state, whole);
        close_well(place, state);
        state = open_as(place, STATE_WRITE);
        state_bind(state, &LAYOUT);
        expect_first_tasks(state, whole);
        struct file_row row = file_from(len);
        state_put_file(state, 1, &row);
        close_well(place, state);
        state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        expect_first_tasks(state, whole);
        expect_file(state, 1, len);
        close_well(place, state);
    }
    assert_int_equal(place->diag.entries.count, 0);
    buf_release(&journal);
}

static void damage_amid_the_journal_is_refused(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    write_journal(place, ends, &journal);
    for (size_t at = ends[2]; at < ends[3]; at++) {
        journal.at[at] ^= 0x20;
        write_bytes(place, "journal", buf_slice(&journal));
        assert_null(
            state_open(place->directory, ".rowbuild", STATE_READ, false, NULL, &place->diag));
        assert_int_equal(place->diag.entries.at[0].blame, DIAG_STATE);
        assert_true(diag_mentions(&place->diag, "bytes from byte"));
        diag_release(&place->diag);
        diag_init(&place->diag);
        struct state *state = open_with(place, STATE_READ, true);
        state_bind(state, &LAYOUT);
        expect_first_tasks(state, 2);
        close_well(place, state);
        assert_true(diag_mentions(&place->diag, "bytes from byte"));
        assert_int_equal(place->diag.entries.count, 1);
        journal.at[at] ^= 0x20;
        diag_release(&place->diag);
        diag_init(&place->diag);
    }
    journal.at[ends[2] + 20] ^= 1;
    write_bytes(place, "journal", buf_slice(&journal));
    struct state *state = open_with(place, STATE_WRITE, true);
    close_well(place, state);
    assert_true(is_there(place, "journal.damaged-1"));
    struct buf kept = BUF_EMPTY;
    read_bytes(place, "journal.damaged-1", &kept);
    assert_int_equal(kept.len, journal.len - ends[2]);
    read_bytes(place, "journal", &kept);
    assert_int_equal(kept.len, ends[2]);
    buf_release(&kept);
    buf_release(&journal);
}

static void flipped_bytes_in_the_journal(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    write_journal(place, ends, &journal);
    for (size_t at = 32; at < journal.len; at++) {
        size_t whole = 0;
        while (ends[whole + 1] <= at) {
            whole++;
        }
        journal.at[at] = (char)~journal.at[at];
        write_bytes(place, "journal", buf_slice(&journal));
        journal.at[at] = (char)~journal.at[at];
        struct state *state = open_with(place, STATE_READ, true);
        state_bind(state, &LAYOUT);
        expect_first_tasks(state, whole);
        close_well(place, state);
    }
    assert_int_equal(place->diag.errors, 0);
    buf_release(&journal);
}

static void expect_unreadable(struct place *place, const char *file)
{
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        /* A reader of a journal that doesn't fit waits for the writer: not for each byte here. */
        if (mode == STATE_READ && strcmp(file, "journal") == 0) {
            continue;
        }
        diag_release(&place->diag);
        diag_init(&place->diag);
        assert_null(state_open(place->directory, ".rowbuild", (enum state_mode)mode, false, NULL,
                               &place->diag));
        assert_int_equal(place->diag.errors, 1);
        assert_int_equal(place->diag.entries.at[0].blame, DIAG_STATE);
        assert_true(diag_mentions(&place->diag, file));
        assert_true(diag_mentions(&place->diag, "rowbuild --adopt"));
    }
}

static void flipped_bytes_in_the_snapshot(void **data)
{
    struct place *place = *data;
    struct buf bytes = BUF_EMPTY;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    state_put_text(state, digest_from(1), SLICE_LITERAL("text"));
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    read_bytes(place, "state", &bytes);
    for (size_t at = 0; at < bytes.len; at += at < 300 ? 1 : 7) {
        bytes.at[at] ^= 0x11;
        write_bytes(place, "state", buf_slice(&bytes));
        bytes.at[at] ^= 0x11;
        expect_unreadable(place, "state");
    }
    for (size_t len = 0; len < bytes.len; len += 13) {
        write_bytes(place, "state", slice_make(bytes.at, len));
        expect_unreadable(place, "state");
    }
    buf_release(&bytes);
}

static void flipped_bytes_in_the_journal_header(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    write_journal(place, ends, &journal);
    for (size_t at = 0; at < 32; at++) {
        journal.at[at] ^= 1;
        write_bytes(place, "journal", buf_slice(&journal));
        journal.at[at] ^= 1;
        expect_unreadable(place, "journal");
    }
    buf_release(&journal);
}

static void expect_refused(struct place *place, const char *words)
{
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        diag_release(&place->diag);
        diag_init(&place->diag);
        assert_null(state_open(place->directory, ".rowbuild", (enum state_mode)mode, false,
                               &REGISTRY, &place->diag));
        assert_int_equal(place->diag.errors, 1);
        assert_int_equal(place->diag.entries.at[0].blame, DIAG_STATE);
        assert_true(diag_mentions(&place->diag, ".rowbuild/journal can't be used"));
        assert_true(diag_mentions(&place->diag, words));
        assert_true(diag_mentions(&place->diag, "rowbuild --adopt"));
    }
}

static void journal_cut_off_in_its_header(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    write_journal(place, ends, &journal);
    for (size_t len = 0; len < 32; len++) {
        write_bytes(place, "journal", slice_make(journal.at, len));
        expect_refused(place, len == 0 ? "it is empty" : "it ends within its header");
    }
    diag_release(&place->diag);
    diag_init(&place->diag);
    struct state *state = open_with(place, STATE_WRITE, true);
    assert_true(state_was_empty(state));
    close_well(place, state);
    assert_true(is_there(place, "journal.unreadable"));
    close_well(place, open_as(place, STATE_READ));
    buf_release(&journal);
}

/* Files and, with a '/' at the end, folders of a state folder. */
static void make_names(struct place *place, const char *const *names)
{
    file_remove_tree(place->directory, ".rowbuild");
    for (size_t i = 0; names[i] != NULL; i++) {
        char path[128];
        snprintf(path, sizeof path, ".rowbuild/%s%s", names[i],
                 names[i][strlen(names[i]) - 1] == '/' ? "x" : "");
        assert_int_equal(file_make_parents(place->directory, path), 0);
        if (names[i][strlen(names[i]) - 1] != '/') {
            write_bytes(place, names[i], (struct slice){0});
        }
    }
}

static void journal_that_is_missing(void **data)
{
    struct place *place = *data;
    static const struct {
        const char *names[6];
        bool is_used;
    } folders[] = {
        {{"lock"}, false},
        {{".rowbuild-tmp-0", "lock"}, false},
        {{"lock", "queue"}, false},
        {{"lock", "inbox/"}, false},
        {{"lock", "inbox/00000000000000aa.0.1-1"}, false}, /* of a job that was forgotten */
        {{"jobs/00000000000000aa.json"}, false},           /* by a version without checksums */
        {{"jobs/00000000000000aa.json", "logs/run/a.log", "inbox/"}, false},
        {{"lock", "logs/", "running"}, false}, /* an older version, killed before it began */
        {{"lock", "logs/"}, true},
        {{"lock", "logs/run/a.log"}, true},
        {{"lock", "logs/.slot-0", "running"}, true},
        {{"jobs/00000000000000aa.json", "lock", "logs/.slot-0", "running"}, true},
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_names(place, folders[i].names);
        if (folders[i].is_used) {
            expect_refused(place, "it is missing, although `logs` beside it shows");
            assert_false(is_there(place, "journal"));
            continue;
        }
        diag_release(&place->diag);
        diag_init(&place->diag);
        struct state *state = open_as(place, STATE_READ);
        assert_true(state_was_empty(state));
        close_well(place, state);
        if (strstr(folders[i].names[0], "jobs/") == NULL && i != 4) { /* what writers would read */
            close_well(place, open_as(place, STATE_WRITE));
        }
    }
}

static void snapshot_without_its_journal(void **data)
{
    struct place *place = *data;
    struct buf bytes = BUF_EMPTY;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    assert_int_equal(unlinkat(place->directory, ".rowbuild/journal", 0), 0);
    expect_refused(place, "it is missing, although `state` beside it shows");
    /* Earlier versions made their first snapshot before the journal: it contains no byte of one. */
    read_bytes(place, "state", &bytes);
    memset(bytes.at + 32, 0, 8);
    struct digest checksum = digest_of(slice_make(bytes.at, bytes.len - sizeof checksum));
    memcpy(bytes.at + bytes.len - sizeof checksum, &checksum, sizeof checksum);
    write_bytes(place, "state", buf_slice(&bytes));
    diag_release(&place->diag);
    diag_init(&place->diag);
    for (int mode = STATE_READ; mode <= STATE_WRITE; mode++) {
        state = open_as(place, (enum state_mode)mode);
        state_bind(state, &LAYOUT);
        expect_all(state, 10);
        close_well(place, state);
    }
    assert_true(is_there(place, "journal"));
    buf_release(&bytes);
}

static void journal_that_lost_all_records(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    size_t ends[TASK_ROWS + 1];
    static const struct {
        const char *names[4];
        const char *words; /* NULL: it may be so */
    } folders[] = {
        {{"lock"}, NULL},
        {{"lock", "logs/", "running"}, NULL},
        {{"lock", "logs/"}, NULL},
        {{"lock", "logs/.slot-00000000000000aa-0-0", "running"}, NULL},
        {{"lock", "logs/run/a.log", "inbox/"}, NULL},
        {{"lock", "logs/.slot-0", "running"}, "tasks that were running"},
        {{"lock", "logs/run/a.log"}, "it holds no records"},
    };
    write_journal(place, ends, &journal);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_names(place, folders[i].names);
        for (size_t len = 32; len <= ends[1]; len += ends[1] - 32) {
            write_bytes(place, "journal", slice_make(journal.at, len));
            if (folders[i].words != NULL && len < ends[1]) {
                expect_refused(place, folders[i].words);
                continue;
            }
            diag_release(&place->diag);
            diag_init(&place->diag);
            close_well(place, open_as(place, STATE_READ));
        }
    }
    buf_release(&journal);
}

static void journal_comes_first_and_goes_last(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    assert_true(is_there(place, "journal"));
    close_well(place, state);
    assert_false(is_there(place, "journal")); /* nothing was recorded */
    state = open_as(place, STATE_WRITE);
    assert_int_equal(mkdirat(place->directory, ".rowbuild/logs", 0777), 0);
    close_well(place, state);
    assert_true(is_there(place, "journal"));
    assert_int_equal(unlinkat(place->directory, ".rowbuild/logs", AT_REMOVEDIR), 0);
    /* All is forgotten. */
    state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    assert_int_equal(state_forget_all(state, &place->diag), 0);
    /* Killed while it is closed: the empty snapshot alone. */
    struct buf snapshot = BUF_EMPTY;
    read_bytes(place, "state", &snapshot);
    close_well(place, state);
    assert_false(is_there(place, "state"));
    assert_false(is_there(place, "journal"));
    write_bytes(place, "state", buf_slice(&snapshot));
    state = open_as(place, STATE_READ);
    assert_true(state_was_empty(state));
    close_well(place, state);
    close_well(place, open_as(place, STATE_WRITE));
    assert_int_equal(place->diag.entries.count, 0);
    buf_release(&snapshot);
}

static void unknown_version(void **data)
{
    struct place *place = *data;
    struct buf bytes = BUF_EMPTY;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    read_bytes(place, "state", &bytes);
    bytes.at[8]++;
    write_bytes(place, "state", buf_slice(&bytes));
    expect_unreadable(place, "state");
    assert_true(diag_mentions(&place->diag, "another version"));

    diag_release(&place->diag);
    diag_init(&place->diag);
    state = state_open(place->directory, ".rowbuild", STATE_READ, true, NULL, &place->diag);
    assert_non_null(state);
    assert_true(state_was_empty(state));
    close_well(place, state);
    assert_true(is_there(place, "state"));
    for (int round = 0; round < 2; round++) {
        write_bytes(place, "state", buf_slice(&bytes));
        state = state_open(place->directory, ".rowbuild", STATE_WRITE, true, NULL, &place->diag);
        assert_non_null(state);
        assert_true(state_was_empty(state));
        state_bind(state, &LAYOUT);
        put_all(state, 30);
        close_well(place, state);
    }
    assert_true(is_there(place, "state.unreadable"));
    assert_true(is_there(place, "state.unreadable-2"));
    assert_true(is_there(place, "journal.unreadable"));
    assert_false(is_there(place, "state"));
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_all(state, 30);
    close_well(place, state);
    buf_release(&bytes);
}

/* Where the journal can't be replaced the old one is continued, and nothing is lost. */
static void compaction_that_ends_halfway(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    for (uint64_t round = 0; round < 2; round++) {
        struct state *state = open_as(place, STATE_WRITE);
        state_bind(state, &LAYOUT);
        put_all(state, 10 + round);
        assert_int_equal(state_flush(state, &place->diag), 0);
        read_bytes(place, "journal", &journal);
        struct task_row row = task_from(state, 50 + round, 2);
        state_put_task(state, 2, &row);
        assert_int_equal(state_compact(state, &place->diag), 0);
        close_well(place, state);
        write_bytes(place, "journal", buf_slice(&journal));
        state = open_as(place, STATE_WRITE);
        state_bind(state, &LAYOUT);
        expect_task(state, 2, 50 + round, 2);
        row = task_from(state, 70 + round, 4);
        state_put_task(state, 3, &row);
        assert_int_equal(state_flush(state, &place->diag), 0);
        /* A reader sees what was appended to the old journal, and so does the next snapshot. */
        struct state *reader = open_as(place, STATE_READ);
        state_bind(reader, &LAYOUT);
        expect_task(reader, 2, 50 + round, 2);
        expect_task(reader, 3, 70 + round, 4);
        close_well(place, reader);
        assert_true(round == 0 || state_compact(state, &place->diag) == 0);
        close_well(place, state);
        state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        expect_task(state, 3, 70 + round, 4);
        expect_task(state, 4, 14 + round, 4);
        close_well(place, state);
    }
    buf_release(&journal);
}

static void journal_of_another_snapshot(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_compact(state, &place->diag), 0);
    put_all(state, 20);
    assert_int_equal(state_flush(state, &place->diag), 0);
    read_bytes(place, "journal", &journal);
    assert_int_equal(state_compact(state, &place->diag), 0);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    write_bytes(place, "journal", buf_slice(&journal));
    expect_unreadable(place, "journal");
    diag_release(&place->diag);
    diag_init(&place->diag);
    assert_null(state_open(place->directory, ".rowbuild", STATE_READ, false, NULL, &place->diag));
    buf_release(&journal);
}

static void crash_between_snapshot_and_journal(void **data)
{
    struct place *place = *data;
    struct buf journal = BUF_EMPTY;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_flush(state, &place->diag), 0);
    read_bytes(place, "journal", &journal);
    struct task_row row = task_from(state, 50, 2);
    state_put_task(state, 2, &row);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    /* The old journal is still there; all of it, or, after a loss of power, not all. */
    for (size_t cut = 0; cut < journal.len - 40; cut += 501) {
        write_bytes(place, "journal", slice_make(journal.at, journal.len - cut));
        state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        expect_task(state, 2, 50, 2);
        expect_task(state, 3, 13, 3);
        close_well(place, state);
        state = open_as(place, STATE_WRITE);
        state_bind(state, &LAYOUT);
        row = task_from(state, 60, 2);
        state_put_task(state, 1, &row);
        close_well(place, state);
        state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        expect_task(state, 1, 60, 2);
        expect_task(state, 2, 50, 2);
        close_well(place, state);
    }
    /* And a compaction of that. */
    state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    assert_int_equal(state_compact(state, &place->diag), 0);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_task(state, 1, 60, 2);
    close_well(place, state);
    assert_int_equal(place->diag.entries.count, 0);
    buf_release(&journal);
}

static void full_disk_keeps_records_queued(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_flush(state, &place->diag), 0);
    struct buf before = BUF_EMPTY;
    struct buf after = BUF_EMPTY;
    read_bytes(place, "journal", &before);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {.rlim_cur = before.len + 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    put_all(state, 20);
    int flushed = state_flush(state, &place->diag);
    put_all(state, 30);
    int again = state_sync(state, &place->diag);
    tight.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int compacted = state_compact(state, &place->diag);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(flushed, -1);
    assert_int_equal(again, -1);
    assert_int_equal(compacted, -1);
    assert_int_equal(place->diag.entries.at[0].blame, DIAG_STATE);
    read_bytes(place, "journal", &after);
    assert_true(slice_equal(buf_slice(&before), buf_slice(&after)));
    close_well(place, state);
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_all(state, 30);
    close_well(place, state);
    buf_release(&before);
    buf_release(&after);
}

static void removed_journal_is_written_again(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    put_all(state, 10);
    assert_int_equal(state_flush(state, &place->diag), 0);
    assert_int_equal(unlinkat(place->directory, ".rowbuild/journal", 0), 0);
    struct task_row row = task_from(state, 50, 2);
    state_put_task(state, 2, &row);
    close_well(place, state);
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_task(state, 1, 11, 1);
    expect_task(state, 2, 50, 2);
    close_well(place, state);
}

/* ---- several processes ---- */

static void second_writer_is_refused(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    assert_null(state_open(place->directory, ".rowbuild", STATE_WRITE, false, NULL, &place->diag));
    assert_true(diag_mentions(&place->diag, "pid"));
    struct state *reader = open_as(place, STATE_READ);
    close_well(place, reader);
    close_well(place, state);
    state = open_as(place, STATE_WRITE);
    close_well(place, state);
}

/* The child puts all rows with rising seeds, for ever: what a reader sees has one seed, or, in the
 * middle of a flush torn at a record's end, two that follow each other. */
static pid_t start_writer(struct place *place, unsigned compact_each)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        return child;
    }
    struct state *state =
        state_open(place->directory, ".rowbuild", STATE_WRITE, false, NULL, &place->diag);
    if (state == NULL) {
        _exit(1);
    }
    state_bind(state, &LAYOUT);
    for (uint64_t seed = 1000;; seed += 100) {
        put_all(state, seed);
        int result = seed / 100 % compact_each == 0 ? state_compact(state, &place->diag)
                                                    : state_flush(state, &place->diag);
        if (result != 0) {
            _exit(2);
        }
    }
}

static void end_writer(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status)); /* it didn't end by itself */
}

/* Rows are put in order: once one is older than its predecessor, all that follow are as old. */
static uint64_t expect_consistent(struct state *state)
{
    if (state_file(state, 0)->flags == 0) {
        return 0;
    }
    uint64_t newest = state_file(state, 0)->size;
    uint64_t seed = newest;
    for (size_t i = 0; i < FILE_ROWS + TASK_ROWS; i++) {
        bool known = i < FILE_ROWS ? state_file(state, i)->flags != 0
                                   : state_task(state, i - FILE_ROWS)->is_known;
        if (!known) {
            assert_int_equal(newest, 1000);
            seed = 0;
            continue;
        }
        uint64_t found = i < FILE_ROWS ? state_file(state, i)->size - i
                                       : state_task(state, i - FILE_ROWS)->cores - (i - FILE_ROWS);
        assert_true(found == seed || (seed == newest && found == newest - 100));
        seed = found;
        if (i < FILE_ROWS) {
            expect_file(state, i, seed + i);
        } else {
            expect_task(state, i - FILE_ROWS, seed + i - FILE_ROWS, i - FILE_ROWS);
        }
    }
    return newest;
}

static void readers_beside_a_compacting_writer(void **data)
{
    struct place *place = *data;
    pid_t child = start_writer(place, 2);
    uint64_t last = 0;
    unsigned advances = 0;
    for (unsigned i = 0; i < 200 || advances < 5; i++) {
        assert_int_equal(waitpid(child, NULL, WNOHANG), 0); /* as long as it lives it advances */
        struct state *state = open_as(place, STATE_READ);
        state_bind(state, &LAYOUT);
        uint64_t seed = expect_consistent(state);
        assert_true(seed >= last);
        advances += seed > last;
        last = seed;
        close_well(place, state);
    }
    end_writer(child);
    assert_true(advances >= 5);
    assert_int_equal(place->diag.entries.count, 0);
}

static int expect_own_file(void *context, const char *name, size_t len, bool is_directory)
{
    (void)context;
    (void)len;
    assert_false(is_directory);
    assert_true(strcmp(name, "state") == 0 || strcmp(name, "journal") == 0 ||
                strcmp(name, "lock") == 0);
    return 0;
}

static void killed_writers_lose_nothing_written(void **data)
{
    struct place *place = *data;
    unsigned random = 12345;
    for (unsigned round = 0; round < 40; round++) {
        pid_t child = start_writer(place, 2 + round % 5);
        random = random * 1103515245 + 12345;
        nanosleep(&(struct timespec){.tv_nsec = (long)(random >> 8) % 20000000}, NULL);
        end_writer(child);
        struct state *state = open_as(place, STATE_WRITE);
        state_bind(state, &LAYOUT);
        expect_consistent(state);
        close_well(place, state);
        state = open_as(place, STATE_WRITE);
        state_bind(state, &(struct state_layout){0});
        state_forget_unbound(state); /* the next child starts from nothing */
        close_well(place, state);
    }
    /* no leftovers */
    assert_int_equal(file_list(place->directory, ".rowbuild", expect_own_file, NULL), 0);
    assert_int_equal(place->diag.entries.count, 0);
}

static void large_journals_are_compacted(void **data)
{
    struct place *place = *data;
    struct state *state = open_as(place, STATE_WRITE);
    state_bind(state, &LAYOUT);
    for (uint64_t seed = 0; seed < 300; seed++) {
        put_all(state, seed);
        assert_int_equal(state_flush(state, &place->diag), 0);
    }
    close_well(place, state);
    assert_true(is_there(place, "state"));
    struct buf journal = BUF_EMPTY;
    read_bytes(place, "journal", &journal);
    assert_int_equal(journal.len, 32);
    buf_release(&journal);
    state = open_as(place, STATE_READ);
    state_bind(state, &LAYOUT);
    expect_all(state, 299);
    close_well(place, state);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(missing_folder_is_empty),
        TEST(reading_goes_over_to_writing),
        TEST(journal_round_trip),
        TEST(snapshot_round_trip),
        TEST(journal_continues_snapshot),
        TEST(changing_only_the_attempt_keeps_components),
        TEST(equal_lists_share_a_shape),
        TEST(strange_names),
        TEST(texts_of_names_stay),
        TEST(texts_end_with_what_refers_to_them),
        TEST(rebinding),
        TEST(forgetting_what_is_not_bound),
        TEST(nothing_left_counts_as_empty),
        TEST(torn_at_every_byte),
        TEST(damage_amid_the_journal_is_refused),
        TEST(flipped_bytes_in_the_journal),
        TEST(flipped_bytes_in_the_snapshot),
        TEST(flipped_bytes_in_the_journal_header),
        TEST(journal_cut_off_in_its_header),
        TEST(journal_that_is_missing),
        TEST(snapshot_without_its_journal),
        TEST(journal_that_lost_all_records),
        TEST(journal_comes_first_and_goes_last),
        TEST(unknown_version),
        TEST(journal_of_another_snapshot),
        TEST(crash_between_snapshot_and_journal),
        TEST(compaction_that_ends_halfway),
        TEST(full_disk_keeps_records_queued),
        TEST(removed_journal_is_written_again),
        TEST(second_writer_is_refused),
        TEST(readers_beside_a_compacting_writer),
        TEST(killed_writers_lose_nothing_written),
        TEST(large_journals_are_compacted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
