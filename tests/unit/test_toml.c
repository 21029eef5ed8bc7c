#include "text.h"
#include "toml.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A document with what came of it. */
struct reading {
    struct source source;
    struct arena arena;
    struct diag diag;
    const struct toml_table *root;
};

static void read_slice(struct reading *reading, struct slice text)
{
    *reading = (struct reading){.source = {"Rowfile", text}};
    arena_init(&reading->arena);
    diag_init(&reading->diag);
    reading->root = toml_parse(&reading->source, &reading->arena, &reading->diag);
}

static void done(struct reading *reading)
{
    diag_release(&reading->diag);
    arena_release(&reading->arena);
}

static void read_good_slice(struct reading *reading, struct slice text)
{
    read_slice(reading, text);
    if (reading->root == NULL) {
        print_error("refused: %.*s\n%s\n", SLICE_ARGS(text), reading->diag.entries.at[0].message);
    }
    assert_non_null(reading->root);
    assert_int_equal(reading->diag.entries.count, 0);
}

static void read_good(struct reading *reading, const char *text)
{
    read_good_slice(reading, slice_of(text));
}

static const struct toml_value *get(const struct toml_table *table, const char *key)
{
    const struct toml_value *value = toml_get(table, slice_of(key));
    if (value == NULL) {
        print_error("no key %s\n", key);
    }
    assert_non_null(value);
    return value;
}

static const struct toml_table *get_table(const struct toml_table *table, const char *key)
{
    const struct toml_value *value = get(table, key);
    assert_int_equal(value->type, TOML_TABLE);
    return value->table;
}

static int64_t get_integer(const struct toml_table *table, const char *key)
{
    const struct toml_value *value = get(table, key);
    assert_int_equal(value->type, TOML_INTEGER);
    return value->integer;
}

/* The value `x` of a document that has only that. */
static const struct toml_value *read_x(struct reading *reading, const char *spelling)
{
    static char text[4096];
    snprintf(text, sizeof text, "x = %s", spelling);
    read_good(reading, text);
    const struct toml_value *value = get(reading->root, "x");
    assert_int_equal(value->offset, 4);
    assert_int_equal(value->length, strlen(spelling));
    return value;
}

static void reads_as_string_slice(const char *spelling, struct slice wanted)
{
    struct reading reading;
    const struct toml_value *value = read_x(&reading, spelling);
    assert_int_equal(value->type, TOML_STRING);
    assert_int_equal(value->string.len, wanted.len);
    assert_memory_equal(value->string.at, wanted.at, wanted.len);
    done(&reading);
}

static void reads_as_string(const char *spelling, const char *wanted)
{
    reads_as_string_slice(spelling, slice_of(wanted));
}

static void reads_as_integer(const char *spelling, int64_t wanted)
{
    struct reading reading;
    const struct toml_value *value = read_x(&reading, spelling);
    assert_int_equal(value->type, TOML_INTEGER);
    assert_true(value->integer == wanted);
    done(&reading);
}

static void reads_as_float(const char *spelling, double wanted)
{
    struct reading reading;
    const struct toml_value *value = read_x(&reading, spelling);
    assert_int_equal(value->type, TOML_FLOAT);
    assert_memory_equal(&value->number, &wanted, sizeof wanted);
    done(&reading);
}

static void reads_as_time(const char *spelling, enum toml_type type, struct toml_time wanted)
{
    struct reading reading;
    const struct toml_value *value = read_x(&reading, spelling);
    assert_int_equal(value->type, type);
    assert_int_equal(value->time.year, wanted.year);
    assert_int_equal(value->time.month, wanted.month);
    assert_int_equal(value->time.day, wanted.day);
    assert_int_equal(value->time.hour, wanted.hour);
    assert_int_equal(value->time.minute, wanted.minute);
    assert_int_equal(value->time.second, wanted.second);
    assert_int_equal(value->time.nanosecond, wanted.nanosecond);
    assert_int_equal(value->time.offset_minutes, wanted.offset_minutes);
    assert_int_equal(value->time.zulu, wanted.zulu);
    done(&reading);
}

static void refuses_slice(struct slice text, size_t line, size_t column, const char *sentence)
{
    struct reading reading;
    read_slice(&reading, text);
    if (reading.root != NULL) {
        print_error("accepted: %.*s\n", SLICE_ARGS(text));
    }
    assert_null(reading.root);
    assert_int_equal(reading.diag.entries.count, 1);
    const struct diag_entry *entry = &reading.diag.entries.at[0];
    assert_string_equal(entry->message, sentence);
    assert_int_equal(entry->severity, DIAG_ERROR);
    assert_ptr_equal(entry->source, &reading.source);
    size_t found_line;
    size_t found_column;
    source_place(entry->source, entry->offset, &found_line, &found_column);
    if (found_line != line || found_column != column) {
        print_error("%zu:%zu: %s\n", found_line, found_column, entry->message);
    }
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
    done(&reading);
}

