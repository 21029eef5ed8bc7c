/* The grammar of TOML 1.0.0. The lexer handles white space, comments and newlines in arrays. */
%require "3.8"
%define api.pure full
%define api.prefix {toml_yy}
%define api.token.prefix {TOML_TOKEN_}
%define api.location.type {struct toml_span}
%define parse.error custom
%define parse.lac full
%locations
%param {struct toml_parser *parser}

%code requires {
#include "toml_parser.h"
}

%code provides {
int toml_yylex(TOML_YYSTYPE *token, TOML_YYLTYPE *span, struct toml_parser *parser);
}

%code {
#define YYLLOC_DEFAULT(whole, parts, count)                                                        \
    do {                                                                                           \
        if ((count) > 0) {                                                                         \
            (whole).offset = YYRHSLOC(parts, 1).offset;                                            \
            (whole).length = YYRHSLOC(parts, count).offset + YYRHSLOC(parts, count).length -       \
                             (whole).offset;                                                       \
        } else {                                                                                   \
            (whole).offset = YYRHSLOC(parts, 0).offset + YYRHSLOC(parts, 0).length;                \
            (whole).length = 0;                                                                    \
        }                                                                                          \
    } while (0)

/* Ends the parse if a part of it has reported an error. */
#define TRY(result)                                                                                \
    do {                                                                                           \
        if ((result) < 0) {                                                                        \
            YYABORT;                                                                               \
        }                                                                                          \
    } while (0)

static void toml_yyerror(const struct toml_span *span, struct toml_parser *parser,
                         const char *message);
}

%union {
    struct toml_key key;
    struct toml_value *value;
    size_t count;
}

%token <key> KEY
%token <value> SCALAR
%token NEWLINE EQUALS DOT COMMA
%token OPEN CLOSE             /* [ ] */
%token OPEN_DOUBLE CLOSE_DOUBLE /* [[ ]] of a header */
%token OPEN_INLINE CLOSE_INLINE /* { } */
%token WORD                   /* text that can't be any other token here */

%type <value> value array inline_table
%type <count> key items item_list

%%

document
    : line
    | document NEWLINE line
    ;

line
    : %empty
    | pair
    | OPEN                          { parser->path.count = 0; }
      key CLOSE                     { TRY(toml_open_section(parser, @$, false)); }
    | OPEN_DOUBLE                   { parser->path.count = 0; }
      key CLOSE_DOUBLE              { TRY(toml_open_section(parser, @$, true)); }
    ;

pair
    : key EQUALS value              { TRY(toml_add_pair(parser, $key, $value)); }
    ;

key
    : KEY                           { TRY(toml_enter(parser, $KEY)); $$ = 1; }
    | key DOT KEY                   { TRY(toml_enter(parser, $KEY)); $$ = $1 + 1; }
    ;

value
    : SCALAR
    | array
    | inline_table
    ;

array
    : OPEN                          { TRY(toml_open_array(parser, @OPEN)); }
      items CLOSE                   { $$ = toml_close_array(parser, $items, @$); }
    ;

items
    : %empty                        { $$ = 0; }
    | item_list
    | item_list COMMA
    ;

item_list
    : value                         { vec_push(&parser->items, $value); $$ = 1; }
    | item_list COMMA value         { vec_push(&parser->items, $value); $$ = $1 + 1; }
    ;

inline_table
    : OPEN_INLINE                   { toml_open_inline(parser); }
      pairs CLOSE_INLINE            { $$ = toml_close_inline(parser, @$); }
    ;

pairs
    : %empty
    | pair_list
    ;

pair_list
    : pair
    | pair_list COMMA pair
    ;

%%

static int yyreport_syntax_error(const yypcontext_t *context, struct toml_parser *parser)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    int expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++) {
        /* toml_complain_unexpected takes tokens, not the parser's symbol numbers. */
        expected[i] = kinds[i] == YYSYMBOL_YYEOF ? TOML_TOKEN_YYEOF
                                                 : (int)kinds[i] - (int)YYSYMBOL_KEY +
                                                       TOML_TOKEN_KEY;
    }
    yysymbol_kind_t kind = yypcontext_token(context);
    int found = kind == YYSYMBOL_YYEOF ? TOML_TOKEN_YYEOF
                                       : (int)kind - (int)YYSYMBOL_KEY + TOML_TOKEN_KEY;
    toml_complain_unexpected(parser, *yypcontext_location(context), expected,
                             count > 0 ? (size_t)count : 0, found);
    return 0;
}

/* Called only when the parser's stack is full, which the limit of nesting prevents. */
static void toml_yyerror(const struct toml_span *span, struct toml_parser *parser,
                         const char *message)
{
    toml_complain(parser, FINDING_TOML_SYNTAX, *span, "the document can't be parsed here: %s", message);
}
