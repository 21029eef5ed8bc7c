/* The lexer of TOML 1.0.0.
 *
 * It needs no help from the grammar: `=` begins a value, the end of a line outside of brackets ends
 * it, and a stack of brackets tells what a comma separates. The text is known to be UTF-8. */
#include "toml_parser.h"

#include "toml_grammar.h"

#include "text.h"

/* Makes the parser stop without a message of its own. */
#define REPORTED TOML_TOKEN_TOML_YYerror

/*!re2c
    re2c:api:style = free-form;
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYLIMIT = limit;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;

    blank   = [ \t];
    newline = "\n" | "\r\n";
    control = [\x00-\x08\x0b\x0c\x0e-\x1f\x7f];
    comment = "#" [^\x00-\x08\x0a-\x1f\x7f]*;
    char    = [\x00-\x7f] | [\xc0-\xff] [\x80-\xbf]*;

    digit   = [0-9];
    hex     = [0-9A-Fa-f];
    digits  = digit ("_"? digit)*;
    decimal = [+-]? ("0" | [1-9] ("_"? digit)*);
    integer = decimal | "0x" hex ("_"? hex)* | "0o" [0-7] ("_"? [0-7])* | "0b" [01] ("_"? [01])*;
    power   = [eE] [+-]? digits;
    float   = decimal ("." digits power? | power) | [+-]? ("inf" | "nan");
    date    = digit{4} "-" digit{2} "-" digit{2};
    clock   = digit{2} ":" digit{2} ":" digit{2} ("." digit+)?;
    zone    = [Zz] | [+-] digit{2} ":" digit{2};
    time    = date | clock | date [Tt ] clock zone?;

    bare    = [A-Za-z0-9_-]+;
    strange = [^\x00-\x20"#',.=[\]{}\x7f]+;
    unknown = [^\x00-\x20"#',=[\]{}\x7f];
    word    = unknown+ | date " " digit unknown*;
    escape  = "\\" [btnfr"\\] | "\\u" hex{4} | "\\U" hex{8};
    broken  = "\\u" hex{0,3} | "\\U" hex{0,7} | "\\" char;
*/

static struct toml_span span_from(const struct toml_lexer *lexer, const unsigned char *from)
{
    size_t offset = (size_t)((const char *)from - lexer->start);
    return (struct toml_span){offset, (size_t)(lexer->cursor - lexer->start) - offset};
}

static int forbid_control(struct toml_parser *parser, struct toml_span span, const char *where)
{
    unsigned char byte = (unsigned char)parser->lexer.start[span.offset];
    span.length = 1;
    if (byte == '\r') {
        return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                             "a carriage return without a newline after it is not allowed %s",
                             where);
    }
    return toml_complain(parser, FINDING_TOML_SYNTAX, span, "the control character U+%04X is not allowed %s", byte,
                         where);
}

static const char *const in_basic = "inside a \"…\" string; write it as an escape";
static const char *const in_literal = "inside a '…' string";

static int unterminated(struct toml_parser *parser, const unsigned char *open, const char *quotes)
{
    struct toml_span span = {(size_t)((const char *)open - parser->lexer.start), strlen(quotes)};
    return toml_complain(parser, FINDING_TOML_SYNTAX, span, "the string that begins here has no closing %s", quotes);
}

static int forbid_quotes(struct toml_parser *parser, struct toml_span span, const char *quotes)
{
    return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                         "too many quotes: at most two are allowed before the closing %s", quotes);
}

static void keep(struct toml_lexer *lexer, const unsigned char *from, const unsigned char *to)
{
    buf_add(&lexer->decoded, from, (size_t)(to - from));
}

/* Reads the rest of "…" after its first quote, decoded into lexer->decoded. */
static int lex_basic(struct toml_parser *parser, const unsigned char *open)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    for (;;) {
        const unsigned char *token = cursor;
        /*!re2c
        ["]             { break; }
        [^\x00-\x08\x0a-\x1f\x7f"\\]+ { keep(lexer, token, cursor); continue; }
        escape | broken {
            lexer->cursor = (const char *)cursor;
            if (token[1] == '\n' || token[1] == '\r') {
                goto newline;
            }
            if (toml_read_escape(parser, span_from(lexer, token)) < 0) {
                return -1;
            }
            continue;
        }
        newline         { goto newline; }
        control | "\r"  {
            lexer->cursor = (const char *)cursor;
            return forbid_control(parser, span_from(lexer, token), in_basic);
        }
        *               { return unterminated(parser, open, "\""); }
        $               { return unterminated(parser, open, "\""); }
        */
    newline:
        lexer->cursor = (const char *)token + 1;
        return toml_complain(
            parser, FINDING_TOML_SYNTAX, span_from(lexer, token), "%s",
            text_has_typographic_quote(buf_slice(&lexer->decoded))
                ? "the string isn't closed: a typographic quote doesn't end it; use the plain `\"`"
                : "a newline is not allowed inside a \"…\" string; use \"\"\" for several lines");
    }
    lexer->cursor = (const char *)cursor;
    return 0;
}

