#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "cpumask.h"
#include "diag.h"
#include "intern.h"
#include "job_ref.h"
#include "memory.h"
#include "slice.h"
#include "text.h"
#include "vec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_slice(void **state)
{
    (void)state;
    struct slice empty = {NULL, 0};
    assert_true(slice_equal(empty, SLICE_LITERAL("")));
    assert_true(slice_equal(SLICE_LITERAL("a\0b"), slice_make("a\0b", 3)));
    assert_false(slice_equal(SLICE_LITERAL("a"), SLICE_LITERAL("ab")));
    assert_true(slice_starts_with(empty, ""));
    assert_true(slice_starts_with(SLICE_LITERAL("abc"), "ab"));
    assert_false(slice_starts_with(SLICE_LITERAL("a"), "ab"));
    assert_true(slice_compare(SLICE_LITERAL("a"), SLICE_LITERAL("ab")) < 0);
    assert_true(slice_compare(SLICE_LITERAL("\xff"), SLICE_LITERAL("a")) > 0);
    assert_true(slice_compare(empty, SLICE_LITERAL("")) == 0);
    assert_true(slice_compare(empty, SLICE_LITERAL("a")) < 0);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    assert_string_equal(buf_string(&buf), "");
    assert_int_equal(buf_slice(&buf).len, 0);
    buf_add_slice(&buf, (struct slice){NULL, 0});
    buf_add_string(&buf, "abc");
    buf_addf(&buf, "-%d-%s", 7, "x");
    buf_addf(&buf, "%s", "");
    buf_add_char(&buf, '!');
    assert_string_equal(buf_string(&buf), "abc-7-x!");
    assert_int_equal(buf.len, 8);
    buf_clear(&buf);
    assert_string_equal(buf_string(&buf), "");
    for (int i = 0; i < 10000; i++) {
        buf_addf(&buf, "%d,", i % 10);
    }
    assert_int_equal(buf.len, 20000);
    assert_int_equal(buf.at[20000], '\0');
    buf_clear(&buf);
    buf_add_u64(&buf, 0x1122334455667788);
    assert_memory_equal(buf.at, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
    buf_release(&buf);
    assert_null(buf.at);
}

static void test_vec(void **state)
{
    (void)state;
    VEC(int) numbers = {0};
    int sum = 0;
    vec_each (int, number, &numbers) {
        sum += *number;
    }
    for (int i = 0; i < 100; i++) {
        vec_push(&numbers, i);
    }
    vec_each (int, number, &numbers) {
        sum += *number;
    }
    assert_int_equal(sum, 4950);
    vec_release(&numbers);
    assert_int_equal(numbers.count, 0);

    VEC(const char *) names = {0};
    size_t length = 0;
    vec_push(&names, "ab");
    vec_push(&names, "c");
    vec_each (const char *, name, &names) {
        length += strlen(*name);
    }
    assert_int_equal(length, 3);
    vec_release(&names);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *first = arena_string(&arena, SLICE_LITERAL("first"));
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *piece = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(piece[i], 0);
        }
        memset(piece, 0xff, size);
    }
    uint64_t *large = arena_array(&arena, 100000, sizeof *large);
    assert_int_equal(large[99999], 0);
    assert_string_equal(first, "first");
    struct slice copy = arena_slice(&arena, SLICE_LITERAL("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_int_equal(copy.at[3], '\0');
    assert_int_equal(arena_slice(&arena, (struct slice){NULL, 0}).len, 0);
    arena_release(&arena);
    assert_non_null(arena_alloc(&arena, 1));
    arena_release(&arena);
}

static void test_intern(void **state)
{
    (void)state;
    struct intern intern;
    char name[16];
    intern_init(&intern);
    assert_int_equal(intern_find(&intern, SLICE_LITERAL("x")), INTERN_NONE);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%u", i);
        assert_int_equal(intern_add(&intern, slice_of(name)), i);
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%u", i);
        assert_int_equal(intern_add(&intern, slice_of(name)), i);
        assert_int_equal(intern_find(&intern, slice_of(name)), i);
        assert_true(slice_is(intern_name(&intern, i), name));
    }
    assert_int_equal(intern.count, 5000);
    uint32_t empty = intern_add(&intern, (struct slice){NULL, 0});
    assert_int_equal(intern_find(&intern, SLICE_LITERAL("")), empty);
    uint32_t nul = intern_add(&intern, SLICE_LITERAL("\0"));
    assert_int_not_equal(nul, empty);
    assert_int_not_equal(intern_add(&intern, SLICE_LITERAL("\0\0")), nul);
    intern_release(&intern);
}

