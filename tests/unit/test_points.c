/* Declared points: what a Rowfile declares, and which names and values come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "md5.h"
#include "observe.h"
#include "point_records.h"
#include "points.h"
#include "simulated_disk.h"
#include "workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD "[workspace]\nvalue_file = \"v.json\"\n"
#define ELEMENT "[[workspace.points]]\n"

struct expanded {
    struct diag diag;
    struct rowfile *rowfile;
    struct points *points;
    int project;
};

static void begin(struct expanded *expanded, const char *text)
{
    diag_init(&expanded->diag);
    simulated_begin();
    simulated_make_folder("/project");
    expanded->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    expanded->rowfile = rowfile_load(slice_of(text), "Rowfile", &expanded->diag);
    expanded->points = NULL;
}

static void expand(struct expanded *expanded)
{
    if (expanded->rowfile != NULL) {
        expanded->points = points_new(expanded->rowfile, expanded->project, &expanded->diag);
    }
}

static void end(struct expanded *expanded)
{
    points_free(expanded->points);
    rowfile_free(expanded->rowfile);
    diag_release(&expanded->diag);
    disk->close(expanded->project);
    simulated_end();
}

static void add_messages(const struct diag *diag, struct buf *out)
{
    for (size_t i = 0; i < diag->entries.count; i++) {
        struct buf line = BUF_EMPTY;
        diag_render(&diag->entries.at[i], false, &line);
        buf_add(out, line.at, (size_t)((char *)memchr(line.at, '\n', line.len) - line.at) + 1);
        buf_release(&line);
    }
}

/* "NAME VALUE\n" for each point, or the messages. `table` is points.csv; NULL: there is none. */
static void expect_with(const char *text, const char *table, const char *expected)
{
    struct expanded expanded;
    struct buf shown = BUF_EMPTY;
    begin(&expanded, text);
    if (table != NULL) {
        simulated_write("/project/points.csv", table);
    }
    expand(&expanded);
    add_messages(&expanded.diag, &shown);
    for (size_t i = 0; expanded.points != NULL && i < points_count(expanded.points); i++) {
        buf_add_slice(&shown, points_name(expanded.points, i));
        buf_add_char(&shown, ' ');
        points_add_value(expanded.points, i, &shown);
        buf_add_char(&shown, '\n');
    }
    assert_string_equal(buf_string(&shown), expected);
    buf_release(&shown);
    end(&expanded);
}

static void expect(const char *text, const char *expected)
{
    expect_with(text, NULL, expected);
}

/* The values of one range, one after another. */
static void expect_range(const char *range, const char *expected)
{
    struct expanded expanded;
    struct buf text = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&text, HEAD "name = \"{/x}\"\n" ELEMENT "grid.x = %s\n", range);
    begin(&expanded, buf_string(&text));
    expand(&expanded);
    add_messages(&expanded.diag, &shown);
    for (size_t i = 0; expanded.points != NULL && i < points_count(expanded.points); i++) {
        buf_add_string(&shown, i > 0 ? " " : "");
        buf_add_slice(&shown, points_name(expanded.points, i));
    }
    assert_string_equal(buf_string(&shown), expected);
    end(&expanded);
    buf_release(&text);
    buf_release(&shown);
}

static void test_ranges(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{ from = 1, to = 3 }", "1 2 3"},
        {"{ from = 3, to = 1, step = -1 }", "1 2 3"},
        {"{ from = 0.1, to = 0.5, step = 0.1 }", "0.1 0.2 0.3 0.4 0.5"},
        {"{ from = 0.1, to = 0.2, step = 0.05 }", "0.1 0.15 0.2"},
        {"{ from = 0.10, to = 0.30, step = 0.05 }", "0.10 0.15 0.20 0.25 0.30"},
        {"{ from = 0, to = 1, step = 0.25 }", "0.0 0.25 0.5 0.75 1.0"},
        {"{ from = 0, to = 1, step = 0.3 }", "0.0 0.3 0.6 0.9"},
        {"{ from = 5, to = 5 }", "5"},
        {"{ from = 1_000, to = 3_000, step = 1_000 }", "1000 2000 3000"},
        {"{ from = 0x10, to = 0x12 }", "16 17 18"},
        {"{ from = 1e-3, to = 3e-3, step = 1e-3 }", "0.001 0.002 0.003"},
        {"{ from = 0, to = 10, count = 3 }", "0 10 5"},
        {"{ from = 0, to = 10, count = 5 }", "0.0 10.0 2.5 5.0 7.5"},
        {"{ from = 0, to = 1, count = 4 }", "0.0 0.3333333333333333 0.6666666666666666 1.0"},
        {"{ from = 1.0, to = 2.0, count = 3, scale = \"linear\" }", "1.0 1.5 2.0"},
        {"{ from = 1, to = 1000, count = 4, scale = \"log\" }", "1 10 100 1000"},
        {"{ from = 1e-3, to = 1e3, count = 7, scale = \"log\" }",
         "0.001 0.01 0.1 1.0 10.0 100.0 1000.0"},
        {"{ from = 8, to = 1, count = 4, scale = \"log\" }", "1 2 4 8"},
        {"{ from = 1, to = 100, count = 5, scale = \"log\" }",
         "1.0 10.0 100.0 3.1622776601683795 31.622776601683793"},
        {"{ from = 7, to = 7, count = 1 }", "7"},
        {"[1.50, 1e3, +2, 0x1f, 1_0]", "1.50 10 1e3 2 31"},
        {"{ from = -1, to = 1 }", "-1 0 1"},
        {"{ from = -0.1, to = 0.1, step = 0.1 }", "-0.1 0.0 0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_range(cases[i][0], cases[i][1]);
    }
}

