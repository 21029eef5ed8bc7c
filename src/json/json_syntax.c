#include "json_syntax.h"

#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { DEEPEST = 200, LONGEST_INTEGER = 20 };

struct reader {
    struct slice text;
    size_t at;
    unsigned depth;
    size_t objects;
    struct syntax *syntax;
    syntax_token_fn *token;
    void *context;
};

static int fail(struct reader *reader, size_t offset, const char *message)
{
    reader->syntax->error_offset = offset;
    reader->syntax->error = message;
    return -1;
}

/* The next byte, or 0 at the end. A NUL in the text is always an error. */
static unsigned char peek(const struct reader *reader)
{
    return reader->at < reader->text.len ? (unsigned char)reader->text.at[reader->at] : 0;
}

static bool skip(struct reader *reader, char c)
{
    if (reader->at < reader->text.len && reader->text.at[reader->at] == c) {
        reader->at++;
        return true;
    }
    return false;
}

static void skip_space(struct reader *reader)
{
    while (skip(reader, ' ') || skip(reader, '\n') || skip(reader, '\t') || skip(reader, '\r')) {
    }
}

/* What JSON lacks, but people and programs write. */
static const char *explain(struct slice rest)
{
    static const struct {
        const char *word;
        const char *message;
    } numbers[] = {
#define NOT_JSON(word)                                                                             \
    {word, "JSON has no " word "; use null or a string (Python's `json.dump(..., "                 \
           "allow_nan=False)` raises an error instead of writing it)"}
        NOT_JSON("NaN"), NOT_JSON("Infinity"), NOT_JSON("-Infinity"), NOT_JSON("-NaN"),
        NOT_JSON("nan"), NOT_JSON("inf"),      NOT_JSON("-inf"),      NOT_JSON("-nan"),
#undef NOT_JSON
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (slice_starts_with(rest, numbers[i].word)) {
            return numbers[i].message;
        }
    }
    return text_plain_quote(rest) == 0
               ? NULL
               : "this is a typographic quote, such as an editor writes; use the plain `\"`";
}

