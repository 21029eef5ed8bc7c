#include "setup_functions.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static bool ends_word(struct slice text, size_t at)
{
    return at >= text.len || strchr(" \t\n;&|()", text.at[at]) != NULL;
}

static size_t skip_blanks(struct slice text, size_t at, bool newlines)
{
    while (at < text.len && (is_blank(text.at[at]) || (newlines && text.at[at] == '\n'))) {
        at++;
    }
    return at;
}

/* After what can't begin or end anything: a quoted part, an escaped character, a comment. `at` stays
 * where it is if there is none. */
static size_t skip_quoted(struct slice text, size_t at, bool begins_word)
{
    char c = text.at[at];
    if (c == '\\') {
        return at + 2;
    }
    if (c == '#' && begins_word) {
        while (at < text.len && text.at[at] != '\n') {
            at++;
        }
        return at;
    }
    if (c != '\'' && c != '"') {
        return at;
    }
    for (at++; at < text.len && text.at[at] != c; at++) {
        at += c == '"' && text.at[at] == '\\';
    }
    return at + 1;
}

/* Whether a word stands before it after which a command begins. */
static bool follows_reserved(struct slice text, size_t at)
{
    static const char *const words[] = {"then",  "do",    "else", "elif", "if",
                                        "while", "until", "!",    "{"};
    while (at > 0 && is_blank(text.at[at - 1])) {
        at--;
    }
    size_t end = at;
    while (at > 0 && !ends_word(text, at - 1)) {
        at--;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is(slice_make(text.at + at, end - at), words[i])) {
            return true;
        }
    }
    return false;
}

/* After the '}' that closes the '{' at `at`; beyond the end: there is none. */
static size_t skip_body(struct slice text, size_t at)
{
    size_t depth = 0;
    bool begins_word = true;
    bool begins_command = true;
    while (at < text.len) {
        size_t after = skip_quoted(text, at, begins_word);
        if (after != at) {
            at = after;
            begins_word = begins_command = false;
            continue;
        }
        char c = text.at[at];
        if (c == '{' && ends_word(text, at + 1) &&
            (begins_command || (begins_word && follows_reserved(text, at)))) {
            depth++;
            begins_word = begins_command = true;
            at++;
            continue;
        }
        if (begins_command && c == '}' && ends_word(text, at + 1) && --depth == 0) {
            return at + 1;
        }
        begins_command = strchr("\n;&|()", c) != NULL || (begins_command && is_blank(c));
        begins_word = begins_command || is_blank(c);
        at++;
    }
    return text.len + 1;
}

/* The definition that begins at `at`: its end, or 0. *is_unclear: its body has another form than that of
 * `name() { … }`, or a here-document in it. */
static size_t end_of_definition(struct slice text, size_t at, bool *is_unclear)
{
    size_t i = at;
    while (i < text.len && is_name(text.at[i])) {
        i++;
    }
    if (i == at) {
        return 0;
    }
    i = skip_blanks(text, i, false);
    if (i >= text.len || text.at[i] != '(') {
        return 0;
    }
    i = skip_blanks(text, i + 1, false);
    if (i >= text.len || text.at[i] != ')') {
        return 0;
    }
    i = skip_blanks(text, i + 1, true);
    size_t end = i < text.len && text.at[i] == '{' ? skip_body(text, i) : text.len + 1;
    *is_unclear = end > text.len || memmem(text.at + i, end - i, "<<", 2) != NULL;
    return end <= text.len ? end : 0;
}

/* The change of depth by the word that begins a command at `at`. */
static int change_of_depth(struct slice text, size_t at)
{
    static const struct {
        const char *word;
        int change;
    } words[] = {{"if", 1}, {"case", 1}, {"for", 1},   {"while", 1}, {"until", 1}, {"select", 1},
                 {"{", 1},  {"fi", -1},  {"esac", -1}, {"done", -1}, {"}", -1}};
    size_t end = at;
    while (!ends_word(text, end)) {
        end++;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is(slice_make(text.at + at, end - at), words[i].word)) {
            return words[i].change;
        }
    }
    return 0;
}

bool setup_add_functions(struct slice setup, struct buf *out)
{
    bool begins_command = true;
    bool begins_word = true;
    int depth = 0; /* of commands that hold others */
    for (size_t at = 0; at < setup.len;) {
        bool is_unclear = false;
        bool begins = begins_command || (begins_word && follows_reserved(setup, at));
        size_t end = begins ? end_of_definition(setup, at, &is_unclear) : 0;
        size_t after = end > 0 ? end : skip_quoted(setup, at, begins_word);
        if (is_unclear || (end > 0 && depth > 0)) {
            return false;
        }
        depth += begins ? change_of_depth(setup, at) : 0;
        if (end > 0) {
            buf_add(out, setup.at + at, end - at);
            buf_add_char(out, '\n');
        }
        if (after != at) {
            at = after;
            begins_word = begins_command = false;
            continue;
        }
        char c = setup.at[at];
        begins_command = c == '\n' || c == ';' || (begins_command && is_blank(c));
        begins_word = begins_command || is_blank(c);
        at++;
    }
    return true;
}