static void check_mask(const struct cpumask *mask, const char *expected)
{
    struct buf out = BUF_EMPTY;
    cpumask_format(mask, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void test_cpumask(void **state)
{
    (void)state;
    struct cpumask mask = {0};
    check_mask(&mask, "");
    cpumask_set(&mask, 8);
    check_mask(&mask, "8");
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        cpumask_set(&mask, cpu);
    }
    cpumask_set(&mask, 63);
    cpumask_set(&mask, 64);
    cpumask_set(&mask, CPUMASK_LIMIT - 1);
    cpumask_set(&mask, CPUMASK_LIMIT);
    check_mask(&mask, "0-3,8,63-64,1023");
    assert_int_equal(cpumask_count(&mask), 8);
    assert_true(cpumask_has(&mask, 63));
    assert_false(cpumask_has(&mask, 62));
    assert_false(cpumask_has(&mask, CPUMASK_LIMIT));
    struct cpumask other = {0};
    cpumask_set(&other, 62);
    assert_false(cpumask_intersects(&mask, &other));
    cpumask_add(&other, &mask);
    assert_true(cpumask_intersects(&mask, &other));
    assert_false(cpumask_equal(&mask, &other));
    cpumask_set(&mask, 62);
    assert_true(cpumask_equal(&mask, &other));
    struct cpumask all;
    memset(&all, 0xff, sizeof all);
    check_mask(&all, "0-1023");
}

static void check_parsed(const char *list, const char *expected)
{
    struct cpumask mask = cpumask_parse(slice_of(list));
    check_mask(&mask, expected);
}

static void test_cpumask_parse(void **state)
{
    (void)state;
    check_parsed("", "");
    check_parsed("0", "0");
    check_parsed("0-3,8\n", "0-3,8");
    check_parsed("64,0", "0,64");
    check_parsed("0-1023", "0-1023");
    check_parsed("1022-18446744073709551615,5", "5,1022-1023");
    check_parsed("1024,2000-3000,7", "7");
    check_parsed("3-1,9", "9");
    check_parsed("3-", "");
    check_parsed("1,3-x", "1");
    check_parsed("1, 2", "1");
    check_parsed("-2", "");
    check_parsed("99999999999999999999999", "");
    struct cpumask mask = cpumask_parse((struct slice){0});
    check_mask(&mask, "");
}

static void check_rendering(const struct diag_entry *entry, bool colour, const char *expected)
{
    struct buf out = BUF_EMPTY;
    diag_render(entry, colour, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void test_diag(void **state)
{
    (void)state;
    struct diag diag;
    struct source source = {"Rowfile", SLICE_LITERAL("[a]\r\n\tk\xc3\xa4y = 1\n")};
    diag_init(&diag);
    assert_int_equal(diag_error(&diag, FINDING_WRONG_VALUE, "no %s", "luck"), -1);
    check_rendering(&diag.entries.at[0], false, "error: no luck\n");
    check_rendering(&diag.entries.at[0], true, "\033[1;31merror:\033[0m no luck\n");
    diag.action = "run";
    assert_int_equal(diag_error_at(&diag, FINDING_WRONG_VALUE, &source, 6, 4, "unknown key"), -1);
    diag.action = NULL;
    assert_string_equal(diag.entries.at[1].action, "run");
    check_rendering(&diag.entries.at[1], false,
                    "Rowfile:2:2: error: unknown key\n     k\xc3\xa4y = 1\n     ^~~\n");
    diag_warning_at(&diag, FINDING_WRONG_VALUE, &source, source.text.len, 0, "the end");
    check_rendering(&diag.entries.at[2], false, "Rowfile:3:1: warning: the end\n    \n    ^\n");
    diag_warning_at(&diag, FINDING_WRONG_VALUE, &source, 0, 999, "a line");
    check_rendering(&diag.entries.at[3], false, "Rowfile:1:1: warning: a line\n    [a]\n    ^~~\n");
    struct source colourful = {"s", SLICE_LITERAL("\xc2\x9b\x1b[1m\xc2\xa0")};
    diag_warning_at(&diag, FINDING_WRONG_VALUE, &colourful, 2, 1, "x");
    check_rendering(&diag.entries.at[4], false, "s:1:2: warning: x\n      [1m\xc2\xa0\n     ^\n");
    diag_note(&diag, FINDING_WRONG_VALUE, "so");
    diag_warning(&diag, FINDING_WRONG_VALUE, "hm");
    diag_state_error(&diag, FINDING_WRONG_VALUE, "gone");
    assert_int_equal(diag.entries.at[7].blame, DIAG_STATE);
    assert_int_equal(diag.errors, 3);
    assert_int_equal(diag.entries.count, 8);
    diag_release(&diag);
}

static void test_diag_directories(void **state)
{
    (void)state;
    struct diag diag;
    struct diag copy;
    diag_init(&diag);
    diag_init(&copy);
    diag_warning(&diag, FINDING_MISSING_INPUT, "of two");
    diag_add_directory(&diag, SLICE_LITERAL("b"));
    diag_add_directory(&diag, SLICE_LITERAL("a"));
    diag_warning(&diag, FINDING_NO_PROJECT, "of none");
    vec_each (const struct diag_entry, entry, &diag.entries) {
        diag_take(&copy, entry);
    }
    diag_release(&diag);
    assert_int_equal(copy.entries.at[0].code, FINDING_MISSING_INPUT);
    assert_string_equal(copy.entries.at[0].directories->name, "b");
    assert_string_equal(copy.entries.at[0].directories->next->name, "a");
    assert_null(copy.entries.at[0].directories->next->next);
    assert_int_equal(copy.entries.at[1].code, FINDING_NO_PROJECT);
    assert_null(copy.entries.at[1].directories);
    diag_release(&copy);
}

static void check_mend(const char *message, const char *mend)
{
    if (mend == NULL) {
        assert_null(diag_mend(message));
    } else {
        assert_string_equal(diag_mend(message), mend);
    }
}

static void test_mend(void **state)
{
    (void)state;
    check_mend("unknown key `comand`; did you mean `command`?", "did you mean `command`?");
    check_mend("nothing is said", NULL);
    check_mend("the queue can't be asked: away; jobs count as submitted", NULL);
    check_mend("`a` fails; the same in 2 more directories: b, c; change the value or this path",
               "change the value or this path");
    check_mend("the command `a; use b` fails", NULL);
    check_mend("the command `a; use b` fails; write c; use d", "write c; use d");
    check_mend("", NULL);
    check_mend(";", NULL);
    check_mend("user; useless", NULL);
}

static void test_finding_table(void **state)
{
    (void)state;
    assert_string_equal(finding_table[FINDING_UNKNOWN_KEY].code, "unknown-key");
    assert_ptr_equal(finding_text_of("shared-product"), &finding_table[FINDING_SHARED_PRODUCT]);
    assert_null(finding_text_of("unknown"));
    assert_string_equal(finding_nearest("unknwon-key"), "unknown-key");
    assert_null(finding_nearest("what else"));
}

static void test_diag_long_line(void **state)
{
    (void)state;
    char text[2000];
    struct diag diag;
    struct buf out = BUF_EMPTY;
    memset(text, 'x', sizeof text);
    text[1000] = 'Y';
    struct source source = {"Rowfile", slice_make(text, sizeof text)};
    diag_init(&diag);
    diag_error_at(&diag, FINDING_WRONG_VALUE, &source, 1000, 1, "here");
    diag_render(&diag.entries.at[0], false, &out);
    assert_true(out.len < 400);
    const char *line = strchr(buf_string(&out), '\n') + 1;
    const char *caret = strchr(strchr(line, '\n') + 1, '^');
    size_t column = (size_t)(caret - (strchr(line, '\n') + 1));
    assert_int_equal(line[column], 'Y');
    buf_release(&out);
    diag_release(&diag);
}

/* A NUL in the source, bytes that are not UTF-8, and any offset must do no harm. */
static void test_diag_random(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        char text[300];
        struct diag diag;
        struct buf out = BUF_EMPTY;
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            text[i] = (char)(seed >> 40);
            if (seed >> 60 == 0) {
                text[i] = '\n';
            }
        }
        struct source source = {"s", slice_make(text, (seed >> 33) % sizeof text)};
        diag_init(&diag);
        diag_error_at(&diag, FINDING_WRONG_VALUE, &source, (seed >> 20) % 310, (seed >> 10) % 50,
                      "x");
        diag_render(&diag.entries.at[0], false, &out);
        assert_int_equal(strlen(out.at), out.len);
        buf_release(&out);
        diag_release(&diag);
    }
}

#define CHECK_TEXT(expected, call)                                                                 \
    do {                                                                                           \
        struct buf out = BUF_EMPTY;                                                                \
        call;                                                                                      \
        assert_string_equal(buf_string(&out), expected);                                           \
        buf_release(&out);                                                                         \
    } while (0)

static void test_shell_word(void **state)
{
    (void)state;
    CHECK_TEXT("a-b_c.1/%@:,+=x", text_add_shell_word(&out, slice_of("a-b_c.1/%@:,+=x")));
    CHECK_TEXT("''", text_add_shell_word(&out, slice_of("")));
    CHECK_TEXT("'a b'", text_add_shell_word(&out, slice_of("a b")));
    CHECK_TEXT("'; rm -rf ~'", text_add_shell_word(&out, slice_of("; rm -rf ~")));
    CHECK_TEXT("'it'\\''s'", text_add_shell_word(&out, slice_of("it's")));
    CHECK_TEXT("'=x'", text_add_shell_word(&out, slice_of("=x")));
    CHECK_TEXT("'\xc3\xa4'", text_add_shell_word(&out, slice_of("\xc3\xa4")));
    CHECK_TEXT("$'a\\n\\t\\'\\\\\\001'", text_add_shell_word(&out, slice_of("a\n\t'\\\001")));
    CHECK_TEXT("$'\\377\xc3\xa4'", text_add_shell_word(&out, slice_of("\xff\xc3\xa4")));
    CHECK_TEXT("$'\\302\\205'", text_add_shell_word(&out, slice_of("\xc2\x85")));
    CHECK_TEXT("$'a\\000b'", text_add_shell_word(&out, SLICE_LITERAL("a\0b")));
}

static void test_name(void **state)
{
    (void)state;
    CHECK_TEXT("a b", text_add_name(&out, slice_of("a b")));
    CHECK_TEXT("''", text_add_name(&out, slice_of("")));
    CHECK_TEXT("$'a\\033[1m'", text_add_name(&out, slice_of("a\033[1m")));
    CHECK_TEXT("$'\\200'", text_add_name(&out, slice_of("\x80")));
    CHECK_TEXT("\xd7\x90 \xe4\xb8\xad", text_add_name(&out, slice_of("\xd7\x90 \xe4\xb8\xad")));
}

static void test_json_text(void **state)
{
    (void)state;
    CHECK_TEXT("\"a\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa4\"",
               text_add_json(&out, slice_of("a\"\\\n\t\001\x7f\xc3\xa4")));
    CHECK_TEXT("\"\\udcff\\u0000\"", text_add_json(&out, SLICE_LITERAL("\xff\0")));
    CHECK_TEXT("\"\"", text_add_json(&out, (struct slice){NULL, 0}));
}

static void test_count(void **state)
{
    (void)state;
    CHECK_TEXT("0", text_add_count(&out, 0));
    CHECK_TEXT("999", text_add_count(&out, 999));
    CHECK_TEXT("1,000", text_add_count(&out, 1000));
    CHECK_TEXT("1,234,567", text_add_count(&out, 1234567));
    CHECK_TEXT("18,446,744,073,709,551,615", text_add_count(&out, UINT64_MAX));
}

static void test_duration(void **state)
{
    (void)state;
    CHECK_TEXT("0.0s", text_add_duration(&out, 0));
    CHECK_TEXT("0.0s", text_add_duration(&out, -1));
    CHECK_TEXT("0.0s", text_add_duration(&out, (double)NAN));
    CHECK_TEXT("0.2s", text_add_duration(&out, 0.2));
    CHECK_TEXT("9.9s", text_add_duration(&out, 9.94));
    CHECK_TEXT("10s", text_add_duration(&out, 9.96));
    CHECK_TEXT("12s", text_add_duration(&out, 12.3));
    CHECK_TEXT("59s", text_add_duration(&out, 59.4));
    CHECK_TEXT("1m 00s", text_add_duration(&out, 59.6));
    CHECK_TEXT("3m 05s", text_add_duration(&out, 185));
    CHECK_TEXT("1h 00m", text_add_duration(&out, 3599.7));
    CHECK_TEXT("2h 07m", text_add_duration(&out, 7620));
    CHECK_TEXT("1d 00h", text_add_duration(&out, 86400));
    CHECK_TEXT("3d 04h", text_add_duration(&out, 273600));
}

static void test_cost(void **state)
{
    (void)state;
    CHECK_TEXT("", text_add_cost(&out, 0, "CPU-hours"));
    CHECK_TEXT("8 CPU-hours", text_add_cost(&out, 8, "CPU-hours"));
    CHECK_TEXT("2k CPU-hours", text_add_cost(&out, 2000, "CPU-hours"));
    CHECK_TEXT("2k CPU-hours", text_add_cost(&out, 1999.6, "CPU-hours"));
    CHECK_TEXT("167m CPU-hours", text_add_cost(&out, 1.0 / 6, "CPU-hours"));
    CHECK_TEXT("999 GPU-hours", text_add_cost(&out, 999.4, "GPU-hours"));
    CHECK_TEXT("1k GPU-hours", text_add_cost(&out, 999.6, "GPU-hours"));
    CHECK_TEXT("1M CPU-hours", text_add_cost(&out, 1e6, "CPU-hours"));
    CHECK_TEXT("3u CPU-hours", text_add_cost(&out, 3e-6, "CPU-hours"));
    CHECK_TEXT("1 CPU-hours", text_add_cost(&out, 0.9999, "CPU-hours"));
    CHECK_TEXT("1000P CPU-hours", text_add_cost(&out, 1e18, "CPU-hours"));
    CHECK_TEXT("3.4k CPU-hours", text_add_cpu_time(&out, 3400));
    CHECK_TEXT("0.2 CPU-hours", text_add_cpu_time(&out, 0.2));
    CHECK_TEXT("3.0 CPU-minutes", text_add_cpu_time(&out, 0.05));
    CHECK_TEXT("36 CPU-seconds", text_add_cpu_time(&out, 0.01));
}

static void test_bytes(void **state)
{
    (void)state;
    CHECK_TEXT("300 B", text_add_bytes(&out, 300));
    CHECK_TEXT("1.0 KiB", text_add_bytes(&out, 1024));
    CHECK_TEXT("1.0 MiB", text_add_bytes(&out, 1048575));
    CHECK_TEXT("1.5 GiB", text_add_bytes(&out, UINT64_C(3) << 29));
    CHECK_TEXT("16384.0 PiB", text_add_bytes(&out, UINT64_MAX));
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(text_is_utf8(SLICE_LITERAL("")));
    assert_true(text_is_utf8((struct slice){NULL, 0}));
    assert_true(text_is_utf8(SLICE_LITERAL("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\0")));
    static const char *const wrong[] = {
        "\x80",
        "\xc3",
        "\xc3(",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xe2\x82",
        "\xff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(text_is_utf8(slice_of(wrong[i])));
    }
    assert_true(text_is_utf8(SLICE_LITERAL("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf")));
}

static void test_nearest(void **state)
{
    (void)state;
    const struct slice keys[] = {SLICE_LITERAL("products"), SLICE_LITERAL("command"),
                                 SLICE_LITERAL("previous_actions"), SLICE_LITERAL("name")};
    assert_int_equal(text_nearest(SLICE_LITERAL("product"), keys, 4), 0);
    assert_int_equal(text_nearest(SLICE_LITERAL("comand"), keys, 4), 1);
    assert_int_equal(text_nearest(SLICE_LITERAL("Command"), keys, 4), 1);
    assert_int_equal(text_nearest(SLICE_LITERAL("ocmmand"), keys, 4), 1);
    assert_int_equal(text_nearest(SLICE_LITERAL("previous_action"), keys, 4), 2);
    assert_int_equal(text_nearest(SLICE_LITERAL("nmae"), keys, 4), 3);
    assert_int_equal(text_nearest(SLICE_LITERAL("temperature"), keys, 4), -1);
    assert_int_equal(text_nearest(SLICE_LITERAL(""), keys, 4), -1);
    assert_int_equal(text_nearest(SLICE_LITERAL("x"), keys, 0), -1);
    const struct slice letters[] = {SLICE_LITERAL("a"), SLICE_LITERAL("b")};
    assert_int_equal(text_nearest(SLICE_LITERAL("q"), letters, 2), -1);
    assert_int_equal(text_nearest(SLICE_LITERAL("B"), letters, 2), 1);
    const struct slice axes[] = {SLICE_LITERAL("in"), SLICE_LITERAL("or")};
    assert_int_equal(text_nearest(SLICE_LITERAL("zz"), axes, 2), -1);
    char longest[65];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(text_nearest(slice_make(longest, 65), keys, 4), -1);
    assert_int_equal(text_nearest(slice_make(longest, 64), keys, 4), -1);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t limit;
        bool is_read;
        uint64_t number;
    } table[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"007", 7, true, 7},
        {"000000000000000000000000000012", 12, true, 12},
        {"255", 255, true, 255},
        {"256", 255, false, 0},
        {"2550", 255, false, 0},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"4294967296", UINT32_MAX, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"184467440737095516150", UINT64_MAX, false, 0},
        {"", UINT64_MAX, false, 0},
        {"-1", UINT64_MAX, false, 0},
        {"+1", UINT64_MAX, false, 0},
        {" 1", UINT64_MAX, false, 0},
        {"1 ", UINT64_MAX, false, 0},
        {"1\n", UINT64_MAX, false, 0},
        {"0x1", UINT64_MAX, false, 0},
        {"1.0", UINT64_MAX, false, 0},
        {"a", UINT64_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t number = 77;
        bool is_read = text_read_number(slice_of(table[i].text), table[i].limit, &number);
        assert_int_equal(is_read, table[i].is_read);
        assert_int_equal(number, is_read ? table[i].number : 77);
    }
    uint64_t number = 77;
    assert_false(text_read_number((struct slice){0}, UINT64_MAX, &number));

    struct slice rest = SLICE_LITERAL("12_4");
    assert_true(text_take_number(&rest, 12, &number));
    assert_int_equal(number, 12);
    assert_true(slice_is(rest, "_4"));
    assert_false(text_take_number(&rest, 12, &number));
    assert_true(slice_is(rest, "_4"));
    assert_int_equal(number, 12);
    rest = SLICE_LITERAL("13,");
    assert_false(text_take_number(&rest, 12, &number));
    assert_true(slice_is(rest, "13,"));
    rest = slice_make("123", 2); /* what follows the slice is none of it */
    assert_true(text_take_number(&rest, UINT64_MAX, &number));
    assert_int_equal(number, 12);
    assert_int_equal(rest.len, 0);
}

