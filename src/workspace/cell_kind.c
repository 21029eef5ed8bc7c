#include "cell_kind.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static size_t digits_from(struct slice text, size_t at)
{
    size_t start = at;
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9') {
        at++;
    }
    return at - start;
}

/* A number as people and programs write it; `is_json`: as JSON does. */
static bool is_number(struct slice text, bool *is_json)
{
    size_t at = 0;
    *is_json = true;
    if (at < text.len && (text.at[at] == '-' || text.at[at] == '+')) {
        *is_json = text.at[at++] == '-';
    }
    size_t before = digits_from(text, at);
    if (before == 0 || (before > 1 && text.at[at] == '0')) {
        *is_json = false;
    }
    at += before;
    size_t after = 0;
    if (at < text.len && (text.at[at] == '.' || text.at[at] == ',')) {
        after = digits_from(text, at + 1);
        *is_json = *is_json && text.at[at] == '.' && after > 0;
        at += 1 + after;
    }
    if (before + after == 0) {
        return false;
    }
    if (at < text.len &&
        (text.at[at] == 'e' || text.at[at] == 'E' || text.at[at] == 'd' || text.at[at] == 'D')) {
        *is_json = *is_json && (text.at[at] == 'e' || text.at[at] == 'E');
        at++;
        at += at < text.len && (text.at[at] == '-' || text.at[at] == '+');
        size_t exponent = digits_from(text, at);
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    return at == text.len;
}

/* 0x1f, 1_000 */
static bool is_of_program(struct slice text)
{
    size_t at = text.len > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    size_t start = at;
    bool is_hex = text.len > at + 2 && text.at[at] == '0' && (text.at[at + 1] | 0x20) == 'x';
    at += is_hex ? 2 : 0;
    for (; at < text.len; at++) {
        char lower = (char)(text.at[at] | 0x20);
        bool is_digit = text.at[at] >= '0' && text.at[at] <= '9';
        bool is_between = text.at[at] == '_' && at > start && at + 1 < text.len && !is_hex;
        if (!is_digit && !is_between && !(is_hex && lower >= 'a' && lower <= 'f')) {
            return false;
        }
    }
    return is_hex || (text.len > start && memchr(text.at, '_', text.len) != NULL);
}

static bool is_word_for_number(struct slice text)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    size_t skip = text.len > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text.len - skip == strlen(words[i]) &&
            strncasecmp(text.at + skip, words[i], text.len - skip) == 0) {
            return true;
        }
    }
    return false;
}

static bool looks_like_json(struct slice text)
{
    return slice_is(text, "true") || slice_is(text, "false") || slice_is(text, "null") ||
           (text.len > 1 && strchr("[{\"", text.at[0]) != NULL);
}

enum cell_kind cell_kind_of(struct slice text)
{
    bool is_json;
    if (text.len == 0) {
        return CELL_EMPTY;
    }
    if (is_number(text, &is_json)) {
        return is_json ? CELL_NUMBER : CELL_NEAR;
    }
    if (is_of_program(text)) {
        return CELL_NEAR;
    }
    if (is_word_for_number(text)) {
        return CELL_WORD;
    }
    return looks_like_json(text) ? CELL_JSON : CELL_TEXT;
}

void cell_add_as_json(struct slice text, struct buf *out)
{
    size_t at = text.at[0] == '-' || text.at[0] == '+' ? 1 : 0;
    bool is_json;
    size_t start = out->len;
    buf_add_string(out, text.at[0] == '-' ? "-" : "");
    while (at + 1 < text.len && text.at[at] == '0' && text.at[at + 1] >= '0' &&
           text.at[at + 1] <= '9') {
        at++;
    }
    if (at < text.len && (text.at[at] == '.' || text.at[at] == ',')) {
        buf_add_char(out, '0');
    }
    for (; at < text.len; at++) {
        bool is_point = text.at[at] == '.' || text.at[at] == ',';
        char c = text.at[at] == 'd' || text.at[at] == 'D' ? 'e' : text.at[at];
        buf_add_char(out, is_point ? '.' : c);
        if (is_point && digits_from(text, at + 1) == 0) {
            buf_add_char(out, '0');
        }
    }
    if (!is_number(slice_make(out->at + start, out->len - start), &is_json) || !is_json) {
        out->len = start;
    }
}