static void test_wrong_ranges(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{ from = 1 }", "a range needs `from` and `to`: { from = 1, to = 3 }"},
        {"{ from = 3, to = 1 }", "`from` is above `to`; use a negative `step` to count down"},
        {"{ from = 1, to = 3, step = -1 }",
         "`from` is below `to`; use a positive `step` to count up"},
        {"{ from = 1, to = 3, step = 0 }", "`step` can't be 0"},
        {"{ from = 0.0, to = 0.5 }", "a range of decimal fractions needs `step` or `count`"},
        {"{ from = 1, to = 3, step = 1, count = 3 }", "a range has `step` or `count`, not both"},
        {"{ from = 1, to = 3, count = 0 }", "`count` must be an integer from 1"},
        {"{ from = 1, to = 3, count = 1 }",
         "`count` must be at least 2: `from` and `to` are among the values"},
        {"{ from = 0, to = 3, count = 2, scale = \"log\" }",
         "a logarithmic range needs numbers above 0"},
        {"{ from = 1, to = 3, scale = \"log\" }", "`scale` needs `count`, the number of values"},
        {"{ from = 1, to = 3, count = 3, scale = \"lin\" }",
         "`scale` must be \"log\" or \"linear\""},
        {"{ from = \"a\", to = 3 }", "`from` of a range must be a number"},
        {"{ form = 1, to = 3 }", "unknown key `form` in a range; did you mean `from`?"},
        {"{ from = 0, to = 20000000 }", "this range has more than 10,000,000 values"},
        {"{ from = 1, to = inf }", "`to` of a range must be a number"},
        {"[]", "this array has no values, so that there are no points"},
        {"[inf]", "JSON has no such number: infinity and NaN can't be values"},
        {"[1979-05-27]", "JSON has no local date; write it as a string"},
        {"3",
         "`x` in `grid` must be an array or a range; a single value belongs below `set`, or into "
         "brackets"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expanded expanded;
        struct buf text = BUF_EMPTY;
        buf_addf(&text, HEAD "name = \"{/x}\"\n" ELEMENT "grid.x = %s\n", cases[i][0]);
        begin(&expanded, buf_string(&text));
        assert_int_equal(expanded.diag.entries.count, 1);
        assert_string_equal(expanded.diag.entries.at[0].message, cases[i][1]);
        assert_null(expanded.rowfile);
        end(&expanded);
        buf_release(&text);
    }
}

static void test_combinations(void **state)
{
    (void)state;
    expect(HEAD "name = \"a{/a}-b{/b}-{/m}\"\n" ELEMENT
                "grid.a = [1, 2]\ngrid.b = [true, false]\nset.m = \"x\"\n",
           "a1-bfalse-x {\"a\": 1, \"b\": false, \"m\": \"x\"}\n"
           "a1-btrue-x {\"a\": 1, \"b\": true, \"m\": \"x\"}\n"
           "a2-bfalse-x {\"a\": 2, \"b\": false, \"m\": \"x\"}\n"
           "a2-btrue-x {\"a\": 2, \"b\": true, \"m\": \"x\"}\n");
    expect(HEAD "name = \"L{/l}\"\n" ELEMENT "zip.l = [10, 20]\nzip.s = [\"p\", \"q\"]\n",
           "L10 {\"l\": 10, \"s\": \"p\"}\nL20 {\"l\": 20, \"s\": \"q\"}\n");
    expect(HEAD "name = \"x{/box/x}\"\n" ELEMENT
                "grid.box.x = [1, 2]\nset.box.y = 5\nset.n = [1, 2.50]\n",
           "x1 {\"box\": {\"x\": 1, \"y\": 5}, \"n\": [1, 2.50]}\n"
           "x2 {\"box\": {\"x\": 2, \"y\": 5}, \"n\": [1, 2.50]}\n");
    expect(HEAD "name = \"x{/p/0}\"\n" ELEMENT "grid.p = [[1, 2], [3, 4]]\n",
           "x1 {\"p\": [1, 2]}\nx3 {\"p\": [3, 4]}\n");
    expect(HEAD "name = \"s{/a}/{{{/b}}}\"\n" ELEMENT "grid.a = [1]\ngrid.b = [2]\n",
           "s1/{2} {\"a\": 1, \"b\": 2}\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1, 2, 3]\nwhere = \"/a != 2\"\n",
           "1 {\"a\": 1}\n3 {\"a\": 3}\n");
}

static void test_unions(void **state)
{
    (void)state;
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1, 2]\n" ELEMENT "grid.a = [2, 3]\n",
           "1 {\"a\": 1}\n2 {\"a\": 2}\n3 {\"a\": 3}\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1, 1.0]\n",
           "Rowfile:3:8: warning: the points `1` and `1.0` differ only in how a number is written, "
           "such as 1 and 1.0\n1 {\"a\": 1}\n1.0 {\"a\": 1.0}\n");
    expect(HEAD "name = \"x{/b}\"\n" ELEMENT "grid.a = [1, 2]\nset.b = 1\n",
           "Rowfile:3:8: error: two points have the name `x1`: {\"a\": 1, \"b\": 1} of line 4 and "
           "{\"a\": 2, \"b\": 1} of line 4; put what tells them apart into the name\n");
}

static void test_clashes(void **state)
{
    (void)state;
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1]\nset.a = 2\n",
           "Rowfile:6:5: error: the key `a` of `set` is set by `grid`, too, in line 5\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1]\nset.a.b = 2\n",
           "Rowfile:6:7: error: the key `a.b` of `set` and the key `a` of `grid` in line 5 can't "
           "both be set: one is inside the other\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "zip.a = [1]\nzip.b = [2, 3]\n",
           "Rowfile:6:5: error: `zip` needs lists of one length: `b` has 2 and `a` in line 5 has "
           "1\n");
    expect(HEAD "name = \"{/b}\"\n" ELEMENT "grid.a = [1]\n",
           "Rowfile:3:9: error: the points of line 4 have no `/b`, which `workspace.name` names\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "set = {}\n",
           "Rowfile:4:1: error: these points have no keys; use `grid`, `zip`, `set` or `table`\n");
    expect(HEAD ELEMENT "grid.a = [1, 2]\ngrid.b = [1, 2]\n",
           "Rowfile:3:1: error: `workspace.points` needs `workspace.name`, the name of each "
           "point's directory; add name = \"a{/a}-b{/b}\" to [workspace]\n");
    expect("[workspace]\nname = \"{/a}\"\n" ELEMENT "grid.a = [1]\n",
           "Rowfile:3:1: error: `workspace.points` needs `workspace.value_file`, into which values "
           "are written; add value_file = \"value.json\" to [workspace]\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "gird.a = [1]\n",
           "Rowfile:5:1: error: unknown key `gird`; did you mean `grid`?\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [1]\nwhere = \"/b == 1\"\n",
           "Rowfile:6:10: error: the value has no /b: the point is {\"a\": 1}\n");
}