static void refuses(const char *text, size_t line, size_t column, const char *sentence)
{
    refuses_slice(slice_of(text), line, column, sentence);
}

static void one_line_strings(void **state)
{
    (void)state;
    reads_as_string("\"\"", "");
    reads_as_string("''", "");
    reads_as_string("\"two words\"", "two words");
    reads_as_string("\"tab\there\"", "tab\there");
    reads_as_string("\"\\b\\t\\n\\f\\r\\\"\\\\\"", "\b\t\n\f\r\"\\");
    reads_as_string("\"\\u00e9 \\u20AC \\U0001F600\"", "é € \xf0\x9f\x98\x80");
    reads_as_string("\"\\u007f\"", "\x7f");
    reads_as_string_slice("\"a\\u0000b\"", SLICE_LITERAL("a\0b"));
    reads_as_string("\"# no comment\"", "# no comment");
    reads_as_string("'C:\\new\\\"folder\"'", "C:\\new\\\"folder\"");
    reads_as_string("\"größer\"", "größer");
}

static void strings_of_several_lines(void **state)
{
    (void)state;
    reads_as_string("\"\"\"\"\"\"", "");
    reads_as_string("\"\"\"\nfirst\nsecond\n\"\"\"", "first\nsecond\n");
    reads_as_string("\"\"\"\r\nfirst\r\nsecond\"\"\"", "first\nsecond");
    reads_as_string("\"\"\"\n\nkept\"\"\"", "\nkept");
    reads_as_string("\"\"\"one \\\n   \n\t two\"\"\"", "one two");
    reads_as_string("\"\"\"one \\  \r\n \r\n two\"\"\"", "one two");
    reads_as_string("\"\"\"a \"b\" \"\"c\"\" d\"\"\"", "a \"b\" \"\"c\"\" d");
    reads_as_string("\"\"\"\"quoted\"\"\"\"", "\"quoted\"");
    reads_as_string("\"\"\"\"\"quoted\"\"\"\"\"", "\"\"quoted\"\"");
    reads_as_string("\"\"\"\\\"\"\"\\u0041\"\"\"", "\"\"\"A");
    reads_as_string("''''''", "");
    reads_as_string("'''\nraw \\\n 'x' ''y'''", "raw \\\n 'x' ''y");
    reads_as_string("'''\r\na\r\nb'''", "a\nb");
    reads_as_string("'''''two'''''", "''two''");
}

static void integers(void **state)
{
    (void)state;
    reads_as_integer("0", 0);
    reads_as_integer("+0", 0);
    reads_as_integer("-0", 0);
    reads_as_integer("42", 42);
    reads_as_integer("+17", 17);
    reads_as_integer("-1_000_000", -1000000);
    reads_as_integer("9223372036854775807", INT64_MAX);
    reads_as_integer("-9223372036854775808", INT64_MIN);
    reads_as_integer("0xDEAD_beef", 0xdeadbeef);
    reads_as_integer("0x7fffffffffffffff", INT64_MAX);
    reads_as_integer("0x00ff", 255);
    reads_as_integer("0o755", 493);
    reads_as_integer("0b1101_0110", 214);
}

static void floats(void **state)
{
    (void)state;
    reads_as_float("1.0", 1.0);
    reads_as_float("-0.0", -0.0);
    reads_as_float("+3.141_592", 3.141592);
    reads_as_float("5e+22", 5e22);
    reads_as_float("1E06", 1e6);
    reads_as_float("-2.5e-3", -2.5e-3);
    reads_as_float("6_0.0_1e1_0", 60.01e10);
    reads_as_float("1e-400", 0.0);
    reads_as_float("inf", (double)INFINITY);
    reads_as_float("+inf", (double)INFINITY);
    reads_as_float("-inf", -(double)INFINITY);
    static const char *const spellings[] = {"nan", "+nan", "-nan"};
    for (size_t i = 0; i < 3; i++) {
        struct reading reading;
        const struct toml_value *value = read_x(&reading, spellings[i]);
        assert_int_equal(value->type, TOML_FLOAT);
        assert_true(isnan(value->number));
        done(&reading);
    }
}

static void floats_where_the_point_is_a_comma(void **state)
{
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        skip();
    }
    reads_as_float("1.5", 1.5);
    setlocale(LC_NUMERIC, "C");
}