static void check_job_id(const char *text, uint64_t id, uint32_t index)
{
    struct job_ref job = {.cluster = SLICE_LITERAL("lab"), .id = 77, .index = 7};
    struct buf out = BUF_EMPTY;
    assert_int_equal(job_ref_read_id(&job, slice_of(text)), id != 0);
    assert_true(slice_is(job.cluster, "lab"));
    assert_int_equal(job.id, id != 0 ? id : 77);
    assert_int_equal(job.index, id != 0 ? index : 7);
    job_ref_add_id(&job, &out);
    assert_string_equal(buf_string(&out), id != 0 ? text : "77_7");
    buf_release(&out);
}

static void test_job_refs(void **state)
{
    (void)state;
    check_job_id("123", 123, JOB_NO_INDEX);
    check_job_id("123_0", 123, 0);
    check_job_id("4294967295_4294967294", UINT32_MAX, UINT32_MAX - 1);
    static const char *const wrong[] = {
        "",           "0",
        "0_1",        "_1",
        "12_",        "12_x",
        "12_1x",      "12 ",
        "-12",        "12_4294967295",
        "4294967296", "process 12 of host",
        "12_[1-3]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        check_job_id(wrong[i], 0, 0);
    }
    struct job_ref job = {SLICE_LITERAL("lab"), 0, 4};
    struct buf out = BUF_EMPTY;
    job_ref_add(&job, &out);
    assert_string_equal(buf_string(&out), "lab/?");
    job.id = 12;
    job_ref_add(&job, &out);
    assert_string_equal(buf_string(&out), "lab/?lab/12_4");
    buf_release(&out);
}