/* Reads the rest of '…'. */
static int lex_literal(struct toml_parser *parser, const unsigned char *open)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    for (;;) {
        const unsigned char *token = cursor;
        /*!re2c
        [']             { break; }
        [^\x00-\x08\x0a-\x1f\x7f']+ { keep(lexer, token, cursor); continue; }
        newline         {
            lexer->cursor = (const char *)token + 1;
            return toml_complain(
                parser, FINDING_TOML_SYNTAX, span_from(lexer, token),
                "a newline is not allowed inside a '…' string; use ''' for several lines");
        }
        control | "\r"  {
            lexer->cursor = (const char *)cursor;
            return forbid_control(parser, span_from(lexer, token), in_literal);
        }
        *               { return unterminated(parser, open, "'"); }
        $               { return unterminated(parser, open, "'"); }
        */
    }
    lexer->cursor = (const char *)cursor;
    return 0;
}

/* Reads the rest of """…""" after the first three quotes and a newline. */
static int lex_lines(struct toml_parser *parser, const unsigned char *open)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    const unsigned char *marker = cursor;
    for (;;) {
        const unsigned char *token = cursor;
        /*!re2c
        ["]{3,5}        { keep(lexer, token + 3, cursor); break; }
        ["]{6} ["]*     {
            lexer->cursor = (const char *)cursor;
            return forbid_quotes(parser, span_from(lexer, token), "\"\"\"");
        }
        ["]{1,2}        { keep(lexer, token, cursor); continue; }
        [^\x00-\x08\x0b-\x1f\x7f"\\]+ { keep(lexer, token, cursor); continue; }
        "\r\n"          { buf_add_char(&lexer->decoded, '\n'); continue; }
        "\\" blank* newline (blank | newline)* { continue; }
        escape | broken {
            lexer->cursor = (const char *)cursor;
            if (toml_read_escape(parser, span_from(lexer, token)) < 0) {
                return -1;
            }
            continue;
        }
        control | "\r"  {
            lexer->cursor = (const char *)cursor;
            return forbid_control(parser, span_from(lexer, token), in_basic);
        }
        *               { return unterminated(parser, open, "\"\"\""); }
        $               { return unterminated(parser, open, "\"\"\""); }
        */
    }
    lexer->cursor = (const char *)cursor;
    return 0;
}

/* Reads the rest of '''…'''. */
static int lex_literal_lines(struct toml_parser *parser, const unsigned char *open)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    for (;;) {
        const unsigned char *token = cursor;
        /*!re2c
        [']{3,5}        { keep(lexer, token + 3, cursor); break; }
        [']{6} [']*     {
            lexer->cursor = (const char *)cursor;
            return forbid_quotes(parser, span_from(lexer, token), "\'\'\'");
        }
        [']{1,2}        { keep(lexer, token, cursor); continue; }
        [^\x00-\x08\x0b-\x1f\x7f']+ { keep(lexer, token, cursor); continue; }
        "\r\n"          { buf_add_char(&lexer->decoded, '\n'); continue; }
        control | "\r"  {
            lexer->cursor = (const char *)cursor;
            return forbid_control(parser, span_from(lexer, token), in_literal);
        }
        *               { return unterminated(parser, open, "\'\'\'"); }
        $               { return unterminated(parser, open, "\'\'\'"); }
        */
    }
    lexer->cursor = (const char *)cursor;
    return 0;
}

typedef int string_fn(struct toml_parser *parser, const unsigned char *open);

/* Reads a string after its opening quotes. Its content is copied into the arena. */
static int read_string(struct toml_parser *parser, const unsigned char *open, string_fn *rest,
                       struct slice *content)
{
    buf_clear(&parser->lexer.decoded);
    if (rest(parser, open) < 0) {
        return -1;
    }
    *content = arena_slice(parser->arena, buf_slice(&parser->lexer.decoded));
    return 0;
}

