#include "where.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char VALUE[] =
    "{\"T\": 1.5, \"seed\": 2, \"name\": \"polymer\", \"on\": true, \"a b\": 1, "
    "\"none\": null, \"mixed\": [[1, \"a\"], null], \"list\": [1, 2], \"o\": {\"x~y/z\": 3}, "
    "\"big\": 12345678901}";

static struct where *parse(const char *text)
{
    struct diag diag;
    diag_init(&diag);
    struct where *where = where_parse(slice_of(text), NULL, 0, &diag);
    if (where == NULL) {
        fail_msg("%s: %s", text, diag.entries.at[0].message);
    }
    diag_release(&diag);
    return where;
}

/* The answer for VALUE; its problem is described in `why`. */
static int answer(const char *text, struct buf *why)
{
    struct diag diag;
    diag_init(&diag);
    struct json_parser *parser = json_parser_new();
    struct json *value = json_parse(parser, slice_of(VALUE), SLICE_LITERAL("v"), &diag);
    struct where *where = parse(text);
    struct where_problem problem;
    int result = where_matches(where, value, &problem);
    if (result < 0) {
        where_problem_describe(&problem, why);
    }
    where_free(where);
    json_free(value);
    json_parser_free(parser);
    diag_release(&diag);
    return result;
}

static void check(const char *text, int expected)
{
    struct buf why = BUF_EMPTY;
    int result = answer(text, &why);
    if (result != expected) {
        fail_msg("%s: %d %s", text, result, buf_string(&why));
    }
    buf_release(&why);
}

static void check_problem(const char *text, const char *expected)
{
    struct buf why = BUF_EMPTY;
    assert_int_equal(answer(text, &why), -1);
    assert_string_equal(buf_string(&why), expected);
    buf_release(&why);
}

/* The caret must stand under `place`. */
static void refuses(const char *text, const char *place, const char *message)
{
    struct diag diag;
    struct buf whole = BUF_EMPTY;
    diag_init(&diag);
    buf_addf(&whole, "where = '%s'", text);
    struct source source = {"Rowfile", buf_slice(&whole)};
    struct where *where = where_parse(slice_of(text), &source, 9, &diag);
    if (where != NULL) {
        fail_msg("accepted: %s", text);
    }
    assert_int_equal(diag.errors, 1);
    assert_string_equal(diag.entries.at[0].message, message);
    if (place != NULL) {
        assert_true(
            slice_equal(slice_make(whole.at + diag.entries.at[0].offset, diag.entries.at[0].length),
                        slice_of(place)));
    } else {
        assert_int_equal(diag.entries.at[0].offset, 9 + strlen(text));
    }
    buf_release(&whole);
    diag_release(&diag);
}

static void test_comparisons(void **state)
{
    (void)state;
    check("/T > 1.0", 1);
    check("/T>1.0", 1);
    check("/T < 1.5", 0);
    check("/T <= 1.5", 1);
    check("/T >= 1.6", 0);
    check("/T == 15e-1", 1);
    check("/T != 1.5", 0);
    check("2 == /seed", 1);
    check("2.0 == /seed", 1);
    check("-3 < /seed", 1);
    check("/seed > /T", 1);
    check("/seed == /T", 0);
    check("/name == \"poly\\u006der\"", 1);
    check("/name == 'polymer'", 1);
    check("/name < 'q'", 1);
    check("/on == true", 1);
    check("/on != false", 1);
    check("/list == [1, 2.0]", 1);
    check("/list < [1, 3]", 1);
    check("/mixed == [[1, 'a'], null]", 1);
    check("/list/0 == 1", 1);
    check("/o/x~0y~1z == 3", 1);
    check("pointer(\"/a b\") == 1", 1);
    check("pointer('/a b') == 1", 1);
    check("/big == 12345678901", 1);
}

static void test_null(void **state)
{
    (void)state;
    check("/none == null", 1);
    check("/T == null", 0);
    check("/T != null", 1);
    check("null != /none", 0);
    check("/none in [1, null]", 1);
    check("/none in [1, 2]", 0);
    check_problem("/none < 1", "/none (null) and 1 (a number) can't be compared");
}

static void test_membership(void **state)
{
    (void)state;
    check("/seed in [1, 2]", 1);
    check("/seed in [1, 3]", 0);
    check("/seed not in [1, 3]", 1);
    check("/seed not in [2]", 0);
    check("/seed in []", 0);
    check("/seed in ['a', 3]", 0);
    check("/list in [[1, 2], [3]]", 1);
    check_problem("/seed in ['1', \"2\"]",
                  "/seed (a number) has a different type than every element of ['1', \"2\"]");
}

