/* What commands did against what is declared: each case is a story in one line of deeds. */
#include "audit_compare.h"

#include "arena.h"
#include "buf.h"
#include "vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The world of all stories. Declared: the inputs `in`, `data/` (a folder) and `gone`, the product
 * `out` and the folder `made/`, the value `w/a/value.json`. `other` is another task's product. Names
 * with "tmp" don't exist afterwards, nor does what a story names in `gone`. "ignored" is ignored. */
struct world {
    const char *gone;
    const char *value_is_read;
};

static const struct audit_file files[] = {
    {.path = {"in", 2}, .role = ROLE_INPUT, .input = 0, .device = 1, .inode = 10},
    {.path = {"data", 4},
     .role = ROLE_INPUT,
     .input = 1,
     .device = 1,
     .inode = 11,
     .is_folder = true},
    {.path = {"x/y/z", 5}, .role = ROLE_INPUT, .input = 2, .device = 1, .inode = 12},
    {.path = {"up", 2}, .role = ROLE_INPUT, .input = UINT32_MAX, .device = 1, .inode = 13},
    {.path = {"out", 3}, .role = ROLE_PRODUCT, .input = UINT32_MAX, .device = 1, .inode = 14},
    {.path = {"made", 4},
     .role = ROLE_PRODUCT,
     .input = UINT32_MAX,
     .device = 1,
     .inode = 15,
     .is_folder = true},
    {.path = {"w/a/value.json", 14},
     .role = ROLE_VALUE,
     .input = UINT32_MAX,
     .device = 1,
     .inode = 16},
};

static bool ignores(void *context, struct slice path)
{
    (void)context;
    return slice_starts_with(path, "ignored");
}

static struct slice maker(void *context, struct slice path)
{
    (void)context;
    return slice_starts_with(path, "other") ? SLICE_LITERAL("sim a") : (struct slice){0};
}

static bool exists(void *context, struct slice path, int64_t *mtime_ns)
{
    const struct world *world = context;
    *mtime_ns = 7;
    return memmem(path.at, path.len, "tmp", 3) == NULL &&
           (world->gone == NULL || !slice_is(path, world->gone));
}

static void write_found(void *context, const struct audit_difference *difference)
{
    static const char *const names[AUDIT_KINDS] = {[AUDIT_INPUT] = "input",
                                                   [AUDIT_VALUE] = "value",
                                                   [AUDIT_PRODUCT] = "product",
                                                   [AUDIT_INPUT_CHANGED] = "input-changed",
                                                   [AUDIT_VALUE_CHANGED] = "value-changed",
                                                   [AUDIT_FOREIGN] = "foreign",
                                                   [AUDIT_DELETED] = "deleted",
                                                   [AUDIT_LISTED] = "listed",
                                                   [AUDIT_UNUSED] = "unused",
                                                   [AUDIT_OUTSIDE] = "outside",
                                                   [AUDIT_PTRACE] = "ptrace"};
    struct buf *out = context;
    buf_addf(out, "%s%s %.*s", out->len > 0 ? "; " : "", names[difference->kind],
             SLICE_ARGS(difference->path));
    if (difference->maker.len > 0) {
        buf_addf(out, " of %.*s", SLICE_ARGS(difference->maker));
    }
    buf_add_string(out, difference->is_folder ? "/" : "");
}

/* "r in; w new; n tmp; m tmp out": r read, l list, n made anew, w written, f folder made, d deleted,
 * m renamed, s opened for writing and written, S opened for writing and not written, p ptrace; "@14" after
 * a path is its inode. */
static struct deed parse(const char *text, size_t len, struct arena *arena)
{
    static const struct {
        char letter;
        enum trace_kind kind;
        bool is_new;
        int64_t mtime_ns;
    } letters[] = {{'r', TRACE_READ, false, 0},    {'l', TRACE_LIST, false, 0},
                   {'n', TRACE_WRITE, true, 0},    {'w', TRACE_WRITE, false, 0},
                   {'f', TRACE_FOLDER, true, 0},   {'d', TRACE_DELETE, false, 0},
                   {'m', TRACE_RENAME, false, 0},  {'s', TRACE_SUSPECT, false, 3},
                   {'S', TRACE_SUSPECT, false, 7}, {'p', TRACE_PTRACE, false, 0}};
    struct deed deed = {.program = SLICE_LITERAL("cat")};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (letters[i].letter == text[0]) {
            deed.kind = letters[i].kind;
            deed.is_new = letters[i].is_new;
            deed.mtime_ns = letters[i].mtime_ns;
        }
    }
    char *path = arena_string(arena, slice_make(text + 2, len - 2));
    char *other = strchr(path, ' ');
    if (other != NULL) {
        *other++ = '\0';
        deed.other = slice_of(other);
    }
    char *inode = strchr(path, '@');
    if (inode != NULL) {
        *inode++ = '\0';
        deed.inode = (uint64_t)strtoul(inode, NULL, 10);
        deed.device = 1;
    }
    deed.path = slice_of(path);
    return deed;
}

