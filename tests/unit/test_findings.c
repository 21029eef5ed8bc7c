/* Findings in the formats of CI systems: what the formats escape, and what they need. */
#include "findings.h"
#include "json.h"
#include "results.h"

#include "diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const directories[] = {"T1.5, s:1", "\xff"};
static const struct rowbuild_finding findings[] = {
    {.code = "unknown-key",
     .severity = ROWBUILD_ERROR,
     .file = "Rowfile",
     .path = "/ci/re po/a%b,c:d/Rowfile",
     .line = 3,
     .column = 1,
     .end_line = 3,
     .end_column = 7,
     .message = "unknown key `100%` | <b>",
     .mend = "did you mean `\"&'`?",
     .text = "Rowfile:3:1: error: <\x1b>\n",
     .directories = directories,
     .directory_count = 2},
    {.code = "no-directories",
     .severity = ROWBUILD_WARNING,
     .message = "nothing\nto do",
     .text = "warning: nothing\n"},
    {.code = "unknown-key",
     .severity = ROWBUILD_NOTE,
     .file = "/home/me/clusters.toml",
     .path = "/home/me/clusters.toml",
     .line = 1,
     .column = 2,
     .end_line = 4,
     .end_column = 1,
     .message = "over lines",
     .text = "note: over lines\n"},
};

static const struct rowbuild_format_options options = {
    .tool = "rowbuild check", .base = "/ci/re po/", .description = "/ci/re po/a%b,c:d/Rowfile"};

static char *written(size_t count, enum rowbuild_format format)
{
    static struct buf out;
    buf_clear(&out);
    findings_write(findings, count, format, &options, &out);
    buf_add(&out, "", 0);
    return (char *)buf_string(&out);
}

static void test_github(void **state)
{
    (void)state;
    assert_string_equal(
        written(3, ROWBUILD_FORMAT_GITHUB),
        "::error file=a%25b%2Cc%3Ad/Rowfile,line=3,endLine=3,col=1,endColumn=7,"
        "title=rowbuild check%3A unknown-key::unknown key `100%25` | <b>; did you mean `\"&'`?\n"
        "::warning title=rowbuild check%3A no-directories::nothing%0Ato do\n"
        "::notice file=/home/me/clusters.toml,line=1,endLine=4,"
        "title=rowbuild check%3A unknown-key::over lines\n");
    assert_string_equal(written(0, ROWBUILD_FORMAT_GITHUB), "");
}

static void test_markdown(void **state)
{
    (void)state;
    assert_string_equal(written(2, ROWBUILD_FORMAT_MARKDOWN),
                        "### rowbuild check: 1 error, 1 warning\n\n"
                        "| | Place | Finding |\n| --- | --- | --- |\n"
                        "| error | a%b,c:d/Rowfile:3 | unknown key \\`100%\\` \\| \\<b\\>; did you "
                        "mean \\`\"\\&'\\`? (unknown-key) |\n"
                        "| warning |  | nothing to do (no-directories) |\n\n");
    assert_string_equal(written(0, ROWBUILD_FORMAT_MARKDOWN),
                        "### rowbuild check: nothing found\n\n");
}