static void dates(void **state)
{
    (void)state;
    reads_as_time("1979-05-27", TOML_LOCAL_DATE,
                  (struct toml_time){.year = 1979, .month = 5, .day = 27});
    reads_as_time("2000-02-29", TOML_LOCAL_DATE,
                  (struct toml_time){.year = 2000, .month = 2, .day = 29});
    reads_as_time("0000-12-31", TOML_LOCAL_DATE, (struct toml_time){.month = 12, .day = 31});
    reads_as_time("07:32:60", TOML_LOCAL_TIME,
                  (struct toml_time){.hour = 7, .minute = 32, .second = 60});
    reads_as_time("23:59:59.0000012349", TOML_LOCAL_TIME,
                  (struct toml_time){.hour = 23, .minute = 59, .second = 59, .nanosecond = 1234});
    struct toml_time local = {.year = 2024, .month = 1, .day = 2, .hour = 3, .minute = 4};
    local.nanosecond = 500000000;
    reads_as_time("2024-01-02T03:04:00.5", TOML_LOCAL_DATE_TIME, local);
    reads_as_time("2024-01-02t03:04:00.5", TOML_LOCAL_DATE_TIME, local);
    reads_as_time("2024-01-02 03:04:00.5", TOML_LOCAL_DATE_TIME, local);
    local.zulu = true;
    reads_as_time("2024-01-02 03:04:00.5Z", TOML_OFFSET_DATE_TIME, local);
    reads_as_time("2024-01-02T03:04:00.500z", TOML_OFFSET_DATE_TIME, local);
    local.zulu = false;
    local.offset_minutes = -450;
    reads_as_time("2024-01-02T03:04:00.5-07:30", TOML_OFFSET_DATE_TIME, local);
    local.offset_minutes = 23 * 60 + 59;
    reads_as_time("2024-01-02T03:04:00.5+23:59", TOML_OFFSET_DATE_TIME, local);
}

static void a_date_before_a_comment(void **state)
{
    (void)state;
    struct reading reading;
    read_good(&reading, "x = 1979-05-27 # 07:32:00\ny = true");
    assert_int_equal(get(reading.root, "x")->type, TOML_LOCAL_DATE);
    assert_int_equal(get(reading.root, "x")->length, 10);
    assert_true(get(reading.root, "y")->boolean);
    done(&reading);
}

static void arrays(void **state)
{
    (void)state;
    struct reading reading;
    const struct toml_value *array =
        read_x(&reading, "[ 1, 'two' ,\n # three follows\n [3.0, []], {a = [\n4\n]},\n]");
    assert_int_equal(array->type, TOML_ARRAY);
    assert_int_equal(array->array.count, 4);
    assert_int_equal(array->array.items[0]->integer, 1);
    assert_true(slice_is(array->array.items[1]->string, "two"));
    const struct toml_value *inner = array->array.items[2];
    assert_int_equal(inner->array.count, 2);
    assert_true(inner->array.items[0]->number == 3.0);
    assert_int_equal(inner->array.items[1]->array.count, 0);
    const struct toml_value *four = get(array->array.items[3]->table, "a");
    assert_int_equal(four->array.items[0]->integer, 4);
    done(&reading);
}

static void keys(void **state)
{
    (void)state;
    struct reading reading;
    read_good(&reading, "bare_Key-1 = 1\n1234 = 2\n3.14 = 3\n\"a.b\" = 4\n'c \"d\"' = 5\n\"\" = 6\n"
                        "x . \"y z\". 'w' = 7\n\"\\u00e9\" = 8\ntrue = 9\ninf = 10\n-1 = 11\n");
    assert_int_equal(get_integer(reading.root, "bare_Key-1"), 1);
    assert_int_equal(get_integer(reading.root, "1234"), 2);
    assert_int_equal(get_integer(get_table(reading.root, "3"), "14"), 3);
    assert_int_equal(get_integer(reading.root, "a.b"), 4);
    assert_int_equal(get_integer(reading.root, "c \"d\""), 5);
    assert_int_equal(get_integer(reading.root, ""), 6);
    assert_int_equal(get_integer(get_table(get_table(reading.root, "x"), "y z"), "w"), 7);
    assert_int_equal(get_integer(reading.root, "é"), 8);
    assert_int_equal(get_integer(reading.root, "true"), 9);
    assert_int_equal(get_integer(reading.root, "inf"), 10);
    assert_int_equal(get_integer(reading.root, "-1"), 11);
    assert_null(toml_get(reading.root, slice_of("nothing")));
    done(&reading);
}