static void tell_story(const char *story, const struct world *world, const char *expected,
                       const char *expected_used)
{
    VEC(struct deed) deeds = {0};
    struct arena arena;
    struct buf out = BUF_EMPTY;
    bool used[3] = {false, false, false};
    arena_init(&arena);
    while (*story != '\0') {
        size_t len = strcspn(story, ";");
        vec_push(&deeds, parse(story, len, &arena));
        story += len;
        story += strspn(story, "; ");
    }
    struct audit_questions questions = {
        .context = (void *)world, .ignores = ignores, .maker = maker, .exists = exists};
    struct audit_execution execution = {.files = files,
                                        .file_count = sizeof files / sizeof files[0],
                                        .deeds = deeds.at,
                                        .deed_count = deeds.count,
                                        .value_is_read = world->value_is_read == NULL};
    audit_compare(&execution, &questions, used, write_found, &out);
    assert_string_equal(buf_string(&out), expected);
    if (expected_used != NULL) {
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(used[i], expected_used[i] == '1');
        }
    }
    vec_release(&deeds);
    buf_release(&out);
    arena_release(&arena);
}

struct story {
    const char *deeds;
    const char *expected;
    const char *gone;
    const char *used;
};

static const struct story stories[] = {
    /* reading */
    {"", "", NULL, "000"},
    {"r in", "", NULL, "100"},
    {"r data/a", "", NULL, "010"},
    {"r data/a/b", "", NULL, "010"},
    {"r database", "input database", NULL, "000"},
    {"r x/y/z", "", NULL, "001"},
    {"r x/y", "input x/y", NULL, "000"},
    {"r up", "", NULL, "000"},
    {"r new", "input new", NULL, NULL},
    {"r new; r new2; r new", "input new; input new2", NULL, NULL},
    {"r other", "input other of sim a", NULL, NULL},
    {"r linked@10", "", NULL, "100"},
    {"r linked@14", "", NULL, NULL},
    {"r linked@99", "input linked", NULL, NULL},
    {"r in@99", "", NULL, "100"},
    {"r out", "", NULL, NULL},
    {"r made/x", "", NULL, NULL},
    {"r w/a/value.json", "", NULL, NULL},
    {"r w/b/value.json", "input w/b/value.json", NULL, NULL},
    {"r ignored/x", "", NULL, NULL},
    {"r /usr/lib/x", "outside /usr/lib/x", NULL, NULL},
    {"r /mnt/in@10", "", NULL, "100"},
    {"w /tmp/x", "", NULL, NULL},
    {"S in", "", NULL, NULL},
    {"r new; S new", "input new", NULL, NULL},
    /* what it made itself */
    {"n tmp; r tmp; d tmp", "", NULL, NULL},
    {"n out; r out", "", NULL, NULL},
    {"f tmp; n tmp/a; r tmp/a; d tmp/a; d tmp", "", NULL, NULL},
    {"f tmp; r tmp/a", "", NULL, NULL},
    {"r new; n new", "input new; product new", NULL, NULL},
    {"n tmp; m tmp tmp2; r tmp2; d tmp2", "", NULL, NULL},
    {"f tmp; m tmp out; r out/x", "", NULL, NULL},
    {"n left; d left; r left", "product left", NULL, NULL},
    {"n left; d left", "", "left", NULL},
    /* writing */
    {"n out", "", NULL, NULL},
    {"w out", "", NULL, NULL},
    {"n made/a; f made/b; n made/b/c", "", NULL, NULL},
    {"n left", "product left", NULL, NULL},
    {"w left", "product left", NULL, NULL},
    {"s left", "product left", NULL, NULL},
    {"S left", "", NULL, NULL},
    {"n tmp", "", NULL, NULL},
    {"n linked@14", "", NULL, NULL},
    {"n tmp; m tmp out", "", NULL, NULL},
    {"n tmp; m tmp left", "product left", NULL, NULL},
    {"n a; n b", "product a; product b", NULL, NULL},
    {"f dir; n dir/a; n dir/b", "product dir/", NULL, NULL},
    {"f dir; f dir/sub; n dir/sub/b", "product dir/", NULL, NULL},
    {"f dir", "product dir/", NULL, NULL},
    {"f tmp; n tmp/a", "", NULL, NULL},
    {"f x; n x/new", "product x/new", NULL, NULL},
    {"n ignored", "", NULL, NULL},
    {"n tmp; m tmp ignored/x", "", NULL, NULL},
    {"m ignored/x left", "product left", NULL, NULL},
    /* others' files */
    {"w in", "input-changed in", NULL, NULL},
    {"s in", "input-changed in", NULL, NULL},
    {"w data/a", "input-changed data/a", NULL, NULL},
    {"d in", "input-changed in", "in", NULL},
    {"n tmp; m tmp in", "input-changed in", NULL, NULL},
    {"w other", "foreign other of sim a", NULL, NULL},
    {"d other", "foreign other of sim a", "other", NULL},
    {"n tmp; m tmp other", "foreign other of sim a", NULL, NULL},
    {"w w/a/value.json", "value-changed w/a/value.json", NULL, NULL},
    {"d w/a/value.json", "value-changed w/a/value.json", "w/a/value.json", NULL},
    {"d alien", "deleted alien", "alien", NULL},
    {"d alien; n alien", "product alien", NULL, NULL},
    {"m alien left", "deleted alien; product left", "alien", NULL},
    {"m alien out", "deleted alien", "alien", NULL},
    {"d out", "", "out", NULL},
    {"d made/a", "", "made/a", NULL},
    {"d ignored", "", "ignored", NULL},
    /* listing */
    {"l data", "", NULL, "010"},
    {"l data/sub", "", NULL, "010"},
    {"l x", "", NULL, "000"},
    {"l ", "", NULL, "000"},
    {"l w/a", "", NULL, NULL},
    {"l w/b", "listed w/b/", NULL, NULL},
    {"f tmp; l tmp", "", NULL, NULL},
    {"l made", "", NULL, NULL},
    {"l alien; r alien/a", "listed alien/; input alien/a", NULL, NULL},
    {"l /etc", "", NULL, NULL},
    /* ptrace */
    {"p ", "ptrace cat", NULL, NULL},
};

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct world world = {.gone = stories[i].gone};
        tell_story(stories[i].deeds, &world, stories[i].expected, stories[i].used);
    }
}