static void test_search(void **state)
{
    (void)state;
    check("/name =~ \"^poly\"", 1);
    check("/name =~ '^mer'", 0);
    check("/name =~ 'mer$'", 1);
    check("/name !~ '^mer'", 1);
    check("/name!~'poly'", 0);
    check("/name=~'poly'", 1);
    check_problem("/seed =~ '1'", "/seed (a number) can't be searched: only strings can");
}

static void test_joining(void **state)
{
    (void)state;
    check("exists(/T)", 1);
    check("exists(/skip)", 0);
    check("exists(/none)", 1);
    check("exists(\"/a b\")", 1);
    check("exists(pointer('/a b'))", 1);
    check("exists( '' )", 1);
    check("not exists(/skip)", 1);
    check("not not exists(/T)", 1);
    check("exists(/T) or exists(/T) and exists(/skip)", 1);
    check("(exists(/T) or exists(/T)) and exists(/skip)", 0);
    check("not exists(/skip) and exists(/skip)", 0);
    check("not (exists(/skip) and exists(/skip))", 1);
    check("/T > 1.0 and (/seed in [1, 2] or /name =~ \"^poly\") and not exists(/skip)", 1);
    check("/T > 1.0\n and\t/seed == 2", 1);
}

static void test_short_circuit(void **state)
{
    (void)state;
    check("exists(/skip) and /skip > 1", 0);
    check("not exists(/skip) or /skip > 1", 1);
    check("/T == 1.5 or /skip == 1", 1);
    check_problem("/skip == 1 or /T == 1.5", "the value has no /skip");
    check_problem("/T == 1.5 and /skip == 1", "the value has no /skip");
    check_problem("not /skip == 1", "the value has no /skip");
    check_problem("/T < /skip", "the value has no /skip");
    check_problem("pointer('/a c') == 1", "the value has no /a c");
}

static void test_incomparable(void **state)
{
    (void)state;
    check_problem("/name > 3", "/name (a string) and 3 (a number) can't be compared");
    check_problem("/list == [1]", "/list (an array) and [1] (an array) can't be compared: their "
                                  "lengths or the types inside differ");
    check_problem("/o == /o", "/o (an object) and /o (an object) can't be compared");
    check_problem("pointer('') == 1", "the value (an object) and 1 (a number) can't be compared");
    check_problem("/on == 'true'", "/on (a boolean) and 'true' (a string) can't be compared");
}

static void test_errors(void **state)
{
    (void)state;
    refuses(
        "", NULL,
        "unexpected end of the expression: expected a pointer, a literal, `not`, `exists` or `(`");
    refuses("/a", NULL,
            "unexpected end of the expression: expected a comparison: `<`, `<=`, `==`, `!=`, `>=`, "
            "`>`, `in`, `not in`, `=~` or `!~`");
    refuses(
        "/a == 1 and", NULL,
        "unexpected end of the expression: expected a pointer, a literal, `not`, `exists` or `(`");
    refuses("/a == 1 /b", "/b", "expected `and` or `or`, not `/b`");
    refuses("(/a == 1", NULL, "unexpected end of the expression: expected `and`, `or` or `)`");
    refuses("/a == 1)", ")", "expected `and` or `or`, not `)`");
    refuses("/a == ", NULL, "unexpected end of the expression: expected a pointer or a literal");
    refuses("/a < /b < /c", "<", "expected `and` or `or`, not `<`");
    refuses("/a in 3", "3", "expected a list in brackets, not `3`");
    refuses("/a in [1 2]", "2", "expected `,` or `]`, not `2`");
    refuses("/a in [1,]", "]", "expected a literal, not `]`");
    refuses("/a in [/b]", "/b", "expected a literal or `]`, not `/b`");
    refuses("/a not 3", "3", "expected `in`, not `3`");
    refuses("/a =~ 3", "3", "expected a string, not `3`");
    refuses("exists /a", "/a", "expected `(`, not `/a`");
    refuses("exists(3)", "3", "expected a pointer, not `3`");
    refuses("exists(/a", NULL, "unexpected end of the expression: expected `)`");
    refuses("/a = 1", "=", "`=` isn't a comparison operator; use `==`");
    refuses("!exists(/a)", "!", "`!` isn't an operator; use `not`");
    refuses("/a == 1 && /b == 2", "&&", "`&` and `&&` aren't operators; use `and`");
    refuses("/a == 1 || /b == 2", "||", "`|` and `||` aren't operators; use `or`");
    refuses("/a == 1 adn /b == 2", "adn", "unknown name `adn`; did you mean `and`?");
    refuses("exist(/a)", "exist", "unknown name `exist`; did you mean `exists`?");
    refuses("/a == temperature", "temperature",
            "unknown name `temperature`; did you mean `/temperature`? (a string needs quotes)");
    refuses("/a == 01", "01", "not a valid JSON number");
    refuses("/a == .5", ".5", "not a valid JSON number");
    refuses("/a == 1e999", "1e999",
            "not a valid JSON literal: literal:1:1: the number is too large for a 64-bit float");
    refuses("/a == \"x", "\"", "this string is not closed");
    refuses("/a == \"\\q\"", "\"\\q\"",
            "not a valid JSON literal: literal:1:3: invalid escape in a string");
    refuses("/a~2 == 1", "/a~2",
            "in a JSON pointer, write `~` as `~0`, and a `/` inside a key as `~1`");
    refuses("exists(\"a\")", "\"a\"", "a JSON pointer begins with `/`");
    refuses("1 == 1", "1 == 1", "this compares two literals; a pointer begins with `/`");
    refuses("/a == {}", "{", "objects can't be compared");
    refuses("/a == #", "#", "unexpected character");
    refuses("/a == “x”", "\xe2",
            "this is a typographic quote, such as an editor writes; use the plain ' or \"");
    refuses("/a =~ \"x(b\"", "\"", "not a regular expression: missing closing parenthesis");
}

