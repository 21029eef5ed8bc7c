#include "shell_here.h"

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')' ||
           c == '<' || c == '>';
}

/* The delimiter's length. A delimiter is odd if it contains text that only some shells expand or
 * join. */
static size_t read_word(struct shell_here *here, struct slice text, size_t at)
{
    size_t end = at;
    char quote = 0;
    for (; end < text.len && text.at[end] != '\n'; end++) {
        char c = text.at[end];
        char next = '\n';
        if (end + 1 < text.len) {
            next = text.at[end + 1];
        }
        if (quote == 0 && ends_word(c)) {
            break;
        }
        if (quote != '\'') {
            bool opens = c == '$' && (next == '(' || next == '{' || next == '[' ||
                                      (quote == 0 && (next == '\'' || next == '"')));
            here->is_odd |= c == '`' || opens;
            here->is_odd |= c == '\\' && (quote == '"' || next == '\n');
        }
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
            here->is_quoted = true;
        } else if (c == '\\') {
            here->is_quoted = true;
            end += next != '\n';
        }
    }
    here->is_odd |= quote != 0;
    return end - at;
}

size_t shell_here_read(struct shell_here *here, struct slice text, size_t at)
{
    size_t begin = at + 2;
    *here = (struct shell_here){0};
    if (begin < text.len && text.at[begin] == '-') {
        here->strips_tabs = true;
        begin++;
    }
    while (begin < text.len && (text.at[begin] == ' ' || text.at[begin] == '\t')) {
        begin++;
    }
    here->delimiter = slice_make(text.at + begin, read_word(here, text, begin));
    here->is_odd |= here->strips_tabs && memchr(here->delimiter.at, '\t', here->delimiter.len);
    return begin + here->delimiter.len - at;
}

/* The delimiter's next unquoted byte, from *at on; -1 at its end. */
static int next_byte(struct slice delimiter, size_t *at, char *quote)
{
    while (*at < delimiter.len) {
        char c = delimiter.at[(*at)++];
        if (*quote != 0 ? c == *quote : c == '\'' || c == '"') {
            if (*quote == 0) {
                *quote = c;
            } else {
                *quote = 0;
            }
            continue;
        }
        if (*quote == 0 && c == '\\' && *at < delimiter.len) {
            c = delimiter.at[(*at)++];
        }
        return (unsigned char)c;
    }
    return -1;
}

static bool is_delimiter(struct slice delimiter, struct slice line)
{
    size_t at = 0;
    char quote = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (next_byte(delimiter, &at, &quote) != (unsigned char)line.at[i]) {
            return false;
        }
    }
    return next_byte(delimiter, &at, &quote) < 0;
}

void shell_here_add_word(const struct shell_here *here, struct buf *out)
{
    size_t at = 0;
    char quote = 0;
    for (int c; (c = next_byte(here->delimiter, &at, &quote)) >= 0;) {
        buf_add_char(out, (char)c);
    }
}

static size_t line_end(struct slice text, size_t at)
{
    const char *newline = memchr(text.at + at, '\n', text.len - at);
    return newline != NULL ? (size_t)(newline - text.at) : text.len;
}

bool shell_here_ends(const struct shell_here *here, struct slice text, size_t at, size_t *len)
{
    size_t begin = at;
    while (here->strips_tabs && begin < text.len && text.at[begin] == '\t') {
        begin++;
    }
    size_t end = line_end(text, begin);
    *len = end - at;
    return is_delimiter(here->delimiter, slice_make(text.at + begin, end - begin));
}

/* The end of the line at `at`, including lines that backslashes join to it. */
static size_t joined_end(struct slice text, size_t at)
{
    size_t end = line_end(text, at);
    while (end > at && end < text.len && text.at[end - 1] == '\\') {
        end = line_end(text, end + 1);
    }
    return end;
}

bool shell_here_is_unclear(const struct shell_here *here, struct slice text, size_t at)
{
    size_t end = here->is_quoted ? line_end(text, at) : joined_end(text, at);
    bool is_joined = end > line_end(text, at);
    struct slice line = slice_make(text.at + at, end - at);
    struct buf word = BUF_EMPTY;
    shell_here_add_word(here, &word);
    bool unclear = (is_joined || here->in_substitution) &&
                   shell_here_may_end(buf_slice(&word), here->in_substitution, line);
    buf_release(&word);
    return unclear;
}

static size_t skip_joints(struct slice text, size_t at)
{
    while (at < text.len && (text.at[at] == '\t' || text.at[at] == '\r' || text.at[at] == '\\' ||
                             text.at[at] == '\n')) {
        at++;
    }
    return at;
}

bool shell_here_may_end(struct slice word, bool in_substitution, struct slice line)
{
    size_t at = skip_joints(line, 0);
    for (size_t i = skip_joints(word, 0); i < word.len; i = skip_joints(word, i + 1)) {
        if (at == line.len || line.at[at] != word.at[i]) {
            return false;
        }
        at = skip_joints(line, at + 1);
    }
    struct slice rest = slice_make(line.at + at, line.len - at);
    return rest.len == 0 || (in_substitution && (memchr(rest.at, ')', rest.len) != NULL ||
                                                 memchr(rest.at, '`', rest.len) != NULL));
}

bool shell_here_loses_byte(struct slice word, struct slice line)
{
    size_t at = 0;
    while (at < line.len && line.at[at] == '\t') {
        at++;
    }
    for (size_t i = 0; i < word.len && at < line.len; i++, at++) {
        if (line.at[at] != word.at[i]) {
            return i > 0 && (unsigned char)line.at[at] > 127;
        }
    }
    return at < line.len && word.len > 0 && (unsigned char)line.at[at] > 127;
}