/* What is at the pointer of the document, as compact JSON. */
static void check_json(const struct json *root, const char *pointer, const char *expected)
{
    const struct json *found;
    struct buf text = BUF_EMPTY;
    assert_true(json_at(root, slice_of(pointer), &found));
    json_add_text(found, &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
}

static struct json *parsed(const char *text)
{
    struct diag diag;
    struct json_parser *parser = json_parser_new();
    diag_init(&diag);
    struct json *root = json_parse(parser, slice_of(text), SLICE_LITERAL("report"), &diag);
    if (diag.errors > 0) {
        fail_msg("%s in %s", diag.entries.at[0].message, text);
    }
    diag_release(&diag);
    json_parser_free(parser);
    return root;
}

static void test_sarif(void **state)
{
    (void)state;
    struct json *root = parsed(written(3, ROWBUILD_FORMAT_SARIF));
    check_json(root, "/runs/0/tool/driver/rules/0/id", "\"unknown-key\"");
    check_json(root, "/runs/0/tool/driver/rules/1/id", "\"no-directories\"");
    check_json(root, "/runs/0/results/0/ruleIndex", "0");
    check_json(root, "/runs/0/results/1/ruleIndex", "1");
    check_json(root, "/runs/0/results/2/ruleIndex", "0");
    check_json(root, "/runs/0/results/2/level", "\"note\"");
    check_json(root, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
               "\"a%25b%2Cc%3Ad/Rowfile\"");
    check_json(root, "/runs/0/results/0/locations/0/physicalLocation/region/endColumn", "7");
    check_json(root, "/runs/0/results/1/locations/0/physicalLocation/region", "{\"startLine\":1}");
    check_json(root, "/runs/0/results/2/locations/0/physicalLocation/artifactLocation",
               "{\"uri\":\"file:///home/me/clusters.toml\"}");
    check_json(root, "/runs/0/results/0/properties/directories", "[\"T1.5, s:1\",\"\\\\377\"]");
    json_free(root);
    root = parsed(written(0, ROWBUILD_FORMAT_SARIF));
    check_json(root, "/runs/0/results", "[]");
    json_free(root);
}

static void test_gitlab(void **state)
{
    (void)state;
    struct json *root = parsed(written(3, ROWBUILD_FORMAT_GITLAB));
    check_json(root, "/0/severity", "\"major\"");
    check_json(root, "/0/location", "{\"path\":\"a%b,c:d/Rowfile\",\"lines\":{\"begin\":3}}");
    check_json(root, "/1/location", "{\"path\":\"a%b,c:d/Rowfile\",\"lines\":{\"begin\":1}}");
    check_json(root, "/2/location/lines", "{\"begin\":1,\"end\":4}");
    json_free(root);
    assert_string_equal(written(0, ROWBUILD_FORMAT_GITLAB), "[]\n");
}

/* Equal findings on different lines have different fingerprints, which don't depend on the line. */
static void test_fingerprints(void **state)
{
    (void)state;
    struct rowbuild_finding twice[] = {findings[0], findings[0]};
    struct buf first = BUF_EMPTY;
    struct buf second = BUF_EMPTY;
    twice[1].line = 8;
    findings_write(&twice[0], 1, ROWBUILD_FORMAT_GITLAB, &options, &first);
    struct json *root = parsed(buf_string(&first));
    const struct json *alone;
    assert_true(json_at(root, SLICE_LITERAL("/0/fingerprint"), &alone));
    char print[64];
    snprintf(print, sizeof print, "%.*s", SLICE_ARGS(json_string(alone)));
    json_free(root);
    findings_write(&twice[1], 1, ROWBUILD_FORMAT_GITLAB, &options, &second);
    assert_non_null(strstr(buf_string(&second), print));
    buf_clear(&second);
    findings_write(twice, 2, ROWBUILD_FORMAT_GITLAB, &options, &second);
    root = parsed(buf_string(&second));
    const struct json *other;
    assert_true(json_at(root, SLICE_LITERAL("/1/fingerprint"), &other));
    assert_false(slice_is(json_string(other), print));
    json_free(root);
    buf_release(&first);
    buf_release(&second);
}

/* The n-th of equal findings says so, also among many others. */
static void test_many_findings(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct rowbuild_finding *many = calloc(COUNT, sizeof *many);
    char(*messages)[16] = calloc(COUNT, sizeof *messages);
    struct buf text = BUF_EMPTY;
    const struct json *print;
    assert_true(many != NULL && messages != NULL);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(messages[i], sizeof messages[i], "m%zu", i % 2 == 0 ? 0 : i);
        many[i] = findings[0];
        many[i].message = messages[i];
        many[i].directory_count = 0;
    }
    findings_write(many, COUNT, ROWBUILD_FORMAT_SARIF, &options, &text);
    buf_clear(&text);
    findings_write(many, COUNT, ROWBUILD_FORMAT_GITLAB, &options, &text);
    struct json *root = parsed(buf_string(&text));
    assert_true(json_at(root, SLICE_LITERAL("/19998/fingerprint"), &print));
    struct slice last = json_string(print);
    assert_true(last.len > 6 && memcmp(last.at + last.len - 6, "-10000", 6) == 0);
    assert_true(json_at(root, SLICE_LITERAL("/19999/fingerprint"), &print));
    assert_null(memchr(json_string(print).at, '-', json_string(print).len));
    json_free(root);
    buf_release(&text);
    free(messages);
    free(many);
}

static void test_junit(void **state)
{
    (void)state;
    const char *text = written(3, ROWBUILD_FORMAT_JUNIT);
    assert_non_null(strstr(text, "tests=\"3\" failures=\"1\""));
    assert_non_null(strstr(text, "message=\"unknown key `100%` | &lt;b&gt;; did you mean "
                                 "`&quot;&amp;'`?\">Rowfile:3:1: error: &lt;\\033&gt;\n"));
    assert_non_null(strstr(text, "<system-out>note: over lines\n</system-out>"));
    text = written(0, ROWBUILD_FORMAT_JUNIT);
    assert_non_null(strstr(text, "tests=\"1\" failures=\"0\""));
}

static const char output[] = "half <line>\n::error::100%\x1b\xff";
static const struct rowbuild_result results[] = {
    {.action = "sim&run", .name = "T\"1\"", .outcome = ROWBUILD_SUCCEEDED, .seconds = 1.25},
    {.action = "sim&run",
     .name = "T2|x",
     .outcome = ROWBUILD_TASK_FAILED,
     .code = "task-failed",
     .how = "exit 3; `a<b>` | c",
     .again = "rowbuild -a 'sim&run' 'T2|x'",
     .seconds = 0.5,
     .output = output,
     .output_bytes = sizeof output - 1},
    {.action = "plot",
     .name = "",
     .outcome = ROWBUILD_NOT_STARTED,
     .how = "sim&run T2|x didn't succeed"},
    {.action = "plot", .name = "//a", .outcome = ROWBUILD_CANCELLED, .how = "killed by SIGTERM"},
    {.action = "plot", .name = "//b", .outcome = ROWBUILD_UP_TO_DATE},
};

