#include "match.h"

#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_PATTERNS = 8 };

static struct glob_set *make_set(const char *patterns, bool hidden, struct diag *diag)
{
    struct slice list[MOST_PATTERNS];
    size_t count = 0;
    for (const char *at = patterns; at != NULL && count < MOST_PATTERNS; count++) {
        const char *end = strchr(at, ' ');
        list[count] = end != NULL ? slice_make(at, (size_t)(end - at)) : slice_of(at);
        at = end != NULL ? end + 1 : NULL;
    }
    return glob_set_new(list, count, hidden, "directories", diag);
}

static struct glob_set *set_of(const char *patterns, bool hidden)
{
    struct diag diag;
    diag_init(&diag);
    struct glob_set *set = make_set(patterns, hidden, &diag);
    if (set == NULL) {
        fail_msg("%s", diag.entries.at[0].message);
    }
    diag_release(&diag);
    return set;
}

/* `patterns` are separated by spaces. */
static bool matches(const char *patterns, const char *path)
{
    struct glob_set *set = set_of(patterns, false);
    bool result = glob_set_matches(set, slice_of(path));
    glob_set_free(set);
    return result;
}

static bool goes_below(const char *patterns, const char *path)
{
    struct glob_set *set = set_of(patterns, false);
    bool result = glob_set_may_match_below(set, slice_of(path));
    glob_set_free(set);
    return result;
}

static void refuses(const char *patterns, const char *message)
{
    struct diag diag;
    diag_init(&diag);
    struct glob_set *set = make_set(patterns, false, &diag);
    if (set != NULL) {
        fail_msg("accepted: %s", patterns);
    }
    assert_int_equal(diag.errors, 1);
    assert_string_equal(diag.entries.at[0].message, message);
    diag_release(&diag);
}

static void test_is_glob(void **state)
{
    (void)state;
    assert_true(match_is_glob(SLICE_LITERAL("a*")));
    assert_true(match_is_glob(SLICE_LITERAL("a?")));
    assert_true(match_is_glob(SLICE_LITERAL("[a]")));
    assert_true(match_is_glob(SLICE_LITERAL("x{a,b}")));
    assert_false(match_is_glob(SLICE_LITERAL("a.out")));
    assert_false(match_is_glob(SLICE_LITERAL("a\\*")));
    assert_false(match_is_glob(SLICE_LITERAL("{a}")));
    assert_false(match_is_glob(SLICE_LITERAL("{a\\,b}")));
    assert_false(match_is_glob(SLICE_LITERAL("")));
}

static void test_one_segment(void **state)
{
    (void)state;
    assert_true(matches("*", "a"));
    assert_false(matches("*", ".a"));
    assert_false(matches("*", "a/b"));
    assert_true(matches(".*", ".a"));
    assert_false(matches("?a", ".a"));
    assert_false(matches("[.]a", ".a"));
    assert_false(matches("[!x]a", ".a"));
    assert_true(matches("a*", "a.b"));
    assert_true(matches("*.txt", "x.txt"));
    assert_false(matches("*.txt", ".txt"));
    assert_true(matches("a?c", "a\xff"
                               "c"));
    assert_true(matches("a*", "a\nb"));
    assert_false(matches("a", "a\n"));
    assert_true(matches("[a-c]1", "b1"));
    assert_false(matches("[!a-c]1", "b1"));
    assert_true(matches("[^a-c]1", "d1"));
    assert_true(matches("[]x]", "]"));
    assert_true(matches("[[:digit:]x]y", "7y"));
    assert_true(matches("[\\]a]", "]"));
    assert_true(matches("[a-]", "-"));
    assert_false(matches("a[!x]b", "a/b"));
    assert_false(matches("a[.-0]b", "a/b"));
    assert_true(matches("a\\*", "a*"));
    assert_false(matches("a\\*", "ab"));
    assert_true(matches("a.b+(c)|$^", "a.b+(c)|$^"));
    assert_false(matches("a.b", "axb"));
}

static void test_hidden(void **state)
{
    (void)state;
    struct glob_set *set = set_of("* a/** .x/[.]y", true);
    assert_true(glob_set_matches(set, SLICE_LITERAL(".git")));
    assert_true(glob_set_matches(set, SLICE_LITERAL("a/.b/c")));
    assert_true(glob_set_matches(set, SLICE_LITERAL(".x/.y")));
    glob_set_free(set);
}

static void test_segments(void **state)
{
    (void)state;
    assert_true(matches("a/*/c", "a/b/c"));
    assert_false(matches("a/*/c", "a/b/b/c"));
    assert_false(matches("a/*/c", "a/.b/c"));
    assert_true(matches("**", "a"));
    assert_true(matches("**", "a/b/c"));
    assert_false(matches("**", "a/.b/c"));
    assert_true(matches("**/c", "c"));
    assert_true(matches("**/c", "a/b/c"));
    assert_true(matches("a/**/c", "a/c"));
    assert_true(matches("a/**/c", "a/x/y/c"));
    assert_false(matches("a/**/c", "ac"));
    assert_false(matches("a/**", "a"));
    assert_true(matches("a/**", "a/b"));
    assert_true(matches("**/.c", "a/.c"));
    assert_true(matches("**/**/c", "c"));
}

