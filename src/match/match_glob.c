#include "match_glob.h"

#include "match_braces.h"

#include <ctype.h>

/* Goes before an item that could match any character: it must not match a segment's leading dot. */
#define NOT_A_LEADING_DOT "(?!(?<![^/])\\.)"

static void add_literal(struct buf *out, unsigned char c)
{
    if (isascii(c) && isalnum(c)) {
        buf_add_char(out, (char)c);
    } else {
        buf_addf(out, "\\x%02x", c);
    }
}

/* The length of a class such as "[:alpha:]" at the start of `rest`, or 0. */
static size_t class_name(struct slice rest)
{
    static const char *const names[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "xdigit"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = strlen(names[i]);
        if (rest.len >= len + 4 && memcmp(rest.at, "[:", 2) == 0 &&
            memcmp(rest.at + 2, names[i], len) == 0 && memcmp(rest.at + 2 + len, ":]", 2) == 0) {
            return len + 4;
        }
    }
    return 0;
}

/* One character of a bracket expression, possibly escaped. */
static unsigned char bracket_character(struct slice items, size_t *at)
{
    if (items.at[*at] == '\\' && *at + 1 < items.len) {
        *at += 1;
    }
    return (unsigned char)items.at[(*at)++];
}

static const char *add_bracket_items(struct slice items, struct buf *out)
{
    for (size_t i = 0; i < items.len;) {
        size_t name = class_name(slice_make(items.at + i, items.len - i));
        if (name > 0) {
            buf_add(out, items.at + i, name);
            i += name;
            continue;
        }
        if (items.at[i] == '[' && i + 1 < items.len && strchr(":.=", items.at[i + 1]) != NULL &&
            items.at[i + 1] != '\0') {
            return "unknown character class";
        }
        unsigned char low = bracket_character(items, &i);
        if (i + 1 < items.len && items.at[i] == '-') {
            i++;
            unsigned char high = bracket_character(items, &i);
            if (high < low) {
                return "the character range is reversed";
            }
            buf_addf(out, "\\x%02x-\\x%02x", low, high);
        } else {
            buf_addf(out, "\\x%02x", low);
        }
    }
    return NULL;
}

/* `inside` is the text between the brackets. */
static const char *add_bracket(struct slice inside, bool hidden, struct buf *out)
{
    bool negated = inside.len > 0 && (inside.at[0] == '!' || inside.at[0] == '^');
    if (negated) {
        inside = slice_make(inside.at + 1, inside.len - 1);
    }
    buf_add_string(out, hidden ? "" : NOT_A_LEADING_DOT);
    buf_add_string(out, negated ? "[^/" : "(?!/)[");
    const char *error = add_bracket_items(inside, out);
    buf_add_char(out, ']');
    return error;
}

static const char *add_segment(struct slice segment, bool hidden, struct buf *out)
{
    const char *dots = hidden ? "" : NOT_A_LEADING_DOT;
    for (size_t i = 0; i < segment.len;) {
        char c = segment.at[i];
        if (c == '*') {
            buf_addf(out, "%s[^/]*", dots);
            i++;
        } else if (c == '?') {
            buf_addf(out, "%s[^/]", dots);
            i++;
        } else if (c == '[') {
            size_t end = bracket_end(segment, i);
            const char *error =
                end == 0 ? "a bracket is not closed"
                         : add_bracket(slice_make(segment.at + i + 1, end - i - 2), hidden, out);
            if (error != NULL) {
                return error;
            }
            i = end;
        } else {
            i += c == '\\';
            if (i == segment.len) {
                return "the pattern ends with a backslash";
            }
            add_literal(out, (unsigned char)segment.at[i++]);
        }
    }
    return NULL;
}

/* The end of the segment that starts at `start`: a '/' outside of brackets, or the pattern's
 * end. */
static size_t segment_end(struct slice pattern, size_t start)
{
    size_t i = start;
    while (i < pattern.len && pattern.at[i] != '/') {
        size_t end = pattern.at[i] == '[' ? bracket_end(pattern, i) : 0;
        if (end != 0) {
            i = end;
        } else {
            i += pattern.at[i] == '\\' && i + 1 < pattern.len && pattern.at[i + 1] != '/' ? 2 : 1;
        }
    }
    return i;
}

static const char *check_segment(struct slice segment)
{
    if (segment.len == 0) {
        return "an empty name before, between or after '/'";
    }
    if (slice_is(segment, ".") || slice_is(segment, "..")) {
        return "'.' and '..' can't be parts of a pattern";
    }
    if (memchr(segment.at, '\0', segment.len) != NULL) {
        return "a NUL byte";
    }
    bool star_before = false;
    for (size_t i = 0; i < segment.len && segment.len > 2;) {
        size_t end = segment.at[i] == '[' ? bracket_end(segment, i) : 0;
        if (segment.at[i] == '*' && star_before) {
            return "'**' must be a whole segment: \"a/**/b\"";
        }
        star_before = segment.at[i] == '*';
        i = end != 0 ? end : i + (segment.at[i] == '\\' ? 2 : 1);
    }
    return NULL;
}

const char *glob_translate(struct slice pattern, bool hidden, struct buf *expression)
{
    const char *any_segment = hidden ? "[^/]+" : "(?!\\.)[^/]+";
    if (pattern.len == 0) {
        return "the pattern is empty";
    }
    for (size_t start = 0; start <= pattern.len;) {
        size_t end = segment_end(pattern, start);
        struct slice segment = slice_make(pattern.at + start, end - start);
        bool last = end == pattern.len;
        const char *error = check_segment(segment);
        if (error != NULL) {
            return error;
        }
        if (slice_is(segment, "**")) {
            buf_addf(expression, last ? "(?:%s/)*+%s" : "(?:%s/)*", any_segment, any_segment);
        } else {
            error = add_segment(segment, hidden, expression);
            if (error != NULL) {
                return error;
            }
            buf_add_string(expression, last ? "" : "/");
        }
        start = end + 1;
    }
    return NULL;
}
