/* The grammar of `group.where`. */
%require "3.8"
%define api.pure full
%define api.prefix {where_yy}
%define api.token.prefix {WHERE_TOKEN_}
%define api.location.type {struct where_span}
%define parse.error custom
%define parse.lac full
%locations
%param {struct where_parser *parser}

%code requires {
#include "where_parser.h"
}

%code provides {
int where_yylex(WHERE_YYSTYPE *token, WHERE_YYLTYPE *span, struct where_parser *parser);
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

static void where_yyerror(const struct where_span *span, struct where_parser *parser,
                          const char *message);
}

%union {
    struct json *json;
    struct where_operand operand;
    struct where_node *node;
    enum where_operator order;
    bool negated;
}

%token AND OR NOT IN EXISTS POINTER_OF
%token OPEN CLOSE               /* ( ) */
%token OPEN_LIST CLOSE_LIST     /* [ ] */
%token COMMA
%token POINTER
%token <order> ORDER            /* < <= == != >= > */
%token <negated> SEARCH         /* =~ !~ */
%token <json> STRING SCALAR

%type <json> list items item
%type <operand> operand pointer
%type <node> expression test

%destructor { json_free($$); } <json>

%left OR
%left AND
%precedence NOT

%%

whole
    : expression                        { parser->where->top = $expression; }
    ;

expression
    : test
    | expression[first] OR expression[second]
        {
            $$ = where_make(parser, WHERE_OR, @$);
            $$->first = $first;
            $$->second = $second;
        }
    | expression[first] AND expression[second]
        {
            $$ = where_make(parser, WHERE_AND, @$);
            $$->first = $first;
            $$->second = $second;
        }
    | NOT expression[first]
        {
            $$ = where_make(parser, WHERE_NOT, @$);
            $$->first = $first;
        }
    | OPEN expression[inner] CLOSE      { $$ = $inner; }
    ;

test
    : operand[left] ORDER operand[right]
        { TRY(where_compare(parser, $left, $ORDER, $right, @$, &$$)); }
    | operand IN list
        {
            $$ = where_make(parser, WHERE_IN, @$);
            $$->left = $operand;
            where_take_literal(parser, $list, @list, &$$->right);
        }
    | operand NOT IN list
        {
            $$ = where_make(parser, WHERE_IN, @$);
            $$->negated = true;
            $$->left = $operand;
            where_take_literal(parser, $list, @list, &$$->right);
        }
    | operand SEARCH STRING
        {
            TRY(where_search(parser, $operand, $SEARCH, $STRING, @STRING, @$, &$$));
        }
    | EXISTS OPEN pointer CLOSE
        {
            $$ = where_make(parser, WHERE_EXISTS, @$);
            $$->left = $pointer;
        }
    | EXISTS OPEN STRING CLOSE
        {
            $$ = where_make(parser, WHERE_EXISTS, @$);
            TRY(where_quoted_pointer(parser, $STRING, @STRING, &$$->left));
        }
    ;

operand
    : pointer
    | item                              { where_take_literal(parser, $item, @item, &$$); }
    ;

pointer
    : POINTER                           { TRY(where_bare_pointer(parser, @POINTER, &$$)); }
    | POINTER_OF OPEN STRING CLOSE
        {
            TRY(where_quoted_pointer(parser, $STRING, @STRING, &$$));
        }
    ;

item
    : SCALAR
    | STRING
    | list
    ;

list
    : OPEN_LIST CLOSE_LIST              { $$ = json_new_array(); }
    | OPEN_LIST items CLOSE_LIST        { $$ = $items; }
    ;

items
    : item
        {
            $$ = json_new_array();
            json_array_add($$, $item);
        }
    | items[before] COMMA item
        {
            $$ = $before;
            json_array_add($$, $item);
        }
    ;

%%

/* Called only when the parser's stack is full; other errors are reported below. */
static void where_yyerror(const struct where_span *span, struct where_parser *parser,
                          const char *message)
{
    where_complain(parser, *span, "the expression is nested too deeply (%s)", message);
}

static bool is_expected(const yypcontext_t *context, yysymbol_kind_t symbol)
{
    yysymbol_kind_t expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    for (int i = 0; i < count; i++) {
        if (expected[i] == symbol) {
            return true;
        }
    }
    return false;
}

static const char *expectation(const yypcontext_t *context)
{
    if (is_expected(context, YYSYMBOL_ORDER)) {
        return "a comparison: `<`, `<=`, `==`, `!=`, `>=`, `>`, `in`, `not in`, `=~` or `!~`";
    }
    if (is_expected(context, YYSYMBOL_AND)) {
        return is_expected(context, YYSYMBOL_CLOSE) ? "`and`, `or` or `)`" : "`and` or `or`";
    }
    if (is_expected(context, YYSYMBOL_EXISTS)) {
        return "a pointer, a literal, `not`, `exists` or `(`";
    }
    if (is_expected(context, YYSYMBOL_POINTER)) {
        return is_expected(context, YYSYMBOL_SCALAR) ? "a pointer or a literal" : "a pointer";
    }
    if (is_expected(context, YYSYMBOL_SCALAR)) {
        return is_expected(context, YYSYMBOL_CLOSE_LIST) ? "a literal or `]`" : "a literal";
    }
    if (is_expected(context, YYSYMBOL_STRING)) {
        return "a string";
    }
    if (is_expected(context, YYSYMBOL_COMMA)) {
        return "`,` or `]`";
    }
    if (is_expected(context, YYSYMBOL_OPEN_LIST)) {
        return "a list in brackets";
    }
    if (is_expected(context, YYSYMBOL_IN)) {
        return "`in`";
    }
    return is_expected(context, YYSYMBOL_OPEN) ? "`(`" : "`)`";
}

static int yyreport_syntax_error(const yypcontext_t *context, struct where_parser *parser)
{
    struct where_span span = *yypcontext_location(context);
    if (yypcontext_token(context) == YYSYMBOL_YYEOF) {
        where_complain(parser, span, "unexpected end of the expression: expected %s",
                       expectation(context));
    } else {
        struct slice found = slice_make(parser->where->text.at + span.offset, span.length);
        where_complain(parser, span, "expected %s, not `%.*s`", expectation(context),
                       SLICE_ARGS(found));
    }
    return 0;
}