static void test_error_without_source(void **state)
{
    (void)state;
    struct diag diag;
    diag_init(&diag);
    assert_null(where_parse(SLICE_LITERAL("/a = 1"), NULL, 0, &diag));
    assert_string_equal(diag.entries.at[0].message,
                        "`=` isn't a comparison operator; use `==` (at byte 3 of the expression)");
    assert_null(where_parse(SLICE_LITERAL("/a == 1\0"), NULL, 0, &diag));
    diag_release(&diag);
}

static void test_long(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct diag diag;
    diag_init(&diag);
    for (int i = 0; i < 3000; i++) {
        buf_add_string(&text, "exists(/a) or ");
    }
    buf_add_string(&text, "exists(/T)");
    check(buf_string(&text), 1);
    buf_clear(&text);
    for (int i = 0; i < 9000; i++) {
        buf_add_string(&text, "not ");
    }
    buf_add_string(&text, "exists(/T)");
    check(buf_string(&text), 1);
    buf_clear(&text);
    for (int i = 0; i < 60000; i++) {
        buf_add_string(&text, "(");
    }
    assert_null(where_parse(buf_slice(&text), NULL, 0, &diag));
    for (int i = 0; i < 20000; i++) {
        buf_add_string(&text, "[");
    }
    assert_null(where_parse(buf_slice(&text), NULL, 0, &diag));
    diag_release(&diag);
    buf_release(&text);
}

static void test_random_tokens(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "/a",     "/b~1", "==",       "<",   "in",   "not",   "and", "or",        "(",    ")",
        "[",      "]",    ",",        "1",   "'s'",  "\"t\"", "=~",  "!~",        "null", "-1",
        "exists", " ",    "pointer(", "[1]", "\xff", "'",     "{",   "exists(/T)"};
    uint64_t seed = 3;
    unsigned parsed = 0;
    struct buf text = BUF_EMPTY;
    for (int round = 0; round < 20000; round++) {
        struct diag diag;
        struct where_problem problem;
        diag_init(&diag);
        buf_clear(&text);
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        for (uint64_t left = seed >> 61; left > 0; left--) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            buf_add_string(&text, pieces[(seed >> 33) % (sizeof pieces / sizeof pieces[0])]);
            buf_add_char(&text, ' ');
        }
        struct where *where = where_parse(buf_slice(&text), NULL, 0, &diag);
        assert_int_equal(diag.errors, where == NULL);
        if (where != NULL) {
            parsed++;
            where_matches(where, NULL, &problem);
        }
        where_free(where);
        diag_release(&diag);
    }
    assert_true(parsed > 20);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_membership),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_joining),
        cmocka_unit_test(test_short_circuit),
        cmocka_unit_test(test_incomparable),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_error_without_source),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_random_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