static void test_value_that_is_not_declared(void **state)
{
    (void)state;
    struct world world = {.value_is_read = "no"};
    tell_story("r w/a/value.json", &world, "value w/a/value.json", NULL);
    tell_story("r in", &world, "", "100");
}

/* Two stories of different files, one after the other, differ in what the two differ in. */
static void test_pairs_of_stories(void **state)
{
    (void)state;
    static const struct story apart[] = {
        {"r in", "", NULL, NULL},
        {"r new1", "input new1", NULL, NULL},
        {"n out", "", NULL, NULL},
        {"n left1", "product left1", NULL, NULL},
        {"n tmp1; r tmp1; d tmp1", "", NULL, NULL},
        {"f dir1; n dir1/a", "product dir1/", NULL, NULL},
        {"w other1", "foreign other1 of sim a", NULL, NULL},
        {"l w/b", "listed w/b/", NULL, NULL},
        {"n tmp2; m tmp2 made/x", "", NULL, NULL},
        {"w data/b", "input-changed data/b", NULL, NULL},
        {"r w/c/value.json", "input w/c/value.json", NULL, NULL},
        {"r /usr/x", "outside /usr/x", NULL, NULL},
    };
    size_t count = sizeof apart / sizeof apart[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            struct buf deeds = BUF_EMPTY;
            struct buf expected = BUF_EMPTY;
            struct world world = {.gone = NULL};
            if (i == j) {
                continue;
            }
            buf_addf(&deeds, "%s; %s", apart[i].deeds, apart[j].deeds);
            bool both = apart[i].expected[0] != '\0' && apart[j].expected[0] != '\0';
            buf_addf(&expected, "%s%s%s", apart[i].expected, both ? "; " : "", apart[j].expected);
            tell_story(buf_string(&deeds), &world, buf_string(&expected), NULL);
            buf_release(&deeds);
            buf_release(&expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_value_that_is_not_declared),
        cmocka_unit_test(test_pairs_of_stories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
