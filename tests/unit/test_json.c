#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json *parse_slice(struct slice text)
{
    struct diag diag;
    diag_init(&diag);
    struct json_parser *parser = json_parser_new();
    struct json *document = json_parse(parser, text, SLICE_LITERAL("value.json"), &diag);
    if (document == NULL) {
        fail_msg("%s", diag.entries.at[0].message);
    }
    assert_int_equal(diag.errors, 0);
    json_parser_free(parser);
    diag_release(&diag);
    return document;
}

static struct json *parse(const char *text)
{
    return parse_slice(slice_of(text));
}

static void assert_refused(struct slice text, const char *message)
{
    struct diag diag;
    diag_init(&diag);
    struct json_parser *parser = json_parser_new();
    struct json *document = json_parse(parser, text, SLICE_LITERAL("v"), &diag);
    if (document != NULL) {
        fail_msg("accepted: %.*s", SLICE_ARGS(text));
    }
    assert_int_equal(diag.errors, 1);
    assert_string_equal(diag.entries.at[0].message, message);
    json_parser_free(parser);
    diag_release(&diag);
}

static void refuses(const char *text, const char *message)
{
    assert_refused(slice_of(text), message);
}

static void assert_canonical(const char *text, const char *expected)
{
    struct buf out = BUF_EMPTY;
    struct json *document = parse(text);
    json_add_canonical(document, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
    json_free(document);
}

static void assert_text(const char *text, const char *expected)
{
    struct buf out = BUF_EMPTY;
    struct json *document = parse(text);
    json_add_text(document, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
    json_free(document);
}

static void test_types(void **state)
{
    (void)state;
    struct json *document = parse(" {\"a\": [1, 2.5, \"x\\u0000y\", null, true], \"b\": {}} \n");
    const struct json *found;
    assert_int_equal(json_type_of(document), JSON_OBJECT);
    assert_true(json_at(document, SLICE_LITERAL("/a"), &found));
    assert_int_equal(json_type_of(found), JSON_ARRAY);
    assert_int_equal(json_array_count(found), 5);
    assert_true(json_number(json_array_item(found, 1)) == 2.5);
    struct slice string = json_string(json_array_item(found, 2));
    assert_true(slice_equal(string, SLICE_LITERAL("x\0y")));
    assert_int_equal(json_type_of(json_array_item(found, 3)), JSON_NULL);
    assert_true(json_boolean(json_array_item(found, 4)));
    assert_null(json_array_item(found, 5));
    json_free(document);
    assert_string_equal(json_type_name(JSON_OBJECT), "object");
}

static void test_top_level_scalars(void **state)
{
    (void)state;
    struct json *document = parse("null");
    assert_non_null(document);
    assert_int_equal(json_type_of(document), JSON_NULL);
    json_free(document);
    assert_text("12", "12");
    assert_text("-1.50", "-1.50");
    assert_text("1e5", "1e5");
    assert_text(" true ", "true");
    assert_text("null", "null");
    assert_text("\"a\"", "\"a\"");
}

static void test_refusals(void **state)
{
    (void)state;
    refuses("", "v:1:1: unexpected end of file");
    refuses("{\"a\": 1", "v:1:8: unexpected end of file");
    refuses("{} x", "v:1:4: unexpected text after the document");
#define NOT_JSON(place, word)                                                                      \
    "v:" place ": JSON has no " word "; use null or a string (Python's `json.dump(..., "           \
    "allow_nan=False)` raises an error instead of writing it)"
    refuses("{\n  \"a\": NaN}", NOT_JSON("2:8", "NaN"));
    refuses("Infinity", NOT_JSON("1:1", "Infinity"));
    refuses("[1, -Infinity]", NOT_JSON("1:5", "-Infinity"));
    refuses("[nan]", NOT_JSON("1:2", "nan"));
    refuses("-inf", NOT_JSON("1:1", "-inf"));
    refuses("-x", "v:1:2: expected a digit");
    refuses("nul", "v:1:1: expected a value");
    refuses("{“a”: 1}",
            "v:1:2: this is a typographic quote, such as an editor writes; use the plain `\"`");
    refuses("[‘a’]",
            "v:1:2: this is a typographic quote, such as an editor writes; use the plain `\"`");
    refuses("-Infinity", NOT_JSON("1:1", "-Infinity"));
    refuses("nullx", "v:1:5: unexpected text after the document");
    refuses("NULL", "v:1:1: expected a value");
    refuses("{} // no", "v:1:4: unexpected text after the document");
    refuses("/* no */ {}", "v:1:1: expected a value");
    refuses("{'a': 1}", "v:1:2: expected a string in double quotes");
    refuses("[1,]", "v:1:4: expected a value");
    refuses("{\"a\":1,}", "v:1:8: expected a string in double quotes");
    refuses("01", "v:1:1: a number can't have a leading zero");
    refuses("1.", "v:1:3: unexpected end of file");
    refuses("[1.]", "v:1:4: expected a digit after the decimal point");
    refuses("[1e+]", "v:1:5: expected a digit in the exponent");
    refuses("+1", "v:1:1: expected a value");
    refuses("\"a\tb\"", "v:1:3: a control character in a string; write it as an escape");
    refuses("\"\\x\"", "v:1:3: invalid escape in a string");
    refuses("\"\\ud800\"", "v:1:2: unpaired surrogate");
    refuses("\"\\udc00\\ud800\"", "v:1:2: unpaired surrogate");
    refuses("\"\xff\"", "v:1:1: the string is not UTF-8");
    refuses("[1e999]", "v:1:2: the number is too large for a 64-bit float");
    refuses("{\"a\\u0000b\": 1}", "v:1:2: a key contains a NUL character");
    refuses("{\"a\": 1, \"b\": 2,\n \"\\u0061\": 3}", "v:2:2: duplicate key");
    refuses("[{\"a\": 1}, {\"a\": {\"a\": 1, \"a\": 1}}]", "v:1:27: duplicate key");
    assert_refused(SLICE_LITERAL("1\0"), "v:1:2: unexpected text after the document");
    assert_refused(SLICE_LITERAL("\"a\0\""),
                   "v:1:3: a control character in a string; write it as an escape");
}

static void test_depth(void **state)
{
    (void)state;
    char text[500];
    memset(text, '[', 201);
    memset(text + 201, ']', 201);
    assert_refused(slice_make(text, 402), "v:1:201: nested more than 200 levels deep");
    json_free(parse_slice(slice_make(text + 1, 400)));
}

static void test_canonical(void **state)
{
    (void)state;
    assert_canonical("{\"b\": 1.0, \"a\": [ -0.0, 1e3, 2.50, 1E-7 ]}",
                     "{\"a\":[0,1000,2.5,1e-07],\"b\":1}");
    assert_canonical("[9223372036854775807, 18446744073709551615, -9223372036854775808]",
                     "[9223372036854775807,18446744073709551615,-9223372036854775808]");
    assert_canonical(
        "[18446744073709551616, -9223372036854775809, 340282366920938463463374607431768"
        "211455]",
        "[18446744073709551616,-9223372036854775809,340282366920938463463374607431768"
        "211455]");
    assert_canonical("[0.1, 1e300, 9007199254740993, 0.30000000000000004]",
                     "[0.1,1e+300,9007199254740993,0.30000000000000004]");
    assert_canonical("\"\\u00e4\\/\\n\\u0000\"", "\"\xc3\xa4/\\n\\u0000\"");
    assert_canonical("-0", "0");
    assert_canonical("3333333333333333330e0", "3333333333333333504"); /* a float as it is held */
}

static void test_text_keeps_spelling(void **state)
{
    (void)state;
    assert_text("{\"b\": 1.0, \"a\": 1e3, \"c\": 18446744073709551616 }",
                "{\"b\":1.0,\"a\":1e3,\"c\":18446744073709551616}");
    struct buf out = BUF_EMPTY;
    struct json *array = json_new_array();
    json_array_add(array, json_new_number(2));
    json_array_add(array, json_new_number(0.1));
    json_array_add(array, json_new_integer(-3));
    json_array_add(array, json_new_boolean(false));
    json_array_add(array, json_new_null());
    json_array_add(array, json_new_string(SLICE_LITERAL("q\"")));
    json_add_text(array, &out);
    assert_string_equal(buf_string(&out), "[2.0,0.1,-3,false,null,\"q\\\"\"]");
    json_free(array);
    buf_release(&out);
}

static void test_pointers(void **state)
{
    (void)state;
    struct json *document =
        parse("{\"a\": {\"b/c\": 1, \"m~n\": 2, \"\": 3}, \"l\": [10, 11], \"n\": null}");
    const struct json *found;
    assert_true(json_at(document, SLICE_LITERAL(""), &found));
    assert_ptr_equal(found, document);
    assert_true(json_at(document, SLICE_LITERAL("/a/b~1c"), &found));
    assert_true(json_number(found) == 1);
    assert_true(json_at(document, SLICE_LITERAL("/a/m~0n"), &found));
    assert_true(json_at(document, SLICE_LITERAL("/a/"), &found));
    assert_true(json_number(found) == 3);
    assert_true(json_at(document, SLICE_LITERAL("/l/1"), &found));
    assert_true(json_number(found) == 11);
    assert_true(json_at(document, SLICE_LITERAL("/n"), &found));
    assert_null(found);
    const char *const absent[] = {"/x", "/l/2", "/l/-", "/l/01", "/l/x", "/l/", "/n/x", "a", "/a~"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_false(json_at(document, slice_of(absent[i]), &found));
    }
    assert_false(json_at(document, SLICE_LITERAL("/l\0"), &found));
    json_free(document);
    assert_true(json_pointer_is_valid(SLICE_LITERAL("")));
    assert_true(json_pointer_is_valid(SLICE_LITERAL("/~0~1")));
    assert_false(json_pointer_is_valid(SLICE_LITERAL("/~2")));
    assert_false(json_pointer_is_valid(SLICE_LITERAL("/~")));
    assert_false(json_pointer_is_valid(SLICE_LITERAL("x")));
}

/* 2 stands for "can't be compared". */
static int compared(const char *a, const char *b)
{
    struct json *left = parse(a);
    struct json *right = parse(b);
    int order = 0;
    bool comparable = json_compare(left, right, &order);
    json_free(left);
    json_free(right);
    return !comparable ? 2 : (order > 0) - (order < 0);
}

static int ordered(const char *a, const char *b)
{
    struct json *left = parse(a);
    struct json *right = parse(b);
    int order = json_order(left, right);
    assert_int_equal((order > 0) - (order < 0),
                     -((json_order(right, left) > 0) - (json_order(right, left) < 0)));
    json_free(left);
    json_free(right);
    return (order > 0) - (order < 0);
}

static void test_compare(void **state)
{
    (void)state;
    assert_int_equal(compared("1", "1.0"), 0);
    assert_int_equal(compared("9007199254740993", "9007199254740992.0"), 1);
    assert_int_equal(compared("18446744073709551615", "-1"), 1);
    assert_int_equal(compared("18446744073709551615", "18446744073709551614"), 1);
    assert_int_equal(compared("\"a\"", "\"b\""), -1);
    assert_int_equal(compared("\"a\"", "\"a\\u0000\""), -1);
    assert_int_equal(compared("false", "true"), -1);
    assert_int_equal(compared("null", "null"), 0);
    assert_int_equal(compared("[1, 2]", "[1, 3]"), -1);
    assert_int_equal(compared("[1]", "[1, 3]"), 2);
    assert_int_equal(compared("[1]", "[\"a\"]"), 2);
    assert_int_equal(compared("{}", "{}"), 2);
    assert_int_equal(compared("1", "\"1\""), 2);
    assert_int_equal(compared("null", "0"), 2);
}

static void test_order(void **state)
{
    (void)state;
    assert_int_equal(ordered("null", "false"), -1);
    assert_int_equal(ordered("true", "0"), -1);
    assert_int_equal(ordered("1e9", "\"\""), -1);
    assert_int_equal(ordered("\"z\"", "[]"), -1);
    assert_int_equal(ordered("[9]", "{}"), -1);
    assert_int_equal(ordered("[1]", "[1, 0]"), -1);
    assert_int_equal(ordered("[2]", "[1, 0]"), 1);
    assert_int_equal(ordered("[1, \"a\"]", "[1, 5]"), 1);
    assert_int_equal(ordered("{\"a\": 1, \"b\": 1.0}", "{\"b\": 1, \"a\": 1}"), 0);
}

static void note_difference(void *context, struct slice pointer, const struct json *before,
                            bool before_there, const struct json *after, bool after_there)
{
    struct buf *out = context;
    buf_addf(out, "%.*s:", SLICE_ARGS(pointer));
    if (before_there) {
        json_add_text(before, out);
    }
    buf_add_string(out, ">");
    if (after_there) {
        json_add_text(after, out);
    }
    buf_add_string(out, ";");
}

static void test_differences(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct json *before = parse("{\"gone\": 1, \"T\": 1.0, \"same\": 1, \"n\": {\"a/b\": [1, 2]}, "
                                "\"l\": [1], \"t\": 1, \"s\": 18446744073709551616}");
    struct json *after = parse("{\"new\": null, \"same\": 1.0, \"T\": 1.5, \"n\": {\"a/b\": [1, 3]}"
                               ", \"l\": [1, 2], \"t\": \"1\", \"s\": 18446744073709551617}");
    assert_int_equal(json_differences(before, after, 9, note_difference, &out), 7);
    assert_string_equal(buf_string(&out), "/new:>null;/T:1.0>1.5;/n/a~1b/1:2>3;/l:[1]>[1,2];"
                                          "/t:1>\"1\";/s:18446744073709551616>18446744073709551617;"
                                          "/gone:1>;");
    buf_clear(&out);
    assert_int_equal(json_differences(before, after, 1, note_difference, &out), 7);
    assert_string_equal(buf_string(&out), "/new:>null;");
    assert_int_equal(json_differences(after, after, 1, note_difference, &out), 0);
    json_free(before);
    json_free(after);
    buf_release(&out);
}

static void test_parser_recovers(void **state)
{
    (void)state;
    struct diag diag;
    diag_init(&diag);
    struct json_parser *parser = json_parser_new();
    assert_null(
        json_parse(parser, SLICE_LITERAL("{\"a\": 1, \"a\": 2}"), SLICE_LITERAL("v"), &diag));
    assert_null(json_parse(parser, SLICE_LITERAL("[1e999, 2]"), SLICE_LITERAL("v"), &diag));
    struct json *document = json_parse(parser, SLICE_LITERAL("[7]"), SLICE_LITERAL("v"), &diag);
    assert_non_null(document);
    assert_true(json_number(json_array_item(document, 0)) == 7);
    json_free(document);
    json_parser_free(parser);
    diag_release(&diag);
}

/* Whatever is accepted must be written so that it reads back as the same. */
static void check_round_trip(struct json_parser *parser, struct slice text, struct diag *diag)
{
    struct json *document = json_parse(parser, text, SLICE_LITERAL("v"), diag);
    if (document == NULL) {
        return;
    }
    struct buf first = BUF_EMPTY;
    struct buf second = BUF_EMPTY;
    json_add_canonical(document, &first);
    struct json *again = json_parse(parser, buf_slice(&first), SLICE_LITERAL("v"), diag);
    assert_non_null(again);
    json_add_canonical(again, &second);
    assert_string_equal(buf_string(&first), buf_string(&second));
    assert_int_equal(json_order(document, again), 0);
    json_free(document);
    json_free(again);
    buf_release(&first);
    buf_release(&second);
}

static void test_random_bytes(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "{",    "}",       "[",        "]",    ",",  ":",     "\"a\"", "\"",     "\\u",
        "00e4", "\\ud834", "\\",       "1",    "-",  "0.5",   "e",     "null",   "true",
        " ",    "\n",      "\xc3\xa4", "\xff", "/*", "1e308", "NaN",   "\"b\":", "99999999999"};
    uint64_t seed = 7;
    struct json_parser *parser = json_parser_new();
    struct buf text = BUF_EMPTY;
    for (int round = 0; round < 20000; round++) {
        struct diag diag;
        diag_init(&diag);
        buf_clear(&text);
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        for (uint64_t left = seed >> 60; left > 0; left--) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            size_t pick = (size_t)(seed >> 33) % (sizeof pieces / sizeof pieces[0] + 2);
            if (pick < sizeof pieces / sizeof pieces[0]) {
                buf_add_string(&text, pieces[pick]);
            } else {
                buf_add_char(&text, (char)(seed >> 56));
            }
        }
        check_round_trip(parser, buf_slice(&text), &diag);
        diag_release(&diag);
    }
    buf_release(&text);
    json_parser_free(parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),           cmocka_unit_test(test_top_level_scalars),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_canonical),       cmocka_unit_test(test_text_keeps_spelling),
        cmocka_unit_test(test_pointers),        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_order),           cmocka_unit_test(test_differences),
        cmocka_unit_test(test_parser_recovers), cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