static int unexpected(struct reader *reader, const char *expected)
{
    if (reader->at >= reader->text.len) {
        return fail(reader, reader->text.len, "unexpected end of file");
    }
    const char *message =
        explain(slice_make(reader->text.at + reader->at, reader->text.len - reader->at));
    if (message != NULL) {
        return fail(reader, reader->at, message);
    }
    return fail(reader, reader->at, expected);
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(unsigned char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    unsigned char lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int read_hex4(struct reader *reader, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(peek(reader));
        if (digit < 0) {
            return unexpected(reader, "\\u needs four hexadecimal digits");
        }
        *code = *code * 16 + (unsigned)digit;
        reader->at++;
    }
    return 0;
}

/* Reads the digits after a backslash and `u`. */
static int read_unicode_escape(struct reader *reader, size_t start, bool *has_nul)
{
    unsigned code;
    if (read_hex4(reader, &code) != 0) {
        return -1;
    }
    *has_nul = *has_nul || code == 0;
    if (code < 0xd800 || code > 0xdfff) {
        return 0;
    }
    unsigned low;
    if (code > 0xdbff || !skip(reader, '\\') || !skip(reader, 'u')) {
        return fail(reader, start, "unpaired surrogate");
    }
    if (read_hex4(reader, &low) != 0) {
        return -1;
    }
    return low >= 0xdc00 && low <= 0xdfff ? 0 : fail(reader, start, "unpaired surrogate");
}

static int read_escape(struct reader *reader, bool *has_nul)
{
    size_t start = reader->at++;
    unsigned char c = peek(reader);
    if (c == 'u') {
        reader->at++;
        return read_unicode_escape(reader, start, has_nul);
    }
    if (c == 0 || strchr("\"\\/bfnrt", c) == NULL) {
        return unexpected(reader, "invalid escape in a string");
    }
    reader->at++;
    return 0;
}

static int read_string(struct reader *reader, bool *has_nul)
{
    size_t start = reader->at;
    if (!skip(reader, '"')) {
        return unexpected(reader, "expected a string in double quotes");
    }
    *has_nul = false;
    while (!skip(reader, '"')) {
        unsigned char c = peek(reader);
        if (c == '\\') {
            if (read_escape(reader, has_nul) != 0) {
                return -1;
            }
        } else if (c < 0x20) {
            return unexpected(reader, "a control character in a string; write it as an escape");
        } else {
            reader->at++;
        }
    }
    struct slice token = slice_make(reader->text.at + start, reader->at - start);
    return text_is_utf8(token) ? 0 : fail(reader, start, "the string is not UTF-8");
}

static int report_token(struct reader *reader, size_t start, size_t object)
{
    if (reader->token == NULL) {
        return 0;
    }
    struct slice token = slice_make(reader->text.at + start, reader->at - start);
    const char *message = reader->token(reader->context, token, object);
    return message == NULL ? 0 : fail(reader, start, message);
}

static bool fits_64_bits(struct slice digits, bool negative)
{
    char copy[LONGEST_INTEGER + 1];
    if (digits.len > LONGEST_INTEGER) {
        return false;
    }
    memcpy(copy, digits.at, digits.len);
    copy[digits.len] = '\0';
    errno = 0;
    unsigned long long number = strtoull(copy, NULL, 10);
    return errno == 0 && (!negative || number <= 1ULL << 63);
}

static size_t read_digits(struct reader *reader)
{
    size_t start = reader->at;
    while (is_digit(peek(reader))) {
        reader->at++;
    }
    return reader->at - start;
}

static int read_number(struct reader *reader)
{
    size_t start = reader->at;
    bool negative = skip(reader, '-');
    size_t digits_at = reader->at;
    if (!skip(reader, '0') && read_digits(reader) == 0) {
        struct slice number = slice_make(reader->text.at + start, reader->text.len - start);
        reader->at = explain(number) != NULL ? start : reader->at; /* -Infinity */
        return unexpected(reader, "expected a digit");
    }
    if (is_digit(peek(reader))) {
        return fail(reader, start, "a number can't have a leading zero");
    }
    struct slice digits = slice_make(reader->text.at + digits_at, reader->at - digits_at);
    bool integer = true;
    if (skip(reader, '.')) {
        integer = false;
        if (read_digits(reader) == 0) {
            return unexpected(reader, "expected a digit after the decimal point");
        }
    }
    if (skip(reader, 'e') || skip(reader, 'E')) {
        integer = false;
        if (!skip(reader, '+')) {
            skip(reader, '-');
        }
        if (read_digits(reader) == 0) {
            return unexpected(reader, "expected a digit in the exponent");
        }
    }
    if (integer && !fits_64_bits(digits, negative)) {
        vec_push(&reader->syntax->long_integers, reader->at);
    }
    return report_token(reader, start, 0);
}

static int read_word(struct reader *reader, const char *word)
{
    size_t start = reader->at;
    for (const char *c = word; *c != '\0'; c++) {
        if (!skip(reader, *c)) {
            reader->at = start;
            return unexpected(reader, "expected a value");
        }
    }
    return 0;
}

static int read_value(struct reader *reader);

static int read_member(struct reader *reader, size_t object)
{
    size_t start = reader->at;
    bool has_nul;
    if (read_string(reader, &has_nul) != 0) {
        return -1;
    }
    if (has_nul) {
        return fail(reader, start, "a key contains a NUL character");
    }
    if (report_token(reader, start, object) != 0) {
        return -1;
    }
    reader->syntax->members++;
    skip_space(reader);
    if (!skip(reader, ':')) {
        return unexpected(reader, "expected ':' after the key");
    }
    return read_value(reader);
}

static int read_object(struct reader *reader)
{
    size_t object = ++reader->objects;
    reader->at++;
    skip_space(reader);
    if (skip(reader, '}')) {
        return 0;
    }
    for (;;) {
        skip_space(reader);
        if (read_member(reader, object) != 0) {
            return -1;
        }
        if (skip(reader, '}')) {
            return 0;
        }
        if (!skip(reader, ',')) {
            return unexpected(reader, "expected ',' or '}'");
        }
    }
}

static int read_array(struct reader *reader)
{
    reader->at++;
    skip_space(reader);
    if (skip(reader, ']')) {
        return 0;
    }
    for (;;) {
        if (read_value(reader) != 0) {
            return -1;
        }
        if (skip(reader, ']')) {
            return 0;
        }
        if (!skip(reader, ',')) {
            return unexpected(reader, "expected ',' or ']'");
        }
    }
}

static int read_nested(struct reader *reader)
{
    if (reader->depth == DEEPEST) {
        return fail(reader, reader->at, "nested more than 200 levels deep");
    }
    reader->depth++;
    int result = peek(reader) == '{' ? read_object(reader) : read_array(reader);
    reader->depth--;
    return result;
}

/* Reads a value and the white space around it. */
static int read_value(struct reader *reader)
{
    int result;
    bool has_nul;
    skip_space(reader);
    unsigned char c = peek(reader);
    if (c == '{' || c == '[') {
        result = read_nested(reader);
    } else if (c == '"') {
        result = read_string(reader, &has_nul);
    } else if (c == '-' || is_digit(c)) {
        result = read_number(reader);
    } else if (c == 't') {
        result = read_word(reader, "true");
    } else if (c == 'f') {
        result = read_word(reader, "false");
    } else if (c == 'n') {
        result = read_word(reader, "null");
    } else {
        result = unexpected(reader, "expected a value");
    }
    skip_space(reader);
    return result;
}

int syntax_check(struct slice text, struct syntax *syntax, syntax_token_fn *token, void *context)
{
    struct reader reader = {.text = text, .syntax = syntax, .token = token, .context = context};
    if (read_value(&reader) != 0) {
        return -1;
    }
    if (reader.at < text.len) {
        return fail(&reader, reader.at, "unexpected text after the document");
    }
    return 0;
}

void syntax_release(struct syntax *syntax)
{
    vec_release(&syntax->long_integers);
}
