/* Reads TOML's simple values: numbers, dates and times, booleans, escapes in strings. */
#include "toml_parser.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const char *show(struct toml_parser *parser, struct toml_span span)
{
    return toml_show(parser, toml_text(parser, span));
}

/* Numbers */

static unsigned digit_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20U) - 'a' + 10;
}

struct toml_value *toml_read_integer(struct toml_parser *parser, struct toml_span span)
{
    struct slice text = toml_text(parser, span);
    bool negative = text.at[0] == '-';
    size_t i = negative || text.at[0] == '+' ? 1 : 0;
    unsigned base = 10;
    if (text.len > 2 && text.at[0] == '0') {
        base = text.at[1] == 'x' ? 16 : text.at[1] == 'o' ? 8 : 2;
        i = 2;
    }
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t number = 0;
    for (; i < text.len; i++) {
        if (text.at[i] == '_') {
            continue;
        }
        unsigned digit = digit_value(text.at[i]);
        if (number > (most - digit) / base) {
            toml_complain(parser, FINDING_TOML_SYNTAX, span,
                          "the integer %s does not fit into 64 bits", show(parser, span));
            return NULL;
        }
        number = number * base + digit;
    }
    struct toml_value *value = toml_new_value(parser, TOML_INTEGER, span);
    value->integer = negative ? (int64_t)(0 - number) : (int64_t)number;
    return value;
}

struct toml_value *toml_read_float(struct toml_parser *parser, struct toml_span span)
{
    struct slice text = toml_text(parser, span);
    struct buf *digits = &parser->lexer.decoded;
    buf_clear(digits);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '_') {
            buf_add_char(digits, text.at[i]);
        }
    }
    struct toml_value *value = toml_new_value(parser, TOML_FLOAT, span);
    value->number = strtod_l(digits->at, NULL, parser->numbers);
    if (isinf(value->number) && text.at[text.len - 1] != 'f') {
        toml_complain(parser, FINDING_TOML_SYNTAX, span,
                      "the number %s is too large for a 64-bit float", show(parser, span));
        return NULL;
    }
    return value;
}

/* Dates and times */

struct clock_reader {
    struct toml_parser *parser;
    struct toml_span whole;
    struct slice text;
    size_t at;
};

static int clock_complain(struct clock_reader *reader, const char *missing)
{
    return toml_complain(reader->parser, FINDING_TOML_SYNTAX, reader->whole,
                         "`%s` is not a valid date or time: %s",
                         show(reader->parser, reader->whole), missing);
}

static char clock_peek(const struct clock_reader *reader)
{
    if (reader->at == reader->text.len) {
        return '\0';
    }
    return reader->text.at[reader->at];
}

/* Exactly `count` digits between `least` and `most`. */
static int clock_number(struct clock_reader *reader, const char *name, size_t count, int least,
                        int most, int *number)
{
    size_t start = reader->at;
    *number = 0;
    while (isdigit((unsigned char)clock_peek(reader)) && reader->at - start <= count) {
        *number = *number * 10 + (clock_peek(reader) - '0');
        reader->at++;
    }
    struct toml_span span = {reader->whole.offset + start, count};
    if (reader->at - start != count) {
        span.length = reader->at - start;
        if (reader->at == start && start == reader->text.len) {
            span = reader->whole;
        }
        return toml_complain(reader->parser, FINDING_TOML_SYNTAX, span,
                             "`%s` is not a valid date or time: the %s needs %s digits",
                             show(reader->parser, reader->whole), name,
                             count == 4 ? "four" : "two");
    }
    if (*number < least || *number > most) {
        return toml_complain(reader->parser, FINDING_TOML_SYNTAX, span, "the %s %d does not exist",
                             name, *number);
    }
    return 0;
}

static int clock_mark(struct clock_reader *reader, char mark, const char *missing)
{
    if (clock_peek(reader) != mark) {
        return clock_complain(reader, missing);
    }
    reader->at++;
    return 0;
}