static int read_key(struct toml_parser *parser, const unsigned char *open, string_fn *rest,
                    TOML_YYSTYPE *token)
{
    if (read_string(parser, open, rest, &token->key.name) < 0) {
        return REPORTED;
    }
    token->key.span = span_from(&parser->lexer, open);
    return TOML_TOKEN_KEY;
}

static int read_string_value(struct toml_parser *parser, const unsigned char *open,
                             string_fn *rest, TOML_YYSTYPE *token)
{
    struct slice content;
    if (read_string(parser, open, rest, &content) < 0) {
        return REPORTED;
    }
    token->value = toml_new_value(parser, TOML_STRING, span_from(&parser->lexer, open));
    token->value->string = content;
    return TOML_TOKEN_SCALAR;
}

static int check_comment(struct toml_parser *parser)
{
    const struct toml_lexer *lexer = &parser->lexer;
    const char *end = lexer->cursor;
    if (end == lexer->limit || end[0] == '\n' || (end[0] == '\r' && end[1] == '\n')) {
        return 0;
    }
    struct toml_span span = {(size_t)(end - lexer->start), 1};
    return forbid_control(parser, span, "in a comment");
}

static int forbid_newline(struct toml_parser *parser, struct toml_span span)
{
    span.length = 1;
    toml_complain(parser, FINDING_TOML_SYNTAX, span, "an inline table { … } must be on one line");
    return REPORTED;
}

static bool inside(const struct toml_lexer *lexer, char bracket)
{
    return lexer->brackets.count > 0 &&
           lexer->brackets.at[lexer->brackets.count - 1].open == bracket;
}

static int open_bracket(struct toml_lexer *lexer, const unsigned char *at)
{
    size_t offset = (size_t)((const char *)at - lexer->start);
    vec_push(&lexer->brackets, (struct toml_bracket){(char)*at, offset});
    lexer->wants_value = *at == '[';
    return *at == '[' ? TOML_TOKEN_OPEN : TOML_TOKEN_OPEN_INLINE;
}

static int close_bracket(struct toml_lexer *lexer, int token)
{
    if (lexer->brackets.count > 0) {
        lexer->brackets.count--;
    }
    lexer->wants_value = true;
    return token;
}

/* Reads one token where a key or a [header] is allowed. */
static int lex_key(struct toml_parser *parser, TOML_YYSTYPE *token, TOML_YYLTYPE *span)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    const unsigned char *marker = cursor;
    const unsigned char *at;
#define TAKE (lexer->cursor = (const char *)cursor, *span = span_from(lexer, at))
again:
    at = cursor;
    /*!re2c
    blank+      { goto again; }
    comment     {
        TAKE;
        if (check_comment(parser) < 0) {
            return REPORTED;
        }
        goto again;
    }
    newline     { TAKE; return inside(lexer, '{') ? forbid_newline(parser, *span)
                                                  : TOML_TOKEN_NEWLINE; }
    "="         { TAKE; lexer->wants_value = true; return TOML_TOKEN_EQUALS; }
    "."         { TAKE; return TOML_TOKEN_DOT; }
    ","         { TAKE; return TOML_TOKEN_COMMA; }
    "["         { TAKE; return TOML_TOKEN_OPEN; }
    "[["        { TAKE; return TOML_TOKEN_OPEN_DOUBLE; }
    "]"         { TAKE; return TOML_TOKEN_CLOSE; }
    "]]"        { TAKE; return TOML_TOKEN_CLOSE_DOUBLE; }
    "{"         { TAKE; return TOML_TOKEN_OPEN_INLINE; }
    "}"         { TAKE; return close_bracket(lexer, TOML_TOKEN_CLOSE_INLINE); }
    bare        {
        TAKE;
        token->key.name = arena_slice(parser->arena, toml_text(parser, *span));
        token->key.span = *span;
        return TOML_TOKEN_KEY;
    }
    ["]         { TAKE; return read_key(parser, at, lex_basic, token); }
    [']         { TAKE; return read_key(parser, at, lex_literal, token); }
    ["]{3} | [']{3} {
        TAKE;
        toml_complain(parser, FINDING_TOML_SYNTAX, *span, "a key can't be a string of several lines (%.3s)", at);
        return REPORTED;
    }
    strange     {
        TAKE;
        if (toml_forbid_invisible(parser, *span) == 0) {
            toml_complain_key(parser, *span);
        }
        return REPORTED;
    }
    control | "\r" {
        TAKE;
        forbid_control(parser, *span, "outside of strings");
        return REPORTED;
    }
    *           { TAKE; return TOML_TOKEN_WORD; }
    $           { TAKE; return TOML_TOKEN_YYEOF; }
    */
}