static void tables(void **state)
{
    (void)state;
    struct reading reading;
    read_good(&reading,
              "top = 1\n[a.b.c] # implies a and a.b\nv = 2\n[a]\nw = 3\nd.e = 4\nd.f = 5\n"
              "[ a . b ]\nx = 6\n[a.d.g]\ny = 7\n[empty]\n");
    const struct toml_table *a = get_table(reading.root, "a");
    assert_int_equal(get_integer(reading.root, "top"), 1);
    assert_int_equal(get_integer(get_table(get_table(a, "b"), "c"), "v"), 2);
    assert_int_equal(get_integer(a, "w"), 3);
    assert_int_equal(get_integer(get_table(a, "d"), "e"), 4);
    assert_int_equal(get_integer(get_table(a, "d"), "f"), 5);
    assert_int_equal(get_integer(get_table(a, "b"), "x"), 6);
    assert_int_equal(get_integer(get_table(get_table(a, "d"), "g"), "y"), 7);
    assert_int_equal(get_table(reading.root, "empty")->count, 0);
    done(&reading);
}

static void inline_tables(void **state)
{
    (void)state;
    struct reading reading;
    read_good(&reading, "p = { x = 1, y.z = {}, y.w = { v = [ 2, { u = 3 } ] } }\nq = {}\n");
    const struct toml_table *p = get_table(reading.root, "p");
    const struct toml_table *y = get_table(p, "y");
    assert_int_equal(get_integer(p, "x"), 1);
    assert_int_equal(get_table(y, "z")->count, 0);
    const struct toml_value *v = get(get_table(y, "w"), "v");
    assert_int_equal(get_integer(v->array.items[1]->table, "u"), 3);
    assert_int_equal(get_table(reading.root, "q")->count, 0);
    done(&reading);
}

static void arrays_of_tables(void **state)
{
    (void)state;
    struct reading reading;
    read_good(&reading,
              "[[fruit]]\nname = 'apple'\n[fruit.colour]\nred = 1\n[[fruit.kind]]\nn = 1\n"
              "[[fruit.kind]]\nn = 2\n[[fruit]]\n[[fruit]]\n[[fruit.kind]]\nn = 3\n");
    const struct toml_value *fruit = get(reading.root, "fruit");
    assert_int_equal(fruit->type, TOML_ARRAY);
    assert_int_equal(fruit->array.count, 3);
    const struct toml_table *apple = fruit->array.items[0]->table;
    assert_int_equal(get_integer(get_table(apple, "colour"), "red"), 1);
    assert_int_equal(get(apple, "kind")->array.count, 2);
    assert_int_equal(get_integer(get(apple, "kind")->array.items[1]->table, "n"), 2);
    assert_int_equal(fruit->array.items[1]->table->count, 0);
    const struct toml_value *third = get(fruit->array.items[2]->table, "kind");
    assert_int_equal(get_integer(third->array.items[0]->table, "n"), 3);
    done(&reading);
}

static void whole_documents(void **state)
{
    (void)state;
    static const char *const empty[] = {"",     "\n",      "\r\n",         "# only a comment",
                                        " \t ", "#\r\n#é", "\xef\xbb\xbf", "\n\n\n# x\n"};
    struct reading reading;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        read_good(&reading, empty[i]);
        assert_int_equal(reading.root->count, 0);
        done(&reading);
    }
    read_good(&reading, "\xef\xbb\xbf"
                        "a = 1\r\n\tb = 2 # last");
    assert_int_equal(get_integer(reading.root, "a"), 1);
    assert_int_equal(get_integer(reading.root, "b"), 2);
    done(&reading);
    read_good_slice(&reading, slice_make(NULL, 0));
    done(&reading);
    /* The text needn't be NUL-terminated. */
    read_good_slice(&reading, slice_make("a = 123", 6));
    assert_int_equal(get_integer(reading.root, "a"), 12);
    done(&reading);
}

static void places_and_order(void **state)
{
    (void)state;
    struct reading reading;
    const char *text = "z = 'v'\n[t.\"u\"]\nk.l = [1]\n[[e]]\n";
    read_good(&reading, text);
    assert_int_equal(reading.root->count, 3);
    assert_true(slice_is(reading.root->entries[0].key, "z"));
    assert_true(slice_is(reading.root->entries[1].key, "t"));
    assert_true(slice_is(reading.root->entries[2].key, "e"));
    const struct toml_entry *t = &reading.root->entries[1];
    assert_int_equal(t->key_offset, 9);
    assert_int_equal(t->value->offset, 9); /* has no header of its own */
    assert_int_equal(t->value->length, 1);
    const struct toml_entry *u = &t->value->table->entries[0];
    assert_int_equal(u->key_offset, 11);
    assert_int_equal(u->key_length, 3);
    assert_int_equal(u->value->offset, 8);
    assert_int_equal(u->value->length, 7);
    const struct toml_entry *k = &u->value->table->entries[0];
    const struct toml_value *l = get(k->value->table, "l");
    assert_int_equal(k->key_offset, 16);
    assert_int_equal(l->offset, 22);
    assert_int_equal(l->length, 3);
    const struct toml_value *e = get(reading.root, "e");
    assert_int_equal(e->array.items[0]->offset, 26);
    assert_int_equal(e->array.items[0]->length, 5);
    done(&reading);
}