static const char *results_in(enum rowbuild_format format, size_t finding_count)
{
    static struct buf out;
    buf_clear(&out);
    results_write(results, 5, findings, finding_count, format, &options, &out);
    return buf_string(&out);
}

static void test_results_in_junit(void **state)
{
    (void)state;
    assert_string_equal(
        results_in(ROWBUILD_FORMAT_JUNIT, 0),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"rowbuild check\" tests=\"5\" failures=\"1\" errors=\"0\">\n"
        "  <testsuite name=\"rowbuild check\" tests=\"5\" failures=\"1\" errors=\"0\" "
        "skipped=\"2\" time=\"1.750\">\n"
        "    <testcase classname=\"sim&amp;run\" name=\"T&quot;1&quot;\" time=\"1.250\"/>\n"
        "    <testcase classname=\"sim&amp;run\" name=\"T2|x\" time=\"0.500\">\n"
        "      <failure type=\"task-failed\" message=\"exit 3; `a&lt;b&gt;` | c\">"
        "half &lt;line&gt;\n::error::100%\\033\\377\n"
        "to retry: rowbuild -a 'sim&amp;run' 'T2|x'\n</failure>\n"
        "    </testcase>\n"
        "    <testcase classname=\"plot\" name=\"plot\" time=\"0\">\n"
        "      <skipped>not started: sim&amp;run T2|x didn't succeed</skipped>\n"
        "    </testcase>\n"
        "    <testcase classname=\"plot\" name=\"//a\" time=\"0\">\n"
        "      <skipped>cancelled: killed by SIGTERM</skipped>\n"
        "    </testcase>\n"
        "    <testcase classname=\"plot\" name=\"//b\" time=\"0\"/>\n"
        "  </testsuite>\n</testsuites>\n");
    assert_non_null(strstr(results_in(ROWBUILD_FORMAT_JUNIT, 2), "tests=\"7\" failures=\"2\""));
    assert_string_equal(results_in(ROWBUILD_FORMAT_SARIF, 2), "");
}

static void test_results_in_markdown(void **state)
{
    (void)state;
    assert_string_equal(results_in(ROWBUILD_FORMAT_MARKDOWN, 0),
                        "### rowbuild check: 1 failed, 1 cancelled, 1 not started, 1 succeeded, "
                        "1 up to date\n\n"
                        "| Task | What happened | To retry |\n| --- | --- | --- |\n"
                        "| sim\\&run T2\\|x | exit 3; \\`a\\<b\\>\\` \\| c | "
                        "<code>rowbuild -a 'sim\\&run' 'T2\\|x'</code> |\n\n");
    assert_non_null(strstr(results_in(ROWBUILD_FORMAT_MARKDOWN, 1), "| error | a%b,c:d/Rowfile:3"));
}

/* A place without columns is the whole line. */
static void test_whole_lines(void **state)
{
    (void)state;
    struct rowbuild_finding finding = findings[0];
    struct buf out = BUF_EMPTY;
    finding.column = 0;
    finding.end_column = 0;
    findings_write(&finding, 1, ROWBUILD_FORMAT_GITHUB, &options, &out);
    assert_non_null(strstr(buf_string(&out), "Rowfile,line=3,endLine=3,title="));
    buf_clear(&out);
    findings_write(&finding, 1, ROWBUILD_FORMAT_SARIF, &options, &out);
    struct json *root = parsed(buf_string(&out));
    check_json(root, "/runs/0/results/0/locations/0/physicalLocation/region", "{\"startLine\":3}");
    json_free(root);
    buf_clear(&out);
    findings_write(&finding, 1, ROWBUILD_FORMAT_JUNIT, &options, &out);
    assert_non_null(strstr(buf_string(&out), "Rowfile:3\""));
    buf_release(&out);
}

static void test_lines(void **state)
{
    (void)state;
    assert_string_equal(
        written(1, ROWBUILD_FORMAT_JSON),
        "{\"severity\": \"error\", \"text\": \"Rowfile:3:1: error: <\\u001b>\\n\", "
        "\"code\": \"unknown-key\", \"file\": \"Rowfile\", \"line\": 3, \"column\": 1, "
        "\"end_line\": 3, \"end_column\": 7, \"message\": \"unknown key `100%` | <b>\", "
        "\"mend\": \"did you mean `\\\"&'`?\", \"directories\": [\"T1.5, s:1\", \"\\udcff\"]}\n");
    assert_string_equal(written(2, ROWBUILD_FORMAT_TEXT),
                        "Rowfile:3:1: error: <\x1b>\nwarning: nothing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_github),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_sarif),
        cmocka_unit_test(test_gitlab),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_many_findings),
        cmocka_unit_test(test_junit),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_results_in_junit),
        cmocka_unit_test(test_results_in_markdown),
        cmocka_unit_test(test_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
