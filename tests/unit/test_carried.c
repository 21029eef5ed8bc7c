#include "carried.h"

#include "digest.h"
#include "file.h"
#include "part.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char place[] = "/tmp/rowbuild-carried-XXXXXX";

static const struct carried example = {.file = {"Rowfile", 7},
                                       .rowfile = {"a = \"\\u00fc\"\n\tb = 'é'\n", 21},
                                       .clusters = {"[[cluster]]\n", 12},
                                       .launchers = {"", 0}};

static int make_place(void **state)
{
    (void)state;
    return mkdtemp(place) != NULL ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    return file_remove_tree(AT_FDCWD, place);
}

static int read_it(struct slice name, struct carried *carried, struct arena *arena)
{
    struct diag diag;
    diag_init(&diag);
    int result = carried_read(place, name, arena, carried, &diag);
    if (result != 0) {
        assert_int_equal(diag.entries.at[0].blame, DIAG_STATE);
    }
    diag_release(&diag);
    return result;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    struct arena arena;
    struct diag diag;
    struct slice name;
    struct slice again;
    struct carried found;
    arena_init(&arena);
    diag_init(&diag);
    assert_int_equal(carried_write(place, &example, &arena, &name, &diag), 0);
    assert_int_equal(carried_write(place, &example, &arena, &again, &diag), 0);
    assert_true(slice_equal(name, again));
    assert_int_equal(read_it(name, &found, &arena), 0);
    assert_true(slice_equal(found.file, example.file));
    assert_true(slice_equal(found.rowfile, example.rowfile));
    assert_true(slice_equal(found.clusters, example.clusters));
    assert_int_equal(found.launchers.len, 0);
    diag_release(&diag);
    arena_release(&arena);
}

static void test_damage_is_refused_and_mended(void **state)
{
    (void)state;
    struct arena arena;
    struct diag diag;
    struct slice name;
    struct carried found;
    struct buf path = BUF_EMPTY;
    arena_init(&arena);
    diag_init(&diag);
    assert_int_equal(carried_write(place, &example, &arena, &name, &diag), 0);
    buf_addf(&path, "%s/jobs/carried/%.*s", place, SLICE_ARGS(name));
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), SLICE_LITERAL("{}")), 0);
    assert_int_equal(read_it(name, &found, &arena), -1);
    assert_int_equal(read_it(SLICE_LITERAL("../../Rowfile"), &found, &arena), -1);
    assert_int_equal(carried_write(place, &example, &arena, &name, &diag), 0);
    assert_int_equal(read_it(name, &found, &arena), 0);
    diag_release(&diag);
    arena_release(&arena);
    buf_release(&path);
}

static void test_only_what_nobody_names_is_swept(void **state)
{
    (void)state;
    struct arena arena;
    struct diag diag;
    struct slice name;
    struct slice other;
    struct carried found;
    struct carried changed = example;
    arena_init(&arena);
    diag_init(&diag);
    changed.rowfile = SLICE_LITERAL("b = 2\n");
    assert_int_equal(carried_write(place, &example, &arena, &name, &diag), 0);
    assert_int_equal(carried_write(place, &changed, &arena, &other, &diag), 0);
    assert_false(slice_equal(name, other));
    struct submission one = {.description = name};
    struct submissions submissions = {.items = &one, .count = 1};
    carried_sweep(place, &submissions);
    assert_int_equal(read_it(name, &found, &arena), 0);
    assert_int_equal(read_it(other, &found, &arena), -1);
    submissions.count = 0;
    carried_sweep(place, &submissions);
    assert_int_equal(read_it(name, &found, &arena), -1);
    carried_sweep(place, &submissions);
    diag_release(&diag);
    arena_release(&arena);
}

static bool is_there(const char *name)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/jobs/%s", place, name);
    bool is = access(buf_string(&path), F_OK) == 0;
    buf_release(&path);
    return is;
}

static void put(const char *name)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/jobs/%s", place, name);
    assert_int_equal(file_make_parents(AT_FDCWD, buf_string(&path)), 0);
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), SLICE_LITERAL("x")), 0);
    buf_release(&path);
}

/* What a process leaves that is killed between two writes. */
static void test_what_is_left_behind_is_swept(void **state)
{
    (void)state;
    struct submission one = {.token = SLICE_LITERAL("00000000000000aa")};
    struct submissions submissions = {.items = &one, .count = 1};
    put("00000000000000aa.json");
    put("00000000000000aa.tasks");
    put("00000000000000bb.tasks");
    put(".rowbuild-tmp-0123456789abcdef");
    put("carried/.rowbuild-tmp-0123456789abcdef");
    put("notes.txt");
    carried_sweep(place, &submissions);
    assert_true(is_there("00000000000000aa.json"));
    assert_true(is_there("00000000000000aa.tasks"));
    assert_true(is_there("notes.txt"));
    assert_false(is_there("00000000000000bb.tasks"));
    assert_false(is_there(".rowbuild-tmp-0123456789abcdef"));
    assert_false(is_there("carried/.rowbuild-tmp-0123456789abcdef"));
    submissions.count = 0;
    carried_sweep(place, &submissions);
    assert_false(is_there("00000000000000aa.tasks"));
}

static int read_part(size_t element, struct arena *arena, struct part *part, bool *is_whole)
{
    static struct action actions[] = {{.scope = SCOPE_DIRECTORY}, {.scope = SCOPE_GROUP}};
    static const struct rowfile rowfile = {.actions = actions, .action_count = 2};
    struct diag diag;
    diag_init(&diag);
    int result = part_read(place, SLICE_LITERAL("0123456789abcdef"), element, &rowfile, arena, part,
                           is_whole, &diag);
    diag_release(&diag);
    return result;
}

