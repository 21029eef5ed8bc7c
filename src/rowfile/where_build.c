/* Builds the tree of a `where` expression: its literals, its nodes, and the words of its errors. */
#include "where_parser.h"

#include <stdarg.h>

int where_complain(struct where_parser *parser, struct where_span span, const char *format, ...)
{
    struct buf message = BUF_EMPTY;
    va_list args;
    va_start(args, format);
    buf_vaddf(&message, format, args);
    va_end(args);
    if (parser->source != NULL) {
        diag_error_at(parser->diag, FINDING_WRONG_EXPRESSION, parser->source,
                      parser->source_offset + span.offset, span.length, "%s", buf_string(&message));
    } else {
        diag_error(parser->diag, FINDING_WRONG_EXPRESSION, "%s (at byte %zu of the expression)",
                   buf_string(&message), span.offset);
    }
    buf_release(&message);
    return -1;
}

static struct slice spelling_of(const struct where_parser *parser, struct where_span span)
{
    return slice_make(parser->where->text.at + span.offset, span.length);
}

struct json *where_read_literal(struct where_parser *parser, struct where_span span)
{
    struct diag ignored;
    diag_init(&ignored);
    struct slice text = spelling_of(parser, span);
    struct json *literal = json_parse(parser->json, text, SLICE_LITERAL("literal"), &ignored);
    if (literal == NULL) {
        where_complain(parser, span, "not a valid JSON literal: %s", ignored.entries.at[0].message);
    }
    diag_release(&ignored);
    return literal;
}

struct json *where_read_raw_string(struct where_parser *parser, struct where_span span)
{
    struct slice text = spelling_of(parser, span);
    return json_new_string(slice_make(text.at + 1, text.len - 2));
}

static int take_pointer(struct where_parser *parser, struct slice pointer, struct where_span span,
                        struct where_operand *operand)
{
    struct where *where = parser->where;
    if (!json_pointer_is_valid(pointer)) {
        return where_complain(
            parser, span,
            pointer.len > 0 && pointer.at[0] != '/'
                ? "a JSON pointer begins with `/`"
                : "in a JSON pointer, write `~` as `~0`, and a `/` inside a key as `~1`");
    }
    *operand = (struct where_operand){.is_pointer = true, .pointer = pointer, .spelling = pointer};
    vec_each (struct slice, known, &where->pointers) {
        if (slice_equal(*known, pointer)) {
            return 0;
        }
    }
    vec_push(&where->pointers, pointer);
    return 0;
}

int where_bare_pointer(struct where_parser *parser, struct where_span span,
                       struct where_operand *operand)
{
    return take_pointer(parser, spelling_of(parser, span), span, operand);
}

int where_quoted_pointer(struct where_parser *parser, struct json *string, struct where_span span,
                         struct where_operand *operand)
{
    struct slice pointer = arena_slice(&parser->where->arena, json_string(string));
    json_free(string);
    return take_pointer(parser, pointer, span, operand);
}

void where_take_literal(struct where_parser *parser, struct json *literal, struct where_span span,
                        struct where_operand *operand)
{
    vec_push(&parser->where->literals, literal);
    *operand = (struct where_operand){.literal = literal, .spelling = spelling_of(parser, span)};
}

struct where_node *where_make(struct where_parser *parser, enum where_kind kind,
                              struct where_span span)
{
    struct where_node *node = arena_alloc(&parser->where->arena, sizeof *node);
    node->kind = kind;
    node->span = span;
    return node;
}

int where_compare(struct where_parser *parser, struct where_operand left, enum where_operator order,
                  struct where_operand right, struct where_span span, struct where_node **node)
{
    if (!left.is_pointer && !right.is_pointer) {
        return where_complain(parser, span,
                              "this compares two literals; a pointer begins with `/`");
    }
    *node = where_make(parser, WHERE_COMPARE, span);
    (*node)->left = left;
    (*node)->order = order;
    (*node)->right = right;
    return 0;
}

int where_search(struct where_parser *parser, struct where_operand left, bool negated,
                 struct json *string, struct where_span string_span, struct where_span span,
                 struct where_node **node)
{
    vec_push(&parser->where->literals, string);
    struct regex *regex = regex_new(json_string(string), parser->diag, parser->source,
                                    parser->source_offset + string_span.offset + 1);
    if (regex == NULL) {
        return -1;
    }
    vec_push(&parser->where->expressions, regex);
    *node = where_make(parser, WHERE_SEARCH, span);
    (*node)->left = left;
    (*node)->negated = negated;
    (*node)->regex = regex;
    return 0;
}