static int days_in_month(int year, int month)
{
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2) {
        return leap ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int read_date(struct clock_reader *reader, struct toml_time *time)
{
    if (clock_number(reader, "year", 4, 0, 9999, &time->year) < 0 ||
        clock_mark(reader, '-', "a `-` must follow the year") < 0 ||
        clock_number(reader, "month", 2, 1, 12, &time->month) < 0 ||
        clock_mark(reader, '-', "the day is missing") < 0 ||
        clock_number(reader, "day", 2, 1, 31, &time->day) < 0) {
        return -1;
    }
    if (time->day > days_in_month(time->year, time->month)) {
        struct toml_span day = {reader->whole.offset + reader->at - 2, 2};
        return toml_complain(reader->parser, FINDING_TOML_SYNTAX, day,
                             "the day %04d-%02d-%02d does not exist", time->year, time->month,
                             time->day);
    }
    return 0;
}

static int read_clock(struct clock_reader *reader, struct toml_time *time)
{
    /* RFC 3339 has a second 60, for leap seconds. */
    if (clock_number(reader, "hour", 2, 0, 23, &time->hour) < 0 ||
        clock_mark(reader, ':', "the minute is missing") < 0 ||
        clock_number(reader, "minute", 2, 0, 59, &time->minute) < 0 ||
        clock_mark(reader, ':', "the second is missing") < 0 ||
        clock_number(reader, "second", 2, 0, 60, &time->second) < 0) {
        return -1;
    }
    if (clock_peek(reader) != '.') {
        return 0;
    }
    reader->at++;
    int unit = 100000000; /* TOML requires further digits to be truncated */
    size_t start = reader->at;
    for (; isdigit((unsigned char)clock_peek(reader)); reader->at++) {
        time->nanosecond += (clock_peek(reader) - '0') * unit;
        unit /= 10;
    }
    if (reader->at == start) {
        return clock_complain(reader, "digits must follow the `.`");
    }
    return 0;
}

static int read_zone(struct clock_reader *reader, struct toml_time *time)
{
    char mark = clock_peek(reader);
    reader->at++;
    if (mark == 'Z' || mark == 'z') {
        time->zulu = true;
        return 0;
    }
    int hours;
    int minutes;
    if (clock_number(reader, "offset's hour", 2, 0, 23, &hours) < 0 ||
        clock_mark(reader, ':', "the offset's minute is missing") < 0 ||
        clock_number(reader, "offset's minute", 2, 0, 59, &minutes) < 0) {
        return -1;
    }
    time->offset_minutes = (hours * 60 + minutes) * (mark == '-' ? -1 : 1);
    return 0;
}

struct toml_value *toml_read_time(struct toml_parser *parser, struct toml_span span)
{
    struct clock_reader reader = {parser, span, toml_text(parser, span), 0};
    struct toml_time time = {0};
    size_t digits = 0;
    while (digits < span.length && isdigit((unsigned char)reader.text.at[digits])) {
        digits++;
    }
    enum toml_type type = TOML_LOCAL_TIME;
    bool has_clock = digits < span.length && reader.text.at[digits] == ':';
    if (!has_clock) {
        type = TOML_LOCAL_DATE;
        if (read_date(&reader, &time) < 0) {
            return NULL;
        }
        if (clock_peek(&reader) != '\0' && strchr("Tt ", clock_peek(&reader)) != NULL) {
            reader.at++;
            has_clock = true;
            type = TOML_LOCAL_DATE_TIME;
        }
    }
    if (has_clock && read_clock(&reader, &time) < 0) {
        return NULL;
    }
    if (type == TOML_LOCAL_DATE_TIME && clock_peek(&reader) != '\0' &&
        strchr("Zz+-", clock_peek(&reader)) != NULL) {
        type = TOML_OFFSET_DATE_TIME;
        if (read_zone(&reader, &time) < 0) {
            return NULL;
        }
    }
    if (reader.at < span.length) {
        struct toml_span rest = {span.offset + reader.at, span.length - reader.at};
        toml_complain(parser, FINDING_TOML_SYNTAX, rest, "`%s` can't follow the %s",
                      show(parser, rest), toml_type_name(type));
        return NULL;
    }
    struct toml_value *value = toml_new_value(parser, type, span);
    value->time = time;
    return value;
}

/* Words that aren't values */

static bool word_is_time(struct slice word)
{
    size_t digits = 0;
    while (digits < word.len && isdigit((unsigned char)word.at[digits])) {
        digits++;
    }
    return digits > 0 && digits < word.len && (word.at[digits] == ':' || word.at[digits] == '-');
}

/* Why a word that begins like a number isn't a valid one. */
static const char *number_mistake(struct slice word, size_t sign)
{
    const char *at = word.at;
    size_t len = word.len;
    bool zero = at[sign] == '0' && len > sign + 1;
    if (zero && isalpha((unsigned char)at[sign + 1]) && at[sign + 1] != 'e' &&
        at[sign + 1] != 'E') {
        if (strchr("XOB", at[sign + 1]) != NULL) {
            return "the prefixes are 0x, 0o and 0b, in lower case";
        }
        if (strchr("xob", at[sign + 1]) == NULL) {
            return "a string needs quotes";
        }
        if (sign > 0) {
            return "hexadecimal, octal and binary numbers can't have a sign";
        }
        return memchr(at, '_', len) != NULL
                   ? "each underscore must be between two digits of the prefix's base"
                   : "the prefix must be followed by digits of its base";
    }
    for (size_t i = sign; i < len; i++) {
        bool number = isdigit((unsigned char)at[i]) || strchr("_.eE+-", at[i]) != NULL;
        if (!number || at[i] == '\0') {
            return "a string needs quotes";
        }
    }
    for (size_t i = sign; i < len; i++) {
        bool before = i > 0 && isdigit((unsigned char)at[i - 1]);
        bool behind = i + 1 < len && isdigit((unsigned char)at[i + 1]);
        if (at[i] == '_' && !(before && behind)) {
            return "each underscore must be between two digits";
        }
        if (at[i] == '.' && !(before && behind)) {
            return "the decimal point needs digits on both sides";
        }
    }
    if (zero && (isdigit((unsigned char)at[sign + 1]) || at[sign + 1] == '_')) {
        return "it has a leading zero";
    }
    if (strchr("eE+-", at[len - 1]) != NULL) {
        return "the exponent has no digits";
    }
    return "a string needs quotes";
}

int toml_explain_word(struct toml_parser *parser, struct toml_span span)
{
    static const char *const words[] = {"true", "false", "inf", "nan"};
    struct slice word = toml_text(parser, span);
    if (word_is_time(word)) {
        /* Not NULL only if the lexer accepts fewer forms of time than this file. */
        if (toml_read_time(parser, span) == NULL) {
            return -1;
        }
        return toml_complain(parser, FINDING_TOML_SYNTAX, span, "`%s` is not a valid date or time",
                             show(parser, span));
    }
    size_t sign = word.at[0] == '+' || word.at[0] == '-' ? 1 : 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (word.len == len + sign && strncasecmp(word.at + sign, words[i], len) == 0) {
            return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                                 "`%s` is not a valid value; use `%s`", show(parser, span),
                                 words[i]);
        }
    }
    if (word.len > sign && (isdigit((unsigned char)word.at[sign]) || word.at[sign] == '.')) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, span, "`%s` is not a valid number: %s",
                             show(parser, span), number_mistake(word, sign));
    }
    return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                         "`%s` is not a valid value; a string needs quotes%s", show(parser, span),
                         toml_show_open(parser, span.offset));
}