static void type_names(void **state)
{
    (void)state;
    assert_string_equal(toml_type_name(TOML_STRING), "string");
    assert_string_equal(toml_type_name(TOML_OFFSET_DATE_TIME), "offset date-time");
    assert_string_equal(toml_type_name(TOML_TABLE), "table");
}

static void wrong_strings(void **state)
{
    (void)state;
    refuses("a = \"b\nc\"", 1, 7,
            "a newline is not allowed inside a \"…\" string; use \"\"\" for several lines");
    refuses("a = \"b\\\nc\"", 1, 7,
            "a newline is not allowed inside a \"…\" string; use \"\"\" for several lines");
    refuses("a = 'b\r\nc'", 1, 7,
            "a newline is not allowed inside a '…' string; use ''' for several lines");
    refuses("a = 1\nb = \"c", 2, 5, "the string that begins here has no closing \"");
    refuses("b = \"c\\", 1, 5, "the string that begins here has no closing \"");
    refuses("b = 'c", 1, 5, "the string that begins here has no closing '");
    refuses("\n b = \"\"\"c\n\"\"", 2, 6, "the string that begins here has no closing \"\"\"");
    refuses("b = '''c\n''", 1, 5, "the string that begins here has no closing '''");
    refuses("b = \"ä\\q\"", 1, 7,
            "`\\q` is not a valid escape; a backslash itself is written `\\\\`");
    refuses("b = \"\"\"\n\\ é\"\"\"", 2, 1, "a lone `\\` is not a valid escape; write `\\\\`");
    refuses("b = \"\\u12g4\"", 1, 6,
            "`\\u12` needs four hexadecimal digits; a backslash itself is written `\\\\`");
    refuses("b = \"\\U0001f60\"", 1, 6,
            "`\\U0001f60` needs eight hexadecimal digits; a backslash itself is written `\\\\`");
    refuses("b = \"\\uD800\"", 1, 6, "`\\uD800` is not a Unicode character");
    refuses("b = \"\\U00110000\"", 1, 6, "`\\U00110000` is not a Unicode character");
    refuses(
        "b = \"a\x01\"", 1, 7,
        "the control character U+0001 is not allowed inside a \"…\" string; write it as an escape");
    refuses("b = '\x7f'", 1, 6, "the control character U+007F is not allowed inside a '…' string");
    refuses("b = '''\n\r'''", 2, 1,
            "a carriage return without a newline after it is not allowed inside a '…' string");
    refuses_slice(SLICE_LITERAL("b = '\0'"), 1, 6,
                  "the control character U+0000 is not allowed inside a '…' string");
    refuses("b = \"\"\"x\"\"\"\"\"\"\n", 1, 9,
            "too many quotes: at most two are allowed before the closing \"\"\"");
    refuses("b = \'\'\'x\n\'\'\'\'\'\'\'\n", 2, 1,
            "too many quotes: at most two are allowed before the closing \'\'\'");
}

static void wrong_numbers(void **state)
{
    (void)state;
    refuses("a = 01", 1, 5, "`01` is not a valid number: it has a leading zero");
    refuses("a = -00.5", 1, 5, "`-00.5` is not a valid number: it has a leading zero");
    refuses("a = 1__0", 1, 5,
            "`1__0` is not a valid number: each underscore must be between two digits");
    refuses("a = 1.", 1, 5,
            "`1.` is not a valid number: the decimal point needs digits on both sides");
    refuses("a = .5", 1, 5,
            "`.5` is not a valid number: the decimal point needs digits on both sides");
    refuses("a = 1e", 1, 5, "`1e` is not a valid number: the exponent has no digits");
    refuses(
        "a = +0x1", 1, 5,
        "`+0x1` is not a valid number: hexadecimal, octal and binary numbers can't have a sign");
    refuses("a = 0X1", 1, 5,
            "`0X1` is not a valid number: the prefixes are 0x, 0o and 0b, in lower case");
    refuses("a = 0b12", 1, 5,
            "`0b12` is not a valid number: the prefix must be followed by digits of its base");
    refuses(
        "a = 0x_1", 1, 5,
        "`0x_1` is not a valid number: each underscore must be between two digits of the prefix's "
        "base");
    refuses("a = 8 # fine\nb = 12GB", 2, 5, "`12GB` is not a valid number: a string needs quotes");
    refuses("a = 9223372036854775808", 1, 5,
            "the integer 9223372036854775808 does not fit into 64 bits");
    refuses("a = -9223372036854775809", 1, 5,
            "the integer -9223372036854775809 does not fit into 64 bits");
    refuses("a = 0x8000000000000000", 1, 5,
            "the integer 0x8000000000000000 does not fit into 64 bits");
    refuses("a = 99999999999999999999999999999", 1, 5,
            "the integer 99999999999999999999999999999 does not fit into 64 bits");
    refuses("a = 1e400", 1, 5, "the number 1e400 is too large for a 64-bit float");
}