static void test_memory_and_clock(void **state)
{
    (void)state;
    char *copy = mem_copy("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    int64_t before = clock_monotonic_ns();
    assert_true(clock_monotonic_ns() >= before);
    assert_true(clock_wall_s() > 1600000000);
}

/* NOLINTBEGIN(misc-misleading-bidirectional)
 * Marks of direction, joiners, separators, tags: none is printed as it is. */
static void test_invisible_characters(void **state)
{
    static const char *const points[] = {
        "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067",
        "\u2068", "\u2069", "\u2028", "\u2029", "\u200b", "\u200c", "\u200d",
        "\u200e", "\u200f", "\ufeff", "\u061c", "\u2060", "\u00ad", "\U000e0041",
    };
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct buf name = BUF_EMPTY;
        struct buf visible = BUF_EMPTY;
        text_add_name(&name, slice_of(points[i]));
        text_add_visible(&visible, slice_of(points[i]));
        assert_true(text_is_visible(buf_slice(&name)));
        assert_true(text_is_visible(buf_slice(&visible)));
        assert_int_equal(visible.at[0], '\\');
        assert_int_equal(strncmp(buf_string(&name), "$'\\", 3), 0);
        buf_release(&visible);
        buf_release(&name);
    }
    CHECK_TEXT("$'a\\342\\200\\256b'", text_add_shell_word(&out, slice_of("a\u202eb")));
    CHECK_TEXT("a\\u202eb\\033\n\tc\\377\\U000e0041",
               text_add_visible(&out, slice_of("a\u202eb\033\n\tc\xff\U000e0041")));
    CHECK_TEXT("\"a\u202eb\"", text_add_json(&out, slice_of("a\u202eb")));
}

