/* The lexer of `group.where`. */
#include "where_parser.h"

#include "where_grammar.h"

#include "text.h"

/* Makes the parser stop without a message of its own. */
#define REPORTED WHERE_TOKEN_WHERE_YYerror

/*!re2c
    re2c:api:style = free-form;
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYLIMIT = limit;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;

    blank   = [ \t\r\n];
    word    = [A-Za-z_] [A-Za-z0-9_]*;
    number  = "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [+-]? [0-9]+)?;
    numeral = [-+]? [0-9.] [A-Za-z0-9_.+-]*;
    pointer = "/" [^\x00-\x20"'()[\],<>=!\x7f]*;
    quoted  = ["] ([^\x00"\\] | "\\" [^\x00])* ["];
    raw     = ['] [^\x00']* ['];
*/

static int reject_word(struct where_parser *parser, struct where_span span)
{
    const struct slice words[] = {
        SLICE_LITERAL("and"),    SLICE_LITERAL("or"),      SLICE_LITERAL("not"),
        SLICE_LITERAL("in"),     SLICE_LITERAL("exists"),  SLICE_LITERAL("true"),
        SLICE_LITERAL("false"),  SLICE_LITERAL("null"),    SLICE_LITERAL("pointer"),
    };
    struct slice word = slice_make(parser->where->text.at + span.offset, span.length);
    int nearest = text_nearest(word, words, sizeof words / sizeof words[0]);
    if (nearest >= 0) {
        where_complain(parser, span, "unknown name `%.*s`; did you mean `%.*s`?",
                       SLICE_ARGS(word), SLICE_ARGS(words[nearest]));
    } else {
        where_complain(parser, span,
                       "unknown name `%.*s`; did you mean `/%.*s`? (a string needs quotes)",
                       SLICE_ARGS(word), SLICE_ARGS(word));
    }
    return REPORTED;
}

static int reject(struct where_parser *parser, struct where_span span, const char *message)
{
    where_complain(parser, span, "%s", message);
    return REPORTED;
}

int where_yylex(WHERE_YYSTYPE *token, WHERE_YYLTYPE *span, struct where_parser *parser)
{
    const unsigned char *start = (const unsigned char *)parser->where->text.at;
    const unsigned char *cursor = parser->cursor;
    const unsigned char *limit = parser->limit;
    const unsigned char *marker;
    const unsigned char *from;
#define TOKEN(kind)                                                                                \
    do {                                                                                           \
        parser->cursor = cursor;                                                                   \
        *span = (struct where_span){(size_t)(from - start), (size_t)(cursor - from)};              \
        return (kind);                                                                             \
    } while (0)
#define PLACE                                                                                      \
    (parser->cursor = cursor,                                                                      \
     *span = (struct where_span){(size_t)(from - start), (size_t)(cursor - from)})
#define SAY(message)                                                                               \
    do {                                                                                           \
        PLACE;                                                                                     \
        return reject(parser, *span, (message));                                                   \
    } while (0)
#define COMPARISON(how)                                                                            \
    do {                                                                                           \
        token->order = (how);                                                                      \
        TOKEN(WHERE_TOKEN_ORDER);                                                                  \
    } while (0)
#define VALUE(kind, read)                                                                          \
    do {                                                                                           \
        PLACE;                                                                                     \
        token->json = read(parser, *span);                                                         \
        return token->json != NULL ? (kind) : REPORTED;                                            \
    } while (0)

again:
    from = cursor;
    /*!re2c
        blank+      { goto again; }
        $           { TOKEN(WHERE_TOKEN_YYEOF); }
        "and"       { TOKEN(WHERE_TOKEN_AND); }
        "or"        { TOKEN(WHERE_TOKEN_OR); }
        "not"       { TOKEN(WHERE_TOKEN_NOT); }
        "in"        { TOKEN(WHERE_TOKEN_IN); }
        "exists"    { TOKEN(WHERE_TOKEN_EXISTS); }
        "pointer"   { TOKEN(WHERE_TOKEN_POINTER_OF); }
        "("         { TOKEN(WHERE_TOKEN_OPEN); }
        ")"         { TOKEN(WHERE_TOKEN_CLOSE); }
        "["         { TOKEN(WHERE_TOKEN_OPEN_LIST); }
        "]"         { TOKEN(WHERE_TOKEN_CLOSE_LIST); }
        ","         { TOKEN(WHERE_TOKEN_COMMA); }
        pointer     { TOKEN(WHERE_TOKEN_POINTER); }
        "<"         { COMPARISON(WHERE_LESS); }
        "<="        { COMPARISON(WHERE_LESS_EQUAL); }
        "=="        { COMPARISON(WHERE_EQUAL); }
        "!="        { COMPARISON(WHERE_NOT_EQUAL); }
        ">="        { COMPARISON(WHERE_GREATER_EQUAL); }
        ">"         { COMPARISON(WHERE_GREATER); }
        "=~"        { token->negated = false; TOKEN(WHERE_TOKEN_SEARCH); }
        "!~"        { token->negated = true; TOKEN(WHERE_TOKEN_SEARCH); }
        number | "true" | "false" | "null"
                    { VALUE(WHERE_TOKEN_SCALAR, where_read_literal); }
        quoted      { VALUE(WHERE_TOKEN_STRING, where_read_literal); }
        raw         { VALUE(WHERE_TOKEN_STRING, where_read_raw_string); }
        numeral     { SAY("not a valid JSON number"); }
        word        { PLACE; return reject_word(parser, *span); }
        ["']        { SAY("this string is not closed"); }
        "="         { SAY("`=` isn't a comparison operator; use `==`"); }
        "!"         { SAY("`!` isn't an operator; use `not`"); }
        "&" | "&&"  { SAY("`&` and `&&` aren't operators; use `and`"); }
        "|" | "||"  { SAY("`|` and `||` aren't operators; use `or`"); }
        "{"         { SAY("objects can't be compared"); }
        *           {
            if (text_plain_quote(slice_make((const char *)from, (size_t)(limit - from))) != 0) {
                SAY("this is a typographic quote, such as an editor writes; use the plain ' or \"");
            }
            SAY("unexpected character");
        }
    */
}