static void test_alternatives(void **state)
{
    (void)state;
    assert_true(matches("{a,b}*", "bx"));
    assert_false(matches("{a,b}*", "cx"));
    assert_false(matches("{,a}*", ".x"));
    assert_true(matches("{a/b,c}/d", "a/b/d"));
    assert_true(matches("{a,{b,c}d}e", "cde"));
    assert_false(matches("{a,{b,c}d}e", "ade"));
    assert_true(matches("x{,y}", "x"));
    assert_true(matches("{a}", "{a}"));
    assert_true(matches("{a\\,b,c}", "a,b"));
    assert_true(matches("{[,],a}", ","));
    assert_true(matches("{**/,}x", "a/x"));
    assert_true(matches("T{1,2}/s{3,4}", "T2/s3"));
}

static void test_exclusion(void **state)
{
    (void)state;
    assert_false(matches("* !b*", "bc"));
    assert_true(matches("* !b*", "a"));
    assert_true(matches("* !b* bc", "bc"));
    assert_true(matches("* \\!x", "!x"));
}

static void test_refusals(void **state)
{
    (void)state;
    refuses("a[b", "directories: \"a[b\": a bracket is not closed");
    refuses("{a,b", "directories: \"{a,b\": a brace is not closed");
    refuses("a**b", "directories: \"a**b\": '**' must be a whole segment: \"a/**/b\"");
    refuses("***", "directories: \"***\": '**' must be a whole segment: \"a/**/b\"");
    refuses("* !", "directories: \"!\": the pattern is empty");
    refuses("a//b", "directories: \"a//b\": an empty name before, between or after '/'");
    refuses("/a", "directories: \"/a\": an empty name before, between or after '/'");
    refuses("a/", "directories: \"a/\": an empty name before, between or after '/'");
    refuses("a/../b", "directories: \"a/../b\": '.' and '..' can't be parts of a pattern");
    refuses("[z-a]", "directories: \"[z-a]\": the character range is reversed");
    refuses("[[:foo:]]", "directories: \"[[:foo:]]\": unknown character class");
    refuses("a\\", "directories: \"a\\\\\": the pattern ends with a backslash");
    refuses("!a !b",
            "directories: every pattern excludes; start with one that includes, such as \"*\"");
    refuses("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
            "directories: \"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\": more than "
            "1024 alternatives");
    struct diag diag;
    diag_init(&diag);
    assert_null(make_set("[a {b, c", false, &diag));
    assert_int_equal(diag.errors, 2);
    diag_release(&diag);
}

static void test_descent(void **state)
{
    (void)state;
    assert_true(goes_below("*", ""));
    assert_false(goes_below("*", "a"));
    assert_true(goes_below("a/*", "a"));
    assert_false(goes_below("a/*", "b"));
    assert_false(goes_below("a/*", "a/b"));
    assert_true(goes_below("a/b", "a"));
    assert_false(goes_below("a/b", "a/b"));
    assert_true(goes_below("**", "x/y"));
    assert_false(goes_below("**", "x/.y"));
    assert_true(goes_below("a/**/z", "a/b/c"));
    assert_false(goes_below("a/**/z", "b"));
    assert_true(goes_below("{a,b}/*/c b", "b/x"));
    assert_false(goes_below("* !a/b", "a"));
}

static void test_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *name;
        bool matches;
    } cases[] = {{"*", "", true},       {"", "", true},         {"", "a", false},
                 {"a*c", "abbc", true}, {"a*c", "abb", false},  {"*b*", "abc", true},
                 {"a?c", "abc", true},  {"a?c", "ac", false},   {"[a]", "a", false},
                 {"[a]", "[a]", true},  {"*.*", "a.b/c", true}, {"a**", "a", true},
                 {"*ab", "aab", true},  {"abc", "abcd", false}, {"?", "", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(match_wildcard(slice_of(cases[i].pattern), slice_of(cases[i].name)),
                         cases[i].matches);
    }
}

static void test_regex(void **state)
{
    (void)state;
    struct diag diag;
    diag_init(&diag);
    struct regex *regex = regex_new(SLICE_LITERAL("^poly|mer$"), &diag, NULL, 0);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("polymorph")), 1);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("a mer")), 1);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("a poly")), 0);
    regex_free(regex);

    struct source source = {"Rowfile", SLICE_LITERAL("where = '/a =~ \"(b\"'")};
    assert_null(regex_new(SLICE_LITERAL("(b"), &diag, &source, 16));
    assert_int_equal(diag.entries.at[0].offset, 18);
    assert_null(regex_new(SLICE_LITERAL("(*UTF)a"), &diag, NULL, 0));
    assert_int_equal(diag.errors, 2);

    regex = regex_new(SLICE_LITERAL("^(a+)+$"), &diag, NULL, 0);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")),
                     -1);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("aaa")), 1);
    assert_int_equal(regex_search(regex, SLICE_LITERAL("b")), 0);
    regex_free(regex);
    diag_release(&diag);
}

