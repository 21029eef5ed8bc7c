/* The tree of a `where` expression, and the functions that build it. Only for this folder and the
 * grammar.
 *
 * The lexer (grammar/where.re) cuts the text into tokens and the grammar (grammar/where.y) checks
 * their order. where_build.c reads literals, makes the nodes and words the errors of both. where.c,
 * on top of them, has a text parsed and evaluates the tree for values. */
#ifndef ROWBUILD_WHERE_PARSER_H
#define ROWBUILD_WHERE_PARSER_H

#include "where.h"

#include "arena.h"
#include "match.h"
#include "vec.h"

#include <stdbool.h>

/* Bytes of the expression. */
struct where_span {
    size_t offset;
    size_t length;
};

enum where_operator {
    WHERE_LESS,
    WHERE_LESS_EQUAL,
    WHERE_EQUAL,
    WHERE_NOT_EQUAL,
    WHERE_GREATER_EQUAL,
    WHERE_GREATER
};

struct where_operand {
    bool is_pointer;
    struct slice pointer;
    struct json *literal; /* if it isn't a pointer; owned by the expression */
    struct slice spelling;
};

enum where_kind {
    WHERE_AND,
    WHERE_OR,
    WHERE_NOT,
    WHERE_EXISTS,
    WHERE_COMPARE,
    WHERE_IN,
    WHERE_SEARCH
};

struct where_node {
    enum where_kind kind;
    bool negated;              /* WHERE_IN, WHERE_SEARCH */
    enum where_operator order; /* WHERE_COMPARE */
    struct where_node *first;  /* WHERE_AND, WHERE_OR, WHERE_NOT */
    struct where_node *second; /* WHERE_AND, WHERE_OR */
    struct where_operand left;
    struct where_operand right; /* WHERE_COMPARE, WHERE_IN */
    struct regex *regex;        /* WHERE_SEARCH; owned by the expression */
    struct where_span span;
};

struct where {
    struct arena arena;
    struct slice text;
    struct where_node *top;
    VEC(struct json *) literals;
    VEC(struct regex *) expressions;
    VEC(struct slice) pointers;
};

struct where_parser {
    struct where *where;
    struct json_parser *json;
    const struct source *source;
    size_t source_offset;
    struct diag *diag;
    const unsigned char *cursor;
    const unsigned char *limit;
};

/* ---- where_build.c ---- */

/* Reports an error at a place of the expression; -1. */
int where_complain(struct where_parser *parser, struct where_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A literal in JSON syntax, and a string in single quotes. NULL after an error. */
struct json *where_read_literal(struct where_parser *parser, struct where_span span);
struct json *where_read_raw_string(struct where_parser *parser, struct where_span span);

/* Each returns 0, or -1 after an error. Literals belong to the expression from then on. */
int where_bare_pointer(struct where_parser *parser, struct where_span span,
                       struct where_operand *operand);
int where_quoted_pointer(struct where_parser *parser, struct json *string, struct where_span span,
                         struct where_operand *operand);
void where_take_literal(struct where_parser *parser, struct json *literal, struct where_span span,
                        struct where_operand *operand);
int where_compare(struct where_parser *parser, struct where_operand left, enum where_operator order,
                  struct where_operand right, struct where_span span, struct where_node **node);
int where_search(struct where_parser *parser, struct where_operand left, bool negated,
                 struct json *string, struct where_span string_span, struct where_span span,
                 struct where_node **node);
struct where_node *where_make(struct where_parser *parser, enum where_kind kind,
                              struct where_span span);

#endif