static void test_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{a}", "`{a}` has no meaning in a name; did you mean `{/a}`?"},
        {"{signac}", "`{signac}` has no meaning in a name; did you mean `{signac_id}`?"},
        {"{/a", "this brace isn't closed; a literal one is written {{"},
        {"a}", "this brace closes nothing; a literal one is written }}"},
        {".{/a}", "a point's directory can't be hidden: its name begins with a dot"},
        {"/{/a}", "a name can't be empty or begin with `/`"},
        {"{/a}/", "a name can't end with `/`"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expanded expanded;
        struct buf text = BUF_EMPTY;
        buf_addf(&text, HEAD "name = \"%s\"\n" ELEMENT "grid.a = [1]\n", cases[i][0]);
        begin(&expanded, buf_string(&text));
        assert_int_equal(expanded.diag.entries.count, 1);
        assert_string_equal(expanded.diag.entries.at[0].message, cases[i][1]);
        end(&expanded);
        buf_release(&text);
    }
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [\"x/y\"]\n",
           "Rowfile:3:9: error: the point {\"a\": \"x/y\"} of line 4 has a `/` in what its name "
           "takes from it\n");
    expect(HEAD "name = \"{/a/0}\"\n" ELEMENT "grid.a = [[\"../x\"]]\n",
           "Rowfile:3:9: error: the point {\"a\": [\"../x\"]} of line 4 has a `/` in what its name "
           "takes from it\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [\"..\"]\n",
           "Rowfile:3:8: error: the point {\"a\": \"..\"} of line 4 would have a name that begins "
           "with a dot, as hidden directories do\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [[1]]\n",
           "Rowfile:3:9: error: the point {\"a\": [1]} of line 4 has null, an array or an object "
           "where its name needs text or a number\n");
    expect(HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [\".h\", \"\"]\n",
           "Rowfile:3:8: error: the point {\"a\": \".h\"} of line 4 would have a name that begins "
           "with a dot, as hidden directories do\n"
           "Rowfile:3:8: error: the point {\"a\": \"\"} of line 4 would have an empty name\n");
}

/* ---- Tables ---- */

#define TABLE HEAD "name = \"{/a}\"\n" ELEMENT "table = \"points.csv\"\n"

static void test_tables(void **state)
{
    (void)state;
    expect_with(TABLE, "a,b\n1,x\n2,\n", "1 {\"a\": 1, \"b\": \"x\"}\n2 {\"a\": 2}\n");
    expect_with(TABLE,
                "\xef\xbb\xbf"
                "a,b\r\n1,\"x,\"\"y\"\"\nz\"\r\n",
                "1 {\"a\": 1, \"b\": \"x,\\\"y\\\"\\nz\"}\n");
    expect_with(TABLE, "a,b:string\n1,007\n2,1.5\n",
                "1 {\"a\": 1, \"b\": \"007\"}\n2 {\"a\": 2, \"b\": \"1.5\"}\n");
    expect_with(TABLE, "a,b\n1,2\n2,two\n",
                "1 {\"a\": 1, \"b\": \"2\"}\n2 {\"a\": 2, \"b\": "
                "\"two\"}\n");
    expect_with(TABLE, "a,b,c\n1,true,\"[1, 2]\"\n2,null,\n",
                "1 {\"a\": 1, \"b\": true, \"c\": [1, 2]}\n2 {\"a\": 2, \"b\": null}\n");
    expect_with(TABLE, "a,box.x,box.y\n1,2.50,\n2,,\n",
                "1 {\"a\": 1, \"box\": {\"x\": 2.50}}\n2 {\"a\": 2}\n");
    expect_with(TABLE "grid.s = [1, 2]\nwhere = \"/s == /a\"\n", "a\n1\n2\n",
                "1 {\"a\": 1, \"s\": 1}\n2 {\"a\": 2, \"s\": 2}\n");
    expect_with(TABLE, "a,b\nx,nan\ny,z\n",
                "x {\"a\": \"x\", \"b\": \"nan\"}\ny {\"a\": \"y\", "
                "\"b\": \"z\"}\n");
    expect_with(TABLE, "a\n\n1\n\n", "1 {\"a\": 1}\n");
}