/* The answer stays the same when the engine changes to compiled code. */
static void test_many_searches(void **state)
{
    (void)state;
    struct glob_set *set = set_of("run-*-{1,2}", false);
    for (int i = 0; i < 7000; i++) {
        assert_true(glob_set_matches(set, SLICE_LITERAL("run-x-2")));
        assert_false(glob_set_matches(set, SLICE_LITERAL("run-x-3")));
    }
    glob_set_free(set);
}

static void *search_often(void *set)
{
    uintptr_t wrong = 0;
    for (int i = 0; i < 4000; i++) {
        wrong += !glob_set_matches(set, SLICE_LITERAL("run-x-2"));
        wrong += glob_set_matches(set, SLICE_LITERAL("run-x-3"));
        wrong += glob_set_may_match_below(set, SLICE_LITERAL("run-x-2"));
    }
    return wrong == 0 ? NULL : set;
}

static void test_threads_share_a_set(void **state)
{
    (void)state;
    pthread_t threads[3];
    struct glob_set *set = set_of("run-*-{1,2}", false);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, search_often, set), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        void *wrong = set;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    glob_set_free(set);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static void random_text(uint64_t *seed, const char *alphabet, char text[12])
{
    size_t len = next_random(seed) % 11 + 1;
    for (size_t i = 0; i < len; i++) {
        text[i] = alphabet[next_random(seed) % strlen(alphabet)];
    }
    text[len] = '\0';
}

/* Single segments must mean what they mean to fnmatch(3). */
static void test_against_fnmatch(void **state)
{
    (void)state;
    uint64_t seed = 3;
    unsigned compared = 0;
    unsigned matched = 0;
    for (int round = 0; round < 60000; round++) {
        char pattern[12];
        char name[12];
        random_text(&seed, "ab.*?[]!-a", pattern);
        random_text(&seed, "aab.", name);
        struct slice slice = slice_of(pattern);
        struct diag diag;
        diag_init(&diag);
        struct glob_set *set = glob_set_new(&slice, 1, false, "x", &diag);
        diag_release(&diag);
        if (set == NULL || pattern[0] == '!' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            glob_set_free(set);
            continue;
        }
        bool expected = fnmatch(pattern, name, FNM_PERIOD | FNM_PATHNAME) == 0;
        if (glob_set_matches(set, slice_of(name)) != expected) {
            fail_msg("%s against %s should be %d", pattern, name, expected);
        }
        compared++;
        matched += expected;
        glob_set_free(set);
    }
    assert_true(compared > 10000);
    assert_true(matched > 300);
}

/* Every directory above a member must be listed. */
static void test_descent_finds_all_members(void **state)
{
    (void)state;
    uint64_t seed = 11;
    unsigned members = 0;
    for (int round = 0; round < 60000; round++) {
        char pattern[12];
        char path[12];
        random_text(&seed, "ab/*?{,}/.**", pattern);
        random_text(&seed, "aab//.", path);
        struct slice slice = slice_of(pattern);
        struct diag diag;
        diag_init(&diag);
        struct glob_set *set = glob_set_new(&slice, 1, (round & 1) != 0, "x", &diag);
        diag_release(&diag);
        if (set != NULL && glob_set_matches(set, slice_of(path))) {
            members++;
            for (const char *c = strchr(path, '/'); c != NULL; c = strchr(c + 1, '/')) {
                assert_true(glob_set_may_match_below(set, slice_make(path, (size_t)(c - path))));
            }
        }
        glob_set_free(set);
    }
    assert_true(members > 500);
}

static void test_random_bytes(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 30000; round++) {
        char bytes[24];
        size_t len = next_random(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            uint64_t pick = next_random(&seed);
            bytes[i] = (char)(pick >> 8);
            if ((pick & 7) != 0) {
                bytes[i] = "*?[]{},!\\/ab.-:^\xc3"[pick / 8 % 17];
            }
        }
        struct diag diag;
        diag_init(&diag);
        struct slice pattern = slice_make(bytes, len);
        struct glob_set *set = glob_set_new(&pattern, 1, false, "x", &diag);
        assert_true((set == NULL) == (diag.errors > 0));
        if (set != NULL) {
            glob_set_matches(set, SLICE_LITERAL("ab/.a*b"));
            glob_set_may_match_below(set, SLICE_LITERAL("a"));
        }
        match_is_glob(pattern);
        glob_set_free(set);
        diag_release(&diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_glob),         cmocka_unit_test(test_one_segment),
        cmocka_unit_test(test_hidden),          cmocka_unit_test(test_segments),
        cmocka_unit_test(test_alternatives),    cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_descent),
        cmocka_unit_test(test_wildcard),        cmocka_unit_test(test_regex),
        cmocka_unit_test(test_many_searches),   cmocka_unit_test(test_threads_share_a_set),
        cmocka_unit_test(test_against_fnmatch), cmocka_unit_test(test_descent_finds_all_members),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