static void wrong_dates(void **state)
{
    (void)state;
    refuses("a = 2024-13-01", 1, 10, "the month 13 does not exist");
    refuses("a = 2023-02-29", 1, 13, "the day 2023-02-29 does not exist");
    refuses("a = 1900-02-29", 1, 13, "the day 1900-02-29 does not exist");
    refuses("a = 2024-04-31", 1, 13, "the day 2024-04-31 does not exist");
    refuses("a = 2024-04-00", 1, 13, "the day 0 does not exist");
    refuses("a = 24:00:00", 1, 5, "the hour 24 does not exist");
    refuses("a = 23:60:00", 1, 8, "the minute 60 does not exist");
    refuses("a = 23:59:61", 1, 11, "the second 61 does not exist");
    refuses("a = 2024-01-01T00:00:00+24:00", 1, 25, "the offset's hour 24 does not exist");
    refuses("a = 2024-01-01T00:00:00-01:60", 1, 28, "the offset's minute 60 does not exist");
    refuses("a = 2024-1-01", 1, 10,
            "`2024-1-01` is not a valid date or time: the month needs two digits");
    refuses("a = 07:32", 1, 5, "`07:32` is not a valid date or time: the second is missing");
    refuses("a = 2024-01-01 07:3", 1, 19,
            "`2024-01-01 07:3` is not a valid date or time: the minute needs two digits");
    refuses("a = 07:32:00.", 1, 5,
            "`07:32:00.` is not a valid date or time: digits must follow the `.`");
    refuses("a = 07:32:00Z", 1, 13, "`Z` can't follow the local time");
    refuses("a = 2024-01-01T00:00:00Zulu", 1, 25, "`ulu` can't follow the offset date-time");
}

static void wrong_values(void **state)
{
    (void)state;
    refuses("a = hello world", 1, 5, "`hello` is not a valid value; a string needs quotes");
    refuses("a = ~/x", 1, 5, "`~/x` is not a valid value; a string needs quotes");
    refuses("a = True", 1, 5, "`True` is not a valid value; use `true`");
    refuses("a = +NaN", 1, 5, "`+NaN` is not a valid value; use `nan`");
    refuses("a =", 1, 4, "expected a value, but the file ends");
    refuses("a = # nothing\nb = 1", 1, 14, "expected a value, but the line ends");
    refuses("a = = 1", 1, 5, "expected a value, but found `=`");
    refuses("a = 1 b = 2", 1, 7, "expected the end of the line, but found `b`");
    refuses("a = [1 2]", 1, 8, "expected `,` or `]`, but found `2`");
    refuses("a = [1,, 2]", 1, 8, "a value is missing before `,`");
    refuses("\na = [1,\n2\n", 4, 1,
            "expected `,` or `]`, but the file ends; the `[` on line 2 is still open");
    refuses("a = [\n1,\nb = 2", 3, 1,
            "`b` is not a valid value; a string needs quotes; the `[` on line 1 is still open");
    refuses("a = [1}", 1, 7, "expected `,` or `]`, but found `}`");
    refuses("a = ]", 1, 5, "expected a value, but found `]`");
    refuses("a = {b = 1,}", 1, 12, "an inline table can't end with a comma");
    refuses("a = {b = 1\n}", 1, 11, "an inline table { … } must be on one line");
    refuses("a = {\nb = 1}", 1, 6, "an inline table { … } must be on one line");
    refuses("a = {, b = 1}", 1, 6, "expected a key or `}`, but found `,`");
    refuses("a = {b = 1 c = 2}", 1, 12, "expected `,` or `}`, but found `c`");
    refuses("a = 1\xc2\xa0", 1, 6,
            "the character U+00A0 (no-break space) is not allowed outside of strings");
    refuses("a = “b”", 1, 5,
            "this is a typographic quote, such as an editor writes; use the plain `\"`");
    refuses("‘a’ = 1", 1, 1,
            "this is a typographic quote, such as an editor writes; use the plain `'`");
    refuses("a = [\"b\", ‘c’]", 1, 11,
            "this is a typographic quote, such as an editor writes; use the plain `'`");
    refuses("a = \"b”\n", 1, 8,
            "the string isn't closed: a typographic quote doesn't end it; use the plain `\"`");
    refuses("a = \x02", 1, 5, "the control character U+0002 is not allowed outside of strings");
}