static void test_wrong_tables(void **state)
{
    (void)state;
    expect_with(TABLE, "a,b\n1,.5\n2,007\n3,1.\n",
                "points.csv:2:3: error: `.5` in the column `b` is not a JSON number; write 0.5, or "
                "call the column `b:string` if it holds text\n"
                "points.csv:3:3: error: `007` in the column `b` is not a JSON number; write 7, or "
                "call the column `b:string` if it holds text\n"
                "points.csv:4:3: error: `1.` in the column `b` is not a JSON number; write 1.0, or "
                "call the column `b:string` if it holds text\n");
    static const char *const near[] = {"+1", "1,5", "0x1f", "1_000", "1.e5", "1d5", "-.5"};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        struct expanded expanded;
        struct buf table = BUF_EMPTY;
        begin(&expanded, TABLE);
        buf_addf(&table, "a,b\n1,\"%s\"\n", near[i]);
        simulated_write("/project/points.csv", buf_string(&table));
        expand(&expanded);
        assert_null(expanded.points);
        assert_int_equal(expanded.diag.errors, 1);
        assert_non_null(strstr(expanded.diag.entries.at[0].message, "is not a JSON number"));
        buf_release(&table);
        end(&expanded);
    }
    expect_with(TABLE, "a,b\n1,2\n2,NaN\n",
                "points.csv:3:3: error: `NaN` in the column `b` is not a JSON number; call the "
                "column `b:string` if it holds text\n");
    expect_with(TABLE, "a,b\n1\n",
                "points.csv:2:1: error: this row has 1 cell, and the header has "
                "2\n");
    expect_with(TABLE, "a,b\n1,2,3\n",
                "points.csv:2:5: error: this row has 3 cells, and the header "
                "has 2\n");
    expect_with(TABLE, "a;b\n1;2\n",
                "points.csv:1:1: error: the cells of a table are separated by "
                "commas\n");
    expect_with(TABLE, "a,a\n1,2\n",
                "points.csv:1:3: error: the columns `a` and `a` set the same "
                "key\n");
    expect_with(TABLE, "a,b:int\n1,2\n",
                "points.csv:1:3: error: the only type after a colon is "
                "`string`, as in `name:string`\n");
    expect_with(TABLE, "a,\n1,2\n", "points.csv:1:3: error: this column has no key\n");
    expect_with(TABLE, "a\n\"1\n", "points.csv:2:1: error: this quote isn't closed\n");
    expect_with(TABLE, "a\n\"1\"2\n",
                "points.csv:2:4: error: text after the closing quote of a "
                "cell; double a quote that belongs to the cell\n");
    expect_with(TABLE, "a\n", "points.csv:1:1: error: this table has no rows below its header\n");
    expect_with(TABLE, "",
                "points.csv:1:1: error: this table is empty; its first line names the "
                "keys\n");
    expect_with(TABLE, "b\n1\n",
                "Rowfile:3:9: error: the points of line 4 have no `/a`, which `workspace.name` "
                "names, and the table `points.csv` has no such column\n");
    expect_with(TABLE "set.a = 1\n", "a\n1\n",
                "Rowfile:6:5: error: the key `a` of `set` is set by the column `a` of the table "
                "`points.csv`, too\n");
    expect_with(TABLE, "a,b\n,1\n",
                "Rowfile:3:9: error: the point {\"b\": 1} of line 4 lacks a key "
                "that `workspace.name` names\n");
    expect(TABLE, "Rowfile:5:9: error: the table `points.csv` can't be read: No such file or "
                  "directory; its path is relative to the project\n");
}

/* ---- signac ---- */

/* Ids made by Python: hashlib.md5(json.dumps(value, sort_keys=True).encode()).hexdigest(). */
static void test_signac_ids(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        /* these are in the tutorial of signac's documentation */
        {"{\"a\": 0}", "9bfd29df07674bc4aa960cf661b5acd2"},
        {"{\"a\": 1}", "42b7b4f2921788ea14dac5566e6f06d0"},
        {"{\"a\": 3}", "14fb5d016557165019abaac200785048"},
        {"{\"a\": 5}", "b1d43cd340a6b095b41ad645446b6800"},
        {"{\"a\": 8}", "2e6ba580a9975cf0c01cb3c3f373a412"},
        /* these were made with Python: md5(json.dumps(value, sort_keys=True)) */
        {"{\"a\": 1.0}", "4b8937963abc9e9148b4524d4f837b4b"},
        {"{\"b\": 2, \"a\": [1, 2.5, null, true, \"x\"]}", "2c26065ad7cefb3e7a6490dfd7508fbb"},
        {"{\"t\": 1e16, \"u\": 1e-5, \"v\": 0.0001, \"w\": 123456789.125}",
         "978df473d176c67d45d6fd512f22ee69"},
        {"{\"x\": 1e22, \"y\": 1e15, \"z\": -0.0, \"n\": 1.5e300}",
         "7b50d1bf1eb54d67f2f3334757f18dd6"},
        {"{\"s\": \"ä€😀\\n\\t\\\"\\\\/\\u007f\"}", "e6ef21536d1edaf4c0ee43284d39a372"},
        {"{\"n\": {\"z\": 1, \"a\": {\"k\": 0.1}}, \"e\": {}, \"l\": []}",
         "05f22ff9f8ad2440ec9e306712191885"},
        {"{\"big\": 123456789012345678901234567890, \"i\": -7}",
         "5326466c6343fec452e1459696f18e03"},
        {"{\"f\": 2.27, \"g\": 0.30000000000000004, \"h\": 100.0, \"i\": 3e0}",
         "a8ddc0a03c2f7c1a68023cca3fccb512"},
        {"{}", "99914b932bd37a50b983c5e7c90ae93b"},
    };
    struct json_parser *parser = json_parser_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf id = BUF_EMPTY;
        struct buf python = BUF_EMPTY;
        struct diag diag;
        diag_init(&diag);
        struct json *value =
            json_parse(parser, slice_of(cases[i][0]), SLICE_LITERAL("value"), &diag);
        assert_non_null(value);
        json_add_python(value, &python);
        md5_add(buf_slice(&python), &id);
        assert_string_equal(buf_string(&id), cases[i][1]);
        json_free(value);
        buf_release(&python);
        buf_release(&id);
        diag_release(&diag);
    }
    json_parser_free(parser);
    expect("[workspace]\nvalue_file = \"signac_statepoint.json\"\nname = \"{signac_id}\"\n" ELEMENT
           "set.b.y = 1.50\nset.a = \"\xc3\xa4\"\n",
           "03b737ff1968dfd5b2b7ea87de6a7db3 {\"b\": {\"y\": 1.50}, \"a\": \"\xc3\xa4\"}\n");
}

/* ---- On disk ---- */

static const char two[] = HEAD "name = \"p{/a}\"\n" ELEMENT "grid.a = [1, 2]\n";

static bool was_two(const void *context, struct slice name, struct digest digest)
{
    (void)name;
    return digest_equal(digest, digest_of(slice_of(context)));
}

/* Opens the workspace and expects how its points stand. */
static void open_points(struct expanded *expanded, struct workspace *workspace, const char *written)
{
    struct points_view view = {.points = expanded->points,
                               .as_declared = true,
                               .was_written = written != NULL ? was_two : NULL,
                               .context = written};
    assert_int_equal(workspace_open_declared(workspace, expanded->project, expanded->rowfile,
                                             "/project/.rowbuild", &view, &expanded->diag),
                     0);
}