/* The file of parts, as an earlier version wrote it. */
static void put_former(const char *lines)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "%s/jobs/0123456789abcdef.tasks", place);
    buf_add_string(&text, "rowbuild tasks 1 ");
    digest_format(digest_of(slice_of(lines)), &text);
    buf_addf(&text, "\n%s", lines);
    assert_int_equal(file_make_parents(AT_FDCWD, buf_string(&path)), 0);
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), buf_slice(&text)), 0);
    buf_release(&text);
    buf_release(&path);
}

/* The part of an element is read, and no other byte counts. */
static void test_only_the_own_line_counts(void **state)
{
    static const char lines[] = "{\"directories\": [\"a\"], \"tasks\": []}\n"
                                "{\"directories\": [\"b\"], \"tasks\": []}\n"
                                "null\n";
    struct arena arena;
    struct diag diag;
    struct part part;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    bool is_whole;
    (void)state;
    arena_init(&arena);
    diag_init(&diag);
    assert_int_equal(part_write(place, SLICE_LITERAL("0123456789abcdef"), slice_of(lines), &diag),
                     0);
    buf_addf(&path, "%s/jobs/0123456789abcdef.tasks", place);
    assert_int_equal(file_read(AT_FDCWD, buf_string(&path), 4096, &text), 0);
    char *other = memmem(text.at, text.len, "\"a\"", 3);
    assert_non_null(other);
    other[1] = 'x';
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), buf_slice(&text)), 0);
    assert_int_equal(read_part(0, &arena, &part, &is_whole), -1);
    assert_int_equal(read_part(1, &arena, &part, &is_whole), 0);
    assert_true(slice_is(part.given.names[0], "b"));
    assert_int_equal(read_part(2, &arena, &part, &is_whole), 0);
    assert_true(is_whole);
    text.len -= 1; /* cut short */
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), buf_slice(&text)), 0);
    assert_int_equal(read_part(1, &arena, &part, &is_whole), 0);
    assert_int_equal(read_part(2, &arena, &part, &is_whole), -1);
    put_former(lines);
    assert_int_equal(read_part(1, &arena, &part, &is_whole), 0);
    assert_true(slice_is(part.given.names[0], "b"));
    assert_int_equal(read_part(2, &arena, &part, &is_whole), 0);
    assert_true(is_whole);
    assert_int_equal(read_part(3, &arena, &part, &is_whole), -1);
    buf_release(&text);
    buf_release(&path);
    diag_release(&diag);
    arena_release(&arena);
}

static void test_parts_are_read_by_element(void **state)
{
    static const char lines[] = "null\n"
                                "{\"directories\": [\"a\", {\"hex\": \"62ff\"}], \"tasks\": [[0, "
                                "1], [1, \"sum\\u0000//x\", "
                                "[1, 0]]], \"sources\": [[\"00000000000000aa\", 3]]}\n"
                                "{\"directories\": [\"a\"], \"tasks\": [[0, 1]]}\n"
                                "{\"directories\": [\"a\"], \"tasks\": [[2, 0]]}\n"
                                "{\"directories\": [\"a\"], \"tasks\": [[1, 0]]}\n"
                                "{\"directories\": [\"b\", \"a\"], \"tasks\": []}\n";
    struct arena arena;
    struct diag diag;
    struct part part;
    bool is_whole;
    (void)state;
    arena_init(&arena);
    diag_init(&diag);
    assert_int_equal(read_part(0, &arena, &part, &is_whole), 0); /* no file */
    assert_true(is_whole);
    assert_int_equal(part_write(place, SLICE_LITERAL("0123456789abcdef"), slice_of(lines), &diag),
                     0);
    assert_int_equal(read_part(0, &arena, &part, &is_whole), 0);
    assert_true(is_whole);
    assert_int_equal(read_part(1, &arena, &part, &is_whole), 0);
    assert_false(is_whole);
    assert_int_equal(part.given.name_count, 2);
    assert_true(slice_is(part.given.names[1], "b\xff"));
    assert_int_equal(part.given.task_count, 2);
    assert_int_equal(part.given.tasks[0].members[0], 1);
    assert_int_equal(part.given.tasks[1].key.len, 7);
    assert_int_equal(part.given.tasks[1].member_count, 2);
    assert_int_equal(part.source_count, 1);
    assert_int_equal(part.sources[0].element, 3);
    for (size_t e = 2; e < 7; e++) { /* numbers and shapes that can't be, and no line */
        assert_int_equal(read_part(e, &arena, &part, &is_whole), -1);
    }
    assert_int_equal(
        part_write(place, SLICE_LITERAL("0123456789abcdef"), slice_of("null\n"), &diag), 0);
    assert_int_equal(read_part(0, &arena, &part, &is_whole), 0);
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/jobs/0123456789abcdef.tasks", place);
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), SLICE_LITERAL("null\n")), 0);
    assert_int_equal(read_part(0, &arena, &part, &is_whole), -1);
    buf_release(&path);
    diag_release(&diag);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_damage_is_refused_and_mended),
        cmocka_unit_test(test_parts_are_read_by_element),
        cmocka_unit_test(test_only_the_own_line_counts),
        cmocka_unit_test(test_only_what_nobody_names_is_swept),
        cmocka_unit_test(test_what_is_left_behind_is_swept),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