static void wrong_keys(void **state)
{
    (void)state;
    refuses("a.b", 1, 4, "`= value` is missing after the key `a.b`");
    refuses("[t]\n\"x y\" # no\n", 2, 11, "`= value` is missing after the key `t.\"x y\"`");
    refuses("= 1", 1, 1, "the key is missing before `=`; an empty key is written \"\"");
    refuses("a..b = 1", 1, 3,
            "part of the key is missing before `.`; an empty part is written \"\"");
    refuses(".b = 1", 1, 1, "part of the key is missing before `.`; an empty part is written \"\"");
    refuses("a. = 1", 1, 4, "expected a key, but found `=`");
    refuses("a b = 1", 1, 3, "expected `=` or `.`, but found `b`");
    refuses("größe = 1", 1, 1,
            "`größe` is not a bare key (letters, digits, _ and - only); put it in quotes");
    refuses("a: 1", 1, 2, "a key and its value are separated by `=`, not `:`");
    refuses("\"\"\"a\"\"\" = 1", 1, 1, "a key can't be a string of several lines (\"\"\")");
    refuses("[]", 1, 2, "a [header] must name its table");
    refuses("[a", 1, 3, "expected `.` or `]`, but the file ends");
    refuses("[a]]", 1, 3, "expected `.` or `]`, but found `]]`");
    refuses(
        "[[a] ]", 1, 4,
        "a header that begins with `[[` must end with `]]`, without a space between the brackets");
    refuses("[ [a]]", 1, 3, "expected a key, but found `[`");
    refuses("[a] b = 1", 1, 5, "expected the end of the line, but found `b`");
    refuses("{a = 1}", 1, 1, "expected a key or a [header], but found `{`");
}

static void wrong_redefinitions(void **state)
{
    (void)state;
    refuses("a = 1\na = 2", 2, 1, "key `a` is defined twice; the first is on line 1");
    refuses("[t]\n\na.b = 1\na.b = 2", 4, 3,
            "key `t.a.b` is defined twice; the first is on line 3");
    refuses("a = {b = 1, b = 2}", 1, 13, "key `a.b` is defined twice; the first is on line 1");
    refuses("\"a\" = 1\n'a' = 2", 2, 1, "key `a` is defined twice; the first is on line 1");
    refuses("a = 'x'\na.b = 1", 2, 1, "`a` is not a table but a string (line 1)");
    refuses("a = 5\n[a.b]", 2, 2, "`a` is not a table but an integer (line 1)");
    refuses("a = {}\na.b = 1", 2, 1, "`a` is an inline table (line 1), which can't be extended");
    refuses("a = {b.c = 1}\n[a.b]", 2, 2,
            "`a` is an inline table (line 1), which can't be extended");
    refuses("x = {a = {b = 1}, a.c = 2}", 1, 19,
            "`x.a` is an inline table (line 1), which can't be extended");
    refuses("[a]\n[b]\n[a]", 3, 2, "the table `a` is defined twice; the first is on line 1");
    refuses("[a.b]\n[a]\n[a]", 3, 2, "the table `a` is defined twice; the first is on line 2");
    refuses("[a.b]\n[a]\nb.c = 1", 3, 1,
            "the table `a.b` has a [header] of its own (line 1); dotted keys can't add to it");
    refuses("[a]\nb.c = 1\n[a.b]", 3, 4,
            "the table `a.b` was already defined by the dotted key on line 2");
    refuses("[a.b.c]\n[a]\nb.x = 1\n[a.b]", 4, 4,
            "the table `a.b` was already defined by the dotted key on line 1");
    refuses("a = []\n[[a]]", 2, 3,
            "`a` was already defined as an array in brackets on line 1, so [[…]] can't add to it");
    refuses("[a]\n[[a]]", 2, 3,
            "`a` was already defined as a table on line 1, so [[…]] can't add to it");
    refuses("[a.b]\n[[a]]", 2, 3,
            "`a` was already defined as a table on line 1, so [[…]] can't add to it");
    refuses("[[a]]\n[a]", 2, 2,
            "`a` is an array of tables (line 1); only its own headers can add to it");
    refuses("[[t.a]]\n[t]\na.b = 1", 3, 1,
            "`t.a` is an array of tables (line 1); only its own headers can add to it");
    refuses("a = [{}]\n[a.b]", 2, 2, "`a` is not a table but an array (line 1)");
}