static void expect_standings(struct expanded *expanded, const char *written,
                             enum point_standing first, enum point_standing second)
{
    struct workspace workspace;
    open_points(expanded, &workspace, written);
    assert_int_equal(workspace.count, 2);
    assert_int_equal(workspace_standing(&workspace, 0), first);
    assert_int_equal(workspace_standing(&workspace, 1), second);
    workspace_release(&workspace);
}

static int make_points(struct expanded *expanded, const char *written, size_t *count)
{
    struct workspace workspace;
    uint32_t *directories;
    open_points(expanded, &workspace, written);
    size_t pending = workspace_pending_points(&workspace, &directories);
    int result = workspace_make_points(&workspace, expanded->project, directories, pending, count,
                                       &expanded->diag);
    free(directories);
    workspace_release(&workspace);
    return result;
}

static void test_standings(void **state)
{
    (void)state;
    struct expanded expanded;
    size_t count;
    begin(&expanded, two);
    expand(&expanded);
    expect_standings(&expanded, NULL, POINT_NEW, POINT_NEW);
    assert_int_equal(make_points(&expanded, NULL, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(simulated_text("/project/workspace/p1/v.json"), "{\"a\": 1}\n");
    expect_standings(&expanded, NULL, POINT_MADE, POINT_MADE);
    simulated_write("/project/workspace/p1/v.json", "{ \"a\" : 1.0 }");
    simulated_write("/project/workspace/p2/v.json", "{\"a\": 3}");
    expect_standings(&expanded, NULL, POINT_MADE, POINT_EDITED);
    expect_standings(&expanded, "{\"a\":3}", POINT_MADE, POINT_CHANGED);
    assert_int_equal(make_points(&expanded, NULL, &count), 0);
    assert_int_equal(count, 0);
    assert_string_equal(simulated_text("/project/workspace/p2/v.json"), "{\"a\": 3}");
    assert_int_equal(make_points(&expanded, "{\"a\":3}", &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(simulated_text("/project/workspace/p2/v.json"), "{\"a\": 2}\n");
    assert_string_equal(simulated_text("/project/workspace/p1/v.json"), "{ \"a\" : 1.0 }");
    simulated_remove("/project/workspace/p1/v.json");
    simulated_remove("/project/workspace/p2");
    simulated_write("/project/workspace/p2", "a file");
    expect_standings(&expanded, NULL, POINT_UNWRITTEN, POINT_REFUSED);
    simulated_write("/project/workspace/p1/v.json", "{\"a\": ");
    expect_standings(&expanded, NULL, POINT_REFUSED, POINT_REFUSED);
    end(&expanded);
}

/* Whatever is there after a crash is whole. */
static void expect_whole(const char *before)
{
    static const char *const paths[] = {"/project/workspace/p1/v.json",
                                        "/project/workspace/p2/v.json"};
    static const char *const values[] = {"{\"a\": 1}\n", "{\"a\": 2}\n"};
    for (size_t i = 0; i < 2; i++) {
        const char *text = simulated_text(paths[i]);
        bool is_new = text != NULL && strcmp(text, values[i]) == 0;
        bool is_old = before == NULL ? text == NULL : text != NULL && strcmp(text, before) == 0;
        struct stat found;
        bool is_there =
            disk->stat(AT_FDCWD, i == 0 ? "/project/workspace/p1" : "/project/workspace/p2", &found,
                       0) == 0;
        assert_true(is_new || is_old);
        assert_true(before != NULL || is_there == is_new);
    }
}

static void crash_everywhere(const char *before, bool loses_power)
{
    for (size_t calls = 0; calls < 400; calls++) {
        struct expanded expanded;
        size_t count;
        begin(&expanded, two);
        expand(&expanded);
        for (int i = 1; before != NULL && i <= 2; i++) {
            simulated_write(
                i == 1 ? "/project/workspace/p1/v.json" : "/project/workspace/p2/v.json", before);
        }
        const char *written = before != NULL ? "{\"a\":9}" : NULL;
        simulated_stop_after(simulated_calls() + calls);
        struct workspace workspace;
        struct points_view view = {.points = expanded.points,
                                   .as_declared = true,
                                   .was_written = written != NULL ? was_two : NULL,
                                   .context = written};
        bool is_done = false;
        if (workspace_open_declared(&workspace, expanded.project, expanded.rowfile,
                                    "/project/.rowbuild", &view, &expanded.diag) == 0) {
            uint32_t *directories;
            size_t pending = workspace_pending_points(&workspace, &directories);
            is_done = workspace_make_points(&workspace, expanded.project, directories, pending,
                                            &count, &expanded.diag) == 0 &&
                      count == 2;
            free(directories);
        }
        workspace_release(&workspace);
        if (loses_power) {
            simulated_crash(calls);
        } else {
            (void)simulated_kill();
        }
        expanded.project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        expect_whole(before);
        if (is_done) { /* what was reported as written is there */
            expect_standings(&expanded, written, POINT_MADE, POINT_MADE);
        } else { /* the next run makes the rest */
            diag_release(&expanded.diag);
            diag_init(&expanded.diag);
            assert_int_equal(make_points(&expanded, written, &count), 0);
            expect_standings(&expanded, written, POINT_MADE, POINT_MADE);
        }
        end(&expanded);
        if (is_done) {
            return;
        }
    }
    fail_msg("it never ends");
}

static void test_crashes(void **state)
{
    (void)state;
    crash_everywhere(NULL, false);
    crash_everywhere(NULL, true);
    crash_everywhere("{\"a\": 9}", false);
    crash_everywhere("{\"a\": 9}", true);
}

static int count_entry(void *context, int folder, const char *name, unsigned char type)
{
    (void)folder;
    (void)name;
    (void)type;
    ++*(size_t *)context;
    return 0;
}

/* Makes points with a crash after so many calls to the disk. Whether all that are wanted were made
 * before. */
static bool make_and_crash(struct expanded *expanded, const char *written, size_t calls,
                           size_t wanted)
{
    struct workspace workspace;
    uint32_t *directories;
    size_t count;
    simulated_stop_after(simulated_calls() + calls);
    struct points_view view = {.points = expanded->points,
                               .as_declared = true,
                               .was_written = written != NULL ? was_two : NULL,
                               .context = written};
    bool is_done = false;
    if (workspace_open_declared(&workspace, expanded->project, expanded->rowfile,
                                "/project/.rowbuild", &view, &expanded->diag) == 0) {
        size_t pending = workspace_pending_points(&workspace, &directories);
        is_done = workspace_make_points(&workspace, expanded->project, directories, pending, &count,
                                        &expanded->diag) == 0 &&
                  count == wanted;
        free(directories);
    }
    workspace_release(&workspace);
    simulated_crash(calls);
    expanded->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return is_done;
}

/* So many points are synced together. */
static void test_crashes_among_many(void **state)
{
    (void)state;
    enum { MANY = 20 };
    bool is_done = false;
    for (size_t calls = 0; !is_done; calls++) {
        struct expanded expanded;
        size_t there = 0;
        begin(&expanded, HEAD "name = \"p{/a}\"\n" ELEMENT "grid.a = { from = 1, to = 20 }\n");
        expand(&expanded);
        is_done = make_and_crash(&expanded, NULL, calls, MANY);
        for (int i = 1; i <= MANY; i++) {
            struct buf path = BUF_EMPTY;
            struct buf value = BUF_EMPTY;
            struct stat found;
            buf_addf(&path, "/project/workspace/p%d", i);
            buf_addf(&value, "{\"a\": %d}\n", i);
            if (disk->stat(AT_FDCWD, buf_string(&path), &found, 0) == 0) {
                buf_add_string(&path, "/v.json");
                const char *text = simulated_text(buf_string(&path));
                assert_non_null(text);
                assert_string_equal(text, buf_string(&value));
                there++;
            }
            buf_release(&path);
            buf_release(&value);
        }
        assert_true(!is_done || there == MANY);
        end(&expanded);
        assert_true(calls < 2000);
    }
}

/* Values of so many points are written together as well: each is the old or the new one. */
static void test_crashes_among_many_values(void **state)
{
    (void)state;
    enum { MANY = 20 };
    bool is_done = false;
    for (size_t calls = 0; !is_done; calls++) {
        struct expanded expanded;
        size_t changed = 0;
        size_t count;
        begin(&expanded, HEAD "name = \"p{/a}\"\n" ELEMENT "grid.a = { from = 1, to = 20 }\n");
        expand(&expanded);
        for (int i = 1; i <= MANY; i++) {
            char path[64];
            (void)snprintf(path, sizeof path, "/project/workspace/p%d/v.json", i);
            simulated_write(path, "{\"a\": 99}");
        }
        is_done = make_and_crash(&expanded, "{\"a\":99}", calls, MANY);
        for (int i = 1; i <= MANY; i++) {
            char path[64];
            char value[16];
            (void)snprintf(path, sizeof path, "/project/workspace/p%d/v.json", i);
            (void)snprintf(value, sizeof value, "{\"a\": %d}\n", i);
            const char *text = simulated_text(path);
            assert_non_null(text);
            bool is_new = strcmp(text, value) == 0;
            assert_true(is_new || strcmp(text, "{\"a\": 99}") == 0);
            changed += is_new;
        }
        assert_true(!is_done || changed == MANY);
        assert_int_equal(make_points(&expanded, "{\"a\":99}", &count), 0);
        assert_int_equal(count, MANY - changed);
        end(&expanded);
        assert_true(calls < 2000);
    }
}

/* A value that somebody edits while the others are written stays, and no temporary is left. */
static void test_an_edit_among_many_values(void **state)
{
    (void)state;
    struct expanded expanded;
    struct workspace workspace;
    uint32_t *directories;
    size_t count;
    begin(&expanded, HEAD "name = \"p{/a}\"\n" ELEMENT "grid.a = { from = 1, to = 20 }\n");
    expand(&expanded);
    for (int i = 1; i <= 20; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/project/workspace/p%d/v.json", i);
        simulated_write(path, "{\"a\": 99}");
    }
    open_points(&expanded, &workspace, "{\"a\":99}");
    size_t pending = workspace_pending_points(&workspace, &directories);
    simulated_write("/project/workspace/p7/v.json", "{\"a\": 3}");
    assert_int_equal(workspace_make_points(&workspace, expanded.project, directories, pending,
                                           &count, &expanded.diag),
                     0);
    assert_int_equal(count, 19);
    assert_string_equal(simulated_text("/project/workspace/p7/v.json"), "{\"a\": 3}");
    assert_string_equal(simulated_text("/project/workspace/p8/v.json"), "{\"a\": 8}\n");
    int folder = disk->open(AT_FDCWD, "/project/workspace/p7", O_RDONLY | O_DIRECTORY, 0);
    size_t entries = 0;
    assert_int_equal(disk->list(folder, ".", 0, count_entry, &entries), 0);
    assert_int_equal(entries, 1);
    disk->close(folder);
    free(directories);
    workspace_release(&workspace);
    end(&expanded);
}

/* The hidden name under which a directory is made fits, however long its own is. */
static void test_long_names(void **state)
{
    (void)state;
    for (size_t len = 235; len <= 255; len++) {
        struct expanded expanded;
        struct buf text = BUF_EMPTY;
        struct buf path = BUF_EMPTY;
        size_t count;
        buf_add_string(&text, HEAD "name = \"{/a}\"\n" ELEMENT "grid.a = [\"");
        buf_add_string(&path, "/project/workspace/");
        for (size_t i = 0; i < len; i++) {
            buf_add_char(&text, 'x');
            buf_add_char(&path, 'x');
        }
        buf_add_string(&text, "\"]\n");
        buf_add_string(&path, "/v.json");
        begin(&expanded, buf_string(&text));
        expand(&expanded);
        assert_int_equal(make_points(&expanded, NULL, &count), 0);
        assert_int_equal(count, 1);
        assert_non_null(simulated_text(buf_string(&path)));
        end(&expanded);
        buf_release(&text);
        buf_release(&path);
    }
}

struct known_row {
    struct file_row row;
    struct slice name;
};

static const struct file_row *row_of(const void *context, size_t directory, struct slice name)
{
    const struct known_row *known = context;
    (void)directory;
    return slice_equal(name, known->name) ? &known->row : NULL;
}

static enum point_standing look_with(struct expanded *expanded, const struct known_row *known,
                                     size_t *reads)
{
    struct workspace workspace;
    struct points_view view = {
        .points = expanded->points, .as_declared = true, .row = row_of, .context = known};
    simulated_forget_reads();
    assert_int_equal(workspace_open_declared(&workspace, expanded->project, expanded->rowfile,
                                             "/project/.rowbuild", &view, &expanded->diag),
                     0);
    enum point_standing standing = workspace_standing(&workspace, 0);
    *reads = simulated_reads("/project/workspace/p1/v.json");
    workspace_release(&workspace);
    return standing;
}

/* A value file that stat knows unchanged isn't read; a row that is racy, or doesn't say that the value is
 * the declared one, doesn't count. */
static void test_recorded_values(void **state)
{
    (void)state;
    struct expanded expanded;
    struct known_row known = {.name = SLICE_LITERAL("p1")};
    struct file_stat found;
    size_t count;
    size_t reads;
    begin(&expanded, HEAD "name = \"p{/a}\"\n" ELEMENT "grid.a = [1]\n");
    expand(&expanded);
    assert_int_equal(make_points(&expanded, NULL, &count), 0);
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    assert_true(reads > 0); /* nothing is on record */
    assert_int_equal(file_stat(expanded.project, "workspace/p1/v.json", &found), 0);
    known.row = (struct file_row){.size = found.size,
                                  .mtime_ns = found.mtime_ns,
                                  .ctime_ns = found.ctime_ns,
                                  .inode = found.inode,
                                  .digest = digest_of(SLICE_LITERAL("{\"a\":1}")),
                                  .flags = FILE_ROW_KNOWN};
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    assert_int_equal(reads, 0);
    known.row.digest = digest_of(SLICE_LITERAL("{ \"a\": 1 }")); /* of a plain input: its bytes */
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    assert_true(reads > 0);
    known.row.digest = digest_of(SLICE_LITERAL("{\"a\":1}"));
    known.row.flags |= FILE_ROW_RACY;
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    assert_true(reads > 0);
    known.row.flags = FILE_ROW_KNOWN;
    known.row.mtime_ns++;
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    assert_true(reads > 0);
    known.row.mtime_ns--;
    known.row.digest = DIGEST_UNREAD;
    assert_int_equal(look_with(&expanded, &known, &reads), POINT_MADE);
    end(&expanded);
}

static void test_renames(void **state)
{
    (void)state;
    bool is_done = false;
    for (size_t calls = 0; !is_done; calls++) {
        struct expanded expanded;
        begin(&expanded, two);
        expand(&expanded);
        simulated_write("/project/workspace/x/v.json", "{ \"a\": 1 }");
        simulated_write("/project/workspace/y/v.json", "{\"a\": 2}");
        simulated_write("/project/workspace/z/v.json", "{\"a\": 3}");
        if (calls == 0) {
            struct workspace workspace;
            open_points(&expanded, &workspace, NULL);
            assert_int_equal(workspace.count, 2);
            assert_true(slice_is(workspace.names[0], "x"));
            assert_int_equal(workspace_standing(&workspace, 0), POINT_RENAMED);
            assert_true(slice_is(workspace_point_name(&workspace, 1), "p2"));
            assert_int_equal(workspace_find(&workspace, SLICE_LITERAL("p2"), NULL), 1);
            assert_int_equal(workspace.points.undeclared_count, 1);
            workspace_release(&workspace);
        }
        is_done = make_and_crash(&expanded, NULL, calls, 2);
        const char *former = simulated_text("/project/workspace/x/v.json");
        const char *now = simulated_text("/project/workspace/p1/v.json");
        assert_true((former == NULL) != (now == NULL));
        assert_string_equal(now != NULL ? now : former, "{ \"a\": 1 }");
        assert_non_null(simulated_text("/project/workspace/z/v.json"));
        if (is_done) {
            assert_non_null(now);
            expect_standings(&expanded, NULL, POINT_MADE, POINT_MADE);
        }
        end(&expanded);
        assert_true(calls < 400);
    }
}

static void test_failing_disk(void **state)
{
    (void)state;
    static const enum simulated_call kinds[] = {SIMULATED_WRITE, SIMULATED_SYNC, SIMULATED_RENAME,
                                                SIMULATED_MAKE_FOLDER};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned nth = 1; nth <= 4; nth++) {
            struct expanded expanded;
            size_t count;
            begin(&expanded, two);
            expand(&expanded);
            simulated_fail(kinds[k], NULL, nth, ENOSPC);
            int result = make_points(&expanded, NULL, &count);
            simulated_heal();
            expect_whole(NULL);
            assert_true(result == 0 || expanded.diag.errors > 0);
            assert_int_equal(make_points(&expanded, NULL, &count), 0);
            expect_standings(&expanded, NULL, POINT_MADE, POINT_MADE);
            end(&expanded);
        }
    }
}

static void test_records(void **state)
{
    (void)state;
    struct diag diag;
    diag_init(&diag);
    simulated_begin();
    struct digest first = digest_of(SLICE_LITERAL("1"));
    struct digest second = digest_of(SLICE_LITERAL("2"));
    struct digest third = digest_of(SLICE_LITERAL("3"));
    struct point_record record = {
        .name = SLICE_LITERAL("a b"), .before = DIGEST_ABSENT, .after = first};
    struct point_records *records = point_records_load("/s", &diag);
    assert_non_null(records);
    assert_false(point_records_have(records, SLICE_LITERAL("a b"), first));
    assert_int_equal(point_records_add(records, &record, 1, &diag), 0);
    record.before = first;
    record.after = second;
    assert_int_equal(point_records_add(records, &record, 1, &diag), 0);
    point_records_free(records);
    records = point_records_load("/s", &diag);
    assert_true(point_records_have(records, SLICE_LITERAL("a b"), first));
    assert_true(point_records_have(records, SLICE_LITERAL("a b"), second));
    assert_false(point_records_have(records, SLICE_LITERAL("a b"), third));
    assert_false(point_records_have(records, SLICE_LITERAL("a"), first));
    point_records_free(records);
    simulated_append("/s/points", "torn"); /* the next writer mends it */
    records = point_records_load("/s", &diag);
    record.before = second;
    record.after = third;
    assert_int_equal(point_records_add(records, &record, 1, &diag), 0);
    point_records_free(records);
    records = point_records_load("/s", &diag);
    assert_true(point_records_have(records, SLICE_LITERAL("a b"), third));
    assert_false(point_records_have(records, SLICE_LITERAL("a b"), first));
    point_records_free(records);
    simulated_write("/s/points", "rowbuild points 2\n");
    assert_null(point_records_load("/s", &diag));
    assert_int_equal(diag.errors, 1);
    simulated_end();
    diag_release(&diag);
}

static struct point_records *load_anew(struct point_records *records)
{
    struct diag diag;
    diag_init(&diag);
    point_records_free(records);
    records = point_records_load("/s", &diag);
    assert_non_null(records);
    diag_release(&diag);
    return records;
}

/* What isn't declared any more is marked, and all that was written stays known, in a file that is
 * written anew as well. */
static void test_marks(void **state)
{
    (void)state;
    struct diag diag;
    diag_init(&diag);
    simulated_begin();
    struct slice a = SLICE_LITERAL("a");
    struct slice b = SLICE_LITERAL("b");
    struct digest first = digest_of(SLICE_LITERAL("1"));
    struct point_record record = {.name = a, .before = first, .after = first};
    struct point_records *records = load_anew(NULL);
    assert_false(point_records_declared(records, a));
    assert_int_equal(point_records_add(records, &record, 1, &diag), 0);
    assert_true(point_records_declared(records, a));
    struct point_mark marks[] = {{a, false}, {b, true}};
    assert_int_equal(point_records_mark(records, marks, 2, &diag), 0);
    for (unsigned i = 0; i < 2; i++) {
        records = load_anew(records);
        assert_false(point_records_declared(records, a));
        assert_true(point_records_declared(records, b));
        assert_true(point_records_have(records, a, first));
        assert_false(point_records_have(records, b, DIGEST_ABSENT));
        simulated_append("/s/points", "torn"); /* so all is written anew */
        records = load_anew(records);
        assert_int_equal(point_records_mark(records, NULL, 0, &diag), 0);
    }
    marks[0].is_declared = true;
    marks[1].is_declared = false;
    assert_int_equal(point_records_mark(records, marks, 2, &diag), 0);
    records = load_anew(records);
    assert_true(point_records_declared(records, a));
    assert_false(point_records_declared(records, b));
    struct point_record renamed = {
        .name = SLICE_LITERAL("c"), .before = first, .after = first, .former = a};
    assert_int_equal(point_records_add(records, &renamed, 1, &diag), 0);
    records = load_anew(records);
    assert_false(point_records_declared(records, a)); /* it has another name */
    assert_true(point_records_declared(records, renamed.name));
    point_records_free(records);
    simulated_end();
    diag_release(&diag);
}

/* Only what is told apart is kept: a hundred thousand points are made at once. */
static void test_many(void **state)
{
    (void)state;
    struct expanded expanded;
    begin(&expanded, HEAD "name = \"a{/a}-b{/b}\"\n" ELEMENT
                          "grid.a = { from = 1, to = 100 }\ngrid.b = { from = 0.01, to = 10.00, "
                          "step = 0.01 }\n");
    expand(&expanded);
    assert_non_null(expanded.points);
    assert_int_equal(points_count(expanded.points), 100000);
    assert_true(points_find(expanded.points, SLICE_LITERAL("a100-b10.00")) >= 0);
    assert_true(points_find(expanded.points, SLICE_LITERAL("a101-b10.00")) < 0);
    end(&expanded);
}

/* A value that was only seen is kept if the declaration can't spell it. */
static void test_seen_values(void **state)
{
    (void)state;
    struct expanded expanded;
    struct workspace workspace;
    struct workspace_value_seen seen[2] = {{.is_asked = true}, {.is_asked = true}};
    const struct json *value;
    const struct json *a;
    struct json *made;
    size_t count;
    begin(&expanded, two);
    expand(&expanded);
    assert_int_equal(make_points(&expanded, NULL, &count), 0);
    open_points(&expanded, &workspace, NULL);
    simulated_write("/project/workspace/p2/v.json", "{\"a\": 7}"); /* since it was looked at */
    assert_int_equal(workspace_see_values(&workspace, seen, &expanded.diag), 0);
    assert_true(digest_equal(seen[0].digest, points_digest(expanded.points, 0)));
    assert_true(digest_equal(seen[1].digest, digest_of(SLICE_LITERAL("{\"a\":7}"))));
    assert_false(workspace.value_read[0]);
    assert_true(workspace_peek_value(&workspace, 0, &value, &made));
    assert_non_null(made);
    assert_true(json_at(value, SLICE_LITERAL("/a"), &a) && json_number(a) == 1);
    json_free(made);
    assert_true(workspace_peek_value(&workspace, 1, &value, &made));
    assert_null(made);
    assert_true(json_at(value, SLICE_LITERAL("/a"), &a) && json_number(a) == 7);
    workspace_forget_value(&workspace, 1);
    seen[1] = (struct workspace_value_seen){0};
    assert_int_equal(workspace_see_values(&workspace, seen, &expanded.diag), 0);
    assert_false(workspace.value_read[1]); /* nobody asked */
    workspace_release(&workspace);
    end(&expanded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_wrong_ranges),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_unions),
        cmocka_unit_test(test_clashes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_wrong_tables),
        cmocka_unit_test(test_signac_ids),
        cmocka_unit_test(test_standings),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_crashes_among_many),
        cmocka_unit_test(test_crashes_among_many_values),
        cmocka_unit_test(test_an_edit_among_many_values),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_recorded_values),
        cmocka_unit_test(test_seen_values),
        cmocka_unit_test(test_renames),
        cmocka_unit_test(test_failing_disk),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