static void test_diag_shows_invisible_characters(void **state)
{
    (void)state;
    struct diag diag;
    struct source source = {.name = "R\u202e",
                            .text = slice_of("a\u202e = bad\u2066x\u2069 \u200b")};
    struct buf out = BUF_EMPTY;
    diag_init(&diag);
    diag_error_at(&diag, FINDING_WRONG_VALUE, &source, 7, 10, "`%s` is wrong", "bad\u2066x\u2069");
    diag_render(&diag.entries.at[0], false, &out);
    assert_string_equal(buf_string(&out), "R\\u202e:1:6: error: `bad\\u2066x\\u2069` is wrong\n"
                                          "    a\\u202e = bad\\u2066x\\u2069 \\u200b\n"
                                          "              ^~~~~~~~~~~~~~~~\n");
    buf_release(&out);
    diag_release(&diag);
}
/* NOLINTEND(misc-misleading-bidirectional) */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_vec),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_intern),
        cmocka_unit_test(test_cpumask),
        cmocka_unit_test(test_cpumask_parse),
        cmocka_unit_test(test_diag),
        cmocka_unit_test(test_diag_directories),
        cmocka_unit_test(test_mend),
        cmocka_unit_test(test_finding_table),
        cmocka_unit_test(test_diag_long_line),
        cmocka_unit_test(test_diag_random),
        cmocka_unit_test(test_shell_word),
        cmocka_unit_test(test_invisible_characters),
        cmocka_unit_test(test_diag_shows_invisible_characters),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_json_text),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_job_refs),
        cmocka_unit_test(test_memory_and_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