/* Escapes */

static void add_code_point(struct buf *out, uint32_t point)
{
    char bytes[4];
    size_t len;
    if (point < 0x80) {
        bytes[0] = (char)point;
        len = 1;
    } else if (point < 0x800) {
        bytes[0] = (char)(0xc0U | point >> 6);
        len = 2;
    } else if (point < 0x10000) {
        bytes[0] = (char)(0xe0U | point >> 12);
        len = 3;
    } else {
        bytes[0] = (char)(0xf0U | point >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++) {
        bytes[i] = (char)(0x80U | (point >> (6 * (len - 1 - i)) & 0x3fU));
    }
    buf_add(out, bytes, len);
}

static int read_code_point(struct toml_parser *parser, struct toml_span span)
{
    struct slice text = toml_text(parser, span);
    size_t wanted = text.at[1] == 'u' ? 4 : 8;
    if (text.len != wanted + 2) {
        return toml_complain(
            parser, FINDING_TOML_SYNTAX, span,
            "`%s` needs %s hexadecimal digits; a backslash itself is written `\\\\`",
            show(parser, span), wanted == 4 ? "four" : "eight");
    }
    uint32_t point = 0;
    for (size_t i = 2; i < text.len; i++) {
        point = point * 16 + digit_value(text.at[i]);
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, span, "`%s` is not a Unicode character",
                             show(parser, span));
    }
    add_code_point(&parser->lexer.decoded, point);
    return 0;
}

int toml_read_escape(struct toml_parser *parser, struct toml_span span)
{
    static const char names[] = "btnfr\"\\";
    static const char bytes[] = "\b\t\n\f\r\"\\";
    char name = parser->lexer.start[span.offset + 1];
    if (name == 'u' || name == 'U') {
        return read_code_point(parser, span);
    }
    const char *found = name != '\0' ? strchr(names, name) : NULL;
    if (found == NULL) {
        if ((unsigned char)name <= ' ' || name == 0x7f) {
            return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                                 "a lone `\\` is not a valid escape; write `\\\\`");
        }
        return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                             "`%s` is not a valid escape; a backslash itself is written `\\\\`",
                             show(parser, span));
    }
    buf_add_char(&parser->lexer.decoded, bytes[found - names]);
    return 0;
}