static void wrong_bytes(void **state)
{
    (void)state;
    refuses("a = 1\nb = '\xff'", 2, 6, "the byte 0xff here is not UTF-8");
    refuses("é = '\xed\xa0\x80'", 1, 6, "the byte 0xed here is not UTF-8");
    refuses("# \xc3", 1, 3, "the byte 0xc3 here is not UTF-8");
    refuses_slice(SLICE_LITERAL("\xff\xfe"
                                "a\0"),
                  1, 1, "the text is UTF-16, but TOML must be UTF-8");
    refuses("# \x01", 1, 3, "the control character U+0001 is not allowed in a comment");
    refuses("# a\rb", 1, 4,
            "a carriage return without a newline after it is not allowed in a "
            "comment");
    refuses("a = 1\r", 1, 6,
            "a carriage return without a newline after it is not allowed outside "
            "of strings");
    refuses_slice(SLICE_LITERAL("a = 1\n\0"), 2, 1,
                  "the control character U+0000 is not allowed outside of strings");
    refuses("\n\xef\xbb\xbf"
            "a = 1",
            2, 1, "the character U+FEFF (byte order mark) is not allowed outside of strings");
}

static void add_times(struct buf *text, const char *piece, int times)
{
    for (int i = 0; i < times; i++) {
        buf_add_string(text, piece);
    }
}

/* `open` may stand `limit` times between `before` and `middle`, but not once more. */
static void refuses_below(int limit, const char *before, const char *open, const char *middle,
                          const char *close)
{
    for (int over = 0; over <= 1; over++) {
        struct buf text = BUF_EMPTY;
        buf_add_string(&text, before);
        add_times(&text, open, limit + over);
        buf_add_string(&text, middle);
        add_times(&text, close, limit + over);
        struct reading reading;
        read_slice(&reading, buf_slice(&text));
        assert_int_equal(reading.root == NULL, over);
        if (over) {
            assert_string_equal(reading.diag.entries.at[0].message,
                                "this is nested too deeply; the limit is 500 levels");
        }
        done(&reading);
        buf_release(&text);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    refuses_below(499, "a=", "[", "1", "]");
    refuses_below(499, "a=", "{a=", "1", "}");
    refuses_below(498, "[t]\na=", "[", "1", "]");
    refuses_below(499, "", "a.", "a = 1", "");
    refuses_below(499, "x.y = 0\n[t.u]\n[", "a.", "a]\n", "");
    refuses_below(499, "[[", "a.", "a]]\n", "");
}

static void large_tables(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct buf text = BUF_EMPTY;
    for (int i = 0; i < MANY; i++) {
        buf_addf(&text, "key%d = %d\n", i, i);
    }
    for (int i = 0; i < MANY; i++) {
        buf_addf(&text, "[[element]]\nn = %d\n", i);
    }
    struct reading reading;
    read_good_slice(&reading, buf_slice(&text));
    assert_int_equal(reading.root->count, MANY + 1);
    for (int i = 0; i < MANY; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%d", i);
        assert_int_equal(get_integer(reading.root, key), i);
        assert_true(slice_is(reading.root->entries[i].key, key));
    }
    const struct toml_value *element = get(reading.root, "element");
    assert_int_equal(element->array.count, MANY);
    assert_int_equal(get_integer(element->array.items[MANY - 1]->table, "n"), MANY - 1);
    done(&reading);
    buf_add_string(&text, "[key7]");
    refuses_slice(buf_slice(&text), 3 * MANY + 1, 2,
                  "`key7` is not a table but an integer (line 8)");
    buf_release(&text);
}

static void long_words_are_shortened(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "a = b");
    add_times(&text, "ü", 1000);
    struct reading reading;
    read_slice(&reading, buf_slice(&text));
    assert_null(reading.root);
    const char *message = reading.diag.entries.at[0].message;
    assert_true(strlen(message) < 120);
    assert_true(text_is_utf8(slice_of(message)));
    done(&reading);
    buf_release(&text);
    refuses("a = 1 '''x\ny'''", 1, 7, "expected the end of the line, but found `'''x…`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_strings),
        cmocka_unit_test(strings_of_several_lines),
        cmocka_unit_test(integers),
        cmocka_unit_test(floats),
        cmocka_unit_test(floats_where_the_point_is_a_comma),
        cmocka_unit_test(dates),
        cmocka_unit_test(a_date_before_a_comment),
        cmocka_unit_test(arrays),
        cmocka_unit_test(keys),
        cmocka_unit_test(tables),
        cmocka_unit_test(inline_tables),
        cmocka_unit_test(arrays_of_tables),
        cmocka_unit_test(whole_documents),
        cmocka_unit_test(places_and_order),
        cmocka_unit_test(type_names),
        cmocka_unit_test(wrong_strings),
        cmocka_unit_test(wrong_numbers),
        cmocka_unit_test(wrong_dates),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(wrong_keys),
        cmocka_unit_test(wrong_redefinitions),
        cmocka_unit_test(wrong_bytes),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(large_tables),
        cmocka_unit_test(long_words_are_shortened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
