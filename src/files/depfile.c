#include "depfile.h"

#include <stdbool.h>
#include <string.h>

struct reader {
    struct slice text;
    size_t at;
    struct intern *names;
    struct depfile_error *error;
    struct buf word;
    size_t rules;
};

static int complain(struct reader *reader, size_t at, const char *what)
{
    size_t line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < at; i++) {
        if (reader->text.at[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    *reader->error = (struct depfile_error){line, at - begin + 1, what};
    return -1;
}

/* The byte at a place; a newline where the text has ended. */
static char byte_at(const struct reader *reader, size_t at)
{
    if (at < reader->text.len) {
        return reader->text.at[at];
    }
    return '\n';
}

/* Length of the end of a line at a place ("\n" or "\r\n"; the end of the text, too); 0: none. */
static size_t line_end(const struct reader *reader, size_t at)
{
    if (byte_at(reader, at) == '\n') {
        return 1;
    }
    return byte_at(reader, at) == '\r' && byte_at(reader, at + 1) == '\n' ? 2 : 0;
}

/* Length of the blanks at a place, continued lines included. */
static size_t blanks(const struct reader *reader, size_t at)
{
    size_t from = at;
    for (;;) {
        char c = byte_at(reader, at);
        size_t end = c == '\\' && at < reader->text.len ? line_end(reader, at + 1) : 0;
        if (c == ' ' || c == '\t') {
            at++;
        } else if (end > 0) {
            at += 1 + end;
        } else {
            return at - from;
        }
    }
}

static bool ends_word(const struct reader *reader, size_t at)
{
    return at >= reader->text.len || line_end(reader, at) > 0 || blanks(reader, at) > 0;
}

/* A run of backslashes and what it says: how many of them count, whether the byte after them is
 * itself, and the length of all that. */
struct slashes {
    size_t literal;
    bool escapes;
    size_t length;
};

static struct slashes read_slashes(const struct reader *reader, size_t at)
{
    size_t count = 0;
    while (at + count < reader->text.len && reader->text.at[at + count] == '\\') {
        count++;
    }
    size_t end = at + count;
    char after = byte_at(reader, end);
    bool is_end = line_end(reader, end) > 0;
    /* `c:\dir\:` of a target ends a word; so does a colon before a blank elsewhere */
    bool is_special = after == ' ' || after == '\t' || after == '#' ||
                      (after == ':' && !ends_word(reader, end + 1));
    if (is_end) { /* an odd one continues the line, and isn't part of the word */
        return (struct slashes){.literal = count / 2, .length = count - count % 2};
    }
    if (!is_special) {
        return (struct slashes){.literal = count, .length = count};
    }
    bool escapes = count % 2 == 1;
    return (struct slashes){
        .literal = count / 2, .escapes = escapes, .length = count + (escapes ? 1 : 0)};
}

/* Reads a word up to a blank, the end of the line, or `stop` (SIZE_MAX: none) into reader->word. */
static int read_word(struct reader *reader, size_t stop)
{
    buf_clear(&reader->word);
    while (reader->at < stop && !ends_word(reader, reader->at)) {
        char c = reader->text.at[reader->at];
        if (c == '\0') {
            return complain(reader, reader->at, "a name contains a NUL byte");
        }
        if (c == '\\') {
            struct slashes slashes = read_slashes(reader, reader->at);
            for (size_t i = 0; i < slashes.literal; i++) {
                buf_add_char(&reader->word, '\\');
            }
            if (slashes.escapes) {
                buf_add_char(&reader->word, reader->text.at[reader->at + slashes.length - 1]);
            }
            reader->at += slashes.length;
            continue;
        }
        reader->at += c == '$' && byte_at(reader, reader->at + 1) == '$' ? 2 : 1;
        buf_add_char(&reader->word, c);
    }
    return 0;
}

static void skip_line(struct reader *reader)
{
    while (reader->at < reader->text.len && line_end(reader, reader->at) == 0) {
        size_t blank = blanks(reader, reader->at);
        reader->at += blank > 0 ? blank : 1;
    }
}

/* What a logical line is, by its first words. */
enum line_kind { LINE_RULE, LINE_ASSIGNMENT, LINE_OTHER };

/* Finds the colon after the targets: the first one before a blank, else the first one. */
static enum line_kind find_colon(const struct reader *reader, size_t *colon)
{
    size_t first = SIZE_MAX;
    size_t words = 0;
    for (size_t at = reader->at; at < reader->text.len && line_end(reader, at) == 0;) {
        size_t blank = blanks(reader, at);
        char c = reader->text.at[at];
        if (blank > 0) {
            at += blank;
            words++;
            continue;
        }
        if (c == '\\') {
            at += read_slashes(reader, at).length;
            continue;
        }
        char next = byte_at(reader, at + 1);
        bool begins = at == reader->at || blanks(reader, at - 1) == 1;
        if (begins && words == 1 && (c == '=' || (strchr("+?!", c) != NULL && next == '='))) {
            return LINE_ASSIGNMENT;
        }
        if (c == ':' && next == '=') {
            return LINE_ASSIGNMENT;
        }
        if (c == ':' && (ends_word(reader, at + 1) || next == '|')) {
            *colon = at;
            return LINE_RULE;
        }
        if (c == ':' && first == SIZE_MAX) {
            first = at;
        }
        if (begins && c == '#') {
            break;
        }
        at++;
    }
    *colon = first;
    return first != SIZE_MAX ? LINE_RULE : LINE_OTHER;
}

/* `.PHONY` and the like: what they name is no file that was read. */
static bool is_special_target(struct slice target)
{
    bool is_special = target.len > 1 && target.at[0] == '.';
    for (size_t i = 1; i < target.len && is_special; i++) {
        is_special = (target.at[i] >= 'A' && target.at[i] <= 'Z') || target.at[i] == '_';
    }
    return is_special;
}

static int read_rule(struct reader *reader, size_t colon)
{
    size_t begin = reader->at;
    size_t targets = 0;
    bool is_special = true;
    reader->at += blanks(reader, reader->at);
    while (reader->at < colon) {
        if (read_word(reader, colon) != 0) {
            return -1;
        }
        targets++;
        is_special = is_special && is_special_target(buf_slice(&reader->word));
        reader->at += reader->at < colon ? blanks(reader, reader->at) : 0;
    }
    if (targets == 0) {
        return complain(reader, begin, "this rule has no target before its `:`");
    }
    reader->rules++;
    reader->at = colon + 1;
    bool counts = !is_special;
    for (;;) {
        reader->at += blanks(reader, reader->at);
        if (reader->at >= reader->text.len || line_end(reader, reader->at) > 0) {
            return 0;
        }
        if (reader->text.at[reader->at] == '#') {
            skip_line(reader);
            return 0;
        }
        if (reader->text.at[reader->at] == '|' &&
            (ends_word(reader, reader->at + 1) || reader->at == colon + 1)) {
            counts = false;
            reader->at++;
            continue;
        }
        if (read_word(reader, SIZE_MAX) != 0) {
            return -1;
        }
        if (counts && reader->word.len > 0) {
            intern_add(reader->names, buf_slice(&reader->word));
        }
    }
}

static int read_line(struct reader *reader)
{
    size_t colon = SIZE_MAX;
    bool is_recipe = reader->text.at[reader->at] == '\t' && reader->rules > 0;
    size_t first = reader->at + blanks(reader, reader->at);
    if (first >= reader->text.len || line_end(reader, first) > 0) {
        reader->at = first;
        return 0;
    }
    if (is_recipe || reader->text.at[first] == '#') {
        skip_line(reader);
        return 0;
    }
    reader->at = first;
    switch (find_colon(reader, &colon)) {
    case LINE_ASSIGNMENT:
        skip_line(reader);
        return 0;
    case LINE_OTHER:
        return complain(reader, first, "this is not a rule: there is no `:` after the targets");
    case LINE_RULE:
        break;
    }
    return read_rule(reader, colon);
}

int depfile_parse(struct slice text, struct intern *names, struct depfile_error *error)
{
    struct reader reader = {.text = text, .names = names, .error = error, .word = BUF_EMPTY};
    int result = 0;
    while (result == 0 && reader.at < text.len) {
        result = read_line(&reader);
        if (result == 0) {
            reader.at += line_end(&reader, reader.at);
        }
    }
    if (result == 0 && reader.rules == 0) {
        result = complain(&reader, 0, "it has no rule");
    }
    buf_release(&reader.word);
    return result;
}

bool depfile_add_halved(struct slice name, struct buf *out)
{
    bool has_pair = memmem(name.at, name.len, "\\\\", 2) != NULL;
    for (size_t i = 0; i < name.len && has_pair; i++) {
        buf_add_char(out, name.at[i]);
        if (name.at[i] == '\\' && i + 1 < name.len && name.at[i + 1] == '\\') {
            i++;
        }
    }
    return has_pair;
}
