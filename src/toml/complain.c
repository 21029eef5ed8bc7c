/* Words TOML's syntax errors: what was expected, what was found, what is still open. */
#include "toml_parser.h"

#include "text.h"
#include "toml_grammar.h"

#include <ctype.h>
#include <stdarg.h>

enum { LONGEST_SHOWN = 60 }; /* bytes of the text that a message repeats */

int toml_complain(struct toml_parser *parser, enum finding_code code, struct toml_span span,
                  const char *format, ...)
{
    struct buf sentence = BUF_EMPTY;
    va_list args;
    va_start(args, format);
    buf_vaddf(&sentence, format, args);
    va_end(args);
    diag_error_at(parser->diag, code, parser->source, span.offset, span.length, "%s",
                  buf_string(&sentence));
    buf_release(&sentence);
    return -1;
}

struct slice toml_text(const struct toml_parser *parser, struct toml_span span)
{
    return slice_make(parser->lexer.start + span.offset, span.length);
}

static size_t shown_length(struct slice text)
{
    size_t len = 0;
    while (len < text.len && text.at[len] != '\n' && text.at[len] != '\r') {
        len++;
    }
    if (len > LONGEST_SHOWN) {
        len = LONGEST_SHOWN;
        while (((unsigned char)text.at[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return len;
}

const char *toml_show(struct toml_parser *parser, struct slice text)
{
    struct buf shown = BUF_EMPTY;
    size_t len = shown_length(text);
    text_add_name(&shown, slice_make(text.at, len));
    buf_add_string(&shown, len < text.len ? "…" : "");
    const char *copy = arena_string(&parser->diag->bytes, buf_slice(&shown));
    buf_release(&shown);
    return copy;
}

static bool is_bare(struct slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.at[i];
        if (!isalnum(c) && c != '_' && c != '-') {
            return false;
        }
    }
    return part.len > 0;
}

const char *toml_show_path(struct toml_parser *parser, size_t parts)
{
    struct buf name = BUF_EMPTY;
    for (size_t i = 0; i < parts; i++) {
        struct slice part = parser->path.at[i].name;
        buf_add_string(&name, i > 0 ? "." : "");
        if (is_bare(part)) {
            buf_add_slice(&name, part);
        } else {
            text_add_json(&name, part);
        }
    }
    const char *shown = toml_show(parser, buf_slice(&name));
    buf_release(&name);
    return shown;
}

size_t toml_line(const struct toml_parser *parser, size_t offset)
{
    size_t line;
    size_t column;
    source_place(parser->source, offset, &line, &column);
    return line;
}

const char *toml_show_open(struct toml_parser *parser, size_t offset)
{
    const struct toml_lexer *lexer = &parser->lexer;
    if (lexer->brackets.count == 0) {
        return "";
    }
    struct toml_bracket open = lexer->brackets.at[lexer->brackets.count - 1];
    size_t line = toml_line(parser, open.offset);
    if (line == toml_line(parser, offset)) {
        return "";
    }
    struct buf words = BUF_EMPTY;
    buf_addf(&words, "; the `%c` on line %zu is still open", open.open, line);
    const char *copy = arena_string(&parser->diag->bytes, buf_slice(&words));
    buf_release(&words);
    return copy;
}

void toml_complain_key(struct toml_parser *parser, struct toml_span span)
{
    struct slice word = toml_text(parser, span);
    if (word.at[word.len - 1] == ':') {
        struct toml_span colon = {span.offset + word.len - 1, 1};
        toml_complain(parser, FINDING_TOML_SYNTAX, colon,
                      "a key and its value are separated by `=`, not `:`");
        return;
    }
    toml_complain(parser, FINDING_TOML_SYNTAX, span,
                  "`%s` is not a bare key (letters, digits, _ and - only); put it in quotes",
                  toml_show(parser, word));
}

int toml_forbid_invisible(struct toml_parser *parser, struct toml_span span)
{
    static const struct {
        const char *bytes;
        const char *name;
    } spaces[] = {
        {"\xc2\xa0", "U+00A0 (no-break space)"},
        {"\xe2\x80\x8b", "U+200B (zero-width space)"},
        {"\xe2\x80\xaf", "U+202F (narrow no-break space)"},
        {"\xe3\x80\x80", "U+3000 (ideographic space)"},
        {"\xef\xbb\xbf", "U+FEFF (byte order mark)"},
    };
    struct slice word = toml_text(parser, span);
    for (size_t i = 0; i < word.len; i++) {
        char plain = text_plain_quote(slice_make(word.at + i, word.len - i));
        if (plain != 0) {
            struct toml_span place = {(size_t)(word.at + i - parser->lexer.start), 3};
            return toml_complain(parser, FINDING_TOML_SYNTAX, place,
                                 "this is a typographic quote, such as an editor writes; use the "
                                 "plain `%c`",
                                 plain);
        }
    }
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        size_t len = strlen(spaces[i].bytes);
        const char *found = memmem(word.at, word.len, spaces[i].bytes, len);
        if (found != NULL) {
            struct toml_span place = {(size_t)(found - parser->lexer.start), len};
            return toml_complain(parser, FINDING_TOML_SYNTAX, place,
                                 "the character %s is not allowed outside of strings",
                                 spaces[i].name);
        }
    }
    return 0;
}

static const char *token_words(int token)
{
    switch (token) {
    case TOML_TOKEN_KEY:
        return "a key";
    case TOML_TOKEN_SCALAR:
        return "a value";
    case TOML_TOKEN_EQUALS:
        return "`=`";
    case TOML_TOKEN_DOT:
        return "`.`";
    case TOML_TOKEN_COMMA:
        return "`,`";
    case TOML_TOKEN_OPEN:
        return "`[`";
    case TOML_TOKEN_CLOSE:
        return "`]`";
    case TOML_TOKEN_OPEN_DOUBLE:
        return "`[[`";
    case TOML_TOKEN_CLOSE_DOUBLE:
        return "`]]`";
    case TOML_TOKEN_OPEN_INLINE:
        return "`{`";
    case TOML_TOKEN_CLOSE_INLINE:
        return "`}`";
    case TOML_TOKEN_NEWLINE:
        return "the end of the line";
    default:
        return "the end of the file";
    }
}

static bool has(const int *tokens, size_t count, int token)
{
    for (size_t i = 0; i < count; i++) {
        if (tokens[i] == token) {
            return true;
        }
    }
    return false;
}

/* Lists what was expected. Some tokens always occur together and have one name for the reader. */
static void add_expected(struct buf *out, const int *expected, size_t count)
{
    if (has(expected, count, TOML_TOKEN_KEY) && has(expected, count, TOML_TOKEN_OPEN)) {
        buf_add_string(out, "a key or a [header]");
        return;
    }
    bool value = has(expected, count, TOML_TOKEN_SCALAR);
    const char *words[32];
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < sizeof words / sizeof words[0]; i++) {
        bool opens = expected[i] == TOML_TOKEN_OPEN || expected[i] == TOML_TOKEN_OPEN_INLINE;
        bool ends_line =
            expected[i] == TOML_TOKEN_YYEOF && has(expected, count, TOML_TOKEN_NEWLINE);
        if (!(value && opens) && !ends_line) {
            words[kept] = token_words(expected[i]);
            kept++;
        }
    }
    for (size_t i = 0; i < kept; i++) {
        buf_addf(out, "%s%s", i == 0 ? "" : i + 1 < kept ? ", " : " or ", words[i]);
    }
}

static void add_found(struct toml_parser *parser, struct toml_span span, int found, struct buf *out)
{
    if (found == TOML_TOKEN_NEWLINE) {
        buf_add_string(out, "the line ends");
    } else if (found == TOML_TOKEN_YYEOF) {
        buf_add_string(out, "the file ends");
    } else {
        buf_addf(out, "found `%s`", toml_show(parser, toml_text(parser, span)));
    }
    buf_add_string(out, toml_show_open(parser, span.offset));
}

/* A sentence better than "expected …, but found …", or NULL. */
static const char *advice(const struct toml_parser *parser, const int *expected, size_t count,
                          int found)
{
    const struct toml_lexer *lexer = &parser->lexer;
    bool wants_key = has(expected, count, TOML_TOKEN_KEY);
    bool at_line_start = wants_key && has(expected, count, TOML_TOKEN_NEWLINE);
    if (found == TOML_TOKEN_CLOSE_INLINE && wants_key && lexer->behind_comma) {
        return "an inline table can't end with a comma";
    }
    if (at_line_start && found == TOML_TOKEN_EQUALS) {
        return "the key is missing before `=`; an empty key is written \"\"";
    }
    if (wants_key && found == TOML_TOKEN_DOT) {
        return "part of the key is missing before `.`; an empty part is written \"\"";
    }
    if (wants_key && (found == TOML_TOKEN_CLOSE || found == TOML_TOKEN_CLOSE_DOUBLE)) {
        return "a [header] must name its table";
    }
    if (has(expected, count, TOML_TOKEN_CLOSE_DOUBLE) && found == TOML_TOKEN_CLOSE) {
        return "a header that begins with `[[` must end with `]]`, without a space between the "
               "brackets";
    }
    if (has(expected, count, TOML_TOKEN_SCALAR) && found == TOML_TOKEN_COMMA) {
        return "a value is missing before `,`";
    }
    return NULL;
}

void toml_complain_unexpected(struct toml_parser *parser, struct toml_span span,
                              const int *expected, size_t expected_count, int found)
{
    const char *sentence = advice(parser, expected, expected_count, found);
    if (sentence != NULL) {
        toml_complain(parser, FINDING_TOML_SYNTAX, span, "%s", sentence);
        return;
    }
    struct buf words = BUF_EMPTY;
    bool value_missing = has(expected, expected_count, TOML_TOKEN_EQUALS) &&
                         (found == TOML_TOKEN_NEWLINE || found == TOML_TOKEN_YYEOF);
    if (value_missing && parser->path.count > 0) {
        buf_addf(&words, "`= value` is missing after the key `%s`",
                 toml_show_path(parser, parser->path.count));
    } else {
        buf_add_string(&words, "expected ");
        add_expected(&words, expected, expected_count);
        buf_add_string(&words, ", but ");
        add_found(parser, span, found, &words);
    }
    toml_complain(parser, FINDING_TOML_SYNTAX, span, "%s", buf_string(&words));
    buf_release(&words);
}