/* Reads one token after `=` or inside an array. */
static int lex_value(struct toml_parser *parser, TOML_YYSTYPE *token, TOML_YYLTYPE *span)
{
    struct toml_lexer *lexer = &parser->lexer;
    const unsigned char *cursor = (const unsigned char *)lexer->cursor;
    const unsigned char *limit = (const unsigned char *)lexer->limit;
    const unsigned char *marker = cursor;
    const unsigned char *at;
again:
    at = cursor;
    /*!re2c
    blank+      { goto again; }
    comment     {
        TAKE;
        if (check_comment(parser) < 0) {
            return REPORTED;
        }
        goto again;
    }
    newline     {
        TAKE;
        if (inside(lexer, '[')) {
            goto again;
        }
        if (inside(lexer, '{')) {
            return forbid_newline(parser, *span);
        }
        lexer->wants_value = false;
        return TOML_TOKEN_NEWLINE;
    }
    "="         { TAKE; return TOML_TOKEN_EQUALS; }
    ","         { TAKE; lexer->wants_value = !inside(lexer, '{'); return TOML_TOKEN_COMMA; }
    "[" | "{"   { TAKE; return open_bracket(lexer, at); }
    "]"         { TAKE; return close_bracket(lexer, TOML_TOKEN_CLOSE); }
    "}"         { TAKE; return close_bracket(lexer, TOML_TOKEN_CLOSE_INLINE); }
    ["]         { TAKE; return read_string_value(parser, at, lex_basic, token); }
    [']         { TAKE; return read_string_value(parser, at, lex_literal, token); }
    ["]{3} newline? { TAKE; return read_string_value(parser, at, lex_lines, token); }
    [']{3} newline? { TAKE; return read_string_value(parser, at, lex_literal_lines, token); }
    "true" | "false" {
        TAKE;
        token->value = toml_new_value(parser, TOML_BOOLEAN, *span);
        token->value->boolean = *at == 't';
        return TOML_TOKEN_SCALAR;
    }
    integer     {
        TAKE;
        token->value = toml_read_integer(parser, *span);
        return token->value != NULL ? TOML_TOKEN_SCALAR : REPORTED;
    }
    float       {
        TAKE;
        token->value = toml_read_float(parser, *span);
        return token->value != NULL ? TOML_TOKEN_SCALAR : REPORTED;
    }
    time        {
        TAKE;
        token->value = toml_read_time(parser, *span);
        return token->value != NULL ? TOML_TOKEN_SCALAR : REPORTED;
    }
    word        {
        TAKE;
        if (toml_forbid_invisible(parser, *span) < 0) {
            return REPORTED;
        }
        if (lexer->behind_value) {
            return TOML_TOKEN_WORD;
        }
        toml_explain_word(parser, *span);
        return REPORTED;
    }
    control | "\r" {
        TAKE;
        forbid_control(parser, *span, "outside of strings");
        return REPORTED;
    }
    *           { TAKE; return TOML_TOKEN_WORD; }
    $           { TAKE; return TOML_TOKEN_YYEOF; }
    */
}

int toml_yylex(TOML_YYSTYPE *token, TOML_YYLTYPE *span, struct toml_parser *parser)
{
    struct toml_lexer *lexer = &parser->lexer;
    int last = lexer->last;
    lexer->behind_comma = last == TOML_TOKEN_COMMA;
    lexer->behind_value = last == TOML_TOKEN_SCALAR || last == TOML_TOKEN_CLOSE ||
                          last == TOML_TOKEN_CLOSE_INLINE;
    int kind = lexer->wants_value ? lex_value(parser, token, span) : lex_key(parser, token, span);
    if (kind == TOML_TOKEN_SCALAR || kind == TOML_TOKEN_KEY) {
        span->length = (size_t)(lexer->cursor - lexer->start) - span->offset;
    }
    lexer->last = kind;
    return kind;
}
